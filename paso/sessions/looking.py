"""Looks at sessions of this computer and writes what became of them.

What the daemon does all the time, for a command without one and for a single session.

Never: decide (reconcile.py does), end or start a command.
"""

from __future__ import annotations

import time
from contextlib import suppress

from paso.commands import sessions as store
from paso.commands.session_phases import OVER
from paso.errors import NotFound, PhaseRefused, ToolFailed
from paso.model import LIVE_PHASES, LOST, PTY, STARTING, STOPPING
from paso.sessions import reconcile
from paso.sessions.activity import preview_of
from paso.sessions.reconcile import Verdict, decide, facts_of
from paso.sessions.server import have_children_reaped
from paso.sessions.tmux import Tmux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database
    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso.sessions.panes import PaneState

TAIL_LINES = 1000
"""Lines that are kept of a session whose terminal goes."""
_AGAIN_S = 0.05
_PHASE_AGE = """
SELECT (julianday('now') - julianday(min(at))) * 86400 FROM session_log
WHERE session_id = :id AND phase = :phase AND id > coalesce((SELECT max(id)
  FROM session_log WHERE session_id = :id AND phase <> :phase), 0)
"""


def is_over(session: Session) -> bool:
    """True when nothing can become of it any more."""
    return session.phase in OVER


def look_again(db: Database, session_id: str) -> Session:
    """Look at one session, write what became of it, and return it.

    Where tmux does not answer, nothing is known and nothing is written.

    Raises:
        NotFound: no such session.
    """
    session = store.get_session(db, session_id)
    if is_over(session):
        return session
    ref = store.backend_of(db, session_id)
    return write(db, session, ref, look(db, session, ref))


def look_at_all(db: Database) -> int:
    """Look at every session that lives, or was lost; return how many changed.

    Each tmux server is asked once, and a second time only for sessions of which
    something has to be written.
    """
    told: dict[str, list[PaneState] | None] = {}
    changed = 0
    for session, ref in store.live_backends(db, phases=(*LIVE_PHASES, LOST)):
        socket = ref.tmux_socket or ""
        if socket and socket not in told:
            told[socket] = _all_panes(socket)
        facts = facts_of(session, ref, told.get(socket, []))
        verdict = decide(session, facts, phase_age_s(db, session))
        if verdict.do != reconcile.NOTHING:
            changed += look_again(db, session.id).version != session.version
    return changed


def _all_panes(socket: str) -> list[PaneState] | None:
    try:
        return Tmux(socket).panes()
    except ToolFailed:
        return None


def look(db: Database, session: Session, ref: BackendRef) -> Verdict:
    """Return what is to be written of a session, after asking tmux and the kernel."""
    age_s = phase_age_s(db, session)
    verdict = decide(session, _facts(session, ref), age_s)
    if verdict.do == reconcile.AGAIN:
        have_children_reaped(ref)
        time.sleep(_AGAIN_S)
        verdict = decide(session, _facts(session, ref, asked_again=True), age_s)
    return verdict


def _facts(
    session: Session, ref: BackendRef, *, asked_again: bool = False
) -> reconcile.Facts:
    panes: list[PaneState] | None = []
    if session.backend != PTY:
        panes = _panes(ref)
    return facts_of(session, ref, panes, asked_again=asked_again)


def _panes(ref: BackendRef) -> list[PaneState] | None:
    tmux = Tmux(ref.tmux_socket)
    try:
        if ref.tmux_pane is None:
            return tmux.panes()
        pane = tmux.state(ref)
    except ToolFailed:
        return None
    return [] if pane is None else [pane]


def phase_age_s(db: Database, session: Session) -> float:
    """Return for how long it is in its phase, in seconds; only where that matters."""
    if session.phase not in (STARTING, STOPPING):
        return 0.0
    age = db.value(_PHASE_AGE, {"id": session.id, "phase": session.phase})
    return max(float(age or 0.0), 0.0)


def write(
    db: Database,
    session: Session,
    ref: BackendRef,
    verdict: Verdict,
    *,
    tail: str | None = None,
) -> Session:
    """Write a verdict, and close the pane of a session that is over.

    `end` and `again` are for the caller to do; here they change nothing. Somebody
    else may have written meanwhile: what is over stays as it is.

    Arguments:
        tail: its last lines; absent = asked of tmux.
    """
    with suppress(PhaseRefused):
        if verdict.do == reconcile.NOT_STARTED:
            return store.session_start_failed(db, session.id, verdict.reason)
        if verdict.do == reconcile.GONE:
            return store.session_lost(db, session.id, verdict.reason)
        if verdict.do == reconcile.RUNS:
            return _runs(db, session, ref, verdict)
        if verdict.do == reconcile.OVER:
            return _over(db, session, ref, verdict, tail)
    return store.get_session(db, session.id)


def _runs(db: Database, session: Session, ref: BackendRef, verdict: Verdict) -> Session:
    if ref.pid is None and verdict.pane is not None:
        ref = Tmux(ref.tmux_socket).ref_of(verdict.pane)
    return store.session_running(db, session.id, ref)


def _over(
    db: Database,
    session: Session,
    ref: BackendRef,
    verdict: Verdict,
    tail: str | None,
) -> Session:
    pane = verdict.pane
    if tail is None:
        tail = last_lines(ref) if pane is not None else ""
    session = store.session_ended(
        db,
        session.id,
        exit_code=verdict.exit_code,
        signal=verdict.signal,
        reason=verdict.reason,
        asked=verdict.asked,
        # Who is attached sees the end: it is no news that waits for anybody.
        attention="none" if pane is not None and pane.watched else None,
        preview=preview_of(tail.encode()),
        tail=tail,
    )
    if pane is not None and not pane.attached:
        with suppress(ToolFailed):
            Tmux(ref.tmux_socket).kill(ref)
    return session


def last_lines(ref: BackendRef) -> str:
    """Return what its pane shows, or "" where it cannot be had any more."""
    with suppress(NotFound, ToolFailed):
        return Tmux(ref.tmux_socket).output(ref, TAIL_LINES)
    return ""
