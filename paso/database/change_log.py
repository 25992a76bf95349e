"""Reads the change log: the audit log, the undo store, and what the daemon announces.

Its rows are written by the triggers of the schema, in the transaction of the change.

Never: write; know a rule of the board.
"""

from __future__ import annotations

from paso.model import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from typing import Any

_CHANGES = (
    "SELECT l.id, l.at, b.actor, l.project_id, l.entity, l.op, l.entity_id, l.uid"
    " FROM change_log l JOIN batches b ON b.id = l.batch WHERE "
)

# Written as the partial indexes on the fields are, or SQLite would not use them.
_NAMES_A_TASK = "name IN ('task_id', 'from_id', 'to_id')"
_OF_TASK = (
    "l.id IN (SELECT id FROM change_log WHERE entity = 'task' AND entity_id = :task"
    f" UNION SELECT change FROM change_fields WHERE {_NAMES_A_TASK} AND old = :task"
    f" UNION SELECT change FROM change_fields WHERE {_NAMES_A_TASK} AND new = :task)"
)


def head(conn: sqlite3.Connection) -> int:
    """Return the number of the newest change, 0 when there is none."""
    found = conn.execute("SELECT coalesce(max(id), 0) FROM change_log").fetchone()
    return int(found[0])


def changes_since(
    conn: sqlite3.Connection, since: int, limit: int, project_id: int | None = None
) -> list[Change]:
    """Return the changes with a number above `since`, oldest first.

    Arguments:
        limit: at most that many rows.
        project_id: only the changes of this project.
    """
    where = "l.id > :since AND (:project IS NULL OR l.project_id = :project)"
    params = {"since": since, "project": project_id, "limit": limit}
    sql = f"{_CHANGES}{where} ORDER BY l.id LIMIT :limit"
    return _changes(conn, conn.execute(sql, params).fetchall())


def newest_changes(
    conn: sqlite3.Connection,
    limit: int,
    *,
    since: int = 0,
    since_time: str = "",
    project_id: int | None = None,
    task_id: int | None = None,
) -> list[Change]:
    """Return the newest `limit` changes, newest first; -1 = all of them.

    Arguments:
        since: only changes with a higher number.
        since_time: only changes of this time or later, RFC 3339 UTC.
        task_id: only those of this task, its comments, labels and relations.
    """
    where = [
        "l.id > :since",
        "l.at >= :at",
        "(:project IS NULL OR l.project_id = :project)",
    ]
    if task_id is not None:
        where.append(_OF_TASK)
    params = {
        "since": since,
        "at": since_time,
        "project": project_id,
        "task": task_id,
        "limit": limit,
    }
    sql = f"{_CHANGES}{' AND '.join(where)} ORDER BY l.id DESC LIMIT :limit"
    return _changes(conn, conn.execute(sql, params).fetchall())


def changes_of_batch(conn: sqlite3.Connection, batch: int) -> list[Change]:
    """Return what one batch did, oldest first."""
    sql = f"{_CHANGES}l.batch = ? ORDER BY l.id"
    return _changes(conn, conn.execute(sql, (batch,)).fetchall())


def announced_rows(
    conn: sqlite3.Connection, since: int, limit: int
) -> list[tuple[int, int, str, str, int, str, str, int | None]]:
    """Return what the daemon needs of each change above `since`, oldest first.

    Each is (id, project_id, entity, op, entity_id, uid, client, pid); client and pid
    are those of the writer, `sqlite` and None for a foreign one.
    """
    return conn.execute(
        "SELECT l.id, l.project_id, l.entity, l.op, l.entity_id, l.uid, b.client,"
        " b.pid FROM change_log l JOIN batches b ON b.id = l.batch"
        " WHERE l.id > ? ORDER BY l.id LIMIT ?",
        (since, limit),
    ).fetchall()


def _changes(conn: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Change]:
    fields = _fields(conn, (row[0] for row in rows))
    return [Change._make((*row, fields.get(row[0], {}))) for row in rows]


def _fields(
    conn: sqlite3.Connection, changes: Iterable[int]
) -> dict[int, dict[str, dict[str, Any]]]:
    ids = "[" + ",".join(map(str, changes)) + "]"
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for change, name, old, new in conn.execute(
        "SELECT change, name, old, new FROM change_fields"
        " WHERE change IN (SELECT value FROM json_each(?)) ORDER BY change",
        (ids,),
    ):
        found.setdefault(change, {})[name] = {"old": old, "new": new}
    return found
