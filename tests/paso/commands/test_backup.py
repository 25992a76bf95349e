"""Backups: whole, private, proven, and never over another file."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.commands.backup import backup
from paso.database.connection import Database, open_database
from paso.errors import Conflict, StoreFull, StoreReadOnly


@pytest.fixture
def db(paso_home: Path) -> Iterator[Database]:
    found = open_database(str(paso_home / "tasks.db"), actor="ann")
    yield found
    found.close()


def rename_project(db: Database, name: str) -> None:
    with db.write("renamed"):
        db.run("UPDATE projects SET name = ?", (name,))


def name_in(path: str) -> str:
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return str(conn.execute("SELECT name FROM projects").fetchone()[0])
    finally:
        conn.close()


def test_a_backup_holds_what_was_committed_and_is_private(
    db: Database, paso_home: Path
) -> None:
    rename_project(db, "before")
    path = backup(db)
    rename_project(db, "after")
    assert re.fullmatch(r"paso-\d{8}T\d{6}Z\.db", os.path.basename(path))
    assert os.path.dirname(path) == str(paso_home / "backups")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(paso_home / "backups").st_mode & 0o777 == 0o700
    assert name_in(path) == "before"
    assert os.listdir(paso_home / "backups") == [os.path.basename(path)]


def test_a_backup_can_be_opened_in_the_place_of_the_board(
    db: Database, tmp_path: Path
) -> None:
    rename_project(db, "kept")
    home = tmp_path / "other"
    home.mkdir(mode=0o700)
    path = backup(db, str(home / "tasks.db"))
    restored = open_database(path)
    assert restored.value("SELECT name FROM projects") == "kept"
    assert restored.value("PRAGMA journal_mode") == "wal"
    assert restored.change_head() == db.change_head()
    restored.close()


def test_two_backups_in_one_second_are_two_files(db: Database) -> None:
    assert len({backup(db) for _ in range(3)}) == 3


def test_a_folder_gets_a_file_with_the_time(db: Database, tmp_path: Path) -> None:
    path = backup(db, str(tmp_path))
    assert os.path.dirname(path) == str(tmp_path)


def test_it_never_overwrites_a_file_or_follows_a_link(
    db: Database, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.db"
    mine.write_text("precious")
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "nowhere")
    for target in (mine, link):
        with pytest.raises(Conflict):
            backup(db, str(target))
    assert mine.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_is_absent_is_said_and_nothing_is_left(
    db: Database, tmp_path: Path
) -> None:
    with pytest.raises(StoreReadOnly):
        backup(db, str(tmp_path / "absent" / "file.db"))
    assert not (tmp_path / "absent").exists()


def test_a_full_disk_is_said_and_nothing_is_left(db: Database, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: SQLite sees the same."""
    program = (
        "import resource, signal, sys\n"
        "from paso.commands.backup import backup\n"
        "from paso.database.connection import open_database\n"
        "from paso.errors import StoreError\n"
        "db = open_database(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try:\n"
        "    backup(db, sys.argv[2])\n"
        "except StoreError as error:\n"
        "    print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, db.path, str(tmp_path / "full.db")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip().startswith("store_")
    assert [name for name in os.listdir(tmp_path) if "full" in name] == []


def test_errors_of_the_disk_are_told_apart() -> None:
    from paso.commands.backup import _store_error

    assert isinstance(_store_error(OSError(28, "No space left"), "x"), StoreFull)
    assert isinstance(_store_error(OSError(13, "Permission denied"), "x"),
                      StoreReadOnly)  # fmt: skip


def test_backups_under_writers_are_whole(db: Database, tmp_path: Path) -> None:
    """Project and column names change together; no copy may show them apart."""
    stop = threading.Event()

    def write() -> None:
        other = open_database(db.path)
        number = 0
        while not stop.is_set():
            number += 1
            with other.write("both"):
                other.run("UPDATE projects SET name = ?", (f"n{number}",))
                other.run("UPDATE projects SET description = ?", (f"n{number}",))
        other.close()

    with db.write("start"):
        db.run("UPDATE projects SET name = 'n0', description = 'n0'")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            path = backup(db, str(tmp_path / f"{number}.db"))
            conn = sqlite3.connect(path)
            name, description = conn.execute(
                "SELECT name, description FROM projects"
            ).fetchone()
            conn.close()
            assert name == description
    finally:
        stop.set()
        writer.join()
