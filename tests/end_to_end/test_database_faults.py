"""The database is locked, replaced, damaged or gone: words, patience, no loss."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from tests.end_to_end.harness import Home, assert_clear_error, percentile, wait_for
from tests.end_to_end.observers import Recorder
from tests.end_to_end.test_guarantee import insert_task
from tests.support.protocol_client import changes_of


class ForeignLock:
    """`BEGIN EXCLUSIVE` of a stranger, for some seconds."""

    def __init__(self, home: Home, seconds: float) -> None:
        self.connection = sqlite3.connect(
            home.database, isolation_level=None, check_same_thread=False
        )
        self.connection.execute("BEGIN EXCLUSIVE")
        self.timer = threading.Timer(seconds, self.release)
        self.timer.start()

    def release(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def __enter__(self) -> ForeignLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self.timer.join()
        self.release()
        self.connection.close()


@pytest.mark.timeout(120)
def test_a_database_locked_for_ten_seconds_stops_neither_daemon_nor_reader(
    board: Home,
) -> None:
    board.start_daemon()
    with Recorder(board) as recorder, board.client() as client:
        client.hello()
        client.subscribe([])
        wait_for(lambda: recorder.connections)
        with ForeignLock(board, 10.0):
            began = time.monotonic()
            result = board.paso("add", "patient", "--json")
            waited = time.monotonic() - began
            assert result.code == 0 or result.error["code"] == "store_busy", result
            assert waited < 15
            pings = [client.ping() for _ in range(50)]
            assert percentile(pings, 0.5) < 0.1, pings
            assert board.paso("list", "--json").code == 0
        written = board.add("after the lock")
        assert written["title"] == "after the lock"
        wait_for(lambda: recorder.last == board.head(), 5, "announced")
    assert ("patient" in board.titles()) == (result.code == 0)


def test_a_write_that_met_a_lock_succeeds_once_it_is_released(board: Home) -> None:
    with ForeignLock(board, 2.0):
        assert board.paso("add", "worth waiting for").code == 0
    assert "worth waiting for" in board.titles()


def test_a_refused_write_says_so_in_words_and_writes_nothing(board: Home) -> None:
    head = board.head()
    with ForeignLock(board, 60.0):
        result = board.paso("add", "too late", timeout_s=50)
    assert_clear_error(result, 1)
    assert "lock" in result.err or "busy" in result.err
    assert board.head() == head


def replace_database(home: Home, other: Path) -> None:
    """What a restore from a backup does: another file at the same path."""
    for end in ("-wal", "-shm"):
        Path(f"{home.database}{end}").unlink(missing_ok=True)
    os.replace(other, home.database)


def copy_of(home: Home, name: str) -> Path:
    """A sound copy of the database as it is now."""
    copy = home.path.parent / name
    with home.sql() as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)
    return copy


def told_head(home: Home) -> int | None:
    """The head of the change log as the daemon tells a new client."""
    welcome = home.welcome()
    return welcome["change"] if welcome else None


@pytest.mark.parametrize("later_changes", [0, 5, 40])
def test_a_database_replaced_under_the_daemon_is_told_and_changes_flow_again(
    board: Home, later_changes: int
) -> None:
    """The copy is as new as the old file, a little older, or much older."""
    daemon = board.start_daemon()
    copy = copy_of(board, "copy.db")
    with board.sql() as connection:
        for number in range(later_changes):
            insert_task(connection, f"only in the old file {number}")
    with board.client() as client:
        client.hello()
        client.subscribe(["db"])
        wait_for(lambda: told_head(board) == board.head())
        replace_database(board, copy)
        frame = client.read_until("resync", 10)
        assert frame["reason"] == "database_replaced"
        for number in range(3):
            with board.sql() as connection:
                insert_task(connection, f"in the new file {number}")
            event = client.read_until(lambda f: bool(changes_of(f)), 10)
            assert board.head() in changes_of(event)
        assert client.hello()["change"] == board.head()
    assert daemon.process.poll() is None


def test_a_daemon_that_began_without_a_database_takes_up_the_first(
    home: Home,
) -> None:
    home.start_daemon()
    with home.client() as client:
        assert client.hello()["change"] is None
        client.subscribe(["db"])
        home.worker("write", "first", 1, 0.0).result()
        client.read_until(lambda f: f["type"] in {"event", "resync"}, 5)
        with home.sql() as connection:
            insert_task(connection, "second")
        client.read_until(lambda f: home.head() in changes_of(f), 5)
        assert client.hello()["change"] == home.head()


def test_a_database_that_is_removed_and_comes_back_does_not_end_the_daemon(
    board: Home,
) -> None:
    daemon = board.start_daemon()
    copy = copy_of(board, "copy.db")
    with board.client() as client:
        client.hello()
        client.subscribe(["db"])
        for end in ("", "-wal", "-shm"):
            Path(f"{board.database}{end}").unlink(missing_ok=True)
        time.sleep(1.2)
        client.ping()
        os.replace(copy, board.database)
        client.read_until("resync", 10)
        with board.sql() as connection:
            insert_task(connection, "back")
        client.read_until(lambda f: board.head() in changes_of(f), 10)
    assert daemon.process.poll() is None


@pytest.mark.parametrize("damage", ["header", "middle", "empty", "text"])
def test_a_damaged_database_is_named_and_left_as_it_is(
    board: Home, damage: str
) -> None:
    with board.sql() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(board.database.read_bytes())
    if damage == "header":
        data[:100] = b"\x07" * 100
    elif damage == "middle":
        data[4096:] = b"\xa5" * (len(data) - 4096)
    elif damage == "text":
        data = bytearray(b"this is my shopping list\n" * 100)
    else:
        data = bytearray()
    board.database.write_bytes(data)
    result = board.paso("list", "--json")
    if damage == "empty":
        assert result.code == 0
        return
    assert result.code == 1
    assert result.error["code"] in {"store_damaged", "foreign_database"}, result
    assert board.paso("add", "lost?").code == 1
    assert board.database.read_bytes() == bytes(data)


def test_a_newer_schema_is_refused_in_words_and_not_touched(board: Home) -> None:
    with board.sql() as connection:
        connection.execute("PRAGMA user_version = 9999")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = board.database.read_bytes()
    result = board.paso("add", "from the past", "--json")
    assert result.code == 1
    assert result.error["code"] == "schema_too_new"
    assert board.database.read_bytes() == before


def test_sixteen_processes_write_fifty_tasks_each_at_once(board: Home) -> None:
    workers = [board.worker("write", f"w{n}", 50, 0.5) for n in range(16)]
    for worker in workers:
        assert len(worker.result(120)) == 50
    with board.sql() as connection:
        [(rows, numbers)] = connection.execute(
            "SELECT count(*), count(DISTINCT number) FROM tasks"
        )
    assert rows == numbers == 801
    board.assert_sound()
