"""Writes projects as a document that `import_json` reads; its shape: `document.py`.

Never: write a file, leave anything out: archived tasks are in it as well.
"""

from __future__ import annotations

import time
from typing import Any

from paso.commands.document import VERSION
from paso.commands.session_rules import rules_of
from paso.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from paso.database.connection import Database

PROJECT = ("uid", "key", "name", "description", "archived_at", "created_at",
           "updated_at")  # fmt: skip
COLUMN = ("uid", "name", "role", "wip_limit", "created_at", "updated_at")
LABEL = ("uid", "name", "color", "created_at", "updated_at")
TASK = ("uid", "number", "column", "title", "description", "type", "priority", "due",
        "assignee", "archived_at", "completed_at", "created_at",
        "updated_at")  # fmt: skip
COMMENT = ("uid", "author", "body", "created_at", "updated_at")
RELATION = ("uid", "kind", "from", "to")


def export_json(db: Database, project_id: int | None) -> dict[str, Any]:
    """Return one project, or all of them, as one state of the board.

    Raises:
        NotFound: there is no such project.
    """
    with db.read():
        ids = [row[0] for row in db.rows(
            "SELECT id FROM projects WHERE :id IS NULL OR id = :id ORDER BY id",
            {"id": project_id},
        )]  # fmt: skip
        if project_id is not None and not ids:
            raise NotFound(f"there is no project with the id {project_id}")
        return {
            "paso": VERSION,
            "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "projects": [_project(db, found) for found in ids],
        }


def _project(db: Database, project_id: int) -> dict[str, Any]:
    (project,) = _read(db, PROJECT, "FROM projects WHERE id = ?", project_id)
    last = "SELECT last FROM task_numbers WHERE project_id = ?"
    return {
        **project,
        "last_number": db.value(last, (project_id,)) or 0,
        **_session_rules(db, project_id),
        "columns": _read(
            db, COLUMN, "FROM columns WHERE project_id = ? ORDER BY rank, uid",
            project_id,
        ),
        "labels": _read(
            db, LABEL, "FROM labels WHERE project_id = ? ORDER BY id", project_id
        ),
        "tasks": _tasks(db, project_id),
        "relations": _relations(db, project_id),
    }  # fmt: skip


def _session_rules(db: Database, project_id: int) -> dict[str, Any]:
    rules = rules_of(db, project_id)
    if not any(rules):
        return {}
    column = rules.end_column
    return {
        "session_rules": {
            "start_moves": rules.start_moves,
            "end_column": column.name if column else None,
        }
    }


def _read(
    db: Database, names: Sequence[str], source: str, project_id: int
) -> list[dict[str, Any]]:
    rows = db.rows(f"SELECT {', '.join(names)} {source}", (project_id,))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _tasks(db: Database, project_id: int) -> list[dict[str, Any]]:
    labels = _labels(db, project_id)
    comments = _comments(db, project_id)
    named = ", ".join("c.name" if name == "column" else f"t.{name}" for name in TASK)
    rows = db.rows(
        f"SELECT t.id, {named} FROM tasks t JOIN columns c ON c.id = t.column_id"
        " WHERE t.project_id = ? ORDER BY c.rank, c.uid, t.rank, t.uid",
        (project_id,),
    )
    return [
        {
            **dict(zip(TASK, row[1:], strict=True)),
            "labels": labels.get(row[0], []),
            "comments": comments.get(row[0], []),
        }
        for row in rows
    ]


def _labels(db: Database, project_id: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for task_id, name in db.rows(
        "SELECT tl.task_id, l.name FROM task_labels tl"
        " JOIN labels l ON l.id = tl.label_id WHERE tl.project_id = ?"
        " ORDER BY l.name, l.id",
        (project_id,),
    ):
        found.setdefault(task_id, []).append(name)
    return found


def _comments(db: Database, project_id: int) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in db.rows(
        f"SELECT task_id, {', '.join(COMMENT)} FROM comments WHERE project_id = ?"
        " ORDER BY created_at, id",
        (project_id,),
    ):
        comment = dict(zip(COMMENT, row[1:], strict=True))
        found.setdefault(row[0], []).append(comment)
    return found


def _relations(db: Database, project_id: int) -> list[dict[str, Any]]:
    rows = db.rows(
        "SELECT r.uid, r.kind, a.uid, b.uid FROM relations r"
        " JOIN tasks a ON a.id = r.from_id JOIN tasks b ON b.id = r.to_id"
        " WHERE r.project_id = ? ORDER BY r.id",
        (project_id,),
    )
    return [dict(zip(RELATION, row, strict=True)) for row in rows]
