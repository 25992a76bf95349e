"""A board as a document: its shape, and the check of documents from elsewhere.

    {"paso": 1, "exported_at": TIME, "projects": [
      {"uid", "key", "name", "description", "archived_at", "created_at", "updated_at",
       "last_number", "session_rules": {"start_moves", "end_column": NAME},
       "columns": [{"uid", "name", "role", "wip_limit", "created_at", …}],
       "labels":  [{"uid", "name", "color", "created_at", …}],
       "tasks":   [{"uid", "number", "column": NAME, "title", "description", "type",
                    "priority", "labels": [NAME], "due", "assignee", "archived_at",
                    "completed_at", "created_at", "updated_at",
                    "comments": [{"uid", "author", "body", "created_at", …}]}],
       "relations": [{"uid", "kind", "from": UID, "to": UID}]}]}

Columns stand from left to right, tasks from top to bottom. Only the names of
projects, columns and labels and the titles of tasks must be there, so a document can
be written by hand; `from` and `to` may be numbers of tasks as well.

Never: touch the database.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paso.commands.document_reader import Reader
from paso.commands.values import color, column_name, day, limit, line, person, prose
from paso.errors import InvalidValue
from paso.model import (
    BLOCKS,
    COMPLETED,
    DEFAULT_LABEL_COLOR,
    PARENT,
    PRIORITIES,
    READY,
    RELATION_KINDS,
    ROLES,
    STARTER_COLUMNS,
    TITLE_MAX,
    TYPES,
)

VERSION = 1
"""Of the document; raised when an older Paso would read it wrongly."""


class ColumnDoc(NamedTuple):
    name: str
    role: str | None = None
    wip_limit: int | None = None
    uid: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class LabelDoc(NamedTuple):
    name: str
    color: str = DEFAULT_LABEL_COLOR
    uid: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class CommentDoc(NamedTuple):
    body: str
    author: str = ""
    uid: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class TaskDoc(NamedTuple):
    """`column` and `labels` are places in the lists of the project."""

    title: str
    column: int
    number: int | None = None
    description: str = ""
    type: str = "task"
    priority: str = "medium"
    labels: tuple[int, ...] = ()
    due: str | None = None
    assignee: str | None = None
    archived_at: str | None = None
    completed_at: str | None = None
    comments: tuple[CommentDoc, ...] = ()
    uid: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class RelationDoc(NamedTuple):
    """`from_task` and `to_task` are places in the list of tasks."""

    kind: str
    from_task: int
    to_task: int
    uid: str | None = None


class ProjectDoc(NamedTuple):
    """`session_end_column` is a place in the list of columns."""

    name: str
    columns: tuple[ColumnDoc, ...]
    labels: tuple[LabelDoc, ...] = ()
    tasks: tuple[TaskDoc, ...] = ()
    relations: tuple[RelationDoc, ...] = ()
    key: str | None = None
    description: str = ""
    archived_at: str | None = None
    last_number: int = 0
    session_start_moves: bool = False
    session_end_column: int | None = None
    uid: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


def read_document(value: Any, now: str) -> tuple[ProjectDoc, ...]:
    """Check a document as `export_json` makes it.

    Arguments:
        now: when tasks were completed of which the document does not say it.
    Raises:
        InvalidValue: the first thing that is wrong, with its path in the document,
            such as `projects[0].tasks[3].priority`.
    """
    root = Reader(value)
    version = root.integer("paso", least=1)
    if version is None:
        raise InvalidValue(
            "this is no board of Paso: there is no number under `paso`",
            hint='a document begins with {"paso": 1, "projects": […]}',
        )
    if version > VERSION:
        raise InvalidValue(
            f"the document has version {version}, this Paso knows {VERSION}",
            hint="update Paso",
        )
    uids: set[str] = set()
    return tuple(_project(part, uids, now) for part in root.parts("projects"))


def _stamps(part: Reader, uids: set[str]) -> dict[str, Any]:
    uid = part.uid()
    if uid in uids:
        raise part.error("uid", f"{uid} is there twice")
    if uid:
        uids.add(uid)
    return {
        "uid": uid,
        "created_at": part.time("created_at"),
        "updated_at": part.time("updated_at"),
    }


def _project(part: Reader, uids: set[str], now: str) -> ProjectDoc:
    columns = tuple(_column(column, uids) for column in part.parts("columns"))
    if not columns:
        columns = tuple(ColumnDoc(name, role) for name, role in STARTER_COLUMNS)
    labels = tuple(_label(label, uids) for label in part.parts("labels"))
    part.distinct("columns", [column.name.lower() for column in columns])
    part.distinct("columns", [column.role for column in columns if column.role])
    part.distinct("labels", [label.name.lower() for label in labels])
    places = _Places(columns, labels, now)
    tasks = tuple(_task(task, uids, places) for task in part.parts("tasks"))
    part.distinct("tasks", [task.number for task in tasks if task.number])
    return ProjectDoc(
        key=part.key(),
        name=part.field("name", _name, required=True),
        description=part.field("description", _prose, default=""),
        archived_at=part.time("archived_at"),
        last_number=part.integer("last_number") or 0,
        columns=columns,
        labels=labels,
        tasks=tasks,
        relations=_relations(part, tasks, uids),
        **_session_rules(part, places),
        **_stamps(part, uids),
    )


def _session_rules(project: Reader, places: _Places) -> dict[str, Any]:
    part = project.part("session_rules")
    named = part.field("end_column", _name)
    return {
        "session_start_moves": part.flag("start_moves"),
        "session_end_column": None
        if named is None
        else part.place("end_column", named, places.columns, 0),
    }


def _name(value: object) -> str:
    return line("name", value)


def _title(value: object) -> str:
    return line("title", value, TITLE_MAX)


def _prose(value: object) -> str:
    return prose("text", value)


def _body(value: object) -> str:
    return prose("comment", value, empty=False)


def _column(part: Reader, uids: set[str]) -> ColumnDoc:
    return ColumnDoc(
        name=part.field("name", column_name, required=True),
        role=part.choice("role", ROLES),
        wip_limit=part.field("wip_limit", limit),
        **_stamps(part, uids),
    )


def _label(part: Reader, uids: set[str]) -> LabelDoc:
    return LabelDoc(
        name=part.field("name", _name, required=True),
        color=part.field("color", color, default=DEFAULT_LABEL_COLOR),
        **_stamps(part, uids),
    )


class _Places:
    """Where columns and labels stand, by name, and where tasks go by default."""

    def __init__(
        self, columns: tuple[ColumnDoc, ...], labels: tuple[LabelDoc, ...], now: str
    ) -> None:
        self.columns = {column.name.lower(): i for i, column in enumerate(columns)}
        self.labels = {label.name.lower(): i for i, label in enumerate(labels)}
        roles = [column.role for column in columns]
        self.entry = roles.index(READY) if READY in roles else 0
        self.end = roles.index(COMPLETED) if COMPLETED in roles else None
        self.now = now


def _task(part: Reader, uids: set[str], places: _Places) -> TaskDoc:
    named = part.field("column", _name)
    column = part.place("column", named, places.columns, places.entry)
    completed_at = part.time("completed_at")
    if column == places.end and "completed_at" not in part.value:
        completed_at = places.now
    labels = dict.fromkeys(
        part.place(f"labels[{i}]", name, places.labels, 0)
        for i, name in enumerate(part.words("labels"))
    )
    return TaskDoc(
        title=part.field("title", _title, required=True),
        column=column,
        number=part.integer("number", least=1),
        description=part.field("description", _prose, default=""),
        type=part.choice("type", TYPES, default="task"),
        priority=part.choice("priority", tuple(PRIORITIES), default="medium"),
        labels=tuple(labels),
        due=part.field("due", day),
        assignee=part.field("assignee", person),
        archived_at=part.time("archived_at"),
        completed_at=completed_at,
        comments=tuple(_comment(found, uids) for found in part.parts("comments")),
        **_stamps(part, uids),
    )


def _comment(part: Reader, uids: set[str]) -> CommentDoc:
    return CommentDoc(
        body=part.field("body", _body, required=True),
        author=part.field("author", _prose, default=""),
        **_stamps(part, uids),
    )


def _relations(
    project: Reader, tasks: tuple[TaskDoc, ...], uids: set[str]
) -> tuple[RelationDoc, ...]:
    names: dict[object, int] = {task.uid: i for i, task in enumerate(tasks) if task.uid}
    names |= {task.number: i for i, task in enumerate(tasks) if task.number}
    seen = Links()
    found = []
    for part in project.parts("relations"):
        kind = part.choice("kind", RELATION_KINDS, required=True)
        ends = part.task("from", names), part.task("to", names)
        problem = seen.problem(kind, *ends)
        if problem:
            raise part.error("to", problem)
        seen.add(kind, *ends)
        uid = part.uid()
        if uid in uids:
            raise part.error("uid", f"{uid} is there twice")
        found.append(RelationDoc(kind, *ends, uid))
    return tuple(found)


class Links:
    """The relations so far, to tell which others would break the rules."""

    def __init__(self) -> None:
        self._onward: dict[str, dict[int, set[int]]] = {}

    def problem(self, kind: str, start: int, end: int) -> str | None:
        """Why a relation cannot be added, in words; None when it can."""
        if start == end:
            return "is the task itself"
        onward = self._onward.get(kind, {})
        if end in onward.get(start, ()):
            return "is there twice"
        if kind == PARENT and any(end in ends for ends in onward.values()):
            return "has a parent already"
        if kind in (PARENT, BLOCKS) and self._leads(kind, end, start):
            return "would make a cycle"
        return None

    def add(self, kind: str, start: int, end: int) -> None:
        onward = self._onward.setdefault(kind, {})
        onward.setdefault(start, set()).add(end)
        if kind not in (PARENT, BLOCKS):
            onward.setdefault(end, set()).add(start)

    def _leads(self, kind: str, start: int, goal: int) -> bool:
        onward = self._onward.get(kind, {})
        seen, ahead = {start}, [start]
        while ahead:
            for place in onward.get(ahead.pop(), ()):
                if place == goal:
                    return True
                if place not in seen:
                    seen.add(place)
                    ahead.append(place)
        return False
