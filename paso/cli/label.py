"""`paso label`: create, colour, attach, detach.

Never: know what a valid colour is.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command
from paso.cli.pieces import TASKS, YES
from paso.cli.pieces import answer as answer_tasks
from paso.cli.table import Head, table
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Label


def label_of(context: Context, ref: str) -> Label:
    from paso.commands.labels import find_label

    return find_label(context.db, context.project.id, ref)


def answer(context: Context, label: Label) -> int:
    """Print one label in a line."""
    context.out.show(label, [label.name], lambda: [_line(context.out, label)])
    return 0


def _line(out: Output, label: Label) -> str:
    about = out.palette.dim(f"({label.color}, {label.count} tasks)")
    return f"{out.palette.color(escape(label.name), label.color)}  {about}"


def run_create(context: Context, found: Arguments) -> int:
    """Make a label."""
    from paso.commands.labels import create_label

    name, color = found.word("NAME"), found.text("COLOR")
    made = create_label(context.db, context.project.id, name, color)
    return answer(context, made)


def run_list(context: Context, found: Arguments) -> int:
    """List the labels of the project."""
    from paso.commands.labels import list_labels

    labels = list_labels(context.db, context.project.id)
    context.out.show(
        labels, [label.name for label in labels], lambda: _table(context.out, labels)
    )
    if not labels:
        context.out.say("no labels; make one: paso label create NAME '#22C55E'")
    return 0


def _table(out: Output, labels: Sequence[Label]) -> list[str]:
    def paint(cell: str, row: int) -> str:
        return out.palette.color(cell, labels[row].color)

    heads = (
        Head("name", paint, least=12),
        Head("color"),
        Head("tasks", right=True),
    )
    rows = [(escape(one.name), one.color, str(one.count)) for one in labels]
    return table(out, heads, rows)


def editing(field: str, argument: str) -> Callable[[Context, Arguments], int]:
    """Make the handler of rename or color."""

    def run(context: Context, found: Arguments) -> int:
        from paso.commands.labels import edit_label

        label = label_of(context, found.word("LABEL"))
        value = found.word(argument)
        if field == "name":
            return answer(context, edit_label(context.db, label.id, name=value))
        return answer(context, edit_label(context.db, label.id, color=value))

    return run


def run_delete(context: Context, found: Arguments) -> int:
    """Delete a label and take it off its tasks."""
    from paso.commands.labels import delete_label

    label = label_of(context, found.word("LABEL"))
    context.confirm(
        f"Delete the label {_line(context.out, label)}?", yes=found.has("yes")
    )
    delete_label(context.db, label.id)
    context.out.show(
        label, [label.name], lambda: [f"deleted {_line(context.out, label)}"]
    )
    return 0


def run_attach(context: Context, found: Arguments) -> int:
    """Let tasks wear a label; an unknown one is created, and said."""
    from paso.cli.add import wear
    from paso.commands.tasks import get_task

    refs = found.words("T")
    tasks = context.tasks(refs)
    name = found.word("LABEL")
    summary = f"attached {name} to {', '.join(task.key for task in tasks)}"
    with context.db.write(summary):
        for task in tasks:
            wear(context, task, [name])
    return answer_tasks(context, refs, [get_task(context.db, t.id) for t in tasks])


def run_detach(context: Context, found: Arguments) -> int:
    """Take a label off tasks."""
    from paso.commands.labels import detach_label, find_label
    from paso.commands.tasks import get_task

    refs = found.words("T")
    tasks = context.tasks(refs)
    name = found.word("LABEL")
    summary = f"detached {name} from {', '.join(task.key for task in tasks)}"
    with context.db.write(summary):
        for task in tasks:
            label = find_label(context.db, task.project_id, name)
            detach_label(context.db, task.id, label.id)
    return answer_tasks(context, refs, [get_task(context.db, t.id) for t in tasks])


LABEL = Argument("LABEL", "its name", complete="label")

COMMANDS = (
    Command(
        "label create",
        run_create,
        "Create a label.",
        (Argument("NAME", "its name"), Argument("COLOR", "#RRGGBB", "?")),
        examples=("paso label create auth '#22C55E'",),
    ),
    Command("label list", run_list, "List the labels of the project."),
    Command(
        "label rename",
        editing("name", "NAME"),
        "Rename a label.",
        (LABEL, Argument("NAME", "the new name")),
    ),
    Command(
        "label color",
        editing("color", "COLOR"),
        "Give a label another colour.",
        (LABEL, Argument("COLOR", "#RRGGBB")),
    ),
    Command(
        "label attach",
        run_attach,
        "Let tasks wear a label; a new one is created.",
        (LABEL, TASKS),
        examples=("paso label attach auth WEB-12 WEB-13",),
    ),
    Command("label detach", run_detach, "Take a label off tasks.", (LABEL, TASKS)),
    Command(
        "label delete",
        run_delete,
        "Delete a label and take it off its tasks.",
        (LABEL,),
        (YES,),
    ),
)
