"""`paso task show` and `paso task history`: all there is to know about a task.

Never: change anything.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.comment import comment_lines
from paso.cli.pieces import TASK
from paso.model import LIVE_PHASES, PRIORITIES, RUNNING, to_json
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Change, Relation, Session, Task, TaskDetails

RECENT = 8
"""Changes that `show` tells; `history` tells all."""

RELATION_WORDS = {
    "parent": "part of",
    "child": "has part",
    "blocked_by": "blocked by",
    "blocks": "blocks",
    "related": "related to",
}


def run_show(context: Context, found: Arguments) -> int:
    """Show tasks with their comments, relations and latest changes."""
    from paso.commands.tasks import task_details

    refs = found.words("T")
    details = [task_details(context.db, task.id) for task in context.tasks(refs)]
    single = len(refs) == 1 and refs[0] != "-" and len(details) == 1
    context.out.show(
        _merged(details[0]) if single else [_merged(one) for one in details],
        [one.task.key for one in details],
        lambda: "\n\n".join("\n".join(_lines(context, one)) for one in details).split(
            "\n"
        ),
    )
    return 0


def _merged(details: TaskDetails) -> dict[str, Any]:
    """The task's own keys, with the comments in full, relations and history."""
    whole: dict[str, Any] = to_json(details)
    task: dict[str, Any] = whole.pop("task")
    return task | whole


def _lines(context: Context, details: TaskDetails) -> Iterator[str]:
    from paso.cli.changes import change_lines

    out, task = context.out, details.task
    yield f"{out.palette.bold(task.key)}  {out.palette.bold(escape(task.title))}"
    yield from _facts(out, task)
    yield from _relations(out, details.relations)
    if task.description:
        yield ""
        yield from escape(task.description, lines=True).rstrip("\n").split("\n")
    if task.sessions:
        yield from _section(out, "Sessions", _sessions(context, task))
    if details.comments:
        yield from _section(out, "Comments", comment_lines(out, details.comments))
    recent = details.history[:RECENT]
    if recent:
        yield from _section(out, "History", change_lines(context, recent))


def _section(out: Output, title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield out.palette.dim(title)
    yield from lines


def _facts(out: Output, task: Task) -> Iterator[str]:
    from paso.cli.times import ago, due_in

    paint = out.palette
    labels = ", ".join(paint.color(escape(one.name), one.color) for one in task.labels)
    facts = (
        ("column", escape(task.column.name) + (" (archived)" if task.archived else "")),
        ("type", task.type),
        ("priority", paint.color(task.priority, PRIORITIES[task.priority])),
        ("labels", labels),
        ("due", f"{task.due} ({due_in(task.due)})" if task.due else ""),
        ("assignee", escape(task.assignee or "")),
        ("blocked", "yes, by an unfinished task" if task.blocked else ""),
        ("created", ago(task.created_at)),
        ("changed", f"{ago(task.updated_at)}, version {task.version}"),
        ("completed", ago(task.completed_at) if task.completed_at else ""),
        ("uid", task.uid),
    )
    for name, value in facts:
        if value:
            yield f"  {paint.dim(f'{name:9}')} {value}"


def _relations(out: Output, relations: tuple[Relation, ...]) -> Iterator[str]:
    for one in relations:
        word = RELATION_WORDS.get(one.kind, one.kind)
        done = " (done)" if one.done else ""
        yield f"  {out.palette.dim(f'{word:10}')} {one.key}  {escape(one.title)}{done}"


def _sessions(context: Context, task: Task) -> list[str]:
    from paso.cli.times import ago
    from paso.commands.sessions import list_sessions
    from paso.model import SHORT_ID

    paint = context.out.palette
    return [
        f"  {paint.bold(one.id[:SHORT_ID])}  {_state(one):12}"
        f" {escape(one.title)}  {paint.dim(ago(one.created_at))}"
        for one in list_sessions(context.db, task_id=task.id, limit=len(task.sessions))
    ]


def _state(session: Session) -> str:
    if session.phase not in LIVE_PHASES:
        code = session.exit_code
        return f"{session.phase} ({code})" if code else session.phase
    if session.attention != "none":
        return "needs you"
    return session.activity if session.phase == RUNNING else session.phase


def run_history(context: Context, found: Arguments) -> int:
    """Show every change of a task, newest first."""
    from paso.cli.changes import show_changes
    from paso.commands.undo import history

    task = context.task(found.word("T"))
    changes: list[Change] = history(context.db, task.id)
    limit = found.number("limit", least=1)
    return show_changes(context, changes[:limit])


SHOW = Command(
    "task show",
    run_show,
    "Show a task with its comments, relations and history.",
    (Argument("T", "tasks; - reads them from stdin", "+", complete="task"),),
    examples=("paso task show WEB-12", "paso task show 12 --json"),
)
HISTORY = Command(
    "task history",
    run_history,
    "Show every change of a task, newest first.",
    (TASK,),
    (Option("--limit", "the newest N only", "N"),),
)
