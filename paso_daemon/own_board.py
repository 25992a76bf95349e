"""Projects and tasks of this computer, read from its database in a thread.

For clients that have no database at hand, and page by page: nothing is kept. They see
all that the command line can show, archived projects too, in the order of uids, which
a page can go on from. What other computers see is read by `peers/board_reader`: only
what is at work, whole, in the order of the board.

Never: write, block the loop, make a database.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

import orjson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.database.connection import Database
    from paso.paths import Paths
    from paso_daemon.workers import Workers

READ_S = 10.0
"""For one page."""

Rows = list[tuple[str, bytes]]
"""Uid and JSON of records."""


class OwnBoard:
    """Reads the board of this home.

    Arguments:
        own: id of this computer; each record names it.
    """

    def __init__(self, paths: Paths, workers: Workers, own: str) -> None:
        self._paths = paths
        self._workers = workers
        self._own = own

    async def projects(self) -> Rows:
        """Return all projects.

        Raises:
            TimedOut, StoreError: the database cannot be read.
        """
        return await self._read("projects", self._projects)

    async def tasks(self, project_uid: str, after: str, limit: int) -> Rows:
        """Return tasks that are not archived, from the uid after `after` on.

        Arguments:
            project_uid: empty = of all projects.
        Raises:
            TimedOut, StoreError: the database cannot be read.
        """
        return await self._read(
            "tasks", lambda db: self._tasks(db, project_uid, after, limit)
        )

    async def _read(self, what: str, read: Callable[[Database], Rows]) -> Rows:
        return await self._workers.run(what, lambda: self._with_db(read), READ_S)

    def _with_db(self, read: Callable[[Database], Rows]) -> Rows:
        from paso.database.connection import open_database

        path = self._paths.database
        if not os.path.exists(path):  # nobody has made one yet
            return []
        with closing(open_database(path, client="daemon", create=False)) as db:
            return read(db)

    def _projects(self, db: Database) -> Rows:
        from paso.database import projects

        return [(one.uid, self._json(one)) for one in projects.every(db)]

    def _tasks(self, db: Database, project_uid: str, after: str, limit: int) -> Rows:
        from paso.database import tasks

        found = tasks.select(
            db,
            "t.id IN (SELECT t.id FROM tasks t JOIN projects p ON p.id = t.project_id"
            " WHERE t.archived_at IS NULL AND t.uid > ? AND ? IN ('', p.uid)"
            " ORDER BY t.uid LIMIT ?)",
            (after, project_uid, limit),
        )
        return sorted((task.uid, self._json(task)) for task in found)

    def _json(self, record: Any) -> bytes:
        from paso.model import to_json

        return orjson.dumps(to_json(record) | {"computer": self._own})
