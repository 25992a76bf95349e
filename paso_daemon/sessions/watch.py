"""The panes of one tmux server, looked at while sessions of ours run in it.

Paso's own server is asked through a control client, which also tells when anything
happens. Where there is none, as in a server of the user's, which is not to get a
session that it did not ask for, `tmux` is run for each look. So it is when the client
fails, which is tried again with a back-off that ends with the first answer.

    poll_s ... 2 x poll_s while everything is idle; at once after a notice

Never: decide what became of a session, write, block the loop.
"""

from __future__ import annotations

import logging
import time
from typing import Protocol

from paso.errors import ToolFailed
from paso.events.backoff import Backoff
from paso.model import WORKING
from paso.sessions.activity import preview_of
from paso.sessions.panes import PANE_FORMAT, PaneState, read_panes
from paso.sessions.server import environment
from paso.sessions.tmux import Tmux
from paso_daemon.sessions.control import PREFIX, ControlClient
from paso_daemon.sessions.pane_activity import Act, PaneActivity

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso.database.sessions import BackendRef
    from paso_daemon.sessions.control_lines import Answer, Notice
    from paso_daemon.sessions.deaths import Deaths
    from paso_daemon.sessions.writer import Writer
    from paso_daemon.tasks import Health

SLOWEST = 2.0
"""The longest interval, in times of the shortest: a bell must not wait for more. With
20 sessions a look costs half a millisecond."""
SLOWER = 1.5
GAP_S = 0.25
"""Between two looks, whatever is told."""
RETRY_FIRST_S, RETRY_MOST_S = 0.25, 60.0
PREVIEW_GAP_S = 0.5
"""Between two looks at the screen of one pane."""
OUTPUT_STEP_S = 1.0
"""tmux tells the second of the last output: what writes all the time is silent for so
long, and for a look."""
LIST = f"list-panes -a -F '{PANE_FORMAT}'"

logger = logging.getLogger("paso.daemon")


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

    __slots__ = ("activity", "ref", "session_id", "shown_at", "wants_keeping")

    def __init__(self, session_id: str, ref: BackendRef, activity: PaneActivity):
        self.session_id = session_id
        self.ref = ref
        self.activity = activity
        self.shown_at = -1e9
        self.wants_keeping = True


class Watch:
    """Looks at one server.

    Arguments:
        own: it is Paso's own server.
        computer: id of this computer, for the name of our session there.
        poll_s: seconds between two looks.
        looks: the thread where tmux is run.
    """

    def __init__(
        self,
        socket: str,
        loop: asyncio.AbstractEventLoop,
        *,
        own: bool,
        computer: str,
        poll_s: float,
        idle_after_s: float,
        deaths: Deaths,
        looks: Writer,
        listener: Listener,
        health: Health,
    ) -> None:
        self.socket = socket
        self._loop = loop
        self.own = own
        self._name = f"{PREFIX}{computer}"
        self._poll_s = poll_s
        self._idle_after_s = max(idle_after_s, OUTPUT_STEP_S + 2 * poll_s)
        self._deaths = deaths
        self._looks = looks
        self._listener = listener
        self._health = health
        self._panes: dict[str, Pane] = {}
        self._control: ControlClient | None = None
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        self._retry_at = 0.0
        self._asking = False
        self._interval = poll_s
        self._looked_at = -1e9
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        self._closed = False

    def __len__(self) -> int:
        return len(self._panes)

    @property
    def by_control(self) -> bool:
        """True while the server is asked through a control client."""
        return self._control is not None

    def follow(self, session_id: str, ref: BackendRef, known: str) -> None:
        """Look after the pane of a session; nothing is new when it is followed.

        Arguments:
            known: the activity that its record has.
        """
        before = self._panes.get(session_id)
        if before is not None and before.ref == ref:
            return
        activity = PaneActivity(known, self._idle_after_s)
        self._panes[session_id] = Pane(session_id, ref, activity)
        self.soon()

    def hand_over(self, other: Watch) -> None:
        """Let another watch of the same server follow what this one did."""
        other._panes = self._panes
        self.close()
        other.soon()

    def forget(self, session_id: str) -> None:
        self._panes.pop(session_id, None)

    def soon(self) -> None:
        """Look as soon as may be."""
        self._interval = self._poll_s
        self._look_at(max(self._loop.time() + 0.02, self._looked_at + GAP_S))

    def close(self) -> ControlClient | None:
        """Look no more; return the client that is to be waited for."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._looks.forget(self._key)
        client, self._control = self._control, None
        if client is not None:
            client.close()
        self._health.recovered(self._key)
        return client

    @property
    def _key(self) -> str:
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
        if self._asking:
            return
        now = self._loop.time()
        self._asking, self._looked_at = True, now
        if self.own and self._control is None and now >= self._retry_at:
            self._start_control()
        if self._control is not None:
            self._control.ask(LIST, self._answered)
        else:
            tmux = Tmux(self.socket)
            self._looks.run(self._key, lambda: _panes(tmux), self._told)

    def _start_control(self) -> None:
        argv = ["tmux", "-u", "-S", self.socket]
        try:
            self._control = ControlClient(
                self._loop,
                argv,
                self._name,
                deaths=self._deaths,
                env=environment(),
                notice=self._noticed,
                gone=self._control_gone,
            )
        except OSError as error:
            self._control_gone(f"cannot be started: {error.strerror}")

    def _control_gone(self, reason: str) -> None:
        """Look by other means, at once: maybe the server has gone."""
        if self._closed:
            return
        logger.info("the control client of %s: %s", self.socket, reason)
        had, self._control = self._control, None
        self._retry_at = self._loop.time() + self._backoff.wait()
        if had is not None:
            self._asking = False
            self.soon()

    def _noticed(self, notice: Notice) -> None:
        self.soon()

    # What was seen ------------------------------------------------------------

    def _answered(self, said: Answer) -> None:
        if said.ok:
            self._backoff.reset()
            self._saw(read_panes(said.lines))
        else:
            assert self._control is not None
            self._control.close(" ".join(said.lines)[:200])

    def _told(self, found: list[PaneState] | ToolFailed | None) -> None:
        if isinstance(found, list):
            self._saw(found)
            return
        self._asking = False
        if self._closed:
            return
        reason = "cannot be asked" if found is None else found.message
        self._health.degraded(self._key, reason)
        self._interval = min(self._interval * 2, max(RETRY_MOST_S, self._poll_s))
        self._look_at(self._loop.time() + self._interval)

    def _saw(self, found: list[PaneState]) -> None:
        self._asking = False
        if self._closed:
            return
        self._health.recovered(self._key)
        panes = {(pane.server, pane.pane): pane for pane in found}
        busy = False
        for one in list(self._panes.values()):
            pane = panes.get((one.ref.tmux_server or 0, one.ref.tmux_pane or ""))
            if pane is None or pane.dead:
                self._listener.look(one.session_id)
            else:
                busy = self._see(one, pane) or busy
        slower = min(self._interval * SLOWER, self._poll_s * SLOWEST)
        self._interval = self._poll_s if busy else slower
        self._look_at(self._looked_at + max(self._interval, GAP_S))

    def _see(self, one: Pane, pane: PaneState) -> bool:
        """Return whether it works."""
        now = self._loop.time()
        act = one.activity.see(pane, now, time.time())
        if act is not None:
            one.wants_keeping = act.activity != WORKING
            self._listener.acts(one.session_id, act)
        if one.wants_keeping or (one.activity.changed and self._listener.is_watched()):
            self._show(one, now)
        if pane.bell and self.own and self._control is not None:
            # Else the next bell could not be told from this one (tmux(1), -C).
            one.activity.bell_taken()
            self._control.ask(f"kill-session -C -t '{pane.session}'", _ignore)
        return one.activity.told == WORKING

    def _show(self, one: Pane, now: float) -> None:
        if self._control is None or now - one.shown_at < PREVIEW_GAP_S:
            return
        one.shown_at = now
        keep, one.wants_keeping = one.wants_keeping, False

        def answer(said: Answer) -> None:
            if said.ok and not self._closed:
                preview = preview_of("\n".join(said.lines).encode())
                self._listener.shows(one.session_id, preview, keep=keep)

        self._control.ask(f"capture-pane -p -J -t {one.ref.tmux_pane}", answer)


def _panes(tmux: Tmux) -> list[PaneState] | ToolFailed:
    try:
        return tmux.panes()
    except ToolFailed as error:
        return error


def _ignore(said: Answer) -> None:
    """Whether it was done shows at the next look."""
