"""Reads this computer's projects and tasks for those who look from elsewhere.

Only projects at work, each whole and in the order of its board, with `columns`: the
rules of the command line's lists. Our own clients read pages of everything instead,
archived projects too, from `own_board`.

Called in a worker thread: each reading has a connection of its own, which cannot
write, and is closed at the end.

Never: be called in the loop, migrate a database, show what is archived.
"""

from __future__ import annotations

from contextlib import contextmanager

from paso.commands.columns import list_columns
from paso.commands.projects import list_projects
from paso.commands.tasks import list_tasks
from paso.database.connection import Database
from paso.database.identity import CURRENT, identify
from paso.errors import NotFound
from paso.model import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

WAIT_S = 1.0
"""For a writer that holds the database alone, as a migration does."""


@contextmanager
def _open(path: str) -> Iterator[Database]:
    if identify(path, create=False) != CURRENT:
        raise NotFound("the database there is of another version of Paso")
    db = Database(path, client="peers", wait_s=WAIT_S)
    try:
        db.run("PRAGMA query_only=ON")
        yield db
    finally:
        db.close()


def read_projects(path: str) -> list[dict[str, Any]]:
    """Return the projects at work, each with its `columns`.

    Raises:
        NotFound, StoreError: there is no database, or it cannot be read.
    """
    with _open(path) as db, db.read():
        return [
            to_json(project) | {"columns": to_json(list_columns(db, project.id))}
            for project in list_projects(db)
        ]


def read_tasks(path: str, project_uid: str) -> list[dict[str, Any]]:
    """Return the tasks of a project, in the order of its board.

    Raises:
        NotFound: no such project at work, or no database.
        StoreError: it cannot be read.
    """
    with _open(path) as db, db.read():
        for project in list_projects(db):
            if project.uid == project_uid:
                return [to_json(task) for task in list_tasks(db, project.id)]
    raise NotFound("no such project")
