"""Sessions: made, followed, ended, told to the user; with the names of how to read.

Every function is one write, and takes the id of a session in full. A write that
changes nothing announces nothing. What is final stays as it is: who comes late, as a
daemon and a wrapper that see the same end, is told the state and changes nothing.

Never: start or look at a process, know the command line or the board.
"""

from __future__ import annotations

import os

from paso.commands import session_rules, values
from paso.commands.moves import get_task
from paso.commands.session_phases import OVER, check
from paso.commands.session_reading import (
    backend_of,
    find_session,
    get_session,
    list_sessions,
    live_backends,
    saved_tail,
    session_history,
)
from paso.commands.session_text import clean, shown_argv, title_of
from paso.database import projects, sessions
from paso.database.repository import NOW, found
from paso.database.sessions import BackendRef
from paso.errors import InvalidValue, PhaseRefused
from paso.model import (
    ACTIVITIES,
    ATTENTIONS,
    BACKENDS,
    ENDED,
    FAILED,
    FINAL_PHASES,
    IDLE,
    LIVE_PHASES,
    LOST,
    PTY,
    RUNNING,
    STARTING,
    STOPPING,
    TITLE_MAX,
    WAITING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Session

__all__ = [
    "BackendRef",
    "acknowledge",
    "backend_of",
    "create_session",
    "find_session",
    "get_session",
    "link_session",
    "list_sessions",
    "live_backends",
    "prune_sessions",
    "remove_session",
    "rename_session",
    "report",
    "save_output",
    "saved_tail",
    "session_ended",
    "session_history",
    "session_lost",
    "session_running",
    "session_start_failed",
    "session_stopping",
    "set_activity",
]

INTERRUPT = 2
"""SIGINT, signal(7); what Ctrl+C sends."""

KEPT_EVENTS = 1000
"""Of one session; older ones are forgotten."""

_TRIM_EVERY = 100


def new_id() -> str:
    return os.urandom(8).hex()


def create_session(
    db: Database,
    *,
    argv: Sequence[str],
    cwd: str,
    backend: str,
    title: str = "",
    task_id: int | None = None,
    project_id: int | None = None,
    adopted: bool = False,
    session_id: str | None = None,
) -> Session:
    """Note a session that is about to start.

    Arguments:
        title: absent = the title of its task, else its command.
        task_id, project_id: what it works on; a task says its project.
        adopted: it runs already, in a pane that Paso did not make.
        session_id: 16 hexadecimal digits; absent = made here.
    Raises:
        InvalidValue: a value is outside what the field allows.
        NotFound: there is no such task or project.
    """
    if not argv:
        raise InvalidValue("a session needs a command")
    backend = values.one_of("backend", backend, BACKENDS)
    made = session_id or new_id()
    with db.write():
        task_uid, project_uid, task_title = _work(db, task_id, project_id)
        chosen = values.line("title", title, TITLE_MAX) if title.strip() else ""
        sessions.insert(
            db,
            made,
            title=chosen or task_title or title_of(argv),
            project_uid=project_uid,
            task_uid=task_uid,
            argv=shown_argv(argv),
            cwd=clean(cwd, 4096),
            backend=backend,
            adopted=int(adopted),
            created_by=db.actor,
            rule_change=db.change_head(),
        )
    return get_session(db, made)


def _work(
    db: Database, task_id: int | None, project_id: int | None
) -> tuple[str | None, str | None, str]:
    """Uids of task and project, and the title of the task."""
    if task_id is None:
        if project_id is None:
            return None, None, ""
        project = found(projects.by_id(db, project_id), "project", project_id)
        return None, project.uid, ""
    task = get_task(db, task_id)
    if project_id not in (None, task.project_id):
        raise InvalidValue(f"{task.key} is a task of another project")
    project = found(projects.by_id(db, task.project_id), "project", task.project_id)
    return task.uid, project.uid, task.title


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
        reason = ""
        if before.phase == STARTING:
            reason = session_rules.on_start(db, session_id)
        sessions.update(
            db,
            session_id,
            **backend_ref._asdict(),
            phase=RUNNING,
            attention="none",
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
) -> Session:
    """Note that its command is gone: `ended` with 0 or when asked to, else `failed`.

    An end with 0 moves the card if its project wants it. A session that is over
    already stays as it is.

    Arguments:
        exit_code: None = unknown, or ended by `signal`, and then 128 more than that.
        attention: absent = `finished` or `failed`; `none` where somebody asked for
            the end or sat before it, as at a pty that ended with 0 or by Ctrl+C.
        preview, tail: its last output, when it is known.
    """
    if exit_code is None and signal is not None:
        exit_code = 128 + signal
    with db.write():
        before = get_session(db, session_id)
        if before.phase in OVER:
            return before
        phase = ENDED if exit_code == 0 or before.phase == STOPPING else FAILED
        if attention is None:
            attention = _wanted(before, phase, exit_code, signal)
        stays = session_rules.on_clean_end(db, session_id) if exit_code == 0 else ""
        if preview or tail:
            save_output(db, session_id, preview=preview or None, tail=tail or None)
        _finish(
            db,
            session_id,
            phase,
            "; ".join(part for part in (reason or _kept(before), stays) if part),
            attention,
            exit_code=exit_code,
            signal=signal,
        )
    return get_session(db, session_id)


def _kept(before: Session) -> str:
    """Why it was stopped says why it ended; why it waited does not."""
    return before.reason if before.phase == STOPPING else ""


def _wanted(
    before: Session, phase: str, exit_code: int | None, signal: int | None
) -> str:
    if before.phase == STOPPING:
        return "none"
    interrupted = signal == INTERRUPT or exit_code == 128 + INTERRUPT
    if before.backend == PTY and (exit_code == 0 or interrupted):
        return "none"
    return "finished" if phase == ENDED else "failed"


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


def set_activity(
    db: Database,
    session_id: str,
    activity: str,
    *,
    attention: str | None = None,
    preview: str | None = None,
    active_at: bool = True,
) -> Session:
    """Note what its output tells; of one that does not live any more, nothing.

    A session that reports by itself keeps the activity and attention it reported.

    Arguments:
        attention: absent = as it is.
        active_at: output was seen just now.
    """
    activity = values.one_of("activity", activity, ACTIVITIES)
    wanted = attention and values.one_of("attention", attention, ATTENTIONS)
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in LIVE_PHASES:
            return before
        if active_at or preview is not None:
            preview = None if preview is None else clean(preview)
            sessions.save_output(db, session_id, preview, None, active_at)
        if not sessions.reports(db, session_id):
            _act(db, before, activity, wanted or before.attention)
    return get_session(db, session_id)


def _act(
    db: Database, before: Session, activity: str, attention: str, **more: Any
) -> None:
    if (activity, attention) == (before.activity, before.attention) and not more:
        return
    sessions.update(db, before.id, activity=activity, attention=attention, **more)
    if before.version % _TRIM_EVERY == 0:
        sessions.trim_log(db, before.id, KEPT_EVENTS)


def report(db: Database, session_id: str, state: str, message: str = "") -> Session:
    """Note what the command itself says of its activity; it is believed from then on.

    Arguments:
        state: `working`, `idle`, or `waiting`, which means for the user.
        message: why, in words.
    Raises:
        PhaseRefused: it does not live any more.
    """
    state = values.one_of("state", state, ACTIVITIES)
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in LIVE_PHASES:
            raise PhaseRefused(f"the session is {before.phase}, it has nothing to tell")
        attention = before.attention
        if state == WAITING:
            attention = "input"
        elif attention == "input":
            attention = "none"
        _act(db, before, state, attention, reported=1, reason=clean(message))
    return get_session(db, session_id)


def save_output(
    db: Database,
    session_id: str,
    *,
    preview: str | None = None,
    tail: str | None = None,
) -> None:
    """Keep the last line, the last lines, or both; makes no new version."""
    with db.write():
        get_session(db, session_id)
        sessions.save_output(
            db,
            session_id,
            None if preview is None else clean(preview),
            None if tail is None else clean(tail, TAIL_MAX, end=True, lines=True),
            False,
        )


TAIL_MAX = 200_000
"""Characters of the last lines."""


def acknowledge(db: Database, session_id: str) -> Session:
    """Note that the user has seen it."""
    return _set(db, session_id, attention="none")


def rename_session(db: Database, session_id: str, title: str) -> Session:
    """Give it another title.

    Raises:
        InvalidValue: it is empty, too long, or more than a line.
    """
    return _set(db, session_id, title=values.line("title", title, TITLE_MAX))


def _set(db: Database, session_id: str, **wanted: Any) -> Session:
    with db.write():
        get_session(db, session_id)
        sessions.update(db, session_id, **wanted)
    return get_session(db, session_id)


def link_session(db: Database, session_id: str, task_id: int | None) -> Session:
    """Tie it to a task, and so to the project of that; None unties the task only."""
    with db.write():
        wanted: dict[str, Any] = {"task_uid": None}
        if task_id is not None:
            task_uid, project_uid, _ = _work(db, task_id, None)
            wanted = {
                "task_uid": task_uid,
                "project_uid": project_uid,
                "rule_change": db.change_head(),
            }
        return _set(db, session_id, **wanted)


def remove_session(db: Database, session_id: str) -> None:
    """Forget a session that does not live any more.

    Raises:
        PhaseRefused: it lives.
    """
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in FINAL_PHASES:
            raise PhaseRefused(
                f"the session is {before.phase}; only what is over can be removed",
                hint=f"paso session end {session_id}",
            )
        sessions.delete(db, session_id)


def prune_sessions(db: Database, *, older_than_days: float, keep: int) -> int:
    """Forget old sessions that are over, and their last traces; return how many.

    Arguments:
        older_than_days: since their end.
        keep: so many of the newest stay, however old.
    """
    before = f"-{float(older_than_days)} days"
    with db.write():
        ids = sessions.old_ones(db, before, keep)
        for session_id in ids:
            sessions.delete(db, session_id)
        sessions.forget_removed(db, before)
    return len(ids)


def _now(db: Database) -> str:
    return str(db.value(f"SELECT {NOW}"))
