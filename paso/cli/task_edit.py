"""`paso task edit`: by options, or as a text in the user's editor.

Never: lose what was typed; a text that cannot be saved stays in a file.
"""

from __future__ import annotations

from paso.cli import add
from paso.cli.arguments import Command, Option
from paso.cli.pieces import TASK, answer
from paso.errors import ChangedMeanwhile, InvalidValue, PasoError, UsageError
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Task


def run(context: Context, found: Arguments) -> int:
    """Change the fields that were named; without any, open the editor."""
    ref = found.word("T")
    task = context.task(ref)
    changes = _changes(context, found)
    if not changes and not found.has("label") and not found.has("unlabel"):
        return _edit_in_editor(context, ref, task, found)
    changed = _save(context, task, changes, found)
    return answer(context, [ref], [changed])


def _changes(context: Context, found: Arguments) -> dict[str, Any]:
    changes = add.fields_of(context, found)
    if found.has("title"):
        changes["title"] = found.word("title")
    return changes


def _save(
    context: Context, task: Task, changes: dict[str, Any], found: Arguments
) -> Task:
    from paso.commands.tasks import edit_task, get_task

    with context.db.write(f"edited {task.key}"):
        edit_task(
            context.db,
            task.id,
            changes,
            if_version=found.number("if-version", least=1),
        )
        add.wear(context, task, found.words("label"))
        _take_off(context, task, found.words("unlabel"))
        return get_task(context.db, task.id)


def _take_off(context: Context, task: Task, names: list[str]) -> None:
    from paso.commands.labels import detach_label, find_label

    for name in names:
        label = find_label(context.db, task.project_id, name)
        detach_label(context.db, task.id, label.id)


class Form(NamedTuple):
    """What the editor is given: the title, an empty line, the description."""

    title: str
    description: str

    @property
    def text(self) -> str:
        body = f"\n{self.description}\n" if self.description else ""
        return f"{self.title}\n{body}"


def read_form(text: str) -> Form:
    """The first line is the title, the rest after empty lines the description.

    Raises:
        InvalidValue: there is no title.
    """
    title, _, body = text.lstrip("\n").partition("\n")
    if not title.strip():
        raise InvalidValue("the first line is the title, and it is empty")
    return Form(title.strip(), body.strip("\n"))


def _edit_in_editor(context: Context, ref: str, task: Task, found: Arguments) -> int:
    from paso.cli.editor import Draft

    if context.out.json:
        raise UsageError("nothing to change", hint="paso task edit T --title TEXT")
    form = Form(task.title, task.description)
    draft = Draft.write(form.text, prefix=f"{task.key}-")
    try:
        changed = _save_draft(context, task, form, draft, found)
    except PasoError as error:
        raise _with_draft(error, draft) from error
    draft.remove()
    if changed is None:
        context.out.say("nothing changed")
        changed = task
    return answer(context, [ref], [changed])


def _save_draft(
    context: Context, task: Task, form: Form, draft: Any, found: Arguments
) -> Task | None:
    """Open the editor and save what became of the form; None when nothing did."""
    from paso.commands.tasks import edit_task

    context.close()
    text = draft.edit(context.config.editor)
    if text == form.text:
        return None
    edited = read_form(text)
    base = form._asdict()
    changes = {n: v for n, v in edited._asdict().items() if v != base[n]}
    if not changes:
        return None
    return edit_task(
        context.db,
        task.id,
        changes,
        base={name: base[name] for name in changes},
        if_version=found.number("if-version", least=1),
    )


def _with_draft(error: PasoError, draft: Any) -> PasoError:
    """Name the file that holds the text, unless nothing was typed into it."""
    if draft.is_untouched():
        draft.remove()
        return error
    hint = f"your text is in {draft.path}"
    error.hint = f"{error.hint}; {hint}" if error.hint else hint
    if isinstance(error, ChangedMeanwhile):
        error.hint = f"somebody else changed it meanwhile; {hint}"
    return error


EDIT = Command(
    "task edit",
    run,
    "Change a task; without options, as a text in $VISUAL or $EDITOR.",
    (TASK,),
    (
        Option("--title", "the new title", "TEXT"),
        *add.FIELD_OPTIONS,
        Option("-l --label", "wear this label; a new one is created", "LABEL", True,
               "label"),
        Option("--unlabel", "take this label off", "LABEL", True, "label"),
        Option("--if-version", "only if the task is at this version; else exit 4",
               "N"),
    ),
    (
        "paso task edit WEB-12",
        "paso task edit WEB-12 -p high --due fri --assign me",
        "paso task edit WEB-12 --title 'Fix it' --if-version 3",
    ),
)  # fmt: skip
