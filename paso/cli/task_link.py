"""`paso task link` and `unlink`: relations between tasks.

Never: know which relations make a cycle.
"""

from __future__ import annotations

from paso.cli.arguments import Command, Option
from paso.cli.pieces import TASK
from paso.cli.views import keys, task_line
from paso.errors import UsageError
from paso.model import BLOCKS, PARENT, RELATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Task

KINDS = {
    "blocks": (BLOCKS, False),
    "blocked-by": (BLOCKS, True),
    "child": (PARENT, False),
    "parent": (PARENT, True),
    "related": (RELATED, False),
}
"""Option to the kind of relation, and whether it runs from the other task to T."""


def handler(name: str) -> Callable[[Context, Arguments], int]:
    """Make the handler of `link` or `unlink`."""

    def run(context: Context, found: Arguments) -> int:
        task = context.task(found.word("T"))
        pairs = _pairs(context, task, found)
        changed = _apply(context, name, pairs)
        return _answer(context, task, changed, name)

    return run


def _pairs(
    context: Context, task: Task, found: Arguments
) -> list[tuple[str, Task, Task]]:
    pairs = []
    for option, (kind, reverse) in KINDS.items():
        for ref in found.words(option):
            other = context.task(ref)
            ends = (other, task) if reverse else (task, other)
            pairs.append((kind, *ends))
    if not pairs:
        raise UsageError(
            "how are they related? " + ", ".join(f"--{name} U" for name in KINDS)
        )
    return pairs


def _apply(
    context: Context, name: str, pairs: list[tuple[str, Task, Task]]
) -> list[bool]:
    from paso.commands import relations

    act = relations.link if name == "link" else relations.unlink
    summary = "" if len(pairs) == 1 else f"{name}ed {len(pairs)} pairs of tasks"
    with context.db.write(summary):
        return [act(context.db, one.id, two.id, kind) for kind, one, two in pairs]


def _answer(context: Context, task: Task, changed: list[bool], name: str) -> int:
    from paso.commands.tasks import get_task

    now = get_task(context.db, task.id)
    context.out.show(now, keys([now]), lambda: [task_line(context.out, now)])
    if not any(changed):
        state = "already linked" if name == "link" else "not linked"
        context.out.say(f"they were {state} so; nothing changed")
    return 0


OPTIONS = tuple(
    Option(f"--{name}", text, "U", many=True, complete="task")
    for name, text in (
        ("blocks", "T must be finished before U"),
        ("blocked-by", "U must be finished before T"),
        ("child", "U is a part of T"),
        ("parent", "T is a part of U"),
        ("related", "T and U have to do with each other"),
    )
)

LINK = Command(
    "task link",
    handler("link"),
    "Relate a task to others of its project.",
    (TASK,),
    OPTIONS,
    ("paso task link WEB-3 --blocks WEB-12", "paso task link WEB-3 --child WEB-4"),
)
UNLINK = Command(
    "task unlink",
    handler("unlink"),
    "Take a relation away; the options are those of link.",
    (TASK,),
    OPTIONS,
)
