"""Labels: make, find, rename, colour, delete; put on tasks and take off.

Never: know the command line or the board.
"""

from __future__ import annotations

from paso.commands.references import the_one
from paso.commands.values import color as checked_color
from paso.commands.values import line
from paso.database import labels, projects
from paso.database.repository import delete, found, insert, update
from paso.errors import InvalidValue, NameTaken
from paso.model import LABEL_COLORS, Label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database


def list_labels(db: Database, project_id: int) -> list[Label]:
    """Return the labels of a project, by name."""
    return labels.of_project(db, project_id)


def get_label(db: Database, label_id: int) -> Label:
    record: Label = found(labels.by_id(db, label_id), "label", label_id)
    return record


def find_label(db: Database, project_id: int, ref: str | int) -> Label:
    """Return the label of this name, id, or unique part of its name.

    Raises:
        NotFound: none; the candidates are all names.
        Ambiguous: several.
    """
    every = labels.of_project(db, project_id)
    text = str(ref).strip().casefold()
    ways = (
        [label for label in every if label.name.casefold() == text],
        [label for label in every if str(label.id) == text],
        [label for label in every if text and text in label.name.casefold()],
    )
    return the_one("label", ref, ways, every)


def ensure_label(db: Database, project_id: int, name: str) -> tuple[Label, bool]:
    """Return the label of exactly this name, and True when it had to be made."""
    name = line("label name", name)
    with db.write():
        known = _of_name(db, project_id, name)
        if known:
            return known, False
        return create_label(db, project_id, name), True


def _of_name(db: Database, project_id: int, name: str) -> Label | None:
    every = labels.of_project(db, project_id)
    same = (one for one in every if one.name.casefold() == name.casefold())
    return next(same, None)


def create_label(
    db: Database, project_id: int, name: str, color: str | None = None
) -> Label:
    """Make a label; without a colour it gets the one the project uses least.

    Raises:
        NameTaken: the project has one of that name, whatever its case.
    """
    name = line("label name", name)
    with db.write():
        found(projects.by_id(db, project_id), "project", project_id)
        _refuse_taken(db, project_id, name)
        shade = _free_color(db, project_id) if color is None else checked_color(color)
        label_id = insert(db, "labels", project_id=project_id, name=name, color=shade)
        db.describe(f"created label {name}")
    return get_label(db, label_id)


def _free_color(db: Database, project_id: int) -> str:
    used = [label.color for label in labels.of_project(db, project_id)]
    return min(LABEL_COLORS.values(), key=used.count)


def _refuse_taken(
    db: Database, project_id: int, name: str, but: int | None = None
) -> None:
    known = _of_name(db, project_id, name)
    if known and known.id != but:
        raise NameTaken(f"there is a label {known.name!r} already")


def edit_label(
    db: Database, label_id: int, *, name: str | None = None, color: str | None = None
) -> Label:
    """Change what is given.

    Raises:
        NameTaken: the project has another label of that name.
    """
    with db.write():
        label = get_label(db, label_id)
        values = {}
        if name is not None:
            values["name"] = line("label name", name)
            _refuse_taken(db, label.project_id, values["name"], but=label_id)
        if color is not None:
            values["color"] = checked_color(color)
        update(db, "labels", label_id, **values)
        db.describe(f"edited label {label.name}")
    return get_label(db, label_id)


def delete_label(db: Database, label_id: int) -> None:
    """Delete a label; it goes from all tasks that wear it."""
    with db.write():
        label = get_label(db, label_id)
        delete(db, "labels", label_id)
        db.describe(f"deleted label {label.name}")


def attach_label(db: Database, task_id: int, label_id: int) -> bool:
    """Put a label on a task; return False when it wore it already.

    Raises:
        InvalidValue: the label is of another project.
    """
    with db.write():
        label = get_label(db, label_id)
        project_id, key = _task(db, task_id)
        if project_id != label.project_id:
            raise InvalidValue(f"{label.name} is a label of another project than {key}")
        db.describe(f"labelled {key} {label.name}")
        return labels.attach(db, project_id, task_id, label_id)


def detach_label(db: Database, task_id: int, label_id: int) -> bool:
    """Take a label off a task; return False when it did not wear it."""
    with db.write():
        label, (_, key) = get_label(db, label_id), _task(db, task_id)
        db.describe(f"took the label {label.name} off {key}")
        return labels.detach(db, task_id, label_id)


def _task(db: Database, task_id: int) -> tuple[int, str]:
    row = db.row(
        "SELECT t.project_id, p.key || '-' || t.number"
        " FROM tasks t JOIN projects p ON p.id = t.project_id WHERE t.id = ?",
        (task_id,),
    )
    project_id, key = found(row, "task", task_id)
    return project_id, key
