"""Listens for changes from anywhere and shows them, whatever screen is open.

The first change is shown at once, then at most one refresh every 50 ms, and never
more than a third of the time goes into refreshing.

Never: read the board itself, poll, start a thread.
"""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, perf_counter

from paso.errors import PasoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from paso.events.client import Notice
    from paso.tui.board_app import PasoApp

TOPICS = ("db", "sessions", "computers")
"""What every screen shows; boards of other computers are followed while one looks."""
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
    """Follow the events of every project and computer until the app ends."""
    from paso.computer import this_computer
    from paso.events.client import EventClient

    with suppress(PasoError, OSError):  # then the daemon tells
        app.book.own, app.book.name = this_computer(app.paths.home)
    pacer = Pacer(app.catch_up, app.set_timer)
    client = EventClient(
        app.paths,
        client="tui",
        topics=TOPICS,
        auto_start=app.config.auto_start,
        last_change=app.data.seen,
    )
    async with client:
        async for notice in client:
            take(app, notice, pacer)


def take(app: PasoApp, notice: Notice, pacer: Pacer) -> None:
    """Show a notice now, or have it shown when the pace allows."""
    from paso.events.client import Changed, Other, Resync, State

    if isinstance(notice, State):
        if notice.name == "offline":
            app.book.forget_others()
            pacer.wish()
        app.show_connection(notice.name, notice.reason)
    elif isinstance(notice, Other):
        app.book.take(notice.event, monotonic())
        pacer.wish()
    elif isinstance(notice, Resync) and "db" in notice.topics:
        app.reload(replaced=notice.reason == "database_replaced")
    elif isinstance(notice, (Changed, Resync)):
        pacer.wish()
