"""Relations in the database: who is linked to whom, and what that would close.

Never: begin a transaction; decide whether a link is allowed.
"""

from __future__ import annotations

from paso.database.repository import id_list
from paso.model import RELATED, Relation
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database

OPEN = "({task}.archived_at IS NULL AND {column}.role IS NOT 'completed')"
"""SQL for: this task still blocks what waits for it."""


class Link(NamedTuple):
    """A relation between two tasks named by key; `open`: the first still blocks."""

    kind: str
    from_id: int
    to_id: int
    from_key: str
    to_key: str
    open: bool


def of_tasks(db: Database, ids: Iterable[int]) -> list[Link]:
    """Return the relations with any of these tasks on either side, by number."""
    rows = db.rows(
        "SELECT r.kind, r.from_id, r.to_id, p.key || '-' || f.number,"
        f" p.key || '-' || t.number, {OPEN.format(task='f', column='c')}"
        " FROM relations r JOIN tasks f ON f.id = r.from_id"
        " JOIN columns c ON c.id = f.column_id JOIN tasks t ON t.id = r.to_id"
        " JOIN projects p ON p.id = r.project_id WHERE r.id IN ("
        " SELECT id FROM relations WHERE from_id IN (SELECT value FROM json_each(:ids))"
        " UNION"
        " SELECT id FROM relations WHERE to_id IN (SELECT value FROM json_each(:ids)))"
        " ORDER BY f.number, t.number",
        {"ids": id_list(ids)},
    )
    return [Link._make(row) for row in rows]


def of_task(db: Database, task_id: int) -> tuple[Relation, ...]:
    """Return the relations of a task as it sees them."""
    rows = db.rows(
        "SELECT kind, other.id, p.key || '-' || other.number, other.title,"
        " c.role IS 'completed' FROM ("
        " SELECT CASE kind WHEN 'parent' THEN 'child' ELSE kind END AS kind,"
        "  to_id AS id FROM relations WHERE from_id = :task"
        " UNION ALL SELECT CASE kind WHEN 'blocks' THEN 'blocked_by' ELSE kind END,"
        "  from_id FROM relations WHERE to_id = :task) AS link"
        " JOIN tasks other ON other.id = link.id"
        " JOIN columns c ON c.id = other.column_id"
        " JOIN projects p ON p.id = other.project_id"
        " ORDER BY kind, other.number",
        {"task": task_id},
    )
    return tuple(Relation._make((*row[:4], bool(row[4]))) for row in rows)


def closes_cycle(db: Database, kind: str, from_id: int, to_id: int) -> bool:
    """Return True when `from_id` can be reached from `to_id` already."""
    return bool(
        db.row(
            "WITH RECURSIVE reached (id) AS (SELECT :to UNION"
            " SELECT r.to_id FROM reached JOIN relations r ON r.from_id = reached.id"
            " WHERE r.kind = :kind) SELECT 1 FROM reached WHERE id = :from",
            {"kind": kind, "from": from_id, "to": to_id},
        )
    )


def parent_of(db: Database, task_id: int) -> int | None:
    sql = "SELECT from_id FROM relations WHERE to_id = ? AND kind = 'parent'"
    found = db.value(sql, (task_id,))
    return None if found is None else int(found)


def ends(kind: str, from_id: int, to_id: int) -> tuple[int, int]:
    """Return the two ends as they are stored: `related` has no direction."""
    if kind == RELATED and from_id > to_id:
        return to_id, from_id
    return from_id, to_id


def exists(db: Database, kind: str, from_id: int, to_id: int) -> bool:
    sql = "SELECT 1 FROM relations WHERE kind = ? AND from_id = ? AND to_id = ?"
    return db.row(sql, (kind, *ends(kind, from_id, to_id))) is not None


def remove(db: Database, kind: str, from_id: int, to_id: int) -> bool:
    """Return True when there was such a relation."""
    sql = "DELETE FROM relations WHERE kind = ? AND from_id = ? AND to_id = ?"
    return db.run(sql, (kind, *ends(kind, from_id, to_id))).rowcount > 0
