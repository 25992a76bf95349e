"""Boards for the tests of transfer: one with something of everything."""

from __future__ import annotations

import json
from typing import Any

from paso.commands import columns, comments, labels, projects, relations, tasks
from paso.commands.export_json import export_json
from paso.database.connection import Database

HOSTILE = "\x1b[2J<script>alert(1)</script> | [x](javascript:1) `code` *b* _i_ \u202e"


def furnish(db: Database) -> int:
    """Make a project with every kind of thing in it, and return its id."""
    project = projects.create_project(db, "Web site", key="WEB", description="Our site")
    todo, doing, done = columns.list_columns(db, project.id)
    columns.set_wip(db, doing.id, 3)
    review = columns.create_column(db, project.id, "Review", after=doing.id)
    bug = labels.find_label(db, project.id, "bug")
    ours, _ = labels.ensure_label(db, project.id, "a, b; c")
    first = tasks.create_task(
        db, project.id, "Fix login", type="bug", priority="high",
        labels=[bug.id, ours.id], due="2026-12-01", assignee="ann",
        description="Line one\n  line two\n\n# not a heading",
    )  # fmt: skip
    second = tasks.create_task(db, project.id, "Write docs", blocked_by=[first.id])
    third = tasks.create_task(db, project.id, HOSTILE, parent=first.id)
    fourth = tasks.create_task(db, project.id, "=1+1", description="@SUM(A1)")
    gone = tasks.create_task(db, project.id, "Deleted")
    tasks.delete_task(db, gone.id)
    away = tasks.create_task(db, project.id, "Put away", column_id=review.id)
    tasks.archive_task(db, away.id, True)
    relations.link(db, third.id, fourth.id, "related")
    tasks.move_task(db, fourth.id, column_id=done.id)
    tasks.move_task(db, second.id, column_id=todo.id, top=True)
    comments.add_comment(db, first.id, "Seen it\ntoo", author="bob")
    comments.add_comment(db, first.id, "Done soon")
    return project.id


def without_time(document: dict[str, Any]) -> dict[str, Any]:
    """The document but for the moment of its export, as JSON would give it back."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    del copy["exported_at"]
    return copy


def snapshot(db: Database) -> dict[str, Any]:
    return without_time(export_json(db, None))
