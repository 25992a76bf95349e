"""One project of Go Paso as a document: what to keep, repair, or leave out.

Never: open a file, write to a database.
"""

from __future__ import annotations

from typing import Any

from paso.commands.document import (
    ColumnDoc,
    CommentDoc,
    LabelDoc,
    Links,
    ProjectDoc,
    RelationDoc,
    TaskDoc,
)
from paso.commands.document_reader import fold
from paso.commands.values import STEPS, color
from paso.errors import InvalidValue
from paso.model import (
    BLOCKS,
    COMPLETED,
    DEFAULT_LABEL_COLOR,
    IN_PROGRESS,
    NAME_MAX,
    PARENT,
    PRIORITIES,
    READY,
    RELATED,
    STARTER_COLUMNS,
    TEXT_MAX,
    TITLE_MAX,
    TYPES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

FLAGS = (
    ("holds_ready_tasks", READY),
    ("holds_in_progress_tasks", IN_PROGRESS),
    ("holds_completed_tasks", COMPLETED),
)
KINDS = {1: PARENT, 2: BLOCKS, 3: RELATED}

Row = dict[str, Any]


class GoProject:
    """Reads one project.

    Arguments:
        source: the other database.
        row: id, name, description, created_at, updated_at.
        notes: gets a line for everything that is repaired or left out.
    """

    def __init__(
        self, source: sqlite3.Connection, row: tuple[Any, ...], notes: list[str]
    ) -> None:
        self.source = source
        self.id, name, description, created, updated = row
        self.name = _line(name, NAME_MAX) or f"Project {self.id}"
        self.description = _prose(description)
        self.created_at = _time(created)
        self.updated_at = _time(updated)
        self.notes = notes

    def note(self, what: str) -> None:
        self.notes.append(f"project {self.name}: {what}")

    def document(self) -> ProjectDoc:
        columns = _in_order(self._rows("columns", "project_id = ?"))
        labels = self._rows("labels", "project_id = ? ORDER BY id")
        label_docs, label_places = self._labels(labels)
        tasks = self._rows(
            "tasks",
            "column_id IN (SELECT id FROM columns WHERE project_id = ?)"
            " ORDER BY position, id",
        )
        column_places = {row["id"]: place for place, row in enumerate(columns)}
        column_docs = self._columns(columns)
        task_docs = self._tasks(tasks, column_places, column_docs, label_places)
        return ProjectDoc(
            name=self.name,
            description=self.description,
            columns=column_docs,
            labels=label_docs,
            tasks=task_docs,
            relations=self._relations(tasks),
            last_number=self._last_number(),
            uid=self._uid("project", self.id),
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def _has(self, table: str) -> bool:
        """Older and newer versions of Go Paso know different tables."""
        known = "SELECT 1 FROM sqlite_schema WHERE name = ?"
        return self.source.execute(known, (table,)).fetchone() is not None

    def _rows(self, table: str, where: str) -> list[Row]:
        if not self._has(table):
            return []
        cursor = self.source.execute(f"SELECT * FROM {table} WHERE {where}", (self.id,))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _uid(self, what: str, row_id: int) -> str:
        """The same uid at every import: a UUIDv7 whose random bits are a hash."""
        from hashlib import sha256

        seed = f"go-paso {self.id} {self.created_at} {what} {row_id}"
        digits = sha256(seed.encode()).hexdigest()
        stamp = f"{_milliseconds(self.created_at):012x}"
        variant = "89ab"[int(digits[3], 16) % 4]
        return (
            f"{stamp[:8]}-{stamp[8:12]}-7{digits[:3]}-{variant}{digits[4:7]}"
            f"-{digits[7:19]}"
        )

    def _columns(self, rows: list[Row]) -> tuple[ColumnDoc, ...]:
        if not rows:
            self.note("had no column, it got the usual ones")
            return tuple(ColumnDoc(name, role) for name, role in STARTER_COLUMNS)
        taken: set[str] = set(STEPS)
        given: set[str] = set()
        docs = []
        for row in rows:
            name = self._free_name("column", row["name"], taken)
            role = self._role(row, given)
            docs.append(ColumnDoc(name, role, uid=self._uid("column", row["id"])))
        if IN_PROGRESS not in given:
            docs = [self._with_progress(doc) for doc in docs]
        return tuple(docs)

    def _role(self, row: Row, given: set[str]) -> str | None:
        for flag, role in FLAGS:
            if row.get(flag) and role not in given:
                given.add(role)
                return role
        return None

    def _with_progress(self, doc: ColumnDoc) -> ColumnDoc:
        """Go Paso forgot the flag on the column it makes itself."""
        if doc.role is None and fold(doc.name) == "in progress":
            return doc._replace(role=IN_PROGRESS)
        return doc

    def _free_name(self, what: str, name: object, taken: set[str]) -> str:
        wanted = _line(name, NAME_MAX) or what.capitalize()
        free, number = wanted, 1
        while fold(free) in taken:
            number += 1
            free = f"{wanted[: NAME_MAX - 6]} ({number})"
        taken.add(fold(free))
        if free != name:
            self.note(f"{what} {str(name)!r} is now {free!r}")
        return free

    def _labels(self, rows: list[Row]) -> tuple[tuple[LabelDoc, ...], dict[int, int]]:
        taken: set[str] = set()
        docs = tuple(
            LabelDoc(
                self._free_name("label", row["name"], taken),
                _color(row["color"]),
                self._uid("label", row["id"]),
            )
            for row in rows
        )
        return docs, {row["id"]: place for place, row in enumerate(rows)}

    def _tasks(
        self,
        rows: list[Row],
        columns: dict[int, int],
        column_docs: tuple[ColumnDoc, ...],
        labels: dict[int, int],
    ) -> tuple[TaskDoc, ...]:
        worn = self._worn(labels)
        comments = self._comments()
        assignees = self._assignees()
        numbers: set[int] = set()
        docs = []
        for row in rows:
            place = columns[row["column_id"]]
            updated = _time(row["updated_at"])
            done = column_docs[place].role == COMPLETED
            docs.append(
                TaskDoc(
                    title=self._title(row),
                    column=place,
                    number=self._number(row, numbers),
                    description=_prose(row["description"]),
                    type=_choice(TYPES, row["type_id"], "task"),
                    priority=_choice(tuple(PRIORITIES), row["priority_id"], "medium"),
                    labels=tuple(worn.get(row["id"], ())),
                    due=_day(row.get("due_date")),
                    assignee=assignees.get(row.get("assignee_id")),
                    archived_at=updated if row.get("archived") else None,
                    completed_at=updated if done else None,
                    comments=tuple(comments.get(row["id"], ())),
                    uid=self._uid("task", row["id"]),
                    created_at=_time(row["created_at"]),
                    updated_at=updated,
                )
            )
        return tuple(docs)

    def _title(self, row: Row) -> str:
        title = _line(row["title"], TITLE_MAX)
        if not title:
            self.note(f"task {row['id']} had no title")
        return title or "(untitled)"

    def _number(self, row: Row, taken: set[int]) -> int | None:
        """Keep the number unless another task had it first."""
        number = row.get("ticket_number", row.get("task_number"))
        if not isinstance(number, int) or number < 1:
            return None
        if number in taken:
            self.note(f"two tasks had the number {number}, one got a new one")
            return None
        taken.add(number)
        return number

    def _last_number(self) -> int:
        counters = self._rows("project_counters", "project_id = ?")
        given = [
            row.get("next_ticket_number", row.get("next_task_number"))
            for row in counters
        ]
        return max([number - 1 for number in given if isinstance(number, int)] + [0])

    def _worn(self, labels: dict[int, int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        if not self._has("task_labels"):
            return found
        for task_id, label_id in self.source.execute(
            "SELECT task_id, label_id FROM task_labels ORDER BY task_id, label_id"
        ):
            if label_id in labels:
                found.setdefault(task_id, []).append(labels[label_id])
        return found

    def _comments(self) -> dict[int, list[CommentDoc]]:
        found: dict[int, list[CommentDoc]] = {}
        for row in self._rows(
            "task_comments",
            "task_id IN (SELECT t.id FROM tasks t JOIN columns c ON c.id = t.column_id"
            " WHERE c.project_id = ?) ORDER BY created_at, id",
        ):
            body = _prose(row["content"])
            if not body.strip():
                self.note(f"comment {row['id']} was empty")
                continue
            found.setdefault(row["task_id"], []).append(
                CommentDoc(
                    body,
                    _line(row["author"], NAME_MAX),
                    self._uid("comment", row["id"]),
                    _time(row["created_at"]),
                    _time(row["updated_at"]),
                )
            )
        return found

    def _assignees(self) -> dict[Any, str]:
        if not self._has("assignees"):
            return {}
        rows = self.source.execute("SELECT id, name FROM assignees")
        return {row_id: _line(name, NAME_MAX) for row_id, name in rows if name}

    def _relations(self, tasks: list[Row]) -> tuple[RelationDoc, ...]:
        places = {row["id"]: place for place, row in enumerate(tasks)}
        seen = Links()
        docs = []
        for row in self.source.execute(
            "SELECT parent_id, child_id, relation_type_id FROM task_subtasks"
            " ORDER BY rowid"
        ):
            parent, child, kind = row[0], row[1], KINDS.get(row[2], RELATED)
            if parent not in places:
                continue
            if child not in places:
                self.note(f"{kind} between tasks of two projects was left out")
                continue
            start, end = (child, parent) if kind == BLOCKS else (parent, child)
            problem = seen.problem(kind, places[start], places[end])
            if problem:
                self.note(f"{kind} from task {start} to task {end}: it {problem}")
                continue
            seen.add(kind, places[start], places[end])
            docs.append(RelationDoc(kind, places[start], places[end]))
        return tuple(docs)


def _in_order(rows: list[Row]) -> list[Row]:
    """Columns along their links; those the links do not reach come after, by id."""
    by_id = {row["id"]: row for row in rows}
    ordered: list[Row] = []
    heads = [row for row in rows if row["prev_id"] not in by_id]
    for start in [*sorted(heads, key=_id_of), *sorted(rows, key=_id_of)]:
        at: Row | None = start
        while at is not None and at["id"] in by_id:
            ordered.append(by_id.pop(at["id"]))
            at = by_id.get(at["next_id"])
    return ordered


def _id_of(row: Row) -> int:
    return int(row["id"])


def _clean(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _line(value: object, most: int) -> str:
    return " ".join(_clean(value).split())[:most].strip()


def _prose(value: object) -> str:
    return _clean(value)[:TEXT_MAX]


def _color(value: object) -> str:
    try:
        return color(value)
    except InvalidValue:
        return DEFAULT_LABEL_COLOR


def _choice(names: tuple[str, ...], number: object, default: str) -> str:
    fits = isinstance(number, int) and 1 <= number <= len(names)
    return names[int(str(number)) - 1] if fits else default


def _day(value: object) -> str | None:
    """`2026-12-01 00:00:00`, RFC 3339 and the like; the day is what counts."""
    stamp = _time(value)
    return stamp[:10] if stamp else None


def _time(value: object) -> str | None:
    """A time as SQLite or Go writes it, in UTC."""
    from datetime import UTC, datetime

    words = _clean(value).replace("T", " ").split()
    if not words:
        return None
    clock, zone = _split_zone("".join(words[1:2]), "".join(words[2:3]))
    try:
        moment = datetime.fromisoformat(f"{words[0]}T{clock or '00:00:00'}{zone}")
    except ValueError:
        return None
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        return None
    return in_utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _split_zone(clock: str, zone: str) -> tuple[str, str]:
    """Clock time with at most microseconds, and the distance to UTC."""
    for mark in ("Z", "+", "-"):
        before, found, after = clock.partition(mark)
        if found:
            clock, zone = before, found + after
    seconds, _, fraction = clock.partition(".")
    if zone[:1] not in ("+", "-"):
        zone = "+00:00"
    return (f"{seconds}.{fraction[:6]:0<6}" if fraction else seconds), zone


def _milliseconds(stamp: str | None) -> int:
    from datetime import datetime

    if stamp is None:
        return 0
    return max(0, int(datetime.fromisoformat(stamp).timestamp() * 1000))
