"""`paso add`: make tasks.

Never: know what a valid title, priority or relation is.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import read_stdin, text_or_stdin
from paso.cli.views import keys, task_line
from paso.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Task

TASK_TYPES = "task|feature|bug"
PRIORITY_NAMES = "trivial|low|medium|high|critical"

FIELD_OPTIONS = (
    Option("-d --description", "the text; - reads it from stdin", "TEXT"),
    Option("-t --type", TASK_TYPES.replace("|", ", "), "TYPE", complete=TASK_TYPES),
    Option(
        "-p --priority",
        PRIORITY_NAMES.replace("|", ", "),
        "PRIORITY",
        complete=PRIORITY_NAMES,
    ),
    Option("--due", "a day: fri, +3d, eom, dec 1, 2026-12-01; none clears it", "WHEN"),
    Option("--assign", "who does it; me, or none to clear it", "WHO"),
)


def run(context: Context, found: Arguments) -> int:
    """Create the task, or a task for each line of stdin when TITLE is `-`."""
    fields = fields_of(context, found)
    titles = _titles(found)
    if titles is None:
        task = create(context, found.word("TITLE"), found, fields)
        context.out.show(task, [task.key], lambda: [task_line(context.out, task)])
        return 0
    with context.db.write(f"added {len(titles)} tasks"):
        tasks = [create(context, title, found, fields) for title in titles]
    context.out.show(
        tasks, keys(tasks), lambda: [task_line(context.out, task) for task in tasks]
    )
    return 0


def _titles(found: Arguments) -> list[str] | None:
    if found.word("TITLE") != "-":
        return None
    if found.text("description") == "-":
        raise UsageError("stdin is either the titles or the description")
    titles = [line.strip() for line in read_stdin().splitlines() if line.strip()]
    if not titles:
        raise UsageError("no title on stdin", hint="one title in each line")
    return titles


def create(
    context: Context, title: str, found: Arguments, fields: dict[str, Any]
) -> Task:
    """Create one task as the options say, with labels that may be new."""
    from paso.commands.columns import find_column
    from paso.commands.tasks import create_task, get_task

    db, project = context.db, context.project
    column, parent = found.text("column"), found.text("parent")
    with db.write():
        task = create_task(
            db,
            project.id,
            title,
            column_id=find_column(db, project.id, column).id if column else None,
            parent=context.task(parent).id if parent else None,
            blocked_by=[task.id for task in _tasks(context, found, "blocked-by")],
            blocks=[task.id for task in _tasks(context, found, "blocks")],
            at="top" if found.has("top") else "bottom",
            force=found.has("force"),
            **fields,
        )
        if found.has("label"):
            wear(context, task, found.words("label"))
            task = get_task(db, task.id)
    return task


def _tasks(context: Context, found: Arguments, name: str) -> list[Task]:
    refs = found.words(name)
    return context.tasks(refs) if refs else []


def fields_of(context: Context, found: Arguments) -> dict[str, Any]:
    """The values of the field options that were given, by the names of the model."""
    fields: dict[str, Any] = {}
    for name in ("type", "priority"):
        if found.has(name):
            fields[name] = found.word(name)
    if found.has("description"):
        fields["description"] = text_or_stdin(found.word("description"))
    if found.has("due"):
        fields["due"] = _due(found.word("due"))
    if found.has("assign"):
        fields["assignee"] = who(context, found.word("assign"))
    return fields


def _due(words: str) -> str | None:
    if words.lower() in ("", "none"):
        return None
    from datetime import date

    from paso.commands.dates import parse_due

    return parse_due(words, today=date.today())


def who(context: Context, word: str) -> str | None:
    """`me` is the configured actor, `none` nobody."""
    if word.lower() in ("", "none"):
        return None
    return context.config.actor if word.lower() == "me" else word


def wear(context: Context, task: Task, names: list[str]) -> None:
    """Attach labels; an unknown one is created, and said."""
    from paso.commands.labels import attach_label, ensure_label

    for name in names:
        label, created = ensure_label(context.db, task.project_id, name)
        attach_label(context.db, task.id, label.id)
        if created:
            context.out.warn(f"the label {label.name!r} is new")


OPTIONS = (
    *FIELD_OPTIONS,
    Option("-l --label", "wear this label; a new one is created", "LABEL", True,
           "label"),
    Option("-c --column", "the column; else the ready one", "COLUMN",
           complete="column"),
    Option("--parent", "the task it is a part of", "T", complete="task"),
    Option("--blocked-by", "the task that must be finished first", "T", True, "task"),
    Option("--blocks", "the task that waits for this one", "T", True, "task"),
    Option("--top", "first in its column"),
    Option("--force", "over the column's WIP limit too"),
)  # fmt: skip

ARGUMENTS = (Argument("TITLE", "what is to be done; - reads one title from each line"),)


def command(name: str) -> Command:
    """The command under one of its two names."""
    return Command(
        name,
        run,
        "Add a task to the current project.",
        ARGUMENTS,
        OPTIONS,
        (
            f'paso {name} "Fix the login" -t bug -p high -l auth --due fri',
            f'paso {name} "Write the tests" --parent WEB-12 --blocked-by WEB-3',
            f"git log -1 --format=%B | paso {name} 'Review it' -d -",
        ),
    )


COMMANDS = (command("add"),)
