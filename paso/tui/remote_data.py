"""Another computer's board, made of what the daemon tells, as the board shows its own.

Records come from elsewhere: one that is not well formed is left out, and a number
that is a name over there is one here, too, within that computer.

Never: import textual, write, mix up the ids of two computers.
"""

from __future__ import annotations

from typing import Any

from paso.database.task_sessions import SessionMark
from paso.model import (
    PRIORITIES,
    ROLES,
    TYPES,
    Card,
    Column,
    ColumnRef,
    Counts,
    Label,
    LabelRef,
    Project,
    Task,
)
from paso.tui.search import fits
from paso.tui.session_words import ON_CARDS, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.model import Session
    from paso.tui.board_state import BoardState

Record = dict[str, Any]


class RemoteBoard:
    """The projects and tasks of one computer, as they came last.

    Arguments:
        computer: its id.
        state: what is shown of them; filled here.
    """

    def __init__(self, computer: str, state: BoardState) -> None:
        self.computer = computer
        self.state = state
        self.tasks: dict[int, Task] = {}
        self.source: Record = {}
        """How fresh the tasks are, as the daemon says."""
        self.search = ""
        self._columns: dict[int, list[Column]] = {}
        self._tasks: dict[int, dict[int, Task]] = {}

    def take(self, event: Record) -> bool:
        """Take a snapshot; True when it may look different."""
        kind, data = event.get("type"), event.get("data")
        if kind not in ("projects_initial", "tasks_initial"):
            return False
        records = [one for one in _list(data) if self._is_ours(one)]
        sources = event.get("sources")
        source = sources.get(self.computer) if isinstance(sources, dict) else None
        if kind == "projects_initial":
            self._take_projects(records)
        else:
            self.source = source if isinstance(source, dict) else {}
            self._take_tasks(records)
        return True

    def show(self, project_id: int | None, sessions: Iterable[Session]) -> None:
        """Show a project; without one, or when it is gone, the first there is."""
        state = self.state
        wanted = [p for p in state.projects if p.id == project_id] or state.projects
        project = wanted[0] if wanted else None
        if project is None or state.project is None or project.id != state.project.id:
            state.show_project(project)
        state.project = project
        self.tasks = self._tasks.get(project.id, {}) if project else {}
        columns = self._columns.get(project.id, []) if project else []
        cards = [card_of(task) for task in self.tasks.values()]
        self._count_children(cards)
        cards.sort(key=lambda card: (card.rank, card.uid))
        state.load(columns, labels_of(self.tasks.values()), cards, self.matches())
        self.show_marks(sessions)

    def show_marks(self, sessions: Iterable[Session]) -> set[int]:
        """Show what the sessions of that computer do; the tasks that look different."""
        ids = {task.uid: task.id for task in self.tasks.values()}
        projects = {project.uid: project.id for project in self.state.projects}
        counts: dict[int, dict[str, int]] = {}
        needs: dict[int | None, int] = {}
        for session in sessions:
            if session.attention != "none":
                project = projects.get(session.project_uid or "")
                needs[project] = needs.get(project, 0) + 1
            task_id, state = ids.get(session.task_uid or ""), state_of(session)
            if task_id is not None and state in ON_CARDS:
                mine = counts.setdefault(task_id, {})
                mine[state] = mine.get(state, 0) + 1
        self.state.needs = needs
        marks = {task_id: SessionMark(**mine) for task_id, mine in counts.items()}
        return self.state.set_marks(marks)

    def matches(self) -> set[int] | None:
        """Ids of the tasks that pass the search; None = all do."""
        if not self.search:
            return None
        return {
            task.id
            for task in self.tasks.values()
            if fits(self.search, f"{task.key} {task.title} {task.description}")
        }

    def _is_ours(self, record: Any) -> bool:
        return isinstance(record, dict) and record.get("computer") == self.computer

    def _take_projects(self, records: list[Record]) -> None:
        found = [(project_of(record), record) for record in records]
        self.state.projects = sorted(
            (project for project, _ in found if project is not None),
            key=lambda project: project.id,
        )
        self._columns = {
            project.id: columns_of(record, project.id)
            for project, record in found
            if project is not None
        }

    def _take_tasks(self, records: list[Record]) -> None:
        self._tasks = {}
        for task in map(task_of, records):
            if task is not None and not task.archived:
                self._tasks.setdefault(task.project_id, {})[task.id] = task

    def _count_children(self, cards: list[Card]) -> None:
        done = {task.key for task in self.tasks.values() if task.completed_at}
        for at, card in enumerate(cards):
            children = self.tasks[card.id].children
            if children:
                finished = sum(key in done for key in children)
                cards[at] = card._replace(
                    children=len(children), children_done=finished
                )


def card_of(task: Task) -> Card:
    """What the board draws of a task."""
    return Card(
        id=task.id,
        uid=task.uid,
        number=task.number,
        column_id=task.column.id,
        rank=f"{task.position:08}",
        title=task.title,
        type=task.type,
        priority=task.priority,
        label_ids=",".join(str(label.id) for label in task.labels),
        blocked=int(task.blocked),
        due=task.due,
        assignee=task.assignee,
        comments=task.comments,
        children=0,
        children_done=0,
        parent=None,
        has_description=int(bool(task.description)),
        version=task.version,
        completed_at=task.completed_at,
    )


def labels_of(tasks: Iterable[Task]) -> list[Label]:
    """The labels that any of the tasks wears."""
    found = {label.id: label for task in tasks for label in task.labels}
    return [Label(at.id, str(at.id), 0, at.name, at.color, 0) for at in found.values()]


def project_of(record: Record) -> Project | None:
    """A project out of the record of a frame; None when it is none."""
    if not _all(record, int, "id") or not _all(record, str, "uid", "key", "name"):
        return None
    return Project(
        record["id"],
        record["uid"],
        record["key"],
        record["name"],
        _text(record, "description"),
        False,
        _text(record, "created_at"),
        _text(record, "updated_at"),
        Counts(0, 0, 0),
    )


def columns_of(record: Record, project_id: int) -> list[Column]:
    """The columns of a project, left to right."""
    found: list[Column] = []
    for one in _list(record.get("columns")):
        if isinstance(one, dict) and _all(one, int, "id") and _all(one, str, "name"):
            limit, role = one.get("wip_limit"), one.get("role")
            found.append(
                Column(
                    one["id"],
                    _text(one, "uid"),
                    project_id,
                    one["name"],
                    role if role in ROLES else None,
                    limit if type(limit) is int and limit > 0 else None,
                    len(found) + 1,
                    0,
                )
            )
    return found


def task_of(record: Record) -> Task | None:
    """A task out of the record of a frame; None when it is none."""
    numbers = ("id", "number", "project_id", "position", "version")
    column = record.get("column")
    if (
        not _all(record, int, *numbers)
        or not _all(record, str, "uid", "key", "title")
        or not isinstance(column, dict)
        or not _all(column, int, "id")
    ):
        return None
    fields: Record = dict.fromkeys(Task._fields)
    for name in (*numbers, "uid", "key", "title"):
        fields[name] = record[name]
    fields["column"] = ColumnRef(column["id"], _text(column, "name"), None)
    for name in ("description", "created_at", "updated_at"):
        fields[name] = _text(record, name)
    for name in ("assignee", "parent", "completed_at"):
        fields[name] = _text(record, name) or None
    fields["due"] = _day(_text(record, "due"))
    kind, priority = record.get("type"), _text(record, "priority")
    fields["type"] = kind if kind in TYPES else TYPES[0]
    fields["priority"] = priority if priority in PRIORITIES else "medium"
    fields["labels"] = tuple(_labels(record.get("labels")))
    for name in ("blocked", "archived"):
        fields[name] = record.get(name) is True
    for name in ("blocked_by", "blocks", "children"):
        fields[name] = tuple(
            key for key in _list(record.get(name)) if isinstance(key, str)
        )
    count = record.get("comments")
    fields["comments"] = count if type(count) is int else 0
    fields["sessions"] = ()
    return Task(**fields)


def _labels(records: Any) -> Iterable[LabelRef]:
    for one in _list(records):
        if isinstance(one, dict) and _all(one, int, "id") and _all(one, str, "name"):
            yield LabelRef(one["id"], one["name"], _text(one, "color"))


def _day(text: str) -> str | None:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _all(record: Record, kind: type, *names: str) -> bool:
    return all(type(record.get(name)) is kind for name in names)


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""
