"""Moves: where a card goes, whether it may, and its time of completion.

Never: know the command line or the board.
"""

from __future__ import annotations

from paso.database import columns, tasks
from paso.database.repository import NOW, found, id_list, update
from paso.errors import Conflict, InvalidValue, NotFound, WipLimitReached
from paso.model import COMPLETED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paso.database.columns import Target
    from paso.database.connection import Database
    from paso.model import Column, Task


def get_task(db: Database, task_id: int) -> Task:
    record: Task = found(tasks.by_id(db, task_id), "task", task_id)
    return record


def move_task(
    db: Database,
    task_id: int,
    *,
    column_id: int | None = None,
    before: int | None = None,
    after: int | None = None,
    top: bool = False,
    bottom: bool = False,
    force: bool = False,
) -> Task:
    """Move a card to a column, a place in it, or both; it writes one row.

    Arguments:
        column_id: absent = the column of the neighbour, else its own.
        before, after: the neighbour it goes above or below.
        top, bottom: the end it goes to; bottom is what a new column means alone.
        force: go into a column that is full.
    Raises:
        WipLimitReached: the column is full.
        Conflict: the task is archived.
        InvalidValue: no target, or a neighbour that is not there.
    """
    with db.write():
        move_tasks(
            db,
            [task_id],
            column_id=column_id,
            before=before,
            after=after,
            top=top,
            bottom=bottom,
            force=force,
        )
    return get_task(db, task_id)


def move_tasks(
    db: Database,
    ids: Sequence[int],
    *,
    column_id: int | None = None,
    before: int | None = None,
    after: int | None = None,
    top: bool = False,
    bottom: bool = False,
    force: bool = False,
) -> list[Task]:
    """Move several cards as one step; they keep the order in which they are given.

    Takes and raises what `move_task` does; nothing moves when one may not.
    """
    anchor = before if before is not None else after
    if column_id is None and anchor is None and not (top or bottom):
        raise InvalidValue("say where to: a column, a neighbour, top or bottom")
    if anchor in ids:
        raise InvalidValue("a task cannot be placed beside itself")
    with db.write():
        chain = after
        for task_id in reversed(ids) if top and anchor is None else ids:
            place = _Place(column_id, before, chain, top, bottom)
            _move(db, task_id, place, force)
            chain = task_id if after is not None else None
    return tasks.by_ids(db, ids)


class _Place:
    __slots__ = ("after", "before", "bottom", "column_id", "top")

    def __init__(
        self,
        column_id: int | None,
        before: int | None,
        after: int | None,
        top: bool,
        bottom: bool,
    ) -> None:
        self.column_id = column_id
        self.before = before
        self.after = after
        self.top = top
        self.bottom = bottom


def _move(db: Database, task_id: int, place: _Place, force: bool) -> None:
    key, project_id, own_column = _standing(db, task_id)
    target = _target_column(db, project_id, own_column, place)
    if target.id != own_column:
        check_room(db, target, force)
    elif place.before is None and place.after is None and not place.top | place.bottom:
        return
    gap = _gap(db, target, task_id, place)
    if not tasks.is_in(db, gap, task_id):
        _put(db, task_id, gap, own_column, target)
    db.describe(f"moved {key} to {target.name}")


def _standing(db: Database, task_id: int) -> tuple[str, int, int]:
    row = db.row(
        "SELECT p.key || '-' || t.number, t.project_id, t.column_id, t.archived_at"
        " FROM tasks t JOIN projects p ON p.id = t.project_id WHERE t.id = ?",
        (task_id,),
    )
    key, project_id, column_id, archived_at = found(row, "task", task_id)
    if archived_at is not None:
        raise Conflict(f"{key} is archived", hint=f"paso task restore {key}")
    return key, project_id, column_id


def _target_column(
    db: Database, project_id: int, own_column: int, place: _Place
) -> Target:
    column_id = place.column_id
    anchor = place.before if place.before is not None else place.after
    if anchor is not None:
        _, _, beside = _standing(db, anchor)
        if column_id not in (None, beside):
            raise InvalidValue("the neighbour is in another column")
        column_id = beside
    chosen = get_target(db, own_column if column_id is None else column_id)
    if chosen.project_id != project_id:
        raise InvalidValue("a task stays in its project")
    return chosen


def get_target(db: Database, column_id: int) -> Target:
    record: Target = found(columns.target(db, column_id), "column", column_id)
    return record


def check_room(db: Database, column: Target, force: bool) -> None:
    """Raise `WipLimitReached` when one more card would go over the limit."""
    if column.wip_limit is None or force:
        return
    cards = columns.cards(db, column.id)
    if cards >= column.wip_limit:
        raise WipLimitReached(
            f"{column.name} holds {cards} of {column.wip_limit} cards",
            hint="finish one first, or use --force",
        )


def _gap(db: Database, target: Target, task_id: int, place: _Place) -> tasks.Gap:
    if place.before is not None:
        return tasks.gap_beside(db, target.id, place.before, task_id, above=True)
    if place.after is not None:
        return tasks.gap_beside(db, target.id, place.after, task_id, above=False)
    return tasks.gap_at_end(db, target.id, task_id, top=place.top)


def _put(
    db: Database, task_id: int, gap: tasks.Gap, own_column: int, target: Target
) -> None:
    values: dict[str, Any] = {"rank": tasks.rank_in(db, gap, task_id)}
    if target.id != own_column:
        values["column_id"] = target.id
        values["completed_at"] = completion(db, task_id, target.role)
    update(db, "tasks", task_id, **values)


def completion(db: Database, task_id: int | None, role: str | None) -> str | None:
    """Return the time of completion of a task in a column of this role."""
    if role != COMPLETED:
        return None
    sql = f"SELECT coalesce((SELECT completed_at FROM tasks WHERE id = ?), {NOW})"
    return str(db.value(sql, (task_id,)))


def neighbour_column(db: Database, task_id: int, step: int) -> Column:
    """Return the column left (-1) or right (+1) of a task's own.

    Raises:
        Conflict: there is none.
    """
    task = get_task(db, task_id)
    every = columns.of_project(db, task.project_id)
    own = next(i for i, c in enumerate(every) if c.id == task.column.id)
    if 0 <= own + step < len(every):
        return every[own + step]
    side = "first" if step < 0 else "last"
    raise Conflict(f"{task.key} is in the {side} column already")


def set_role_column(
    db: Database, task_id: int, role: str, *, force: bool = False
) -> Task:
    """Move a task to the column of this role; where it is already, nothing happens.

    Raises:
        NotFound: no column of the project has the role.
        WipLimitReached: the column is full.
    """
    project_id = get_task(db, task_id).project_id
    every = columns.of_project(db, project_id)
    target = next((column for column in every if column.role == role), None)
    if target is None:
        raise NotFound(
            f"no column has the role {role}",
            hint=f"paso column role NAME {role}",
            candidates=tuple(column.name for column in every),
        )
    return move_task(db, task_id, column_id=target.id, force=force)


def archive_task(
    db: Database, task_id: int, archived: bool = True, *, force: bool = False
) -> Task:
    """Put a task away, or bring it back to where it was.

    Raises:
        WipLimitReached: its column is full by now.
    """
    archive_tasks(db, [task_id], archived, force=force)
    return get_task(db, task_id)


def archive_tasks(
    db: Database, ids: Sequence[int], archived: bool = True, *, force: bool = False
) -> list[Task]:
    """Put several tasks away, or bring them back, as one step."""
    verb = "archived" if archived else "restored"
    with db.write():
        for task in _all_of(db, ids):
            if task.archived == archived:
                continue
            if not archived:
                check_room(db, get_target(db, task.column.id), force)
            at = db.value(f"SELECT {NOW}") if archived else None
            update(db, "tasks", task.id, archived_at=at)
            db.describe(f"{verb} {task.key}")
    return tasks.by_ids(db, ids)


def _all_of(db: Database, ids: Sequence[int]) -> list[Task]:
    records = tasks.select(
        db, "t.id IN (SELECT value FROM json_each(?))", (id_list(ids),)
    )
    gone = set(ids) - {task.id for task in records}
    if gone:
        raise NotFound(f"there is no task with the id {min(gone)}")
    return records
