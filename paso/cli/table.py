"""Aligned columns within the width of the terminal.

Never: know what the cells mean, or cut where there is no terminal.
"""

from __future__ import annotations

from typing import NamedTuple

from paso.text import cell_width, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paso.cli.output import Output

GAP = 2
LEAST_ELASTIC = 12
"""Cells below which the elastic column is not cut any more."""


class Head(NamedTuple):
    """A column of a table.

    `paint` colours a cell that is cut and padded already; it is given the cell and
    the number of its row.
    """

    name: str
    paint: Callable[[str, int], str] | None = None
    right: bool = False
    elastic: bool = False
    """Gives way first when the line is too long for the terminal."""


def table(
    out: Output, heads: Sequence[Head], rows: Sequence[Sequence[str]]
) -> list[str]:
    """Lay out escaped cells; a column that is empty in every row is left out."""
    if not rows:
        return []
    columns = [list(column) for column in zip(*rows, strict=True)]
    shown = [index for index, column in enumerate(columns) if any(column)]
    heads = [heads[index] for index in shown]
    columns = [columns[index] for index in shown]
    widths = _widths(heads, columns, out.width)
    laid = [
        _lay_column(head, column, width, last=index == len(heads) - 1)
        for index, (head, column, width) in enumerate(
            zip(heads, columns, widths, strict=True)
        )
    ]
    top = _header(heads, widths)
    gap = " " * GAP
    return [
        out.palette.dim(top),
        *(gap.join(cells).rstrip() for cells in zip(*laid, strict=True)),
    ]


def _widths(
    heads: Sequence[Head], columns: Sequence[Sequence[str]], limit: int
) -> list[int]:
    widths = [
        max(len(head.name), max(map(cell_width, column)))
        for head, column in zip(heads, columns, strict=True)
    ]
    too_much = sum(widths) + GAP * (len(widths) - 1) - limit
    for index in sorted(range(len(heads)), key=lambda i: (not heads[i].elastic, -i)):
        if too_much <= 0:
            break
        least = LEAST_ELASTIC if heads[index].elastic else len(heads[index].name)
        given = min(too_much, max(widths[index] - least, 0))
        widths[index] -= given
        too_much -= given
    return widths


def _lay_column(
    head: Head, column: Sequence[str], width: int, *, last: bool
) -> list[str]:
    laid = []
    for row, cell in enumerate(column):
        short = cut(cell, width)
        room = " " * (width - cell_width(short))
        painted = head.paint(short, row) if head.paint else short
        if head.right:
            painted = room + painted
        elif not last:
            painted += room
        laid.append(painted)
    return laid


def _header(heads: Sequence[Head], widths: Sequence[int]) -> str:
    names = [
        name.rjust(width) if head.right else name.ljust(width)
        for head, name, width in zip(
            heads,
            [cut(head.name.upper(), w) for head, w in zip(heads, widths, strict=True)],
            widths,
            strict=True,
        )
    ]
    return (" " * GAP).join(names).rstrip()
