"""Columns: make, find, rename, move, give a role or a limit, delete.

A project has at most one column of each role; giving a role takes it from the column
that has it. Tasks in the completed column have a time of completion.

Never: know the command line or the board.
"""

from __future__ import annotations

from paso.commands.references import the_one
from paso.commands.values import column_name, limit, one_of
from paso.database import columns, projects, tasks
from paso.database.repository import NOW, delete, found, insert, update
from paso.errors import Conflict, InvalidValue, NameTaken, NotEmpty
from paso.model import COMPLETED, ROLES, Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database


def list_columns(db: Database, project_id: int) -> list[Column]:
    """Return the columns of a project, left to right."""
    return columns.of_project(db, project_id)


def get_column(db: Database, column_id: int) -> Column:
    record: Column = found(columns.by_id(db, column_id), "column", column_id)
    return record


def find_column(db: Database, project_id: int, ref: str | int) -> Column:
    """Return the column of this name, id, role, or unique part of its name.

    Raises:
        NotFound: none; the candidates are all names.
        Ambiguous: several.
    """
    every = columns.of_project(db, project_id)
    text = str(ref).strip().casefold()
    ways = (
        [c for c in every if c.name.casefold() == text],
        [c for c in every if str(c.id) == text],
        [c for c in every if c.role == text],
        [c for c in every if text and text in c.name.casefold()],
    )
    return the_one("column", ref, ways, every)


def create_column(
    db: Database,
    project_id: int,
    name: str,
    *,
    role: str | None = None,
    wip_limit: int | None = None,
    after: int | None = None,
) -> Column:
    """Make a column, at the right end unless `after` names its left neighbour.

    Raises:
        NameTaken: the project has a column of that name, whatever its case.
    """
    name = column_name(name)
    with db.write():
        found(projects.by_id(db, project_id), "project", project_id)
        _refuse_taken(db, project_id, name)
        place = _place(db, project_id, after=after)
        column_id = insert(
            db,
            "columns",
            project_id=project_id,
            name=name,
            rank=columns.rank_at(db, project_id, place),
            wip_limit=limit(wip_limit),
        )
        db.describe(f"created column {name}")
        set_role(db, column_id, role)
    return get_column(db, column_id)


def _refuse_taken(
    db: Database, project_id: int, name: str, but: int | None = None
) -> None:
    for column in columns.of_project(db, project_id):
        if column.id != but and column.name.casefold() == name.casefold():
            raise NameTaken(f"there is a column {column.name!r} already")


def rename_column(db: Database, column_id: int, name: str) -> Column:
    """Raises `NameTaken` when the project has a column of that name."""
    name = column_name(name)
    with db.write():
        column = get_column(db, column_id)
        _refuse_taken(db, column.project_id, name, but=column_id)
        update(db, "columns", column_id, name=name)
        db.describe(f"renamed column {column.name} to {name}")
    return get_column(db, column_id)


def move_column(
    db: Database,
    column_id: int,
    *,
    before: int | None = None,
    after: int | None = None,
) -> Column:
    """Move a column beside another one; with neither, to the right end."""
    with db.write():
        column = get_column(db, column_id)
        place = _place(db, column.project_id, column_id, before, after)
        if place != column.position - 1:
            rank = columns.rank_at(db, column.project_id, place, column_id)
            update(db, "columns", column_id, rank=rank)
        db.describe(f"moved column {column.name}")
    return get_column(db, column_id)


def _place(
    db: Database,
    project_id: int,
    moved: int | None = None,
    before: int | None = None,
    after: int | None = None,
) -> int:
    others = [c.id for c in columns.of_project(db, project_id) if c.id != moved]
    anchor = before if before is not None else after
    if anchor is None:
        return len(others)
    if anchor not in others:
        raise InvalidValue(f"the column {anchor} is not another one of this project")
    return others.index(anchor) + (before is None)


def set_role(db: Database, column_id: int, role: str | None) -> Column:
    """Give a column a role, taking it from the one that has it; None = no role."""
    role = None if role is None else one_of("role", role, ROLES)
    with db.write():
        column = get_column(db, column_id)
        for other in columns.of_project(db, column.project_id):
            if role and other.role == role and other.id != column_id:
                _change_role(db, other, None)
        _change_role(db, column, role)
        db.describe(
            f"made {column.name} the {role} column"
            if role
            else f"took the role from {column.name}"
        )
    return get_column(db, column_id)


def _change_role(db: Database, column: Column, role: str | None) -> None:
    if column.role == role:
        return
    update(db, "columns", column.id, role=role)
    follow_role(db, column.id, role)


def follow_role(db: Database, column_id: int, role: str | None) -> None:
    """Give the tasks of a column a time of completion, or take it away."""
    if role == COMPLETED:
        sql = f"UPDATE tasks SET completed_at = {NOW} WHERE column_id = ? AND"
        db.run(f"{sql} completed_at IS NULL", (column_id,))
    else:
        sql = "UPDATE tasks SET completed_at = NULL WHERE column_id = ? AND"
        db.run(f"{sql} completed_at IS NOT NULL", (column_id,))


def set_wip(db: Database, column_id: int, wip_limit: int | None) -> Column:
    """Limit the cards of a column; None and 0 = no limit."""
    wip_limit = limit(wip_limit)
    with db.write():
        column = get_column(db, column_id)
        update(db, "columns", column_id, wip_limit=wip_limit)
        db.describe(f"limited {column.name} to {wip_limit or 'any number'}")
    return get_column(db, column_id)


def delete_column(db: Database, column_id: int, *, move_to: int | None = None) -> None:
    """Delete a column; its tasks go under those of `move_to`, whatever its limit.

    Raises:
        NotEmpty: it holds tasks, archived ones too, and `move_to` is absent.
        Conflict: it is the last one of its project.
        InvalidValue: `move_to` is itself, or of another project.
    """
    with db.write():
        column = get_column(db, column_id)
        if len(columns.of_project(db, column.project_id)) == 1:
            raise Conflict("a project keeps at least one column")
        if columns.held(db, column_id):
            _empty(db, column, move_to)
        delete(db, "columns", column_id)
        db.describe(f"deleted column {column.name}")


def _empty(db: Database, column: Column, move_to: int | None) -> None:
    if move_to is None:
        raise NotEmpty(
            f"{column.name} holds {columns.held(db, column.id)} tasks, archived ones"
            " counted",
            hint="name the column they go to with --move-to",
        )
    target = get_column(db, move_to)
    if target.id == column.id or target.project_id != column.project_id:
        raise InvalidValue("the tasks must go to another column of this project")
    ids = db.rows(
        "SELECT id FROM tasks WHERE column_id = ? ORDER BY rank, uid", (column.id,)
    )
    ranks = tasks.ranks_below(db, target.id, len(ids))
    for (task_id,), rank in zip(ids, ranks, strict=True):
        update(db, "tasks", task_id, column_id=target.id, rank=rank)
    follow_role(db, target.id, target.role)
