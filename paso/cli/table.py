"""Aligned columns within the width of the terminal.

Never: know what the cells mean, or cut where there is no terminal.
"""

from __future__ import annotations

from paso.records import NamedTuple
from paso.text import cell_width, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from paso.cli.output import Output

GAP = 2


class Head(NamedTuple):
    """A column of a table.

    `paint` colours a cell that is cut and padded already; it is given the cell and
    the number of its row.
    """

    name: str
    paint: Callable[[str, int], str] | None = None
    right: bool = False
    least: int = 0
    """Cells it may be cut down to where the line is too long; 0 = it is never cut."""
    spare: int = 0
    """The higher, the earlier it is left out of a narrow terminal; 0 = never."""


def table(
    out: Output, heads: Sequence[Head], rows: Sequence[Sequence[str]]
) -> list[str]:
    """Lay out escaped cells; a column that is empty in every row is left out."""
    columns = [
        (head, column)
        for head, column in zip(heads, zip(*rows, strict=True), strict=bool(rows))
        if any(column)
    ]
    if not columns:
        return []
    widths = [max(len(head.name), _widest(column)) for head, column in columns]
    shown = _choose([head for head, _ in columns], widths, out.width)
    last = shown[-1][0]
    laid = [
        _lay(out, *columns[at], width, padded=columns[at][0].right or at != last)
        for at, width in shown
    ]
    top = _header([(columns[at][0], width) for at, width in shown])
    gap = " " * GAP
    return [
        out.palette.dim(top),
        *[gap.join(cells).rstrip() for cells in zip(*laid, strict=True)],
    ]


def _choose(
    heads: Sequence[Head], widths: Sequence[int], limit: int
) -> list[tuple[int, int]]:
    """Which columns are shown, by their places, and how wide, to fit the limit."""
    kept = list(range(len(heads)))
    least = [
        min(head.least, width) if head.least else width
        for head, width in zip(heads, widths, strict=True)
    ]
    while _line(least[at] for at in kept) > limit:
        spare = max(kept, key=lambda at: (heads[at].spare, at))
        if not heads[spare].spare:
            break
        kept.remove(spare)
    given = list(widths)
    for at in sorted(kept, key=lambda at: -given[at]):
        too_much = _line(given[at] for at in kept) - limit
        floor = least[at] if _line(least[at] for at in kept) <= limit else 1
        given[at] -= min(max(too_much, 0), max(given[at] - floor, 0))
    return [(at, given[at]) for at in kept]


def _line(widths: Iterable[int]) -> int:
    """Cells of a line with columns of these widths."""
    each = list(widths)
    return sum(each) + GAP * (len(each) - 1)


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


def _header(columns: Sequence[tuple[Head, int]]) -> str:
    names = []
    for head, width in columns:
        name = cut(head.name.upper(), width)
        names.append(name.rjust(width) if head.right else name.ljust(width))
    return (" " * GAP).join(names).rstrip()
