"""Inverts one row of the change log, where what it left is still there.

    insert    the row goes, if it is as it was made and nothing hangs on it
    update    the old values come back, if the new ones are still there
    delete    the row comes back, with its ids, if what it refers to is there

Never: choose what is undone; begin a transaction.
"""

from __future__ import annotations

from paso.database.relations import closes_cycle
from paso.database.repository import delete, insert, update
from paso.errors import Conflict, UndoConflict
from paso.model import RELATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Change

TABLES = {
    "project": "projects",
    "column": "columns",
    "label": "labels",
    "task": "tasks",
    "comment": "comments",
    "task_label": "task_labels",
    "relation": "relations",
}
"""Entity of the log to its table."""

UNLOGGED = ("id", "uid", "updated_at", "version")
"""Columns that change by themselves; a deletion keeps the last two."""

_HANG_ON = {
    "project": (
        ("tasks", "project_id"),
        ("columns", "project_id"),
        ("labels", "project_id"),
    ),
    "column": (("tasks", "column_id"),),
    "label": (("task_labels", "label_id"),),
    "task": (
        ("comments", "task_id"),
        ("task_labels", "task_id"),
        ("relations", "from_id"),
        ("relations", "to_id"),
    ),
}

_REFERS = {
    "project_id": "projects",
    "column_id": "columns",
    "task_id": "tasks",
    "label_id": "labels",
    "from_id": "tasks",
    "to_id": "tasks",
}


_ADDED_LATER = {"session_start_moves": 0}
"""Columns that an insertion in the log may be older than, and what they began with."""


def invert(db: Database, change: Change) -> None:
    """Undo one change, by a write of its own.

    Raises:
        UndoConflict: a later change is in the way; it names row and field.
    """
    act = {"insert": _remove, "update": _restore, "delete": _bring_back}[change.op]
    try:
        act(db, change)
    except UndoConflict:
        raise
    except Conflict as error:
        raise UndoConflict(f"{_name(db, change)}: {error.message}") from error


def _remove(db: Database, change: Change) -> None:
    row = _row(db, change)
    for name in row.keys() - set(UNLOGGED):
        _compare(db, change, row, name, _as_made(change, name))
    for table, column in _HANG_ON.get(change.entity, ()):
        sql = f"SELECT count(*) FROM {table} WHERE {column} = ?"
        count = db.value(sql, (change.entity_id,))
        if count:
            raise UndoConflict(
                f"{_name(db, change)} has {count} {table.replace('_', ' ')} by now"
            )
    delete(db, TABLES[change.entity], change.entity_id)


def _as_made(change: Change, name: str) -> Any:
    values = change.fields.get(name, {"new": _ADDED_LATER.get(name)})
    return values.get("new")


def _restore(db: Database, change: Change) -> None:
    row = _row(db, change)
    for name, values in change.fields.items():
        _compare(db, change, row, name, values["new"])
    old = {name: values["old"] for name, values in change.fields.items()}
    _check_references(db, change, old)
    update(db, TABLES[change.entity], change.entity_id, **old)


def _bring_back(db: Database, change: Change) -> None:
    values = {name: both["old"] for name, both in change.fields.items()}
    _check_references(db, change, values)
    if "version" in values:
        values["version"] = _last_version(db, change.entity_id) + 1
    if change.entity == "relation":
        _check_cycle(db, change, values)
    insert(db, TABLES[change.entity], id=change.entity_id, uid=change.uid, **values)


def _row(db: Database, change: Change) -> dict[str, Any]:
    table = TABLES[change.entity]
    cursor = db.run(f"SELECT * FROM {table} WHERE id = ?", (change.entity_id,))
    row = cursor.fetchone()
    if row is None:
        raise UndoConflict(f"{_name(db, change)} was deleted since")
    names = (column[0] for column in cursor.description)
    return dict(zip(names, row, strict=True))


def _compare(
    db: Database, change: Change, row: dict[str, Any], name: str, left: object
) -> None:
    if row[name] != left:
        raise UndoConflict(
            f"{_name(db, change)}: {name.removesuffix('_id')} was changed since",
            hint="undo it by hand, with the history in view",
        )


def _check_references(db: Database, change: Change, values: dict[str, Any]) -> None:
    for name in _REFERS.keys() & values.keys():
        sql = f"SELECT 1 FROM {_REFERS[name]} WHERE id = ?"
        if not db.row(sql, (values[name],)):
            what = name.removesuffix("_id")
            raise UndoConflict(f"{_name(db, change)}: its {what} was deleted since")


def _check_cycle(db: Database, change: Change, values: dict[str, Any]) -> None:
    kind = values["kind"]
    if kind != RELATED and closes_cycle(db, kind, values["from_id"], values["to_id"]):
        raise UndoConflict(f"{_name(db, change)} would close a cycle by now")


def _last_version(db: Database, task_id: int) -> int:
    # A version that was once given must never come again, or a writer that holds it
    # would overwrite what it has not seen.
    return int(
        db.value(
            "SELECT max(f.old) FROM change_log l JOIN change_fields f"
            " ON f.change = l.id AND f.name = 'version'"
            " WHERE l.entity = 'task' AND l.entity_id = ? AND l.op = 'delete'",
            (task_id,),
        )
    )


def _name(db: Database, change: Change) -> str:
    if change.entity == "task":
        return _task_key(db, change, change.entity_id)
    task_id = _value(change, "task_id")
    if task_id is not None:
        what = "a comment" if change.entity == "comment" else "a label"
        return f"{what} of {_task_key(db, change, task_id)}"
    if change.entity == "relation":
        one, other = _value(change, "from_id"), _value(change, "to_id")
        return (
            f"the relation of {_task_key(db, change, one)} and"
            f" {_task_key(db, change, other)}"
        )
    sql = f"SELECT name FROM {TABLES[change.entity]} WHERE id = ?"
    name = db.value(sql, (change.entity_id,)) or _value(change, "name")
    return f"the {change.entity} {name}"


def _value(change: Change, name: str) -> Any:
    both = change.fields.get(name, {})
    return both.get("new") if both.get("old") is None else both["old"]


def _task_key(db: Database, change: Change, task_id: object) -> str:
    key = db.value("SELECT key FROM projects WHERE id = ?", (change.project_id,))
    number = db.value("SELECT number FROM tasks WHERE id = ?", (task_id,))
    if number is None:
        number = db.value(
            "SELECT f.old FROM change_log l JOIN change_fields f"
            " ON f.change = l.id AND f.name = 'number' WHERE l.entity = 'task'"
            " AND l.entity_id = ? AND l.op = 'delete'",
            (task_id,),
        )
    return f"{key}-{number}"
