"""Comparing two drawn lines: which cells have to be sent to the terminal.

Never: know a widget, a card, or what a style means.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.segment import Segment
    from textual.strip import Strip


def differing(before: Strip, after: Strip) -> tuple[int, int] | None:
    """First cell and the cell after the last that look different, or None.

    Both lines have the same number of cells.
    """
    old, new = list(before), list(after)
    first = _common(old, new, 0)
    end = after.cell_length - _common(old[::-1], new[::-1], -1)
    return (first, end) if first < end else None


def _common(old: list[Segment], new: list[Segment], end: int) -> int:
    """Cells that both have in common, from the start (0) or from the end (-1)."""
    cells = 0
    for one, other in zip(old, new, strict=False):
        if one.style is not other.style and one.style != other.style:
            return cells
        if one.text == other.text:
            cells += one.cell_length
            continue
        ends = (one.text, other.text)
        if end:
            ends = (one.text[::-1], other.text[::-1])
        return cells + _common_text(*ends)
    return cells


def _common_text(one: str, other: str) -> int:
    """Characters of one cell that both texts begin with."""
    count = 0
    for mine, yours in zip(one, other, strict=False):
        if mine == yours and mine.isascii():
            count += 1
        elif mine.isascii() and yours.isascii():
            break
        else:
            # May be joined with the character before it, or be two cells wide.
            return max(count - 1, 0)
    return count
