"""Whether the loop turns: how late its own tick comes, and where it stood still.

A tick each quarter of a second looks how late it is. Each sets the interval timer of
the process (setitimer(2)) a little ahead; only a loop that stands still lets it ring,
and then faulthandler writes the stack of the loop's thread to the log, from a signal
handler in C and so in the middle of what holds the loop up. That costs a system call
for each tick, and no thread.

A machine that is too busy to let us run makes ticks late as well; the kernel says how
long we waited for a processor (/proc/PID/schedstat), and that is no fault of the loop.

Never: do anything about it; `hang_guard` ends a daemon whose loop never comes back.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
from collections import deque
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso_daemon.tasks import Health

TICK_S = 0.25
LATE_S = 0.25
"""So late, a tick is told as a fault."""
WINDOW_S = 60.0
"""What `status` shows is of so long; and so long after the last fault all is well."""
COOLDOWN_S = 30.0
"""Between two stacks in the log."""

logger = logging.getLogger("paso.daemon")


class LagWatch:
    """Measures the loop that it is started on.

    Arguments:
        health: where a loop that stood still is shown.
        dumps: whether the interval timer of the process is ours to use.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, health: Health, *, dumps: bool = True
    ) -> None:
        self._loop = loop
        self._health = health
        self._dumps = dumps
        self._seen: deque[float] = deque(maxlen=int(WINDOW_S / TICK_S))
        self._due = 0.0
        self._fault_at: float | None = None
        self._quiet_until = 0.0
        self._timer: asyncio.Handle | None = None
        self._schedstat: int | None = None
        self._waited = 0.0

    def start(self) -> None:
        with suppress(OSError):  # a kernel without it: all lateness is ours
            self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._waited = self._waits()
        if self._dumps:
            faulthandler.register(signal.SIGALRM, sys.stderr, all_threads=False)
        self._next(self._loop.time())

    def stop(self) -> None:
        """Measure no more; nothing happens when it never began."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        if self._schedstat is not None:
            os.close(self._schedstat)
        if self._dumps:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.unregister(signal.SIGALRM)

    def told(self) -> dict[str, float]:
        """Return how late the ticks of the last minute were, in milliseconds."""
        if not self._seen:
            return {"max_ms": 0.0, "p99_ms": 0.0}
        ordered = sorted(self._seen)
        p99 = ordered[len(ordered) * 99 // 100]
        return {"max_ms": _ms(ordered[-1]), "p99_ms": _ms(p99)}

    def _next(self, now: float) -> None:
        self._due = now + TICK_S
        self._timer = self._loop.call_at(self._due, self._tick)
        if self._dumps and now >= self._quiet_until:
            signal.setitimer(signal.ITIMER_REAL, TICK_S + LATE_S)

    def _tick(self) -> None:
        now, waited = self._loop.time(), self._waits()
        late = max(now - self._due, 0.0)
        ours = late - (waited - self._waited)
        self._waited = waited
        self._seen.append(late)
        if late >= LATE_S:
            self._tell(late, ours >= LATE_S, now)
        elif self._fault_at is not None and now - self._fault_at >= WINDOW_S:
            self._fault_at = None
            self._health.recovered("loop lag")
        self._next(now)

    def _waits(self) -> float:
        """Return how long we waited for a processor so far, in seconds."""
        if self._schedstat is None:
            return 0.0
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9

    def _tell(self, late: float, ours: bool, now: float) -> None:
        if now >= self._quiet_until:
            why = "stood still" if ours else "had no processor to run on"
            logger.warning("the loop %s for %.2f s", why, late)
            self._quiet_until = now + COOLDOWN_S
            if self._dumps:
                signal.setitimer(signal.ITIMER_REAL, 0)
        if ours:
            self._fault_at = now
            self._health.degraded("loop lag", "the loop stood still, see the log")


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
