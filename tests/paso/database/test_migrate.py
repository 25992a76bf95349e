"""paso/database/migrate.py: the whole new schema or the whole old one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from paso.commands.tasks import create_task
from paso.database import migrate
from paso.database.connection import open_database
from paso.database.identity import SCHEMA
from paso.database.migrate import bring_up_to_date, migrations, statements
from paso.errors import (
    Conflict,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
)
from tests.paso.database.processes import run_all, start

Folder = Callable[[str], str]

REBUILD = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT) STRICT;
CREATE TRIGGER notes_twice AFTER INSERT ON notes BEGIN
  SELECT 1;
  SELECT 2;
END;
INSERT INTO notes (text) VALUES ('semi;colon');
"""

ENDLESS = (
    "CREATE TABLE half (a);\n"
    "INSERT INTO half WITH RECURSIVE n (i) AS"
    " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n;\n"
)


@pytest.fixture
def with_second(tmp_path: Path) -> Folder:
    """Make a folder with our migrations and one more."""

    def make(script: str) -> str:
        folder = tmp_path / "migrations"
        shutil.copytree(migrate.FOLDER, folder)
        (folder / f"{SCHEMA + 1:04d}_next.sql").write_text(script)
        return str(folder)

    return make


def old_board(path: str) -> None:
    db = open_database(path, actor="ann")
    create_task(db, 1, "kept")
    db.close()


def ask(path: str, sql: str) -> list[tuple[object, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def schema(path: str) -> object:
    return ask(path, "PRAGMA user_version")[0][0]


def backups(path: str) -> list[str]:
    folder = os.path.join(os.path.dirname(path), "backups")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def test_the_schema_number_is_that_of_the_newest_file() -> None:
    assert max(number for number, _, _ in migrations()) == SCHEMA
    assert [number for number, _, _ in migrations()] == list(range(1, SCHEMA + 1))


def test_a_script_is_cut_into_statements_with_triggers_whole() -> None:
    cut = list(statements(REBUILD))
    assert len(cut) == 3
    assert cut[1].strip().endswith("END;")


def test_a_new_board_has_a_record_of_its_schema_and_no_backup(path: str) -> None:
    open_database(path).close()
    assert ask(path, "SELECT number, name FROM migrations") == [
        (1, "board"),
        (2, "sessions"),
    ]
    assert schema(path) == SCHEMA
    assert backups(path) == []


def test_a_new_board_has_project_columns_and_labels(path: str) -> None:
    open_database(path).close()
    assert ask(path, "SELECT key, name FROM projects") == [("PASO", "My board")]
    assert ask(path, "SELECT name, role FROM columns ORDER BY rank") == [
        ("To do", "ready"),
        ("In progress", "in-progress"),
        ("Done", "completed"),
    ]
    assert ask(path, "SELECT count(*) FROM labels") == [(6,)]
    assert ask(path, "SELECT kind, actor FROM batches") == [("setup", "paso")]


def test_an_older_board_is_backed_up_and_then_migrated(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    bring_up_to_date(path, 5, with_second(REBUILD))
    assert schema(path) == SCHEMA + 1
    assert ask(path, "SELECT text FROM notes") == [("semi;colon",)]
    assert ask(path, "SELECT title FROM tasks") == [("kept",)]
    assert ask(path, "SELECT number FROM migrations") == [(1,), (2,), (3,)]
    (name,) = backups(path)
    backup = os.path.join(os.path.dirname(path), "backups", name)
    assert os.stat(backup).st_mode & 0o777 == 0o600
    assert schema(backup) == SCHEMA
    assert ask(backup, "SELECT title FROM tasks") == [("kept",)]


def test_a_board_of_the_newest_schema_is_left_alone(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    folder = with_second(REBUILD)
    bring_up_to_date(path, 5, folder)
    bring_up_to_date(path, 5, folder)
    assert len(backups(path)) == 1


def test_a_migration_that_fails_leaves_the_old_schema(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    with pytest.raises(StoreError, match="no such table"):
        bring_up_to_date(path, 5, with_second(REBUILD + "DROP TABLE absent;\n"))
    assert schema(path) == SCHEMA
    assert ask(path, "SELECT name FROM sqlite_schema WHERE name = 'notes'") == []
    assert ask(path, "SELECT title FROM tasks") == [("kept",)]


def test_a_migration_that_breaks_references_is_refused(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    breaking = "UPDATE tasks SET column_id = 99;\n"
    with pytest.raises(StoreDamaged, match="refers to nothing"):
        bring_up_to_date(path, 5, with_second(breaking))
    assert schema(path) == SCHEMA
    assert ask(path, "SELECT column_id FROM tasks") == [(1,)]


def test_a_migration_may_not_break_a_rule_of_the_schema(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    with pytest.raises(Conflict, match="CHECK"):
        bring_up_to_date(path, 5, with_second("UPDATE tasks SET title = '';\n"))
    assert schema(path) == SCHEMA


def test_a_migration_that_is_killed_leaves_the_old_schema(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    folder = with_second(ENDLESS)
    process = start(
        "import sys\nfrom paso.database.migrate import bring_up_to_date\n"
        "bring_up_to_date(sys.argv[1], 5, sys.argv[2])\n",
        path,
        folder,
    )
    deadline = time.monotonic() + 30
    while not _locked(path):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert schema(path) == SCHEMA
    assert ask(path, "SELECT name FROM sqlite_schema WHERE name = 'half'") == []
    assert ask(path, "SELECT title FROM tasks") == [("kept",)]
    (Path(folder) / f"{SCHEMA + 1:04d}_next.sql").write_text(REBUILD)
    bring_up_to_date(path, 5, folder)
    assert schema(path) == SCHEMA + 1


def _locked(path: str) -> bool:
    conn = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        conn.close()
    return False


def test_eight_processes_that_migrate_at_once_do_it_once(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    script = (
        "from paso.database.migrate import bring_up_to_date\n"
        "bring_up_to_date(sys.argv[1], 5, sys.argv[2])\n"
    )
    run_all(script, [(path, with_second(REBUILD))] * 8)
    assert ask(path, "SELECT count(*) FROM notes") == [(1,)]
    assert len(backups(path)) == 1


def test_a_migration_that_another_process_holds_up_is_told(
    path: str, with_second: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_board(path)
    monkeypatch.setattr(migrate, "LOCK_WAIT_S", 0.1)
    with migrate._one_at_a_time(path), pytest.raises(StoreBusy, match="migrating"):
        bring_up_to_date(path, 5, with_second(REBUILD))
    assert schema(path) == SCHEMA


def test_a_migration_waits_for_a_reader_of_the_board_no_longer_than_told(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        bring_up_to_date(path, 0.2, with_second(REBUILD))
    holder.execute("ROLLBACK")
    holder.close()
    assert schema(path) == SCHEMA


def test_a_backup_that_fails_leaves_neither_half_a_backup_nor_a_new_schema(
    path: str, with_second: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_board(path)

    def fail(file: str, folder: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(migrate, "_flush", fail)
    with pytest.raises(StoreFull, match="No space left"):
        bring_up_to_date(path, 5, with_second(REBUILD))
    assert (schema(path), backups(path)) == (SCHEMA, [])


def test_a_link_in_the_place_of_the_lock_is_not_followed(
    path: str, with_second: Folder
) -> None:
    old_board(path)
    target = Path(path).with_name("target")
    os.unlink(path + ".migrate")
    os.symlink(target, path + ".migrate")
    with pytest.raises(StoreReadOnly, match="cannot be written"):
        bring_up_to_date(path, 5, with_second(REBUILD))
    assert not target.exists()
