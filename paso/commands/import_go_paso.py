"""Brings a board of the Go program Paso over; its file is read and never changed.

What its database allows and ours does not is repaired or left out, and each case is
told in the report. Uids are made from its ids and times, so a second import finds the
projects here already.

Its schema (goose migrations 1 to 13 of github.com/TheNoeTrevino/paso) in short:
columns are a doubly linked list; tasks hang on columns; `task_subtasks` holds every
relation, where for "Blocked By" (type 2) the parent is the blocked task and the child
its blocker; new tasks all get the position 9999.

Never: write to that file, or open it in a way that makes a file beside it.
"""

from __future__ import annotations

import os
import sqlite3

from paso.commands.go_paso_file import open_go_paso
from paso.commands.go_paso_rows import GoProject
from paso.commands.import_json import Report, bring_in
from paso.database.failures import typed
from paso.errors import InvalidValue, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.commands.document import ProjectDoc
    from paso.database.connection import Database

TABLES = {"projects", "columns", "tasks", "task_subtasks", "project_counters"}


def import_go_paso(db: Database, path: str) -> Report:
    """Bring in all projects of a database that the Go program Paso made.

    Where that file stands at the very place of our own database, move it aside
    first: `mv ~/.paso/tasks.db ~/.paso/go-paso.db`, with its `-wal` file if there is
    one.

    Arguments:
        path: its `tasks.db`.
    Raises:
        NotFound: there is no such file.
        InvalidValue: it is no database of that program.
        StoreError: it cannot be read.
    """
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.isfile(path):
        raise NotFound(
            f"there is no file {path}", hint="its place was ~/.paso/tasks.db"
        )
    notes: list[str] = []
    try:
        with open_go_paso(path) as source:
            docs = _projects(source, path, notes)
    except sqlite3.Error as error:
        raise typed(error, path) from error
    return bring_in(db, docs, notes)


def _projects(
    source: sqlite3.Connection, path: str, notes: list[str]
) -> list[ProjectDoc]:
    found = {row[0] for row in source.execute("SELECT name FROM sqlite_schema")}
    if not found >= TABLES:
        raise InvalidValue(f"{path} is no database of the Go program Paso")
    rows = source.execute(
        "SELECT id, name, description, created_at, updated_at FROM projects ORDER BY id"
    ).fetchall()
    return [GoProject(source, row, notes).document() for row in rows]
