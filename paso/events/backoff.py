"""How long to wait before the next try: doubling, with jitter, reset by success.

Never: sleep, read a clock, or count tries for anybody else.
"""

from __future__ import annotations

from os import urandom  # importing random costs the command line 2 ms


class Backoff:
    """Waits of `first` to `most` seconds, each spread over its upper half.

    Without the spread, a thousand clients of a daemon that died would all come
    back in the same millisecond.
    """

    __slots__ = ("_first", "_most", "_next")

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def wait(self) -> float:
        """Return the seconds to wait now, and double the next wait."""
        chosen = self._next
        self._next = min(chosen * 2, self._most)
        return chosen * (0.5 + urandom(1)[0] / 510)

    def reset(self) -> None:
        """Start again from the shortest wait: it worked."""
        self._next = self._first
