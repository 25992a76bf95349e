"""How tasks look on the command line: the table and the confirmation of a change.

Never: read the board or print.
"""

from __future__ import annotations

from paso.cli.table import Head, table
from paso.model import PRIORITIES
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paso.cli.output import Output
    from paso.model import Task


def task_table(out: Output, tasks: Sequence[Task]) -> list[str]:
    """A line for each task; columns that say nothing are left out."""
    paint = out.palette

    def priority(cell: str, row: int) -> str:
        return paint.color(cell, PRIORITIES.get(tasks[row].priority, "#EAB308"))

    def labels(cell: str, row: int) -> str:
        found = tasks[row].labels
        return paint.color(cell, found[0].color) if found else cell

    heads = (
        Head("key", lambda cell, _: paint.bold(cell)),
        Head("title", least=12),
        Head("column", least=8, spare=4),
        Head("priority", priority, spare=3),
        Head("type", spare=6),
        Head("labels", labels, least=8, spare=7),
        Head("due", spare=2),
        Head("assignee", least=8, spare=5),
        Head("marks", lambda cell, _: paint.color(cell, "#EF4444"), spare=1),
    )
    return table(out, heads, [_cells(task) for task in tasks])


def _cells(task: Task) -> tuple[str, ...]:
    title, column = task.title, task.column.name
    return (
        task.key,
        title if title.isprintable() else escape(title),
        column if column.isprintable() else escape(column),
        task.priority,
        "" if task.type == "task" else task.type,
        ", ".join([escape(one.name) for one in task.labels]) if task.labels else "",
        task.due or "",
        escape(task.assignee) if task.assignee else "",
        _marks(task) if task.blocked or task.archived else "",
    )


def _marks(task: Task) -> str:
    words = []
    if task.blocked:
        words.append("blocked")
    if task.archived:
        words.append("archived")
    return ", ".join(words)


def task_line(out: Output, task: Task) -> str:
    """The task in a line: what a command that changed it answers."""
    place = "archived" if task.archived else escape(task.column.name)
    return (
        f"{out.palette.bold(task.key)}  {escape(task.title)}"
        f"  {out.palette.dim(f'({place})')}"
    )


def keys(tasks: Iterable[Task]) -> list[str]:
    return [task.key for task in tasks]
