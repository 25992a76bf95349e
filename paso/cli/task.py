"""`paso task`: the table of its verbs, and those that change or list tasks.

Showing is in task_show.py, editing in task_edit.py, comments in comment.py.

Never: hold a rule about moving, blocking or claiming.
"""

from __future__ import annotations

from paso.cli import add, comment, listing, task_edit, task_link, task_show
from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import expand_refs
from paso.cli.pieces import FORCE, TASK, TASKS, YES, answer
from paso.cli.views import keys, task_line
from paso.errors import Ambiguous, NotFound, UsageError
from paso.model import COMPLETED, IN_PROGRESS, READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Column, Task

STEPS = {"next": +1, "prev": -1}
PLACES = ("top", "bottom", "before", "after")


def run_move(context: Context, found: Arguments) -> int:
    """Move tasks to a column, or to a place in their own."""
    refs, target = _split_target(context, found)
    tasks = context.tasks(refs)
    column = _target_column(context, tasks[0], target) if target else None
    where = _place(context, found)
    if column is None and target is None and not where:
        raise UsageError(
            "where to? name a column, next, prev, or a place such as --top",
            hint="paso task move T… next|prev|COLUMN",
        )
    moved = _move_all(context, tasks, target, column, where, found.has("force"))
    return answer(context, refs, moved)


def _split_target(context: Context, found: Arguments) -> tuple[list[str], str | None]:
    """The last word is the target, unless a place is given and it names a task."""
    words = found.words("T")
    if len(words) == 1:
        return words, None
    placed = any(found.has(name) for name in PLACES)
    if placed and (words[-1].isdigit() or not _is_target(context, words)):
        return words, None
    return words[:-1], words[-1]


def _is_target(context: Context, words: Sequence[str]) -> bool:
    from paso.commands.columns import find_column

    if words[-1] in STEPS:
        return True
    project_id = context.tasks(words[:1])[0].project_id if words[0] != "-" else None
    try:
        find_column(context.db, project_id or context.project.id, words[-1])
    except Ambiguous:
        return True
    except NotFound:
        return False
    return True


def _target_column(context: Context, task: Task, target: str) -> Column | None:
    """The column of that name; None when the word is a step."""
    from paso.commands.columns import find_column

    if target in STEPS:
        return None
    return find_column(context.db, task.project_id, target)


def _place(context: Context, found: Arguments) -> dict[str, Any]:
    given = [name for name in PLACES if found.has(name)]
    if len(given) > 1:
        raise UsageError(
            "a card has one place: " + " or ".join(f"--{n}" for n in given)
        )
    place: dict[str, Any] = {}
    for name in given:
        place[name] = (
            context.task(found.word(name)).id if name in ("before", "after") else True
        )
    return place


def _move_all(
    context: Context,
    tasks: Sequence[Task],
    target: str | None,
    column: Column | None,
    where: dict[str, Any],
    force: bool,
) -> list[Task]:
    """Move as one step: a step moves each task on from the column that it is in."""
    from paso.commands.tasks import move_tasks, neighbour_column

    db, ids = context.db, [task.id for task in tasks]
    if column is not None or target is None:
        column_id = column.id if column else None
        with db.write(_summary("moved", tasks)):
            return move_tasks(db, ids, column_id=column_id, force=force, **where)
    with db.write(_summary("moved", tasks)):
        steps = {one: neighbour_column(db, one, STEPS[target]).id for one in ids}
        for column_id in dict.fromkeys(steps.values()):
            group = [one for one in ids if steps[one] == column_id]
            move_tasks(db, group, column_id=column_id, force=force, **where)
    return [get_task_again(context, one) for one in ids]


def get_task_again(context: Context, task_id: int) -> Task:
    from paso.commands.tasks import get_task

    return get_task(context.db, task_id)


def _summary(verb: str, tasks: Sequence[Task]) -> str:
    """Words for a write of several tasks; a single one names itself."""
    return "" if len(tasks) == 1 else f"{verb} {len(tasks)} tasks"


def to_role(role: str, verb: str) -> Callable[[Context, Arguments], int]:
    """Make the handler of a verb that moves tasks to the column of a role."""

    def run(context: Context, found: Arguments) -> int:
        from paso.commands.tasks import set_role_column

        refs = found.words("T")
        tasks = context.tasks(refs)
        with context.db.write(_summary(verb, tasks)):
            moved = [
                set_role_column(context.db, task.id, role, force=found.has("force"))
                for task in tasks
            ]
        return answer(context, refs, moved)

    return run


def run_ready(context: Context, found: Arguments) -> int:
    """Without a task: list what can be started. With: move to the ready column."""
    if found.has("T"):
        return to_role(READY, "moved back")(context, found)
    tasks = listing.select(context, "is:ready")
    return listing.show_tasks(context, tasks, "nothing is ready to be started")


def run_blocked(context: Context, found: Arguments) -> int:
    """List what waits for an unfinished blocker."""
    tasks = listing.select(context, "is:blocked")
    return listing.show_tasks(context, tasks, "nothing is blocked")


def run_archive(archived: bool) -> Callable[[Context, Arguments], int]:
    """Make the handler of archive or restore."""

    def run(context: Context, found: Arguments) -> int:
        from paso.commands.tasks import archive_tasks

        refs = found.words("T")
        tasks = context.tasks(refs)
        ids, force = [task.id for task in tasks], found.has("force")
        with context.db.write(_summary("archived" if archived else "restored", tasks)):
            changed = archive_tasks(context.db, ids, archived, force=force)
        return answer(context, refs, changed)

    return run


def run_delete(context: Context, found: Arguments) -> int:
    """Delete tasks for good; undo brings them back."""
    from paso.commands.tasks import delete_tasks

    refs = expand_refs(found.words("T"))
    tasks = context.tasks(refs)
    named = keys(tasks)
    what = task_line(context.out, tasks[0]) if len(tasks) == 1 else ", ".join(named)
    context.confirm(f"Delete {what}?", yes=found.has("yes"))
    with context.db.write(_summary("deleted", tasks)):
        delete_tasks(context.db, [task.id for task in tasks])
    context.out.show(tasks, named, lambda: [f"deleted {key}" for key in named])
    context.out.say("paso undo brings it back")
    return 0


def run_claim(context: Context, found: Arguments) -> int:
    """Take a task if nobody has it."""
    from paso.commands.tasks import claim_task

    task = context.task(found.word("T"))
    name = add.who(context, found.text("as") or "me")
    claimed = claim_task(context.db, task.id, name or context.config.actor)
    return answer(context, [found.word("T")], [claimed])


MOVE = Command(
    "task move",
    run_move,
    "Move tasks to a column, one column on, or to a place in their own column.",
    (
        Argument("T", "tasks; - reads them from stdin", "+", "task+target"),
        Argument("TARGET", "next, prev or a column", "?", "task+target"),
    ),
    (
        Option("--top", "first in the column"),
        Option("--bottom", "last in the column; the rule without a place"),
        Option("--before", "before this task", "T", complete="task"),
        Option("--after", "after this task", "T", complete="task"),
        FORCE,
    ),
    (
        "paso task move WEB-12 next",
        "paso task move WEB-3 WEB-4 Done --top",
        "paso task move WEB-12 --before WEB-7",
    ),
)

COMMANDS = (
    add.command("task create"),
    listing.list_command("task list"),
    task_show.SHOW,
    task_edit.EDIT,
    MOVE,
    Command(
        "task start",
        to_role(IN_PROGRESS, "started"),
        "Move tasks to the column of those in progress.",
        (TASKS,),
        (FORCE,),
    ),
    Command(
        "task done",
        to_role(COMPLETED, "finished"),
        "Move tasks to the column of the completed ones.",
        (TASKS,),
        (FORCE,),
        (
            "paso task done WEB-12 WEB-14",
            "paso list col:Review --quiet | paso task done -",
        ),
    ),  # fmt: skip
    Command(
        "task ready",
        run_ready,
        "List the tasks that can be started; with tasks, move them to the ready"
        " column.",
        (Argument("T", "tasks; - reads them from stdin", "*", "task"),),
        (FORCE,),
        ("paso task ready --json", "paso task ready WEB-12"),
    ),
    Command("task blocked", run_blocked, "List what waits for an unfinished blocker."),
    Command(
        "task claim",
        run_claim,
        "Take a task if nobody has it; exit 4 if somebody has.",
        (TASK,),
        (Option("--as", "who takes it; else you", "WHO"),),
        ("paso task claim WEB-12 --as agent-7",),
    ),
    task_link.LINK,
    task_link.UNLINK,
    comment.COMMENT,
    task_show.HISTORY,
    Command(
        "task archive",
        run_archive(True),
        "Take tasks off the board and keep them.",
        (TASKS,),
    ),
    Command(
        "task restore",
        run_archive(False),
        "Bring archived tasks back.",
        (TASKS,),
        (FORCE,),
    ),
    Command(
        "task delete",
        run_delete,
        "Delete tasks; paso undo brings them back.",
        (TASKS,),
        (YES,),
        ("paso task delete WEB-12 --yes",),
    ),
)
