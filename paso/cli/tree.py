"""The tasks of a project under their parents.

Never: decide what a parent is.
"""

from __future__ import annotations

from paso.text import cut, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Project, Task


def show_tree(context: Context, project: Project) -> int:
    """Print the project's tree."""
    from paso.commands.tasks import list_tasks

    tasks = list_tasks(context.db, project.id)
    roots, below = _families(tasks)
    context.out.show(
        {"project": project, "tasks": [_nested(task, below) for task in roots]},
        [task.key for task in tasks],
        lambda: _lines(context.out, project, roots, below),
    )
    if not tasks:
        context.out.say('no tasks yet; add one: paso add "What is to be done"')
    return 0


def _families(
    tasks: Sequence[Task],
) -> tuple[list[Task], dict[str, list[Task]]]:
    """Those without a parent on the board, and the children of each key."""
    keys = {task.key for task in tasks}
    roots: list[Task] = []
    below: dict[str, list[Task]] = {}
    for task in tasks:
        if task.parent in keys:
            below.setdefault(str(task.parent), []).append(task)
        else:
            roots.append(task)
    return roots, below


def _nested(task: Task, below: dict[str, list[Task]]) -> dict[str, Any]:
    """The task's own fields, its children as whole tasks under `tasks`."""
    from paso.model import to_json

    fields: dict[str, Any] = to_json(task)
    fields["tasks"] = [_nested(child, below) for child in below.get(task.key, ())]
    return fields


def _lines(
    out: Output,
    project: Project,
    roots: Sequence[Task],
    below: dict[str, list[Task]],
) -> Iterator[str]:
    yield f"{out.palette.bold(project.key)}  {escape(project.name)}"
    stack = [(task, "", at == len(roots) - 1) for at, task in enumerate(roots)]
    stack.reverse()
    while stack:
        task, lead, last = stack.pop()
        mark = "✓ " if task.completed_at else ""
        blocked = ", blocked" if task.blocked else ""
        text = f"{task.key}  {mark}{escape(task.title)}"
        place = f"({escape(task.column.name)}{blocked})"
        start = f"{lead}{'└─ ' if last else '├─ '}"
        room = max(out.width - len(start) - len(place) - 2, 12)
        yield f"{start}{cut(text, room)}  {out.palette.dim(place)}"
        children = below.get(task.key, [])
        inner = lead + ("   " if last else "│  ")
        stack += reversed(
            [(c, inner, at == len(children) - 1) for at, c in enumerate(children)]
        )
