"""Sessions: made, followed, ended, told to the user; with the names of how to read.

Every function is one write, and takes the id of a session in full. A write that
changes nothing announces nothing. What is final stays as it is: who comes late, as a
daemon and a wrapper that see the same end, is told the state and changes nothing.

Never: start or look at a process, know the command line or the board.
"""

from __future__ import annotations

from paso.commands import values
from paso.commands.moves import get_task
from paso.commands.session_activity import report, save_output, set_activity
from paso.commands.session_course import (
    session_ended,
    session_lost,
    session_running,
    session_start_failed,
    session_stopping,
)
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
from paso.database.repository import found
from paso.database.sessions import BackendRef
from paso.database.task_sessions import SessionMark, needs_by_project, session_marks
from paso.errors import InvalidValue, PhaseRefused
from paso.model import BACKENDS, FINAL_PHASES, TITLE_MAX, new_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Session

__all__ = [
    "BackendRef",
    "SessionMark",
    "acknowledge",
    "backend_of",
    "create_session",
    "find_session",
    "get_session",
    "link_session",
    "list_sessions",
    "live_backends",
    "needs_by_project",
    "prune_sessions",
    "remove_session",
    "rename_session",
    "report",
    "save_output",
    "saved_tail",
    "session_ended",
    "session_history",
    "session_lost",
    "session_marks",
    "session_running",
    "session_start_failed",
    "session_stopping",
    "set_activity",
]


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
    made = session_id or new_session_id()
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
            cwd=clean(cwd, 4096, lines=True),
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
