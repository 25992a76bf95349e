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
SELECT p.id, p.uid, p.key, p.name, p.description, p.archived_at IS NOT NULL,
  p.created_at, p.updated_at,
  count(t.id) FILTER (WHERE t.archived_at IS NULL AND c.role IS NOT 'completed'),
  count(t.id) FILTER (WHERE t.archived_at IS NULL AND c.role IS 'completed'),
  count(t.id) FILTER (WHERE t.archived_at IS NOT NULL)
FROM projects p
LEFT JOIN tasks t ON t.project_id = p.id
LEFT JOIN columns c ON c.id = t.column_id
"""


def by_id(db: Database, project_id: int) -> Project | None:
    found = _select(db, "WHERE p.id = ?", (project_id,))
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
    order = "GROUP BY p.id ORDER BY p.name COLLATE NOCASE, p.id"
    return [_record(row) for row in db.rows(f"{_SELECT} {where} {order}", params)]


def _record(row: tuple[Any, ...]) -> Project:
    return Project._make((*row[:5], bool(row[5]), *row[6:8], Counts._make(row[8:])))


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
