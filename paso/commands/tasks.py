"""Tasks: create, read, edit, claim, delete; with the names of moves and references.

Never: know the command line or the board.
"""

from __future__ import annotations

import time

from paso.commands import values
from paso.commands.cards import affected_cards, board_cards, changed_cards
from paso.commands.moves import (
    archive_task,
    archive_tasks,
    check_room,
    completion,
    get_target,
    get_task,
    move_task,
    move_tasks,
    neighbour_column,
    set_role_column,
)
from paso.commands.references import find_task
from paso.commands.relations import link
from paso.database import (
    change_log,
    columns,
    comments,
    labels,
    projects,
    relations,
    tasks,
)
from paso.database.repository import delete, found, insert, update
from paso.errors import AlreadyClaimed, ChangedMeanwhile, InvalidValue, NotFound
from paso.model import BLOCKS, PARENT, PRIORITIES, READY, TITLE_MAX, TYPES, TaskDetails

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from paso.commands.filters import Filter
    from paso.database.columns import Target
    from paso.database.connection import Database
    from paso.model import Task

__all__ = [
    "affected_cards",
    "archive_task",
    "archive_tasks",
    "board_cards",
    "changed_cards",
    "claim_task",
    "create_task",
    "delete_task",
    "delete_tasks",
    "edit_task",
    "find_task",
    "get_task",
    "list_tasks",
    "move_task",
    "move_tasks",
    "neighbour_column",
    "set_role_column",
    "task_details",
]

FIELDS: dict[str, Callable[[object], object]] = {
    "title": lambda value: values.line("title", value, TITLE_MAX),
    "description": lambda value: values.prose("description", value),
    "type": lambda value: values.one_of("type", value, TYPES),
    "priority": lambda value: values.one_of("priority", value, PRIORITIES),
    "due": values.day,
    "assignee": values.person,
}
"""The fields `edit_task` changes, each with what it may hold."""


def list_tasks(
    db: Database,
    project_id: int | None,
    *,
    filter: Filter | None = None,
    archived: bool | None = False,
) -> list[Task]:
    """Return tasks in the order of the board.

    Arguments:
        project_id: None = of all projects.
        archived: False = those at work, True = those archived, None = both; a filter
            that names them itself decides.
    """
    if filter is not None:
        where, params = filter.sql(project_id, db.actor, time.strftime("%Y-%m-%d"))
        if filter.names_archived:
            archived = None
    elif project_id is not None:
        where, params = "t.project_id = ?", [project_id]
    else:
        where, params = "p.archived_at IS NULL", []
    if archived is not None:
        where = f"({where}) AND t.archived_at IS {'NOT ' if archived else ''}NULL"
    return tasks.select(db, where, params)


def task_details(db: Database, task_id: int) -> TaskDetails:
    """Return a task with its comments, relations and history."""
    with db.read() as conn:
        return TaskDetails(
            get_task(db, task_id),
            tuple(comments.of_task(db, task_id)),
            relations.of_task(db, task_id),
            tuple(change_log.newest_changes(conn, -1, task_id=task_id)),
        )


def create_task(
    db: Database,
    project_id: int,
    title: str,
    *,
    description: str = "",
    type: str = "task",
    priority: str = "medium",
    labels: Sequence[int] = (),
    column_id: int | None = None,
    parent: int | None = None,
    blocked_by: Sequence[int] = (),
    blocks: Sequence[int] = (),
    due: str | None = None,
    assignee: str | None = None,
    at: str | int = "bottom",
    force: bool = False,
) -> Task:
    """Make a task, with its labels and relations, as one step.

    Arguments:
        column_id: absent = the ready column, else the first.
        parent, blocked_by, blocks: ids of tasks of the same project.
        at: `bottom`, `top`, or the id of the card it goes below.
        force: go into a column that is full.
    Raises:
        WipLimitReached: the column is full.
        CycleRefused: the relations would close a cycle.
        InvalidValue: a value is outside what the field allows.
    """
    given = {
        "title": title,
        "description": description,
        "type": type,
        "priority": priority,
        "due": due,
        "assignee": assignee,
    }
    fields = {name: check(given[name]) for name, check in FIELDS.items()}
    with db.write():
        key = found(projects.key_of(db, project_id), "project", project_id)
        column = _column_for(db, project_id, column_id)
        check_room(db, column, force)
        number = tasks.next_number(db, project_id)
        db.describe(f"created {key}-{number}")
        task_id = insert(
            db,
            "tasks",
            project_id=project_id,
            number=number,
            column_id=column.id,
            rank=_rank_for(db, column.id, at),
            completed_at=completion(db, None, column.role),
            **fields,
        )
        _wear(db, task_id, project_id, labels)
        _relate(db, task_id, parent, blocked_by, blocks)
    return get_task(db, task_id)


def _column_for(db: Database, project_id: int, column_id: int | None) -> Target:
    if column_id is not None:
        column = get_target(db, column_id)
        if column.project_id != project_id:
            raise InvalidValue(f"{column.name} is a column of another project")
        return column
    first = columns.first_target(db, project_id, READY)
    if first is None:
        raise NotFound("the project has no column", hint="paso column create NAME")
    return first


def _rank_for(db: Database, column_id: int, at: str | int) -> str:
    if at in ("top", "bottom"):
        gap = tasks.gap_at_end(db, column_id, None, top=at == "top")
    elif isinstance(at, int):
        if get_task(db, at).column.id != column_id:
            raise InvalidValue("the neighbour is in another column")
        gap = tasks.gap_beside(db, column_id, at, None, above=False)
    else:
        raise InvalidValue(f"{at!r} is no place", hint="top, bottom, or a task")
    return tasks.rank_in(db, gap, None)


def _wear(db: Database, task_id: int, project_id: int, wanted: Sequence[int]) -> None:
    known = {label.id for label in labels.of_project(db, project_id)}
    for label_id in wanted:
        if label_id not in known:
            raise NotFound(f"the project has no label with the id {label_id}")
        labels.attach(db, project_id, task_id, label_id)


def _relate(
    db: Database,
    task_id: int,
    parent: int | None,
    blocked_by: Sequence[int],
    blocks: Sequence[int],
) -> None:
    if parent is not None:
        link(db, parent, task_id, PARENT)
    for blocker in blocked_by:
        link(db, blocker, task_id, BLOCKS)
    for blocked in blocks:
        link(db, task_id, blocked, BLOCKS)


def edit_task(
    db: Database,
    task_id: int,
    changes: dict[str, object],
    *,
    base: dict[str, object] | None = None,
    if_version: int | None = None,
) -> Task:
    """Change the fields named in `changes`, and no other.

    Arguments:
        changes: names of `FIELDS` to new values, or `labels` to all label ids.
        base: the values the user started from. A field that another writer changed
            meanwhile, to something else than what is wanted now, is a conflict.
        if_version: change nothing unless the task has this version.
    Raises:
        ChangedMeanwhile: says yours and theirs of each field in conflict.
        InvalidValue: a value is outside what the field allows, or no such field.
    """
    wanted = {name: _checked(name, value) for name, value in changes.items()}
    with db.write():
        task = get_task(db, task_id)
        _check_version(task, wanted, if_version)
        _check_base(task, wanted, base or {})
        fields = {name: wanted[name] for name in wanted if name in FIELDS}
        update(db, "tasks", task_id, **fields)
        if "labels" in wanted:
            _relabel(db, task, wanted["labels"])
        db.describe(f"edited {task.key}: {', '.join(wanted)}")
    return get_task(db, task_id)


def _checked(name: str, value: object) -> Any:
    if name in FIELDS:
        return FIELDS[name](value)
    if name == "labels" and isinstance(value, (tuple, list, set, frozenset)):
        return tuple(sorted(value))
    raise InvalidValue(
        f"a task has no field {name!r} to edit",
        candidates=(*FIELDS, "labels"),
    )


def _value_of(task: Task, name: str) -> Any:
    if name == "labels":
        return tuple(sorted(label.id for label in task.labels))
    return getattr(task, name)


def _check_version(task: Task, wanted: dict[str, Any], if_version: int | None) -> None:
    if if_version is None or if_version == task.version:
        return
    raise ChangedMeanwhile(
        f"{task.key} has version {task.version} by now, not {if_version}",
        fields={name: (wanted[name], _value_of(task, name)) for name in wanted},
        version=task.version,
    )


def _check_base(task: Task, wanted: dict[str, Any], base: dict[str, object]) -> None:
    fields = {}
    for name in wanted.keys() & base.keys():
        started = _checked(name, base[name])
        now = _value_of(task, name)
        if now not in (started, wanted[name]):
            fields[name] = (wanted[name], now)
    if fields:
        raise ChangedMeanwhile(
            f"{task.key} was changed meanwhile: {', '.join(sorted(fields))}",
            fields=fields,
            version=task.version,
        )


def _relabel(db: Database, task: Task, wanted: Sequence[int]) -> None:
    for label in task.labels:
        if label.id not in wanted:
            labels.detach(db, task.id, label.id)
    _wear(db, task.id, task.project_id, wanted)


def claim_task(db: Database, task_id: int, who: str) -> Task:
    """Give a task to `who` if nobody has it.

    Two terminals of one user are two workers under one name: who has it already is
    refused too, else both would start on it.

    Raises:
        AlreadyClaimed: somebody has it.
    """
    who = values.line("assignee", who)
    with db.write():
        task = get_task(db, task_id)
        if task.assignee is not None:
            raise AlreadyClaimed(
                f"{task.key} is taken by {task.assignee}",
                hint="you, or another worker of your name"
                if task.assignee == who
                else None,
            )
        update(db, "tasks", task_id, assignee=who)
        db.describe(f"claimed {task.key} for {who}")
    return get_task(db, task_id)


def delete_task(db: Database, task_id: int) -> None:
    """Delete a task with its comments and relations; undo brings all of it back."""
    delete_tasks(db, [task_id])


def delete_tasks(db: Database, ids: Sequence[int]) -> None:
    """Delete several tasks as one step; nothing when one of them is gone."""
    with db.write():
        for task_id in ids:
            key = get_task(db, task_id).key
            delete(db, "tasks", task_id)
            db.describe(f"deleted {key}")
