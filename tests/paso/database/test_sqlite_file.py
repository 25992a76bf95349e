"""paso/database/sqlite_file.py: every connection is set up, the log stays bounded."""

from __future__ import annotations

import os

import pytest

from paso.commands.comments import add_comment
from paso.commands.tasks import create_task
from paso.database import sqlite_file
from paso.database.connection import Database, open_database
from paso.database.sqlite_file import connect
from paso.errors import StoreError


def test_every_connection_has_the_pragmas_that_keep_the_data(db: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "mmap_size": 0,
        "temp_store": 2,
        "wal_autocheckpoint": 0,
        "busy_timeout": 5000,
    }
    assert {name: db.value(f"PRAGMA {name}") for name in wanted} == wanted


def test_a_journal_mode_that_cannot_be_set_is_refused() -> None:
    with pytest.raises(StoreError, match="journal mode stays memory"):
        connect(":memory:")


def test_a_large_log_is_copied_into_the_database_by_a_writer(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "WAL_LIMIT", 200_000)
    db = open_database(path)
    for _ in range(40):
        with db.write("much"):
            task = create_task(db, 1, "x")
            add_comment(db, task.id, "x" * 20_000)
    assert sqlite_file.wal_size(path) < 600_000
    assert os.stat(path).st_size > 700_000
    db.close()


def test_a_checkpoint_gives_way_to_a_writer(db: Database, path: str) -> None:
    with db.write("add"):
        create_task(db, 1, "one")
        sqlite_file.checkpoint(path)
    sqlite_file.checkpoint(path)
    assert db.value("SELECT title FROM tasks") == "one"


def test_without_a_log_there_is_nothing_to_copy(path: str) -> None:
    assert sqlite_file.wal_size(path) == 0
