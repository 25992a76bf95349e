"""Comments in the database: rows in, records out.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

from paso.database.repository import id_list
from paso.model import Comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database

_SELECT = "SELECT id, uid, author, body, created_at, updated_at FROM comments"


def of_task(db: Database, task_id: int) -> list[Comment]:
    """Return the comments of a task, oldest first."""
    sql = f"{_SELECT} WHERE task_id = ? ORDER BY created_at, id"
    return [Comment._make(row) for row in db.rows(sql, (task_id,))]


def by_id(db: Database, comment_id: int) -> Comment | None:
    row = db.row(f"{_SELECT} WHERE id = ?", (comment_id,))
    return Comment._make(row) if row else None


def counts(db: Database, ids: Iterable[int]) -> dict[int, int]:
    """Return the number of comments of each of these tasks that has any."""
    return dict(
        db.rows(
            "SELECT task_id, count(*) FROM comments"
            " WHERE task_id IN (SELECT value FROM json_each(?)) GROUP BY task_id",
            (id_list(ids),),
        )
    )
