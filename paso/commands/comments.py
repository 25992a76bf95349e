"""Comments: write, change, delete.

Never: know the command line or the board.
"""

from __future__ import annotations

from paso.commands.moves import get_task
from paso.commands.values import line, prose
from paso.database import comments
from paso.database.repository import delete, found, insert, update

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database
    from paso.model import Comment


def list_comments(db: Database, task_id: int) -> list[Comment]:
    """Return the comments of a task, oldest first."""
    get_task(db, task_id)
    return comments.of_task(db, task_id)


def get_comment(db: Database, comment_id: int) -> Comment:
    record: Comment = found(comments.by_id(db, comment_id), "comment", comment_id)
    return record


def add_comment(
    db: Database, task_id: int, body: str, *, author: str | None = None
) -> Comment:
    """Write a comment.

    Arguments:
        author: absent = the actor of the connection.
    Raises:
        InvalidValue: the body is empty or too long.
    """
    body = prose("comment", body, empty=False)
    author = db.actor if author is None else line("author", author)
    with db.write():
        task = get_task(db, task_id)
        comment_id = insert(
            db,
            "comments",
            project_id=task.project_id,
            task_id=task_id,
            author=author,
            body=body,
        )
        db.describe(f"commented on {task.key}")
    return get_comment(db, comment_id)


def edit_comment(db: Database, comment_id: int, body: str) -> Comment:
    """Raises `InvalidValue` when the body is empty or too long."""
    body = prose("comment", body, empty=False)
    with db.write():
        get_comment(db, comment_id)
        update(db, "comments", comment_id, body=body)
        db.describe(f"edited a comment on {_key(db, comment_id)}")
    return get_comment(db, comment_id)


def delete_comment(db: Database, comment_id: int) -> None:
    with db.write():
        get_comment(db, comment_id)
        db.describe(f"deleted a comment on {_key(db, comment_id)}")
        delete(db, "comments", comment_id)


def _key(db: Database, comment_id: int) -> str:
    sql = "SELECT task_id FROM comments WHERE id = ?"
    return get_task(db, db.value(sql, (comment_id,))).key
