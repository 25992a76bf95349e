"""A project as a whole: its tree of tasks, its figures.

Never: write, know how it is drawn.
"""

from __future__ import annotations

from paso.commands.projects import get_project
from paso.commands.tasks import list_tasks
from paso.model import COMPLETED
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.model import Counts, Task


class Node(NamedTuple):
    """A task and the tasks it is the parent of."""

    task: Task
    children: tuple[Node, ...]


class Statistics(NamedTuple):
    """Figures of the tasks of a project that are not archived."""

    counts: Counts
    blocked: int
    overdue: int
    """Open ones whose day has gone by."""
    columns: dict[str, int]
    types: dict[str, int]
    priorities: dict[str, int]
    assignees: dict[str, int]
    """Open tasks by who has them; the empty name is nobody."""
    completed_by_day: dict[str, int]
    """`YYYY-MM-DD` (UTC) to the tasks completed then, ascending."""


def project_tree(db: Database, project_id: int) -> tuple[Node, ...]:
    """Return the tasks of a project that have no parent, with all below them."""
    tasks = list_tasks(db, project_id)
    by_key = {task.key: task for task in tasks}
    left = dict(by_key)

    def grow(task: Task) -> Node:
        # Each task is taken once: another program may have written a circle.
        below = [left.pop(key) for key in task.children if key in left]
        return Node(task, tuple(grow(child) for child in below))

    roots = [task for task in tasks if task.parent not in by_key]
    for task in roots:
        del left[task.key]
    tree = [grow(task) for task in roots]
    while left:
        tree.append(grow(left.pop(next(iter(left)))))
    return tuple(tree)


def statistics(db: Database, project_id: int, today: str) -> Statistics:
    """Return the figures of a project.

    Arguments:
        today: the user's day, `YYYY-MM-DD`.
    """
    tasks = list_tasks(db, project_id)
    opened = [task for task in tasks if task.column.role != COMPLETED]
    days = (task.completed_at[:10] for task in tasks if task.completed_at)
    return Statistics(
        counts=get_project(db, project_id).counts,
        blocked=sum(task.blocked for task in opened),
        overdue=sum(bool(task.due and task.due < today) for task in opened),
        columns=_tally(task.column.name for task in tasks),
        types=_tally(task.type for task in opened),
        priorities=_tally(task.priority for task in opened),
        assignees=_tally(task.assignee or "" for task in opened),
        completed_by_day=dict(sorted(_tally(days).items())),
    )


def _tally(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts
