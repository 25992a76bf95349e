"""The tasks of a project under their parents.

Never: decide what a parent is.
"""

from __future__ import annotations

import sys

from paso.text import cell_width, cut, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.commands.board import Node
    from paso.model import Project, Task

DEPTH = 10_000
"""Calls within calls; tasks below tasks, and JSON of them, take three for each."""


def show_tree(context: Context, project: Project) -> int:
    """Print the project's tree."""
    from paso.commands.board import project_tree

    sys.setrecursionlimit(DEPTH)
    roots = project_tree(context.db, project.id)
    context.out.show(
        {"project": project, "tasks": [_nested(node) for node in roots]},
        _keys(roots),
        lambda: _lines(context.out, project, roots),
    )
    if not roots:
        context.out.say('no tasks yet; add one: paso add "What is to be done"')
    return 0


def _nested(node: Node) -> dict[str, Any]:
    """The task's own fields, its children as whole tasks under `tasks`."""
    from paso.model import to_json

    fields: dict[str, Any] = to_json(node.task)
    fields["tasks"] = [_nested(child) for child in node.children]
    return fields


def _keys(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.task.key
        yield from _keys(node.children)


def _lines(out: Output, project: Project, roots: Sequence[Node]) -> Iterator[str]:
    yield f"{out.palette.bold(project.key)}  {escape(project.name)}"
    stack = _branches(roots, "")
    while stack:
        node, lead, last = stack.pop()
        yield _line(out, node.task, f"{lead}{'└─ ' if last else '├─ '}")
        stack += _branches(node.children, lead + ("   " if last else "│  "))


def _branches(nodes: Sequence[Node], lead: str) -> list[tuple[Node, str, bool]]:
    """Nodes with what stands before them and whether they are the last, reversed."""
    last = len(nodes) - 1
    return [(node, lead, at == last) for at, node in enumerate(nodes)][::-1]


def _line(out: Output, task: Task, start: str) -> str:
    mark = "✓ " if task.completed_at else ""
    blocked = ", blocked" if task.blocked else ""
    place = f"({escape(task.column.name)}{blocked})"
    room = max(out.width - len(start) - cell_width(place) - 2, 12)
    text = cut(f"{task.key}  {mark}{escape(task.title)}", room)
    return f"{start}{text}  {out.palette.dim(place)}"
