"""The panes of one tmux server, looked at while sessions of ours run in it.

That a command ends is told by the kernel; here it is what commands are up to. One call
of tmux tells of all panes. It is made each `poll_s` while anybody looks or works, and
ever less often, down to five times as seldom, while nobody looks and all is idle.

A client in control mode (tmux(1)) would tell by itself, for less. But one that comes or
goes while the server has anything to tell can crash the server, and with it whatever
runs there: all releases up to 3.6 have that fault (tmux pull requests 4980 and 5004).

Never: decide what became of a session, write, block the loop.
"""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol

from paso.errors import ToolFailed
from paso.model import WORKING
from paso.sessions.activity import preview_of
from paso.sessions.tmux import Tmux
from paso_daemon.sessions.pane_activity import Act, PaneActivity

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso.database.sessions import BackendRef
    from paso.sessions.panes import PaneState
    from paso_daemon.sessions.writer import Writer
    from paso_daemon.tasks import Health

SLOWER, SLOWEST = 1.5, 5.0
"""By how much an interval grows, and to how many times the shortest."""
GAP_S = 0.25
"""Between two looks, whatever is told."""
SOON_S = 0.02
SHOW_GAP_S = 0.5
"""Between two looks at one screen."""
FAILED_MOST_S = 60.0
"""The longest interval to a server that does not answer."""
SCREENS_MAX = 40
"""Screens that are read in one call; further ones wait for the next."""
OUTPUT_STEP_S = 1.0
"""tmux tells the second of the last output: what writes all the time is silent for so
long, and for a look."""


class Listener(Protocol):
    """What hears of the sessions of a server."""

    def look(self, session_id: str) -> None:
        """Its pane is not as it should be."""

    def acts(self, session_id: str, act: Act) -> None:
        """It is up to something else."""

    def shows(self, session_id: str, preview: str, *, keep: bool) -> None:
        """What its screen says; `keep` when it is to be found later."""

    def is_watched(self) -> bool:
        """True while anybody wants to see what screens say."""


class Pane:
    """A session's pane."""

    __slots__ = (
        "activity",
        "ref",
        "session_id",
        "shown_at",
        "wants_keeping",
        "wants_showing",
    )

    def __init__(self, session_id: str, ref: BackendRef, activity: PaneActivity):
        self.session_id = session_id
        self.ref = ref
        self.activity = activity
        self.shown_at = -1e9
        self.wants_showing = False
        self.wants_keeping = True

    def is_due(self, now: float) -> bool:
        """True when its screen is to be read."""
        wanted = self.wants_keeping or self.wants_showing
        return wanted and now - self.shown_at >= SHOW_GAP_S


class Screens(NamedTuple):
    """What is to be read in one call, and what was."""

    panes: list[Pane]
    texts: list[str]


class Watch:
    """Looks at one server.

    Arguments:
        poll_s: seconds between two looks.
        idle_after_s: seconds without output after which a session is idle.
        looks: the thread where tmux is run.
    """

    def __init__(
        self,
        socket: str,
        loop: asyncio.AbstractEventLoop,
        *,
        poll_s: float,
        idle_after_s: float,
        looks: Writer,
        listener: Listener,
        health: Health,
    ) -> None:
        self.socket = socket
        self._tmux = Tmux(socket)
        self._loop = loop
        self._poll_s = poll_s
        self._idle_after_s = max(idle_after_s, OUTPUT_STEP_S + 2 * poll_s)
        self._looks = looks
        self._listener = listener
        self._health = health
        self._panes: dict[str, Pane] = {}
        self._asking = False
        self._interval = poll_s
        self._looked_at = -1e9
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        self._closed = False

    def __len__(self) -> int:
        return len(self._panes)

    def follow(self, session_id: str, ref: BackendRef, known: str) -> None:
        """Look after the pane of a session; nothing is new when it is followed.

        Arguments:
            known: the activity that its record has.
        """
        before = self._panes.get(session_id)
        if before is None or before.ref != ref:
            activity = PaneActivity(known, self._idle_after_s)
            self._panes[session_id] = Pane(session_id, ref, activity)
            self.soon()

    def forget(self, session_id: str) -> None:
        self._panes.pop(session_id, None)

    def soon(self) -> None:
        """Look as soon as may be."""
        self._interval = self._poll_s
        self._look_at(max(self._loop.time() + SOON_S, self._looked_at + GAP_S))

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for what in ("panes", "screens", "bells"):
            self._looks.forget((what, self.socket))
        self._health.recovered(self._name)

    @property
    def _name(self) -> str:
        return f"tmux {self.socket}"

    # When to look -------------------------------------------------------------

    def _look_at(self, when: float) -> None:
        if self._closed or (self._timer is not None and self._due <= when):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = when
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._asking:
            self._asking, self._looked_at = True, self._loop.time()
            self._looks.run(("panes", self.socket), self._list, self._told)

    def _list(self) -> list[PaneState] | ToolFailed:
        """Runs in the thread."""
        try:
            return self._tmux.panes()
        except ToolFailed as error:
            return error

    # What was seen ------------------------------------------------------------

    def _told(self, found: list[PaneState] | ToolFailed | None) -> None:
        self._asking = False
        if self._closed:
            return
        if isinstance(found, list):
            self._health.recovered(self._name)
            self._saw(found)
            return
        reason = "cannot be asked" if found is None else found.message
        self._health.degraded(self._name, reason)
        self._interval = min(self._interval * 2, max(FAILED_MOST_S, self._poll_s))
        self._look_at(self._loop.time() + self._interval)

    def _saw(self, found: list[PaneState]) -> None:
        panes = {(pane.server, pane.pane): pane for pane in found}
        watched = self._listener.is_watched()
        rang = []
        for one in list(self._panes.values()):
            pane = panes.get((one.ref.tmux_server or 0, one.ref.tmux_pane or ""))
            if pane is None or pane.dead:
                self._listener.look(one.session_id)
                continue
            self._see(one, pane, watched)
            if pane.bell and pane.owner:
                one.activity.bell_taken()
                rang.append(one.ref)
        self._read_screens()
        if rang:
            self._looks.run(
                ("bells", self.socket), lambda: self._take_bells(rang), _ignore
            )
        self._look_later(watched)

    def _look_later(self, watched: bool) -> None:
        busy = any(one.activity.told == WORKING for one in self._panes.values())
        slower = min(self._interval * SLOWER, self._poll_s * SLOWEST)
        self._interval = self._poll_s if busy or watched else slower
        self._look_at(self._looked_at + max(self._interval, GAP_S))

    def _see(self, one: Pane, pane: PaneState, watched: bool) -> None:
        act = one.activity.see(pane, self._loop.time(), time.time())
        if act is not None:
            one.wants_keeping = act.activity != WORKING
            self._listener.acts(one.session_id, act)
        one.wants_showing = watched and (one.wants_showing or one.activity.changed)

    def _take_bells(self, refs: list[BackendRef]) -> None:
        """Runs in the thread."""
        try:
            self._tmux.take_bells(refs)
        except ToolFailed:
            return  # the next look tells whether the server answers

    def _read_screens(self) -> None:
        now = self._loop.time()
        due = [one for one in self._panes.values() if one.is_due(now)]
        wanted = due[:SCREENS_MAX]
        for one in wanted:
            one.shown_at = now
        if wanted:
            self._looks.run(
                ("screens", self.socket), lambda: self._screens(wanted), self._show
            )

    def _screens(self, wanted: list[Pane]) -> Screens | None:
        """Runs in the thread."""
        try:
            return Screens(wanted, self._tmux.screens([one.ref for one in wanted]))
        except ToolFailed:
            return None  # what is wanted is wanted again

    def _show(self, found: Screens | None) -> None:
        if found is None or self._closed:
            return
        for one, text in zip(found.panes, found.texts, strict=False):
            keep, one.wants_keeping, one.wants_showing = one.wants_keeping, False, False
            preview = preview_of(text.encode())
            self._listener.shows(one.session_id, preview, keep=keep)


def _ignore(result: object) -> None:
    """Whether it was done shows at the next look."""
