"""The course of a session from its start to its end, in phases.

Never: start or look at a process, know the command line or the board.
"""

from __future__ import annotations

from paso.commands import session_rules, values
from paso.commands.session_activity import save_output
from paso.commands.session_phases import OVER, check
from paso.commands.session_reading import backend_of, get_session
from paso.commands.session_text import clean
from paso.database import sessions
from paso.database.repository import NOW
from paso.database.sessions import BackendRef
from paso.errors import PhaseRefused
from paso.model import (
    ATTENTIONS,
    ENDED,
    FAILED,
    IDLE,
    LOST,
    PTY,
    RUNNING,
    STARTING,
    STOPPING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Session

INTERRUPT = 2
"""SIGINT, signal(7); what Ctrl+C sends."""


def session_running(db: Database, session_id: str, backend_ref: BackendRef) -> Session:
    """Note that it runs, and where; a start moves the card if its project wants it.

    Raises:
        PhaseRefused: it is over or asked to stop, or it is lost and this is another
            backend than its own.
    """
    with db.write():
        before = get_session(db, session_id)
        known = backend_of(db, session_id)
        if before.phase == RUNNING and backend_ref == known:
            return before
        check(before.phase, RUNNING)
        if before.phase == LOST:
            _check_same(known, backend_ref)
        attention = reason = ""
        if before.phase == STARTING:
            # It may have reported already that it waits.
            attention = before.attention
            reason = session_rules.on_start(db, session_id) or before.reason
        sessions.update(
            db,
            session_id,
            **backend_ref._asdict(),
            phase=RUNNING,
            attention=attention or "none",
            reason=clean(reason),
            started_at=before.started_at or _now(db),
            ended_at=None,
        )
    return get_session(db, session_id)


def _check_same(known: BackendRef, given: BackendRef) -> None:
    for name, old, new in zip(BackendRef._fields, known, given, strict=True):
        if old is not None and old != new:
            raise PhaseRefused(
                f"the session is lost, and this is not where it ran: {name} is {new},"
                f" it was {old}"
            )


def session_stopping(db: Database, session_id: str, reason: str = "") -> Session:
    """Note that it was asked to end; asked again, nothing changes.

    Raises:
        PhaseRefused: it is over, or lost.
    """
    with db.write():
        before = get_session(db, session_id)
        if before.phase != STOPPING:
            check(before.phase, STOPPING)
            sessions.update(db, session_id, phase=STOPPING, reason=clean(reason))
    return get_session(db, session_id)


def session_ended(
    db: Database,
    session_id: str,
    *,
    exit_code: int | None,
    signal: int | None = None,
    reason: str = "",
    attention: str | None = None,
    preview: str = "",
    tail: str = "",
    asked: bool = False,
) -> Session:
    """Note that its command is gone: `ended` with 0 or when asked to, else `failed`.

    An adopted one of which no exit code is known has `ended`: its pane was closed.

    An end with 0 moves the card if its project wants it. A session that is over
    already stays as it is.

    Arguments:
        exit_code: None = unknown, or ended by `signal`, and then 128 more than that.
        attention: absent = `finished` or `failed`; `none` where somebody asked for
            the end or sat before it, as at a pty that ended with 0 or by Ctrl+C,
            or at a pane that a terminal shows.
        preview, tail: its last output, when it is known.
        asked: somebody asked for the end; known already of one that was stopping.
    """
    if exit_code is None and signal is not None:
        exit_code = 128 + signal
    with db.write():
        before = get_session(db, session_id)
        if before.phase in OVER:
            return before
        asked = asked or before.phase == STOPPING or _was_closed(before, exit_code)
        phase = ENDED if exit_code == 0 or asked else FAILED
        if attention is None:
            attention = "none" if asked else _wanted(before, exit_code, signal)
        stays = session_rules.on_clean_end(db, session_id) if exit_code == 0 else ""
        if preview or tail:
            save_output(db, session_id, preview=preview or None, tail=tail or None)
        _finish(
            db,
            session_id,
            phase,
            "; ".join(part for part in (_kept(before), reason, stays) if part),
            attention,
            exit_code=exit_code,
            signal=signal,
        )
    return get_session(db, session_id)


def _was_closed(before: Session, exit_code: int | None) -> bool:
    """True for a pane that its owner closed: nobody knows that anything failed."""
    return before.adopted and exit_code is None


def _kept(before: Session) -> str:
    """Why it was stopped says why it ended; why it waited does not."""
    return before.reason if before.phase == STOPPING else ""


def _wanted(before: Session, exit_code: int | None, signal: int | None) -> str:
    interrupted = signal == INTERRUPT or exit_code == 128 + INTERRUPT
    if before.backend == PTY and (exit_code == 0 or interrupted):
        return "none"
    return "finished" if exit_code == 0 else "failed"


def session_start_failed(db: Database, session_id: str, reason: str) -> Session:
    """Note that it could not be started; one that is over stays as it is."""
    return _gone(db, session_id, FAILED, reason)


def session_lost(db: Database, session_id: str, reason: str) -> Session:
    """Note that it cannot be found any more; one that is over stays as it is."""
    return _gone(db, session_id, LOST, reason)


def _gone(db: Database, session_id: str, phase: str, reason: str) -> Session:
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in OVER and before.phase != phase:
            _finish(db, session_id, phase, reason, "failed")
    return get_session(db, session_id)


def _finish(
    db: Database,
    session_id: str,
    phase: str,
    reason: str,
    attention: str,
    **more: Any,
) -> None:
    check(get_session(db, session_id).phase, phase)
    sessions.update(
        db,
        session_id,
        phase=phase,
        activity=IDLE,
        attention=values.one_of("attention", attention, ATTENTIONS),
        reason=clean(reason),
        ended_at=_now(db),
        **more,
    )


def _now(db: Database) -> str:
    return str(db.value(f"SELECT {NOW}"))
