"""Projects in the database: rows in, records out.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

from paso.model import Counts, Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.database.connection import Database

_SELECT = """
SELECT id, uid, key, name, description, archived_at IS NOT NULL, created_at, updated_at
FROM projects
"""

# Each reads one index of tasks and no task.
_AT_WORK = """
SELECT c.project_id, c.role IS 'completed', count(*) FROM columns c
JOIN tasks t ON t.column_id = c.id AND t.archived_at IS NULL GROUP BY 1, 2
"""
_ARCHIVED = """
SELECT project_id, count(*) FROM tasks WHERE archived_at IS NOT NULL GROUP BY 1
"""


def by_id(db: Database, project_id: int) -> Project | None:
    found = _select(db, "WHERE id = ?", (project_id,))
    return found[0] if found else None


def every(db: Database) -> list[Project]:
    """Return all projects, by name."""
    return _select(db, "", ())


def key_of(db: Database, project_id: int) -> str | None:
    found = db.value("SELECT key FROM projects WHERE id = ?", (project_id,))
    return None if found is None else str(found)


def keys(db: Database) -> set[str]:
    return {key for (key,) in db.rows("SELECT key FROM projects")}


def _select(db: Database, where: str, params: tuple[Any, ...]) -> list[Project]:
    with db.read():
        order = "ORDER BY name COLLATE NOCASE, id"
        rows = db.rows(f"{_SELECT} {where} {order}", params)
        at_work = {tuple(row[:2]): row[2] for row in db.rows(_AT_WORK)}
        archived = dict(db.rows(_ARCHIVED))
    return [_record(row, at_work, archived.get(row[0], 0)) for row in rows]


def _record(
    row: tuple[Any, ...], at_work: dict[tuple[int, ...], int], archived: int
) -> Project:
    opened, completed = at_work.get((row[0], 0), 0), at_work.get((row[0], 1), 0)
    return Project._make(
        (*row[:5], bool(row[5]), *row[6:], Counts(opened, completed, archived))
    )


def note(db: Database, name: str) -> str | None:
    """Return a note of this computer."""
    found = db.value("SELECT value FROM meta WHERE name = ?", (name,))
    return None if found is None else str(found)


def take_note(db: Database, name: str, value: str) -> None:
    db.run(
        "INSERT INTO meta (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
