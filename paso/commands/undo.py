"""Undo and redo: compensating writes, read from the change log.

A step is a batch. Undoing it is a batch of its own, of kind `undo`, which puts the
old values back where the batch's are still there; redoing inverts that one.

    batches   1 write   2 write   3 undo of 2   4 redo of 2   5 undo of 2   6 write
                                                                            redo ends

Never: overwrite what a later change left; know the rules of single commands.
"""

from __future__ import annotations

from paso.database import change_log
from paso.database.inverse import invert
from paso.errors import Conflict, InvalidValue
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Change

ANYBODY = "sqlite"
"""The actor of a writer that named none; whoever asks first may undo its changes."""


class Undone(NamedTuple):
    """The step that was undone or redone."""

    batch: int
    summary: str
    project_id: int
    """0 when it touched several."""
    at: str
    actor: str


def undo(
    db: Database, *, project_id: int | None = None, actor: str | None = None
) -> Undone:
    """Take back the newest step of `actor` that is not undone.

    Arguments:
        project_id: only steps that touched this project.
        actor: absent = the actor of the connection; steps of writers without a name,
            such as the sqlite3 shell, count as anybody's.
    Raises:
        Conflict: there is nothing to undo.
        UndoConflict: a later change touched the same; nothing was undone.
    """
    who = db.actor if actor is None else actor
    with db.write(kind="undo"):
        batch = max(
            _newest(db, "write", who, project_id),
            _newest(db, "write", ANYBODY, project_id),
        )
        if not batch:
            raise Conflict("there is nothing to undo")
        step = _step(db, batch)
        _put_back(db, batch)
        _mark(db, batch, undone=1)
        _aim(db, batch)
        db.describe(f"undid: {step.summary}")
    return step


def redo(
    db: Database, *, project_id: int | None = None, actor: str | None = None
) -> Undone:
    """Do again the step of `actor` that was undone last, unless a newer one came.

    Takes and raises what `undo` does.
    """
    who = db.actor if actor is None else actor
    with db.write(kind="redo"):
        undoing = _newest(db, "undo", who, project_id)
        if not undoing or _newest(db, "write", who, project_id, undone=None) > undoing:
            raise Conflict("there is nothing to redo")
        batch = db.value("SELECT target FROM batches WHERE id = ?", (undoing,))
        step = _step(db, batch)
        _put_back(db, undoing)
        _mark(db, undoing, undone=1)
        _mark(db, batch, undone=0)
        _aim(db, batch)
        db.describe(f"redid: {step.summary}")
    return step


def _newest(
    db: Database,
    kind: str,
    actor: str,
    project_id: int | None,
    undone: int | None = 0,
) -> int:
    flags = (0, 1) if undone is None else (undone,)
    sql = (
        "SELECT max(id) FROM batches b WHERE actor = ? AND kind = ? AND undone = ?"
        if project_id is None
        else "SELECT id FROM batches b WHERE actor = ? AND kind = ? AND undone = ?"
        " AND EXISTS (SELECT 1 FROM change_log l WHERE l.batch = b.id"
        " AND l.project_id = ?) ORDER BY id DESC LIMIT 1"
    )
    scope = () if project_id is None else (project_id,)
    return max(db.value(sql, (actor, kind, flag, *scope)) or 0 for flag in flags)


def _step(db: Database, batch: int) -> Undone:
    sql = "SELECT DISTINCT project_id FROM change_log WHERE batch = ?"
    projects = [row[0] for row in db.rows(sql, (batch,))]
    sql = "SELECT summary, at, actor FROM batches WHERE id = ?"
    summary, at, actor = db.row(sql, (batch,))
    return Undone(batch, summary, projects[0] if len(projects) == 1 else 0, at, actor)


def _put_back(db: Database, batch: int) -> None:
    for change in reversed(change_log.changes_of_batch(db.conn, batch)):
        invert(db, change)


def _mark(db: Database, batch: int, *, undone: int) -> None:
    db.run("UPDATE batches SET undone = ? WHERE id = ?", (undone, batch))


def _aim(db: Database, target: int) -> None:
    db.run(
        "UPDATE batches SET target = ? WHERE id = (SELECT batch FROM current_batch)",
        (target,),
    )


def history(db: Database, task_id: int) -> list[Change]:
    """Return the changes of a task, its comments and links, newest first."""
    return log(db, task_id=task_id)[::-1]


def log(
    db: Database,
    *,
    since: int | str | None = None,
    project_id: int | None = None,
    task_id: int | None = None,
    limit: int | None = None,
) -> list[Change]:
    """Return changes, oldest first.

    Arguments:
        since: a change number, excluded, or a time in ISO 8601, included; a time
            without a zone is local.
        limit: the newest that many.
    """
    scope: dict[str, Any] = {"project_id": project_id, "task_id": task_id}
    if isinstance(since, int):
        scope["since"] = since
    elif since:
        scope["since_time"] = _utc(since)
    most = -1 if limit is None else limit
    with db.read() as conn:
        return change_log.newest_changes(conn, most, **scope)[::-1]


def _utc(text: str) -> str:
    from datetime import UTC, datetime

    try:
        when = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError:
        raise InvalidValue(
            f"{text!r} is no time", hint="write it as 2026-12-01 or 2026-12-01T09:30"
        ) from None
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
