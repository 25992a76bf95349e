"""paso/database/connection.py: writes are whole, announced once, or not at all."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable

import pytest

from paso.database import sqlite_file
from paso.database.connection import Database, open_database
from paso.database.repository import delete, insert, update
from paso.errors import (
    Conflict,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
)
from paso.events.types import Commit
from tests.paso.database.processes import run_all, start


def add(db: Database, title: str = "one") -> int:
    number = db.value("SELECT coalesce(max(number), 0) + 1 FROM tasks")
    return insert(
        db, "tasks", project_id=1, number=number, column_id=1, rank="a0", title=title
    )


def titles(db: Database) -> list[str]:
    return [row[0] for row in db.rows("SELECT title FROM tasks ORDER BY id")]


def peek(path: str, sql: str) -> list[tuple[object, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def batches(db: Database) -> list[tuple[object, ...]]:
    sql = "SELECT actor, client, pid, kind, summary FROM batches WHERE id > 1"
    return db.rows(sql)


# reading


def test_a_block_of_reading_sees_one_state(db: Database, path: str) -> None:
    with db.read():
        before = titles(db)
        other = open_database(path, actor="bob")
        with other.write("meanwhile"):
            add(other)
        other.close()
        assert titles(db) == before
    assert titles(db) == ["one"]


def test_blocks_of_reading_may_be_nested(db: Database) -> None:
    with db.read(), db.read():
        assert titles(db) == []
    assert not db.conn.in_transaction


def test_the_data_version_changes_by_the_commit_of_another_only(
    db: Database, path: str
) -> None:
    before = db.data_version()
    with db.write("own"):
        add(db)
    assert db.data_version() == before
    other = open_database(path, actor="bob")
    with other.write("other"):
        add(other)
    other.close()
    assert db.data_version() != before


def test_the_change_head_is_the_number_of_the_newest_change(db: Database) -> None:
    before = db.change_head()
    with db.write("add"):
        add(db)
    assert db.change_head() == before + 1


# writing


def test_a_write_is_announced_after_its_commit(path: str) -> None:
    seen: list[tuple[Commit, list[tuple[object, ...]]]] = []

    def look(commit: Commit) -> None:
        seen.append((commit, peek(path, "SELECT title FROM tasks")))

    db = open_database(path, actor="ann", client="test", on_commit=look)
    with db.write("add one"):
        task_id = add(db)
        assert not seen
    ((commit, stored),) = seen
    assert stored == [("one",)]
    assert db.last_commit == commit
    assert (commit.first, commit.last, commit.project_id) == (11, 11, 1)
    assert [(e.entity, e.op, e.id) for e in commit.entities] == [
        ("task", "insert", task_id)
    ]
    assert batches(db) == [("ann", "test", os.getpid(), "write", "add one")]
    db.close()


def test_a_write_that_failed_is_rolled_back_and_not_announced(
    db: Database, heard: list[Commit]
) -> None:
    with pytest.raises(ZeroDivisionError), db.write("add"):
        add(db)
        raise ZeroDivisionError
    assert (titles(db), heard, batches(db), db.last_commit) == ([], [], [], None)


def test_a_commit_that_failed_is_not_announced(
    db: Database, heard: list[Commit]
) -> None:
    with pytest.raises(Conflict, match="FOREIGN KEY"), db.write("orphan"):
        db.run("PRAGMA defer_foreign_keys=ON")
        insert(db, "labels", project_id=99, name="orphan")
    assert (heard, batches(db), db.conn.in_transaction) == ([], [], False)
    with db.write("next"):
        add(db)
    assert len(heard) == 1


def test_a_failed_announcement_is_logged_and_the_write_stands(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(commit: Commit) -> None:
        raise OSError("no daemon")

    db = open_database(path, actor="ann", on_commit=fail)
    with caplog.at_level(logging.WARNING), db.write("add"):
        add(db)
    assert titles(db) == ["one"]
    assert "no daemon" in caplog.text
    db.close()


def test_a_write_that_changed_nothing_leaves_no_trace(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("add"):
        task_id = add(db)
    heard.clear()
    head, steps = db.change_head(), batches(db)
    with db.write("nothing"):
        pass
    with db.write("the same"):
        update(db, "tasks", task_id, title="one")
    assert (heard, db.change_head(), batches(db)) == ([], head, steps)


def test_notes_are_kept_without_a_step_or_an_announcement(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("note"):
        db.run("INSERT INTO meta VALUES ('a', 'b')")
    assert db.value("SELECT value FROM meta WHERE name = 'a'") == "b"
    assert (heard, batches(db)) == ([], [])


def test_a_write_inside_a_write_is_part_of_its_step(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("outer"):
        add(db, "a")
        with db.write("inner"):
            add(db, "b")
    assert len(heard) == 1 and len(heard[0].entities) == 2
    assert [row[4] for row in batches(db)] == ["outer"]


def test_the_summary_of_an_inner_write_names_an_outer_one_without_name(
    db: Database,
) -> None:
    with db.write():
        add(db)
        with db.write("inner"):
            db.describe("too late")
    assert [row[4] for row in batches(db)] == ["inner"]


def test_a_failure_inside_an_inner_write_undoes_that_part_alone(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("outer"):
        add(db, "kept")
        with pytest.raises(ZeroDivisionError), db.write("inner"):
            add(db, "lost")
            raise ZeroDivisionError
    assert titles(db) == ["kept"]
    assert len(heard[0].entities) == 1


def test_cleaning_up_never_hides_the_first_error(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write("outer"), db.write("inner"):
        db.conn.execute("ROLLBACK")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), db.write("outer"):
        db.conn.execute("ROLLBACK")
        raise ZeroDivisionError


def test_a_transaction_that_was_lost_is_told(db: Database) -> None:
    with pytest.raises(StoreError, match="transaction was lost"), db.write("lost"):
        add(db)
        db.conn.execute("ROLLBACK")
    assert titles(db) == []


def test_a_write_over_several_projects_is_announced_for_all(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("two"):
        insert(db, "projects", key="AB", name="second")
        add(db)
    assert heard[0].project_id == 0


def test_a_deletion_is_announced_with_the_project_it_belonged_to(
    db: Database, heard: list[Commit]
) -> None:
    with db.write("add"):
        insert(db, "projects", key="AB", name="second")
    heard.clear()
    with db.write("delete"):
        delete(db, "projects", 2)
    assert heard[0].project_id == 2
    assert [(e.entity, e.op, e.id) for e in heard[0].entities] == [
        ("project", "delete", 2)
    ]


def test_the_current_batch_is_null_between_writes(db: Database, path: str) -> None:
    with db.write("add"):
        add(db)
        assert db.value("SELECT batch FROM current_batch") is not None
    assert peek(path, "SELECT batch FROM current_batch") == [(None,)]


# faults


def test_a_foreign_lock_is_waited_for_and_then_told(path: str) -> None:
    open_database(path).close()
    db = Database(path, wait_s=0.3)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreBusy) as caught, db.write("add"):
        add(db)
    assert 0.3 <= time.monotonic() - began < 5
    assert caught.value.hint
    assert titles(db) == []
    foreign.execute("ROLLBACK")
    foreign.close()
    with db.write("add"):
        add(db)
    db.close()


def test_a_write_goes_on_as_soon_as_the_lock_is_released(path: str) -> None:
    open_database(path).close()
    holder = start(
        "import sqlite3, sys, time\n"
        "conn = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "conn.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "time.sleep(0.3)\n"
        "conn.execute('COMMIT')\n",
        path,
    )
    assert holder.stdout and holder.stdout.readline() == "held\n"
    db = open_database(path)
    with db.write("add"):
        add(db)
    assert titles(db) == ["one"]
    db.close()
    holder.communicate(timeout=10)


def test_a_full_disk_is_told_and_nothing_is_half_written(
    db: Database, heard: list[Commit]
) -> None:
    pages = db.value("PRAGMA page_count")
    db.value(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreFull), db.write("much"):
        add(db)
        for _ in range(100):
            insert(db, "comments", project_id=1, task_id=1, body="x" * 4000)
    assert (titles(db), heard) == ([], [])
    db.value(f"PRAGMA max_page_count={pages * 10}")
    with db.write("little"):
        add(db)
    assert titles(db) == ["one"]


def test_a_database_that_cannot_be_written_is_told(db: Database) -> None:
    db.run("PRAGMA query_only=ON")
    with pytest.raises(StoreReadOnly), db.write("add"):
        add(db)
    db.run("PRAGMA query_only=OFF")
    assert titles(db) == []


def test_a_damaged_page_is_told(path: str) -> None:
    db = open_database(path)
    with db.write("many"):
        for _ in range(200):
            add(db, "x" * 200)
    page = db.value("SELECT rootpage FROM sqlite_schema WHERE name = 'tasks'")
    db.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    db = Database(path)
    with pytest.raises(StoreDamaged, match="damaged"):
        titles(db)
    with pytest.raises(StoreDamaged), db.write("add"):
        add(db)
    db.close()


@pytest.mark.parametrize(
    ("values", "word"),
    [({"title": ""}, "CHECK"), ({"column_id": 99}, "FOREIGN"), ({"number": 1}, "UNIQ")],
)
def test_what_the_schema_refuses_is_a_conflict(
    db: Database, values: dict[str, object], word: str
) -> None:
    with db.write("add"):
        add(db)
    row = {"project_id": 1, "number": 2, "column_id": 1, "rank": "a", "title": "x"}
    with pytest.raises(Conflict, match=word), db.write("refused"):
        insert(db, "tasks", **(row | values))
    assert titles(db) == ["one"]


def test_a_writer_killed_before_its_commit_leaves_nothing_behind(path: str) -> None:
    open_database(path).close()
    writer = start(
        "import sys, time\n"
        "from paso.commands.tasks import create_task\n"
        "from paso.database.connection import open_database\n"
        "db = open_database(sys.argv[1], actor='x')\n"
        "with db.write('never'):\n"
        "    create_task(db, 1, 'lost')\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n",
        path,
    )
    assert writer.stdout and writer.stdout.readline() == "written\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate(timeout=10)
    db = open_database(path)
    assert titles(db) == []
    assert db.value("SELECT batch FROM current_batch") is None
    with db.write("add"):
        add(db)
    assert [row[0] for row in batches(db)] == [""]
    db.close()


# many at once

CREATE_FIFTY = """
from paso.commands.tasks import create_task
from paso.database.connection import open_database
db = open_database(sys.argv[1], actor=sys.argv[2])
for turn in range(50):
    print(create_task(db, 1, f"{sys.argv[2]} {turn}").number)
"""


def test_sixteen_processes_create_fifty_tasks_each_without_an_error(path: str) -> None:
    printed = run_all(CREATE_FIFTY, [(path, f"p{n}") for n in range(16)])
    numbers = sorted(int(word) for out in printed for word in out.split())
    assert numbers == list(range(1, 801))
    db = open_database(path)
    assert db.value("SELECT count(*) FROM tasks") == 800
    assert db.value("SELECT count(DISTINCT number) FROM tasks") == 800
    assert db.value("SELECT count(DISTINCT rank) FROM tasks") == 800
    changes = "SELECT count(*), max(id) FROM change_log"
    assert db.row(changes) == (810, 810)
    assert db.value("PRAGMA integrity_check") == "ok"
    db.close()


def test_sixteen_processes_that_open_at_once_make_one_board(path: str) -> None:
    script = (
        "from paso.database.connection import open_database\n"
        "db = open_database(sys.argv[1])\n"
        "print(db.value('SELECT count(*) FROM projects'),"
        " db.value('SELECT count(*) FROM columns'))\n"
    )
    assert run_all(script, [(path,)] * 16) == ["1 3\n"] * 16
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("method", [Database.rows, Database.run])
def test_a_wrong_statement_is_a_store_error(
    db: Database, method: Callable[[Database, str], object]
) -> None:
    with pytest.raises(StoreError, match="no such table"):
        method(db, "SELECT * FROM absent")


def test_a_log_that_cannot_be_copied_is_logged_and_the_write_stands(
    db: Database,
    heard: list[Commit],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(path: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite_file, "WAL_LIMIT", 0)
    monkeypatch.setattr(sqlite_file, "checkpoint", fail)
    with db.write("add"):
        add(db)
    assert (titles(db), len(heard)) == (["one"], 1)
    assert "not copied into the database" in caplog.text
