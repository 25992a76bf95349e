"""Labels in the database, and which tasks wear them.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

from paso.database.repository import id_list, insert
from paso.model import Label, LabelRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database

_SELECT = """
SELECT l.id, l.uid, l.project_id, l.name, l.color,
  (SELECT count(*) FROM task_labels w WHERE w.label_id = l.id)
FROM labels l
"""


def of_project(db: Database, project_id: int) -> list[Label]:
    """Return the labels of a project, by name."""
    sql = f"{_SELECT} WHERE l.project_id = ? ORDER BY l.name"
    return [Label._make(row) for row in db.rows(sql, (project_id,))]


def by_id(db: Database, label_id: int) -> Label | None:
    row = db.row(f"{_SELECT} WHERE l.id = ?", (label_id,))
    return Label._make(row) if row else None


def of_tasks(db: Database, ids: Iterable[int]) -> dict[int, tuple[LabelRef, ...]]:
    """Return the labels of each of these tasks that has any, by name."""
    worn: dict[int, tuple[LabelRef, ...]] = {}
    for task_id, *label in db.rows(
        "SELECT w.task_id, l.id, l.name, l.color FROM task_labels w"
        " JOIN labels l ON l.id = w.label_id"
        " WHERE w.task_id IN (SELECT value FROM json_each(?)) ORDER BY l.name",
        (id_list(ids),),
    ):
        worn[task_id] = (*worn.get(task_id, ()), LabelRef._make(label))
    return worn


def attach(db: Database, project_id: int, task_id: int, label_id: int) -> bool:
    """Return True when the task did not wear the label before."""
    sql = "SELECT 1 FROM task_labels WHERE task_id = ? AND label_id = ?"
    if db.row(sql, (task_id, label_id)):
        return False
    insert(db, "task_labels", project_id=project_id, task_id=task_id, label_id=label_id)
    return True


def detach(db: Database, task_id: int, label_id: int) -> bool:
    """Return True when the task wore the label."""
    sql = "DELETE FROM task_labels WHERE task_id = ? AND label_id = ?"
    return db.run(sql, (task_id, label_id)).rowcount > 0
