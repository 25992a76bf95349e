"""Columns in the database: rows in, records out.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

from paso.database.rank import between, spread
from paso.database.repository import update
from paso.model import Column
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database

_SELECT = """
SELECT c.id, c.uid, c.project_id, c.name, c.role, c.wip_limit,
  row_number() OVER (ORDER BY c.rank, c.uid),
  (SELECT count(*) FROM tasks t WHERE t.column_id = c.id AND t.archived_at IS NULL)
FROM columns c WHERE c.project_id = ? ORDER BY c.rank, c.uid
"""


def of_project(db: Database, project_id: int) -> list[Column]:
    """Return the columns of a project, left to right."""
    return [Column._make(row) for row in db.rows(_SELECT, (project_id,))]


def by_id(db: Database, column_id: int) -> Column | None:
    project_id = db.value("SELECT project_id FROM columns WHERE id = ?", (column_id,))
    columns = of_project(db, project_id) if project_id is not None else []
    return next((column for column in columns if column.id == column_id), None)


class Target(NamedTuple):
    """What a task needs of the column it goes to; counting the cards costs more."""

    id: int
    project_id: int
    name: str
    role: str | None
    wip_limit: int | None


_TARGET = "SELECT id, project_id, name, role, wip_limit FROM columns WHERE "


def target(db: Database, column_id: int) -> Target | None:
    row = db.row(f"{_TARGET} id = ?", (column_id,))
    return Target._make(row) if row else None


def first_target(db: Database, project_id: int, role: str) -> Target | None:
    """Return the column of this role, else the first of the project."""
    sql = f"{_TARGET} project_id = ? ORDER BY role IS NOT ?, rank, uid LIMIT 1"
    row = db.row(sql, (project_id, role))
    return Target._make(row) if row else None


def cards(db: Database, column_id: int) -> int:
    """Return the number of its tasks that are not archived."""
    sql = "SELECT count(*) FROM tasks WHERE column_id = ? AND archived_at IS NULL"
    return int(db.value(sql, (column_id,)))


def held(db: Database, column_id: int) -> int:
    """Return the number of its tasks, archived ones too."""
    sql = "SELECT count(*) FROM tasks WHERE column_id = ?"
    return int(db.value(sql, (column_id,)))


def rank_at(db: Database, project_id: int, index: int, moved: int | None = None) -> str:
    """Return a rank for the place `index` (from 0) among the other columns.

    Gives the others new ranks when there is no room between two of them.
    """
    others = db.rows(
        "SELECT id, rank FROM columns WHERE project_id = ? AND id IS NOT ?"
        " ORDER BY rank, uid",
        (project_id, moved),
    )
    lower = others[index - 1][1] if index > 0 else None
    upper = others[index][1] if index < len(others) else None
    return between(lower, upper) or _rank_anew(db, [row[0] for row in others], index)


def _rank_anew(db: Database, others: list[int], index: int) -> str:
    ranks = spread(None, None, len(others) + 1) or []
    own = ranks.pop(index)
    for column_id, rank in zip(others, ranks, strict=True):
        update(db, "columns", column_id, rank=rank)
    return own
