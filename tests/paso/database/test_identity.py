"""paso/database/identity.py: only our own file is opened, others stay as they are."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from paso.database import identity
from paso.database.connection import open_database
from paso.database.identity import APPLICATION_ID, SCHEMA, identify
from paso.errors import (
    ForeignDatabase,
    NotFound,
    SchemaTooNew,
    StoreDamaged,
    StoreError,
    StoreReadOnly,
    UnsafePath,
)

GO_PASO = """
CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id INTEGER);
CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE project_counters (project_id INTEGER PRIMARY KEY, next_ticket_number INT);
CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE task_subtasks (parent_id INTEGER, child_id INTEGER);
INSERT INTO projects VALUES (1, 'Default');
"""


def make(path: str, script: str, mode: str = "delete") -> None:
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA journal_mode={mode}")
    conn.executescript(script)
    conn.close()
    os.chmod(path, 0o600)


def contents(path: str) -> dict[str, bytes]:
    """All that lies in the home, byte by byte; the shared memory is scratch."""
    files = Path(path).parent.iterdir()
    return {f.name: f.read_bytes() for f in files if not f.name.endswith("-shm")}


def test_an_absent_file_is_made_empty_and_private(path: str) -> None:
    assert identify(path, create=True) == identity.NEW
    assert os.path.getsize(path) == 0
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_an_absent_file_is_not_made_when_that_is_not_wanted(path: str) -> None:
    with pytest.raises(NotFound, match="no database"):
        identify(path, create=False)
    assert not os.path.exists(path)


def test_a_home_is_made_private_on_first_use(tmp_path: Path) -> None:
    db = open_database(str(tmp_path / "new" / "tasks.db"))
    assert os.stat(tmp_path / "new").st_mode & 0o777 == 0o700
    assert {entry.stat().st_mode & 0o077 for entry in os.scandir(tmp_path / "new")} == {
        0
    }
    db.close()


def test_our_own_database_is_recognised(path: str) -> None:
    open_database(path).close()
    assert identify(path, create=False) == identity.CURRENT


def test_an_empty_database_of_sqlite_is_taken_into_use(path: str) -> None:
    make(path, "CREATE TABLE t (a); DROP TABLE t;")
    db = open_database(path)
    assert db.value("SELECT count(*) FROM projects") == 1
    db.close()


def test_a_path_with_marks_of_a_uri_is_that_path(paso_home: Path) -> None:
    path = str(paso_home / "a%41?mode=memory#b.db")
    open_database(path).close()
    assert identify(path, create=False) == identity.CURRENT
    assert os.path.exists(path)


def test_a_board_open_to_others_is_closed_to_them(path: str) -> None:
    open_database(path).close()
    os.chmod(path, 0o644)
    open_database(path).close()
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_board_of_go_paso_is_recognised_and_not_touched(path: str, mode: str) -> None:
    make(path, GO_PASO, mode)
    before = contents(path)
    with pytest.raises(ForeignDatabase, match="Go program") as caught:
        open_database(path)
    assert "paso import go-paso" in str(caught.value.hint)
    assert contents(path) == before


def test_a_board_of_go_paso_in_use_keeps_its_log(path: str) -> None:
    make(path, GO_PASO, "wal")
    user = sqlite3.connect(path)
    user.execute("INSERT INTO tasks VALUES (1, 'new')")
    user.commit()
    before = contents(path)
    assert len(before) == 2
    with pytest.raises(ForeignDatabase):
        open_database(path)
    assert contents(path) == before
    user.close()


def test_another_programs_database_is_recognised_and_not_touched(path: str) -> None:
    make(path, "CREATE TABLE bookmarks (url TEXT);")
    before = contents(path)
    with pytest.raises(ForeignDatabase, match="another program"):
        open_database(path)
    assert contents(path) == before


def test_a_newer_schema_is_refused_in_words_and_not_touched(path: str) -> None:
    open_database(path).close()
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA user_version={SCHEMA + 1}")
    conn.close()
    before = contents(path)
    with pytest.raises(SchemaTooNew, match="newer Paso") as caught:
        open_database(path)
    assert caught.value.hint and "update" in caught.value.hint
    assert contents(path) == before


def test_a_file_that_is_no_database_is_told(path: str) -> None:
    Path(path).write_bytes(b"shopping list\n" * 100)
    os.chmod(path, 0o600)
    with pytest.raises(StoreDamaged, match="not a database"):
        open_database(path)
    assert Path(path).read_bytes() == b"shopping list\n" * 100


def test_a_link_in_its_place_is_refused_and_not_followed(path: str) -> None:
    target = Path(path).with_name("target")
    os.symlink(target, path)
    with pytest.raises(UnsafePath, match="symbolic link"):
        open_database(path)
    assert not target.exists()


def test_a_folder_in_its_place_is_refused(path: str) -> None:
    os.mkdir(path)
    with pytest.raises(UnsafePath, match="no regular file"):
        open_database(path)


def test_a_file_of_another_user_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(path).close()
    found = os.lstat(path)
    stranger = os.stat_result((*found[:4], found.st_uid + 1, *found[5:]))
    really = os.lstat
    monkeypatch.setattr(
        os, "lstat", lambda name: stranger if name == path else really(name)
    )
    with pytest.raises(UnsafePath, match="belongs to uid"):
        identify(path, create=True)


def test_a_home_open_to_others_is_refused(path: str) -> None:
    os.chmod(os.path.dirname(path), 0o755)
    with pytest.raises(UnsafePath, match="chmod 700|open to other users"):
        open_database(path)
    os.chmod(os.path.dirname(path), 0o700)
    assert not os.path.exists(path)


def test_a_file_that_cannot_be_made_is_told(paso_home: Path) -> None:
    # The name is longer than a file system takes, so even root cannot make it.
    with pytest.raises(StoreReadOnly, match="cannot look at"):
        identify(str(paso_home / ("x" * 300)), create=True)


def test_an_old_sqlite_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match="too old"):
        identify(path, create=True)


def test_the_file_says_what_made_it(path: str) -> None:
    open_database(path).close()
    with open(path, "rb") as file:
        head = file.read(72)
    assert head[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"Paso"
    assert int.from_bytes(head[60:64], "big") == SCHEMA
