"""Rows after a head, or the news of another past; against real databases."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from paso.database.connection import Database
from paso.events.change_reader import ChangeReader
from tests.support.daemon import foreign_write, new_board, rename_project

LIMIT = 100


@pytest.fixture
def board(paso_home: Path) -> Iterator[Database]:
    with closing(new_board(paso_home)) as db:
        yield db


@pytest.fixture
def reader(paso_home: Path) -> Iterator[ChangeReader]:
    with closing(ChangeReader(str(paso_home / "tasks.db"))) as made:
        yield made


def test_the_first_look_stands_at_the_newest_row(
    board: Database, reader: ChangeReader
) -> None:
    assert reader.read(LIMIT) == ([], False, False)
    assert reader.head == board.change_head()


def test_rows_are_read_once_in_order_and_in_pieces(
    board: Database, reader: ChangeReader
) -> None:
    reader.read(LIMIT)
    expected = [rename_project(board, str(number)) for number in range(5)]
    first = reader.read(3)
    assert [row.id for row in first.rows] == expected[:3]
    assert first.more
    assert reader.has_news(), "the rest is news still"
    second = reader.read(3)
    assert [row.id for row in second.rows] == expected[3:]
    assert not second.more
    assert reader.read(3).rows == []
    assert not reader.has_news()


def test_a_head_that_is_known_is_gone_on_from(board: Database, paso_home: Path) -> None:
    with closing(ChangeReader(str(paso_home / "tasks.db"), head=3)) as reader:
        assert reader.read(2).rows[0].id == 4
        reader.move_to(board.change_head())
        assert reader.read(LIMIT) == ([], False, False)


def test_news_are_seen_without_reading(
    board: Database, reader: ChangeReader, paso_home: Path
) -> None:
    reader.read(LIMIT)
    assert not reader.has_news()
    foreign_write(paso_home, "x")
    assert reader.has_news()


def test_without_a_database_there_is_no_head_and_none_is_made(
    reader: ChangeReader, paso_home: Path
) -> None:
    assert not reader.has_news()
    assert reader.read(LIMIT) == ([], False, False)
    assert reader.head is None
    assert not (paso_home / "tasks.db").exists()


def test_a_database_that_comes_later_is_read_from_its_first_row(
    reader: ChangeReader, paso_home: Path
) -> None:
    reader.read(LIMIT)
    with closing(new_board(paso_home)) as db:
        assert reader.has_news()
        rows = reader.read(LIMIT).rows
        assert [row.id for row in rows] == list(range(1, db.change_head() + 1))


def test_a_file_without_our_tables_is_an_error_and_then_read_whole(
    reader: ChangeReader, paso_home: Path
) -> None:
    """Another process is making it: what it writes is new to everybody."""
    (paso_home / "tasks.db").touch(mode=0o600)
    with pytest.raises(sqlite3.OperationalError):
        reader.read(LIMIT)
    with closing(new_board(paso_home)) as db:
        assert reader.read(LIMIT).rows[-1].id == db.change_head()


def test_another_file_in_its_place_is_said(
    board: Database, reader: ChangeReader, paso_home: Path, tmp_path: Path
) -> None:
    reader.read(LIMIT)
    board.close()
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    with closing(new_board(folder)) as other:
        head = other.change_head()
    for suffix in ("-wal", "-shm"):
        (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
    os.rename(folder / "tasks.db", paso_home / "tasks.db")
    assert reader.has_news()
    assert reader.read(LIMIT).replaced
    assert reader.head == head
    assert reader.read(LIMIT) == ([], False, False)


def test_a_file_that_was_removed_and_comes_again_is_another_one(
    board: Database, reader: ChangeReader, paso_home: Path
) -> None:
    reader.read(LIMIT)
    board.close()
    for path in paso_home.glob("tasks.db*"):
        path.unlink()
    assert reader.read(LIMIT) == ([], False, False)
    assert reader.head is None
    with closing(new_board(paso_home)):
        assert reader.read(LIMIT).replaced


def test_a_log_that_was_trimmed_is_the_same_past(
    board: Database, reader: ChangeReader
) -> None:
    reader.read(LIMIT)
    head = reader.head
    for table in ("change_fields", "change_log"):
        board.conn.execute(f"DELETE FROM {table}")
    assert reader.read(LIMIT) == ([], False, False)
    assert reader.head == head
    last = rename_project(board, "x")
    assert [row.id for row in reader.read(LIMIT).rows] == [last]


def test_a_lock_at_the_first_look_replays_nothing_after_it(
    board: Database, reader: ChangeReader, paso_home: Path
) -> None:
    board.close()
    locker = sqlite3.connect(paso_home / "tasks.db", isolation_level=None)
    locker.execute("PRAGMA locking_mode = EXCLUSIVE")
    locker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        reader.read(LIMIT)
    locker.execute("COMMIT")
    locker.close()
    assert not reader.read(LIMIT).rows
    assert reader.head


def test_letting_go_of_the_file_loses_nothing(
    board: Database, reader: ChangeReader
) -> None:
    reader.read(LIMIT)
    reader.close()
    last = rename_project(board, "x")
    assert [row.id for row in reader.read(LIMIT).rows] == [last]


def test_stretches_end_where_project_or_writer_change(
    board: Database, reader: ChangeReader, paso_home: Path
) -> None:
    reader.read(LIMIT)
    start = reader.head or 0
    rename_project(board, "a")
    rename_project(board, "b")
    foreign_write(paso_home, "c")
    parts = list(reader.read(LIMIT).stretches())
    assert [(p.client, p.pid, p.first, p.last) for p in parts] == [
        ("test", os.getpid(), start + 1, start + 2),
        ("sqlite", None, start + 3, start + 3),
    ]
    assert [len(part.entities) for part in parts] == [2, 1]


def test_a_path_with_odd_characters_is_that_path(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%41"
    folder.mkdir(mode=0o700)
    path = str(folder / "tasks.db")
    with closing(new_board(folder)) as db, closing(ChangeReader(path)) as reader:
        reader.read(LIMIT)
        assert reader.head == db.change_head()
