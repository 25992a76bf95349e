"""Brings projects of a document onto the board, all of them or none.

Rules, the same for every import:
- A project that is here already (the same uid) stays as it is and is reported, so a
  second import of a file changes nothing.
- A key that is taken is replaced by a free one, and reported.
- Numbers, uids, times and the order of cards are kept.
- The starter project of a board that nobody has written to makes room: a board that
  moves to another computer keeps its keys.
- The whole import is one step of undo.

Never: read a file, know where the document comes from.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from paso.commands.document import ProjectDoc, RelationDoc, TaskDoc, read_document
from paso.commands.projects import make_key
from paso.database.rank import spread
from paso.database.relations import ends
from paso.database.repository import insert
from paso.errors import Conflict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paso.database.connection import Database


class Report(NamedTuple):
    """What an import did."""

    projects: tuple[str, ...]
    """Keys of the projects that were made."""
    tasks: int
    """How many came with them."""
    skipped: tuple[str, ...]
    """What was left out or changed, each with its reason, in words."""


def import_json(db: Database, doc: Any) -> Report:
    """Bring in a document of `export_json`, or one written by hand.

    Arguments:
        doc: what `json.loads` made of it.
    Raises:
        InvalidValue: with the path of what is wrong in the document.
        Conflict: a part of a project is on the board under another project.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return bring_in(db, read_document(doc, now))


def bring_in(
    db: Database, docs: Sequence[ProjectDoc], notes: Iterable[str] = ()
) -> Report:
    """Write projects as one transaction.

    Arguments:
        notes: what was left out before, for the report.
    """
    skipped = list(notes)
    made: list[str] = []
    tasks = 0
    with db.write():
        for doc in docs:
            if doc.uid and db.value("SELECT 1 FROM projects WHERE uid = ?", (doc.uid,)):
                skipped.append(f"project {doc.name}: is on this board already")
                continue
            if not made:
                _make_room(db)
            made.append(_Import(db, doc, skipped).run())
            tasks += len(doc.tasks)
        db.describe(f"imported {', '.join(made)}")
    return Report(tuple(made), tasks, tuple(skipped))


def _make_room(db: Database) -> None:
    """Delete the starter project, unless anything was ever written beside it."""
    written = db.value(
        "SELECT 1 FROM change_log JOIN batches ON batches.id = batch"
        " WHERE kind <> 'setup' LIMIT 1"
    )
    if not written:
        db.run("DELETE FROM projects")


class _Import:
    """One project on its way in: ids of the rows, in the order of the document."""

    def __init__(self, db: Database, doc: ProjectDoc, skipped: list[str]) -> None:
        self.db = db
        self.doc = doc
        self.skipped = skipped
        self.project_id = 0

    def run(self) -> str:
        key = self._key()
        self.project_id = self._insert("projects", self.doc, key=key,
                                       name=self.doc.name,
                                       description=self.doc.description,
                                       archived_at=self.doc.archived_at)  # fmt: skip
        columns = self._columns()
        self._session_rules(columns)
        labels = [self._part("labels", label, name=label.name, color=label.color)
                  for label in self.doc.labels]  # fmt: skip
        tasks = self._tasks(columns)
        for task_id, task in zip(tasks, self.doc.tasks, strict=True):
            self._attach(task_id, [labels[place] for place in task.labels])
            self._comments(task_id, task)
        for relation in self.doc.relations:
            self._relate(relation, tasks)
        self._reserve_numbers()
        return key

    def _key(self) -> str:
        taken = {row[0] for row in self.db.rows("SELECT key FROM projects")}
        if self.doc.key and self.doc.key not in taken:
            return self.doc.key
        key = make_key(self.doc.key or self.doc.name, taken)
        if self.doc.key:
            self.skipped.append(
                f"project {self.doc.name}: its key {self.doc.key} is taken,"
                f" it became {key}"
            )
        return key

    def _columns(self) -> list[int]:
        return [
            self._part("columns", column, name=column.name, role=column.role,
                       wip_limit=column.wip_limit, rank=rank)
            for column, rank in zip(
                self.doc.columns, _ranks(len(self.doc.columns)), strict=True
            )
        ]  # fmt: skip

    def _session_rules(self, columns: list[int]) -> None:
        place = self.doc.session_end_column
        column_id = None if place is None else columns[place]
        self.db.run(
            "UPDATE projects SET session_start_moves = ?, session_end_column ="
            " (SELECT uid FROM columns WHERE id = ?) WHERE id = ?",
            (int(self.doc.session_start_moves), column_id, self.project_id),
        )

    def _tasks(self, columns: list[int]) -> list[int]:
        numbers = self._numbers()
        by_column = [0] * len(columns)
        for task in self.doc.tasks:
            by_column[task.column] += 1
        free = [iter(_ranks(count)) for count in by_column]
        return [
            self._part(
                "tasks", task, number=number, column_id=columns[task.column],
                rank=next(free[task.column]), title=task.title,
                description=task.description, type=task.type, priority=task.priority,
                due=task.due, assignee=task.assignee, archived_at=task.archived_at,
                completed_at=task.completed_at,
            )
            for task, number in zip(self.doc.tasks, numbers, strict=True)
        ]  # fmt: skip

    def _numbers(self) -> list[int]:
        """Numbers of the tasks; those without one come after all that were given."""
        last = max([self.doc.last_number, *(t.number or 0 for t in self.doc.tasks)])
        numbers = []
        for task in self.doc.tasks:
            last += task.number is None
            numbers.append(task.number or last)
        return numbers

    def _reserve_numbers(self) -> None:
        """Numbers of tasks deleted before the export are not given out again."""
        self.db.run(
            "INSERT INTO task_numbers (project_id, last) VALUES (?, ?)"
            " ON CONFLICT (project_id) DO UPDATE SET last = max(last, excluded.last)",
            (self.project_id, self.doc.last_number),
        )

    def _attach(self, task_id: int, labels: list[int]) -> None:
        for label_id in labels:
            insert(self.db, "task_labels", project_id=self.project_id,
                           task_id=task_id, label_id=label_id)  # fmt: skip

    def _comments(self, task_id: int, task: TaskDoc) -> None:
        for comment in task.comments:
            self._part("comments", comment, task_id=task_id, author=comment.author,
                       body=comment.body)  # fmt: skip

    def _relate(self, relation: RelationDoc, tasks: list[int]) -> None:
        from_id, to_id = ends(relation.kind, tasks[relation.from_task],
                              tasks[relation.to_task])  # fmt: skip
        given = {"uid": relation.uid} if relation.uid else {}
        insert(self.db, "relations", project_id=self.project_id, kind=relation.kind,
                       from_id=from_id, to_id=to_id, **given)  # fmt: skip

    def _part(self, table: str, doc: Any, **values: Any) -> int:
        return self._insert(table, doc, project_id=self.project_id, **values)

    def _insert(self, table: str, doc: Any, **values: Any) -> int:
        """Insert a row; what the document leaves open the schema fills in."""
        for name in ("uid", "created_at", "updated_at"):
            given = getattr(doc, name)
            if given:
                values[name] = given
        if doc.uid and self.db.value(f"SELECT 1 FROM {table} WHERE uid = ?",
                                     (doc.uid,)):  # fmt: skip
            raise Conflict(
                f"{doc.uid} of {table} is on this board already, in another project",
                hint="take the uids out of the document to bring in a copy",
            )
        return insert(self.db, table, **values)


def _ranks(count: int) -> list[str]:
    """Ranks for `count` rows of an empty column, ascending."""
    return (spread(None, None, count) if count else None) or []
