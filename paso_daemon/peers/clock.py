"""The time by the clock of the Redis server, without asking for it.

Two computers need not agree on the time, but both see the server's: it is in the id of
each entry that the server numbered. In between, our own clock that only grows counts.

Never: do I/O, use the wall clock of this computer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class ServerClock:
    """Arguments: now: seconds of a clock that only grows."""

    __slots__ = ("_at", "_ms", "_now")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ms = 0
        self._at = now()

    def set(self, ms: int) -> None:
        """The server says that it is `ms` milliseconds after 1970."""
        self._ms, self._at = ms, self._now()

    def age_ms(self, made_ms: int) -> int:
        """Return how long ago the server made an entry; it cannot be in the future."""
        age = self._ms + round((self._now() - self._at) * 1000) - made_ms
        if age < 0:
            self.set(made_ms)
        return max(age, 0)
