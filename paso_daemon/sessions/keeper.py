"""Looks after the sessions that live: notices their end, writes what became of them.

    a process ends (pidfd) ----\\
    a pane is not as it was ----+--> enquiry: look, in a thread --> write, in a thread
    a deadline passes ---------/                what is there?      phase, code, tail
                                                                         |
    follow, forget <--------- log of sessions <--------- the bell <------'

It starts from the log: a session that is new there is followed, one that is over is
forgotten with all that was kept of it. At the start, and for each database that comes
in its place, every session is looked at first: what ended meanwhile left its exit code
in a dead pane, what a reboot took is lost. Nothing is ever started again.

Never: decide what the facts mean (`paso.sessions.reconcile` does), block the loop.
"""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

from paso.commands import sessions as commands
from paso.errors import NotFound
from paso.model import LIVE_PHASES, LOST, STARTING, STOPPING
from paso.sessions import reconcile
from paso_daemon.sessions import errands
from paso_daemon.sessions.backends import may_be_found, processes_of
from paso_daemon.sessions.deaths import Deaths, Process, this_boot
from paso_daemon.sessions.enquiry import Enquiry
from paso_daemon.sessions.errands import Found, Look, Wish
from paso_daemon.sessions.leftovers import Leftovers
from paso_daemon.sessions.watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso_daemon.directory import Directory
    from paso_daemon.sessions.log_reader import Seen
    from paso_daemon.sessions.pane_activity import Act
    from paso_daemon.sessions.writer import Writer
    from paso_daemon.tasks import Health

AUDIT_S = 30.0
"""Between two looks at what was lost and may be found again, and at dead panes."""
LOST_MAX = 100
"""Lost sessions that are looked at again, the newest."""
LATER_S = 0.2
"""After a deadline, so that it has passed for everybody."""

SETTLE_S = 0.2
"""After the end of what held a terminal: the command is hung up, and a wrapper that
ended by itself has written why."""

LIMITS = {STARTING: reconcile.START_LIMIT_S, STOPPING: reconcile.STOP_LIMIT_S}
"""How long a session may be in a phase that passes."""


class Kept:
    """All that is kept of one session."""

    __slots__ = ("deadline", "processes", "ref", "session", "since", "socket")

    def __init__(self, session: Session, ref: BackendRef, since: float) -> None:
        self.session = session
        self.ref = ref
        self.since = since
        """When its phase began, by the loop's clock."""
        self.socket = ""
        """Of the tmux server that is watched for it."""
        self.processes: set[Process] = set()
        self.deadline: asyncio.Handle | None = None


class Keeper:
    """Follows sessions from their first line in the log to their last.

    Arguments:
        computer: our id.
        poll_s: seconds between two looks at a tmux server.
        idle_after_s: seconds without output after which a session is idle.
        looks, writes: the threads.
        is_watched: True while anybody wants to see what screens say.
        fds_max: descriptors that may be used to watch processes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        computer: str,
        poll_s: float,
        idle_after_s: float,
        directory: Directory,
        looks: Writer,
        writes: Writer,
        is_watched: Callable[[], bool],
        health: Health,
        fds_max: int,
    ) -> None:
        self._loop = loop
        self._computer = computer
        self._poll_s = poll_s
        self._idle_after_s = idle_after_s
        self._directory = directory
        self._looks = looks
        self._writes = writes
        self.is_watched = is_watched
        self._health = health
        self._deaths = Deaths(loop, fds_max)
        self._enquiry = Enquiry(
            loop,
            computer=computer,
            looks=looks,
            writes=writes,
            answers=self,
        )
        self._leftovers = Leftovers(looks)
        self._kept: dict[str, Kept] = {}
        self._lost: dict[str, Kept] = {}
        self._watches: dict[str, Watch] = {}
        self._audit: asyncio.Handle | None = None

    @property
    def lives(self) -> bool:
        """True while a session lives."""
        return bool(self._kept)

    def traces(self) -> dict[str, int]:
        """Return how much is kept, of all kinds; nothing of a session that is over."""
        return {
            "kept": len(self._kept),
            "lost": len(self._lost),
            "watches": len(self._watches),
            "processes": len(self._deaths),
            "descriptors": self._deaths.fds,
            "cases": len(self._enquiry),
            "leftovers": len(self._leftovers),
            "work": len(self._looks) + len(self._writes),
        }

    def close(self) -> None:
        """Follow nothing more."""
        for session_id in [*self._kept, *self._lost]:
            self._drop(session_id)
        self._enquiry.close()
        self._deaths.close()
        if self._audit is not None:
            self._audit.cancel()

    # What the log tells -------------------------------------------------------

    def changed(self, seen: Seen) -> None:
        """A session is new, or is not as it was."""
        session, ref = seen.session, seen.ref
        if ref is not None and session.phase in LIVE_PHASES:
            self._lost.pop(session.id, None)
            self._follow(session, ref)
            return
        self._drop(session.id)
        if ref is not None and session.phase == LOST and may_be_found(ref):
            self._lost[session.id] = Kept(session, ref, self._loop.time())
            while len(self._lost) > LOST_MAX:
                self._drop(next(iter(self._lost)))
        self._audit_later()

    def removed(self, session_id: str) -> None:
        """A session is not in the database any more."""
        self._drop(session_id)

    def replaced(self, all_seen: list[Seen]) -> None:
        """These are all there are: look at each of them, whatever its record says."""
        there = {seen.session.id for seen in all_seen}
        for session_id in [*self._kept, *self._lost]:
            if session_id not in there:
                self._drop(session_id)
        for seen in all_seen:
            self.changed(seen)
        for session_id in [*self._kept, *self._lost]:
            self._enquiry.want(session_id, suspect=False)

    def _drop(self, session_id: str) -> None:
        """Forget all of a session."""
        self._lost.pop(session_id, None)
        self._enquiry.forget(session_id)
        kept = self._kept.pop(session_id, None)
        if kept is None:
            return
        if kept.deadline is not None:
            kept.deadline.cancel()
        for process in kept.processes:
            self._deaths.forget(process, session_id)
        self._writes.forget(("act", session_id))
        self._writes.forget(("show", session_id))
        self._leave_pane(kept)

    def _follow(self, session: Session, ref: BackendRef) -> None:
        now = self._loop.time()
        kept = self._kept.get(session.id)
        if kept is None:
            age = max(time.time() - _seconds(session.updated_at), 0.0)
            kept = self._kept[session.id] = Kept(session, ref, now - age)
            self._set_deadline(kept, session.phase)
        elif kept.session.phase != session.phase:
            kept.since = now
            self._set_deadline(kept, session.phase)
        kept.session, kept.ref = session, ref
        self._watch_processes(kept)
        self._watch_pane(kept)

    def _set_deadline(self, kept: Kept, phase: str) -> None:
        if kept.deadline is not None:
            kept.deadline.cancel()
            kept.deadline = None
        limit = LIMITS.get(phase)
        if limit is not None:
            when = max(kept.since + limit, self._loop.time()) + LATER_S
            session_id = kept.session.id
            kept.deadline = self._loop.call_at(when, self._look, session_id, False)

    def _watch_processes(self, kept: Kept) -> None:
        session_id = kept.session.id
        wanted = set(processes_of(kept.session, kept.ref))
        for process in kept.processes - wanted:
            self._deaths.forget(process, session_id)
        for process in wanted - kept.processes:
            is_command = process.pid == kept.ref.pid
            self._deaths.watch(
                process, session_id, partial(self._ended, session_id, is_command)
            )
        kept.processes = wanted

    def _ended(self, session_id: str, is_command: bool) -> None:
        """A process has ended: the command, or what held its terminal."""
        if is_command:
            self._look(session_id, True)
        elif session_id in self._kept:
            self._enquiry.want_later(session_id, SETTLE_S)

    def _watch_pane(self, kept: Kept) -> None:
        session, ref = kept.session, kept.ref
        socket = (ref.tmux_pane and ref.tmux_socket) or ""
        if kept.socket != socket:
            self._leave_pane(kept)
        if not socket or not this_boot(ref.boot_id):
            return
        kept.socket = socket
        watch = self._watches.get(socket)
        if watch is None:
            watch = self._watches[socket] = self._new_watch(socket)
        watch.follow(session.id, ref, session.activity)

    def _new_watch(self, socket: str) -> Watch:
        self._enquiry.look_at_server(socket)
        return Watch(
            socket,
            self._loop,
            poll_s=self._poll_s,
            idle_after_s=self._idle_after_s,
            looks=self._looks,
            listener=self,
            health=self._health,
        )

    def _leave_pane(self, kept: Kept) -> None:
        watch = self._watches.get(kept.socket)
        kept.socket = ""
        if watch is not None:
            watch.forget(kept.session.id)
            if not len(watch):
                del self._watches[watch.socket]
                watch.close()

    # What the watch of a server tells -----------------------------------------

    def look(self, session_id: str) -> None:
        """Its pane is not as it should be."""
        if session_id in self._kept:
            self._enquiry.want(session_id, suspect=True, now=False)

    def interest_changed(self) -> None:
        """Somebody may look now who did not before."""
        for watch in self._watches.values():
            watch.soon()

    def acts(self, session_id: str, act: Act) -> None:
        """It is up to something else."""

        def write(db: Any) -> None:
            commands.set_activity(db, session_id, act.activity, attention=act.attention)

        self._write(("act", session_id), write)

    def shows(self, session_id: str, preview: str, *, keep: bool) -> None:
        """What its screen says."""
        kept = self._kept.get(session_id)
        if kept is None or not preview:
            return
        activity = kept.session.activity
        self._directory.activity(self._computer, session_id, activity, preview)
        if keep:
            self._write(
                ("show", session_id),
                lambda db: commands.save_output(db, session_id, preview=preview),
            )

    def _write(self, key: object, do: Callable[[Any], None]) -> None:
        def or_nothing(db: Any) -> None:
            try:
                do(db)
            except NotFound:
                return  # it was removed meanwhile

        self._writes.submit(key, or_nothing, _ignore)

    # Looks --------------------------------------------------------------------

    def _look(self, session_id: str, suspect: bool) -> None:
        if session_id in self._kept:
            self._enquiry.want(session_id, suspect=suspect)

    def wish(self, session_id: str, asked_again: bool) -> Wish | None:
        """Return what is known of a session, for who looks at it."""
        kept = self._kept.get(session_id) or self._lost.get(session_id)
        if kept is None:
            return None
        in_phase_s = self._loop.time() - kept.since
        return Wish(kept.session, kept.ref, in_phase_s, asked_again)

    def found(self, found: Found) -> None:
        """Have it written what a look gave."""
        self._writes.submit(
            ("found", found.wish.session.id),
            lambda db: errands.write(db, found),
            lambda _result: self._written(found),
        )

    def _written(self, found: Found) -> None:
        if found.leftover is not None:
            self._leftovers.add([found.leftover])
            self._audit_later()

    def left_over(self, look: Look) -> None:
        """Close the dead panes of sessions that are over."""
        self._leftovers.add(
            left for left in look.leftovers if left.session_id not in self._kept
        )
        self._audit_later()

    def _audit_later(self) -> None:
        if self._audit is None and (self._lost or len(self._leftovers)):
            self._audit = self._loop.call_later(AUDIT_S, self._look_again)

    def _look_again(self) -> None:
        self._audit = None
        self._leftovers.again()
        for session_id, kept in list(self._lost.items()):
            if may_be_found(kept.ref):
                self._enquiry.want(session_id, suspect=False)
            else:
                self._drop(session_id)
        self._audit_later()


def _seconds(stamp: str) -> float:
    """Return a time of the database as seconds since the epoch."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return time.time()


def _ignore(result: object) -> None:
    """The log tells what was written."""
