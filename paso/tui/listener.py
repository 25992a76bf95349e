"""Listens for changes from anywhere and shows them, whatever screen is open.

The first change is shown at once, then at most one refresh every 50 ms, and never
more than a third of the time goes into refreshing.

Never: read the board itself, poll, start a thread.
"""

from __future__ import annotations

from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from paso.tui.board_app import PasoApp

BETWEEN_S = 0.05
"""Least time between two refreshes."""
REST = 2.0
"""A refresh is followed by at least that many times its own duration."""


class Pacer:
    """Collapses a burst of wishes into a first one at once and few more.

    Arguments:
        run: what is wished for.
        later: starts a timer, `later(seconds, callback)`.
        clock: seconds, growing.
    """

    def __init__(
        self,
        run: Callable[[], object],
        later: Callable[[float, Callable[[], object]], Timer | None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._run = run
        self._later = later
        self._clock = clock
        self._free_at = 0.0
        self._waiting = False

    def wish(self) -> None:
        """Run now, or as soon as the pace allows."""
        wait = self._free_at - self._clock()
        if wait <= 0 and not self._waiting:
            self._do()
        elif not self._waiting:
            self._waiting = True
            self._later(wait, self._do)

    def _do(self) -> None:
        self._waiting = False
        began = self._clock()
        self._run()
        ended = self._clock()
        self._free_at = ended + max(BETWEEN_S, REST * (ended - began))


async def listen(app: PasoApp) -> None:
    """Follow the events of every project until the app ends."""
    from paso.events.client import Changed, EventClient, Resync, State

    pacer = Pacer(app.catch_up, app.set_timer)
    client = EventClient(
        app.paths,
        client="tui",
        topics=["db"],
        auto_start=app.config.auto_start,
        last_change=app.data.seen,
    )
    async with client:
        async for notice in client:
            if isinstance(notice, State):
                app.board.show_connection(notice.name, notice.reason)
            elif isinstance(notice, Changed):
                pacer.wish()
            elif isinstance(notice, Resync):
                app.reload(replaced=notice.reason == "database_replaced")
