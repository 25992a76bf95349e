"""When fast producers wait: a burst must not outrun clients that do read.

Producers are held while a good part of all clients is far behind and takes what it
gets. One slow client alone holds nobody, nor does one that takes nothing, and no
hold is longer than `HOLD_S`; then every producer gets one more piece through.

Never: do I/O, read a clock, know sockets.
"""

from __future__ import annotations

from paso_daemon.outbox import Outbox

HOLD_S = 0.05
"""Longest hold in one piece, in seconds."""

TAKING_S = 0.06
"""Who took nothing for so many seconds holds nobody. The kernel calls a socket
writable when three quarters of its buffer are free, so takings come in lumps."""

SHARE = 4
"""One in so many clients must be behind."""


class Pressure:
    """Which outboxes are far behind.

    Arguments:
        high: queued bytes from which a client is behind.
        low: queued bytes below which it is not any more.
    """

    __slots__ = ("_high", "_low", "_until", "behind", "holding")

    def __init__(self, high: int, low: int) -> None:
        self._high = high
        self._low = low
        self.behind: set[Outbox] = set()
        self._until = 0.0
        self.holding = False

    def note(self, outbox: Outbox) -> None:
        """Look at an outbox that grew or shrank."""
        if outbox.missed is not None or outbox.size <= self._low:
            self.behind.discard(outbox)
        elif outbox.size >= self._high:
            self.behind.add(outbox)

    def forget(self, outbox: Outbox) -> None:
        self.behind.discard(outbox)

    def begin(self, clients: int, now: float) -> bool:
        """Return True when a hold begins now."""
        if self.holding or not self._is_needed(clients, now):
            return False
        self.holding = True
        self._until = now + HOLD_S
        return True

    def end(self, clients: int, now: float) -> bool:
        """Return True when the hold under way ends now."""
        if self.holding and (now >= self._until or not self._is_needed(clients, now)):
            self.holding = False
            return True
        return False

    def is_over(self, clients: int) -> bool:
        """True when too few are behind for a hold, whatever they take."""
        return len(self.behind) * SHARE < clients or not self.behind

    def _is_needed(self, clients: int, now: float) -> bool:
        if self.is_over(clients):
            return False
        taking = sum(now - box.last_taken < TAKING_S for box in self.behind)
        return taking > 0 and taking * SHARE >= clients
