"""Another computer's board, made of what the daemon tells, as the board shows its own.

Records come from elsewhere: one that is not well formed is left out, and a number
that is a name over there is one here, too, within that computer.

Never: import textual, write, mix up the ids of two computers.
"""

from __future__ import annotations

from typing import Any

from paso.database.task_sessions import SessionMark
from paso.from_json import as_dict, as_list, columns_from, project_from, task_from
from paso.model import Card, Column, Label, Task
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
        records = [one for one in as_list(data) if self._is_ours(one)]
        if kind == "projects_initial":
            self._take_projects(records)
        else:
            sources = as_dict(event.get("sources"))
            self.source = as_dict(sources.get(self.computer))
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
        return as_dict(record).get("computer") == self.computer

    def _take_projects(self, records: list[Record]) -> None:
        found = [(project_from(record), record) for record in records]
        self.state.projects = sorted(
            (project for project, _ in found if project is not None),
            key=lambda project: project.id,
        )
        self._columns = {
            project.id: columns_from(record, project.id)
            for project, record in found
            if project is not None
        }

    def _take_tasks(self, records: list[Record]) -> None:
        self._tasks = {}
        for task in map(task_from, records):
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
