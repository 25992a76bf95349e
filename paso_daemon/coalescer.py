"""Many changes of one record are one event: its latest state, 20 times a second.

The first change of a record is told when the turn of the loop ends. What follows
within `WINDOW_S` waits for the end of the window, and only the last of it is told:

    mark a, mark b, mark a --> turn ends: a, b | mark a, mark a --> window ends: a

Each record is a key of its own, so a busy one never takes the place of another.

Never: build an event, forget a removal, tell more in a turn than takes a millisecond.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

WINDOW_S = 0.05
TOLD_PER_TURN = 200
HELD_UP_S = 0.005
"""Before the next try while clients are too far behind for more."""

STARTED, UPDATED, ACTIVITY, REMOVED = "started", "updated", "activity", "removed"

Key = tuple[str, str, str]
"""Kind, owner and id of a record."""


class News(NamedTuple):
    """What became of a record since it was told last."""

    what: str
    project_id: int = 0
    """Of the clients that hear of it; 0 = all."""
    version: int = 0


class Coalescer:
    """Holds what is to be told.

    Arguments:
        tell: publishes the event of a record as it is now.
        flush: sends what was published.
        may_send: False while clients are too far behind for more.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[Key, News], None],
        flush: Callable[[], None],
        may_send: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._tell = tell
        self._flush = flush
        self._may_send = may_send
        self._ready: dict[Key, News] = {}
        self._held: dict[Key, News] = {}
        self._told: set[Key] = set()
        self._waiting: asyncio.Handle | None = None
        self._window: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._ready) + len(self._held)

    def mark(self, key: Key, news: News) -> None:
        """Have `news` told, joined with what waits for the same record."""
        if key in self._told:
            self._held[key] = joined(self._held.get(key), news)
            return
        self._ready[key] = joined(self._ready.get(key), news)
        if self._waiting is None:
            self._waiting = self._loop.call_soon(self._run)

    def clear(self) -> None:
        """Tell nobody of what waits."""
        self._ready.clear()
        self._held.clear()

    def drain(self) -> None:
        """Publish everything now: the daemon stops."""
        for timer in (self._waiting, self._window):
            if timer is not None:
                timer.cancel()
        self._waiting = self._window = None
        self._end_of_window()
        self._publish(len(self._ready))

    def _run(self) -> None:
        self._waiting = None
        if not self._may_send():
            self._waiting = self._loop.call_later(HELD_UP_S, self._run)
            return
        self._publish(TOLD_PER_TURN)
        if self._ready:
            self._waiting = self._loop.call_soon(self._run)
        if self._window is None and self._told:
            self._window = self._loop.call_later(WINDOW_S, self._next_window)
        self._flush()

    def _publish(self, count: int) -> None:
        for key in list(islice(self._ready, count)):
            news = self._ready.pop(key)
            self._told.add(key)
            self._tell(key, news)

    def _next_window(self) -> None:
        self._window = None
        self._end_of_window()
        if self._ready and self._waiting is None:
            self._run()

    def _end_of_window(self) -> None:
        self._told.clear()
        held, self._held = self._held, {}
        for key, news in held.items():
            self._ready[key] = joined(self._ready.get(key), news)


def joined(before: News | None, after: News) -> News:
    """Return what two changes of one record are together."""
    if before is None:
        return after
    project = after.project_id if after.project_id == before.project_id else 0
    return News(_what(before.what, after.what), project, after.version)


def _what(before: str, after: str) -> str:
    if after == REMOVED:
        return REMOVED
    if before in (STARTED, REMOVED):
        return STARTED
    return UPDATED if UPDATED in (before, after) else after
