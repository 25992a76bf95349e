"""`paso log`: what changed, when, by whom.

Never: change anything.
"""

from __future__ import annotations

from paso.cli.arguments import Command, Option, is_number
from paso.cli.changes import Names, change_line, show_changes
from paso.cli.output import flush, write
from paso.cli.times import moment
from paso.model import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Change

LIMIT = 30
"""Changes without --since and --limit."""
PAGE = 500


def run(context: Context, found: Arguments) -> int:
    """Print the newest changes, or those since a number or a moment."""
    from paso.commands.undo import log

    since = _since(found.text("since"))
    limit = found.number("limit", least=1) or (LIMIT if since is None else None)
    project = context.chosen_project
    ref = found.text("task")
    task_id = context.task(ref).id if ref else None
    project_id = project.id if project else None
    head = context.db.change_head()
    changes = log(
        context.db, since=since, project_id=project_id, task_id=task_id, limit=limit
    )
    if not found.has("follow"):
        return show_changes(context, changes)
    _print(context, changes)
    return _follow(context, head, project_id, task_id)


def _since(text: str | None) -> int | str | None:
    if text is None:
        return None
    return int(text) if is_number(text) else moment(text)


def _print(context: Context, changes: list[Change]) -> None:
    names = Names(context)
    for change in changes:
        if context.out.json:
            context.out.raw_json(to_json(change))
        elif context.out.quiet:
            write(f"{change.id}\n")
        else:
            write(change_line(context, names, change) + "\n")
    flush()


def _follow(
    context: Context, seen: int, project_id: int | None, task_id: int | None
) -> int:
    """Print changes as they come, as lines, until somebody ends it."""
    from paso.cli.following import follow
    from paso.commands.undo import log

    def show_new(seen: int) -> int:
        head = context.db.change_head()
        changes = log(
            context.db, since=seen, project_id=project_id, task_id=task_id, limit=None
        )
        _print(context, [change for change in changes if change.id <= head])
        return max(head, seen)

    last = seen

    def on_notice(_: object) -> None:
        nonlocal last
        last = show_new(last)

    follow(context, on_notice, topics=["db"], project_id=project_id or 0, last=seen)
    return 0


COMMANDS = (
    Command(
        "log",
        run,
        "What changed, when, by whom, newest last.",
        options=(
            Option("--since", "a change number, 2h, yesterday, 2026-12-01", "N|WHEN"),
            Option("--task", "of this task", "T", complete="task"),
            Option("--limit", "at most so many", "N"),
            Option("-f --follow", "go on as changes come; JSON lines with --json"),
        ),
        examples=(
            "paso log --since 2h",
            "paso log --task WEB-12 --json",
            "paso log --follow",
        ),
    ),
)
