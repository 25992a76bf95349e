"""What all repositories share: insert, update and delete one row, lists of ids.

Never: begin a transaction, check a rule; both are the caller's.
"""

from __future__ import annotations

from paso.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from paso.database.connection import Database

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
"""SQL for this moment, RFC 3339 UTC, milliseconds."""


def insert(db: Database, table: str, **values: Any) -> int:
    """Insert a row and return its id."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    return int(db.run(sql, tuple(values.values())).lastrowid or 0)


def update(db: Database, table: str, row_id: int, **values: Any) -> None:
    """Set some fields of a row; a field that has the value already is not logged."""
    if values:
        names = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE {table} SET {names} WHERE id = ?"
        db.run(sql, (*values.values(), row_id))


def delete(db: Database, table: str, row_id: int) -> None:
    db.run(f"DELETE FROM {table} WHERE id = ?", (row_id,))


def found(record: Any, what: str, row_id: int | str) -> Any:
    """Return the record, or raise `NotFound` when there is none."""
    if record is None:
        raise NotFound(f"there is no {what} with the id {row_id}")
    return record


def id_list(ids: Iterable[int]) -> str:
    """Return ids as the JSON list that `json_each(?)` takes: one bound parameter."""
    return "[" + ",".join(map(str, ids)) + "]"
