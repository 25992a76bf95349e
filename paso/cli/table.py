"""Aligned columns within the width of the terminal.

Never: know what the cells mean, or cut where there is no terminal.
"""

from __future__ import annotations

from paso.records import NamedTuple
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
    last = len(heads) - 1
    laid = [
        _lay(out, head, column, widths[at], padded=head.right or at < last)
        for at, (head, column) in enumerate(zip(heads, columns, strict=True))
    ]
    top = _header(heads, widths)
    gap = " " * GAP
    return [
        out.palette.dim(top),
        *[gap.join(cells).rstrip() for cells in zip(*laid, strict=True)],
    ]


def _widths(
    heads: Sequence[Head], columns: Sequence[Sequence[str]], limit: int
) -> list[int]:
    widths = [
        max(len(head.name), _widest(column))
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


def _widest(column: Sequence[str]) -> int:
    plain = "".join(column).isascii()
    return max(map(len if plain else cell_width, column))


def _lay(
    out: Output, head: Head, column: Sequence[str], width: int, *, padded: bool
) -> Sequence[str]:
    """Cut and paint a column, and pad it; ASCII, a thousand rows, has a short way."""
    if "".join(column).isascii():
        short = [cell if len(cell) <= width else cut(cell, width) for cell in column]
        rooms = [width - len(cell) for cell in short]
    else:
        short = [cut(cell, width) for cell in column]
        rooms = [width - cell_width(cell) for cell in short]
    painted = short
    if head.paint and out.palette.depth:
        painted = [head.paint(cell, row) for row, cell in enumerate(short)]
    if not padded:
        return painted
    pairs = zip(painted, rooms, strict=True)
    if head.right:
        return [" " * room + cell for cell, room in pairs]
    return [cell + " " * room for cell, room in pairs]


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
