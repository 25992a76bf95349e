"""Figures as tables, with the target beside each: the only place that prints.

Never: measure.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

Thing = TypeVar("Thing")
Cell = str | float | int | None


class Check(NamedTuple):
    """One promised figure: what was seen, the bound, and on which side it lies."""

    name: str
    seen: float
    bound: float
    unit: str
    at_most: bool = True

    @property
    def kept(self) -> bool:
        return self.seen <= self.bound if self.at_most else self.seen >= self.bound


class Result(NamedTuple):
    """What one benchmark found. `notes` say how to read it."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    checks: list[Check]
    notes: list[str]


def rotated(things: Sequence[Thing], turn: int) -> Sequence[Thing]:
    """`things` in an order that lets each be first, and last, in its turn."""
    cut = turn % len(things)
    return [*things[cut:], *things[:cut]]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie (nearest rank)."""
    ordered = sorted(values)
    rank = round(percent / 100 * len(ordered) + 0.5) - 1
    return ordered[max(0, min(rank, len(ordered) - 1))]


def show(result: Result) -> None:
    print(f"\n## {result.title}\n")
    print(table(result.columns, result.rows))
    for note in result.notes:
        print(f"  {note}")
    for check in result.checks:
        print(f"  {verdict(check)}")


def verdict(check: Check) -> str:
    word = "reached" if check.kept else "MISSED "
    side = "at most" if check.at_most else "at least"
    seen, bound = text(check.seen), text(check.bound)
    return f"{word}  {check.name}: {seen} {check.unit} ({side} {bound})"


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A Markdown table, its columns padded so that it reads well as it is."""
    cells = [list(columns), *[[text(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = [_line(row, widths) for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    return "| " + " | ".join(padded) + " |"


def text(cell: Cell) -> str:
    """A number with three figures that count; anything else as it is."""
    if cell is None:
        return "-"
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else cell
    if abs(cell) >= 1e6:
        return f"{cell / 1e6:.2f} M"
    return f"{cell:,.{2 if abs(cell) < 10 else 1 if abs(cell) < 100 else 0}f}"


def to_json(results: Sequence[Result]) -> str:
    return json.dumps([_as_dict(result) for result in results], indent=1)


def _as_dict(result: Result) -> dict[str, object]:
    checks = [{**check._asdict(), "kept": check.kept} for check in result.checks]
    return {**result._asdict(), "checks": checks}
