"""The change log: every change of every column, whoever writes, and its readers."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from paso.commands import comments, labels, relations, tasks
from paso.database import change_log
from paso.database.connection import Database
from paso.database.inverse import TABLES, UNLOGGED

ENTITY_OF = {table: entity for entity, table in TABLES.items()}

OTHER_VALUES: dict[str, Any] = {
    "session_start_moves": 1,
    "key": "OTHER",
    "project_id": 2,
    "column_id": 2,
    "label_id": 2,
    "task_id": 2,
    "to_id": 3,
    "from_id": 3,
    "role": None,
    "wip_limit": 7,
    "number": 77,
    "type": "bug",
    "priority": "low",
    "due": "2030-01-02",
    "kind": "parent",
    "color": "#000000",
}
"""A new value for each column where any text would not do."""


@pytest.fixture
def furnished(db: Database) -> Database:
    """A board with a row in each table; the ids of its rows are 1, tasks 1 to 3."""
    for title in ("a", "b", "c"):
        tasks.create_task(db, 1, title)
    comments.add_comment(db, 1, "hello")
    labels.attach_label(db, 1, 1)
    relations.link(db, 2, 1, "blocks")
    with db.write("second"):
        db.run("INSERT INTO projects (key, name) VALUES ('TWO', 'second')")
    return db


def columns_of(db: Database, table: str) -> list[str]:
    names = [row[1] for row in db.rows(f"PRAGMA table_info({table})")]
    return [name for name in names if name not in UNLOGGED]


def newest(db: Database) -> Any:
    return change_log.newest_changes(db.conn, 1)[0]


def stranger(path: str) -> sqlite3.Connection:
    """A connection like the sqlite3 shell's: without our pragmas, trusting nothing."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA trusted_schema=OFF")
    conn.execute("PRAGMA foreign_keys=OFF")
    return conn


def every_column() -> list[tuple[str, str]]:
    folder = Path(change_log.__file__).parent / "migrations"
    conn = sqlite3.connect(":memory:")
    for script in sorted(folder.glob("*.sql")):
        conn.executescript(script.read_text())
    found = [
        (table, row[1])
        for table in ENTITY_OF
        for row in conn.execute(f"PRAGMA table_info({table})")
        if row[1] not in UNLOGGED
    ]
    conn.close()
    return found


def test_every_table_of_the_board_is_logged(db: Database) -> None:
    own = {"batches", "change_fields", "change_log", "current_batch", "meta"}
    own |= {"migrations", "task_numbers", "sqlite_sequence"}
    own |= {"sessions", "session_log", "session_output"}  # these have their own log
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    assert {row[0] for row in db.rows(sql)} - own == set(ENTITY_OF)


@pytest.mark.parametrize(("table", "column"), every_column())
def test_every_column_is_logged_when_it_changes(
    furnished: Database, table: str, column: str
) -> None:
    db = furnished
    before = db.value(f"SELECT {column} FROM {table} WHERE id = 1")
    value = OTHER_VALUES.get(column, "other")
    with db.write("change"):
        db.run(f"UPDATE {table} SET {column} = ? WHERE id = 1", (value,))
    change = newest(db)
    assert (change.entity, change.op, change.entity_id) == (
        ENTITY_OF[table],
        "update",
        1,
    )
    assert change.fields == {column: {"old": before, "new": value}}


@pytest.mark.parametrize("table", ENTITY_OF)
def test_what_is_inserted_is_logged_with_all_its_values(
    furnished: Database, table: str
) -> None:
    db = furnished
    (change,) = (
        change
        for change in change_log.changes_since(db.conn, 0, 1000)
        if (change.entity, change.op, change.entity_id)
        == (ENTITY_OF[table], "insert", 1)
    )
    names = columns_of(db, table)
    row = db.row(f"SELECT {', '.join(names)} FROM {table} WHERE id = 1")
    values = dict(zip(names, row, strict=True))
    assert change.fields == {
        name: {"old": None, "new": value}
        for name, value in values.items()
        if value is not None
    }
    assert change.uid == db.value(f"SELECT uid FROM {table} WHERE id = 1")


@pytest.mark.parametrize("table", ENTITY_OF)
def test_what_is_deleted_is_logged_with_all_it_was(
    furnished: Database, table: str
) -> None:
    db = furnished
    cursor = db.run(f"SELECT * FROM {table} WHERE id = 1")
    names = [column[0] for column in cursor.description]
    row = dict(zip(names, cursor.fetchone(), strict=True))
    with db.write("delete"):
        db.run(f"DELETE FROM {table} WHERE id = 1")
    change = newest(db)
    assert (change.entity, change.op, change.uid) == (
        ENTITY_OF[table],
        "delete",
        row["uid"],
    )
    assert change.fields == {
        name: {"old": value, "new": None}
        for name, value in row.items()
        if name not in ("id", "uid") and value is not None
    }


def test_a_change_to_the_same_value_is_not_logged(furnished: Database) -> None:
    head = furnished.change_head()
    with furnished.write("same"):
        furnished.run("UPDATE tasks SET title = title, due = NULL")
    assert furnished.change_head() == head


def test_the_version_of_a_task_grows_with_each_change(furnished: Database) -> None:
    db = furnished
    before = db.value("SELECT version FROM tasks WHERE id = 1")
    with db.write("change"):
        db.run("UPDATE tasks SET title = 'x' WHERE id = 1")
        db.run("UPDATE tasks SET title = 'y' WHERE id = 1")
    assert db.value("SELECT version FROM tasks WHERE id = 1") == before + 2


# writers that know nothing of Paso


def test_a_stranger_is_logged_by_name_of_sqlite(furnished: Database, path: str) -> None:
    conn = stranger(path)
    conn.execute("UPDATE tasks SET title = 'shell' WHERE id = 2")
    conn.close()
    change = newest(furnished)
    assert (change.actor, change.entity, change.op) == ("sqlite", "task", "update")
    assert change.fields["title"]["new"] == "shell"
    (row,) = change_log.announced_rows(furnished.conn, change.id - 1, 10)
    assert row == (change.id, 1, "task", "update", 2, change.uid, "sqlite", None)


def test_a_stranger_inserts_rows_with_ids_of_their_own(
    furnished: Database, path: str
) -> None:
    conn = stranger(path)
    conn.execute(
        "INSERT INTO tasks (project_id, number, column_id, rank, title)"
        " VALUES (1, 40, 1, 'zz', 'shell')"
    )
    conn.close()
    uid, created_at = furnished.row("SELECT uid, created_at FROM tasks WHERE id = 4")
    assert (uid[14], uid[19] in "89ab", len(uid)) == ("7", True, 36)
    assert created_at.endswith("Z")
    assert tasks.create_task(furnished, 1, "next").number == 41


def test_a_stranger_deletes_a_project_with_all_its_parts(
    furnished: Database, path: str
) -> None:
    head = furnished.change_head()
    conn = stranger(path)
    conn.execute("DELETE FROM projects WHERE id = 1")
    conn.close()
    for table in set(ENTITY_OF) - {"projects"}:
        assert furnished.value(f"SELECT count(*) FROM {table}") == 0
    changes = change_log.changes_since(furnished.conn, head, 100)
    assert {change.op for change in changes} == {"delete"}
    assert {change.project_id for change in changes} == {1}
    assert changes[-1].entity == "project"


# readers


def test_changes_are_read_from_a_number_on_oldest_first(furnished: Database) -> None:
    head = furnished.change_head()
    found = change_log.changes_since(furnished.conn, 3, 4)
    assert [change.id for change in found] == [4, 5, 6, 7]
    assert change_log.changes_since(furnished.conn, head, 10) == []
    assert change_log.head(furnished.conn) == head


def test_changes_of_one_project_are_read_alone(furnished: Database) -> None:
    found = change_log.changes_since(furnished.conn, 0, 1000, project_id=2)
    assert {change.project_id for change in found} == {2}


def test_change_numbers_are_dense_over_failed_writes(furnished: Database) -> None:
    head = furnished.change_head()
    with pytest.raises(ZeroDivisionError), furnished.write("fails"):
        furnished.run("UPDATE tasks SET title = 'x'")
        raise ZeroDivisionError
    with furnished.write("works"):
        furnished.run("UPDATE tasks SET title = 'x' WHERE id = 1")
    assert furnished.change_head() == head + 1


def test_the_changes_of_a_task_are_those_of_its_parts_too(furnished: Database) -> None:
    found = change_log.newest_changes(furnished.conn, -1, task_id=1)
    assert [change.entity for change in found] == [
        "relation",
        "task_label",
        "comment",
        "task",
    ]
    assert [c.id for c in found] == sorted((c.id for c in found), reverse=True)


def test_announced_rows_name_the_writer(furnished: Database) -> None:
    rows = change_log.announced_rows(furnished.conn, 0, 5)
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert {row[6] for row in rows} == {"paso"}
    last = change_log.announced_rows(furnished.conn, 10, 1)[0]
    assert (last[6], last[7]) == ("python", os.getpid())
