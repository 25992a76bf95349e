"""The time by the clock of the Redis server, mostly without asking for it.

Two computers need not agree on the time, but both see the server's: it is in the id of
each entry that the server numbered. In between, our own clock that only grows counts.

The two drift apart by seconds a day, and the server's can be set. When it goes back,
ids do not: new entries seem to be as old as the last one before. So where an entry
seems to be older or newer than it can be, the server is asked.

Never: do I/O, use the wall clock of this computer.
"""

from __future__ import annotations

from paso.errors import BadEvent
from paso_daemon.peers.signing import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


DOUBT_MS = 5_000
"""An entry is read sooner than that after it was made, unless it waited for us."""
ASK_EVERY_S = 10.0


class ServerClock:
    """Arguments: now: seconds of a clock that only grows."""

    __slots__ = ("_asked_at", "_at", "_ms", "_now")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ms = 0
        self._at = self._asked_at = now()

    def told(self, answer: list[bytes]) -> None:
        """Take what the server answered to TIME: seconds and microseconds."""
        self._set(int(answer[0]) * 1000 + int(answer[1]) // 1000)
        self._asked_at = self._at

    def _set(self, ms: int) -> None:
        self._ms, self._at = ms, self._now()

    def _age_ms(self, made: int) -> int:
        return self._ms + round((self._now() - self._at) * 1000) - made

    def doubts(self, entry_id: bytes) -> bool:
        """True when the server should be asked before this entry's age is believed."""
        if self._now() - self._asked_at < ASK_EVERY_S:
            return False
        try:
            return abs(self._age_ms(made_ms(entry_id))) > DOUBT_MS
        except BadEvent:
            return True

    def is_ahead(self, entry_id: bytes) -> bool:
        """True when an entry is of the future: to be asked right after `told`."""
        try:
            return self._age_ms(made_ms(entry_id)) < -DOUBT_MS
        except BadEvent:
            return True

    def age_ms(self, made: int) -> int:
        """Return how long ago the server made an entry; it cannot be in the future."""
        age = self._age_ms(made)
        if age < 0:
            self._set(made)
        return max(age, 0)


def made_ms(entry_id: bytes) -> int:
    """Return when the server made an entry, by its id. Raises BadEvent."""
    return number(entry_id.partition(b"-")[0])
