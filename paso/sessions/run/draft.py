"""A session before it is written, and its end.

Never: import what only the writing needs; the command waits for this file.
"""

from __future__ import annotations

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.database.connection import Database


class Draft(NamedTuple):
    """A session before it is written."""

    id: str
    argv: tuple[str, ...]
    cwd: str
    title: str
    work: Callable[[Database], tuple[int | None, int | None]]
    """Finds its task and its project."""


class End(NamedTuple):
    exit_code: int
    signal: int | None
    reason: str
    attention: str | None
