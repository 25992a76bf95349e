"""From the change log to every client, through a real daemon and a real database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from paso.database.connection import Database
from paso.events.types import MAX_ENTITIES, db_changed
from tests.support.daemon import (
    RunningDaemon,
    foreign_write,
    new_board,
    rename_project,
    wait_for,
)
from tests.support.protocol_client import ProtocolClient, changes_of

NOW = "2026-11-20T19:05:00.123456Z"
Frame = dict[str, Any]


@pytest.fixture
def board(paso_home: Path) -> Iterator[Database]:
    db = new_board(paso_home)
    yield db
    db.close()


@pytest.fixture
def daemon(paso_home: Path, board: Database) -> Iterator[RunningDaemon]:
    """Looks for itself so seldom that only doorbells move it."""
    with RunningDaemon(paso_home, poll_s=600) as running:
        yield running


def ring(client: ProtocolClient, first: int = 1, last: int | None = None) -> None:
    event = db_changed(0, NOW, first=first, last=last)
    client.send({"type": "event", "event": event})


def head_of(db: Database) -> int:
    return db.change_head()


def listener(daemon: RunningDaemon, **more: Any) -> ProtocolClient:
    client = daemon.client(**more)
    client.hello()
    client.subscribe(["db"])
    return client


def numbers(frames: list[Frame]) -> list[int]:
    return [number for frame in frames for number in changes_of(frame)]


def test_the_welcome_names_the_newest_change(
    daemon: RunningDaemon, board: Database
) -> None:
    with daemon.client() as client:
        assert client.hello()["change"] == head_of(board) > 0


def test_a_doorbell_is_answered_with_the_rows_and_not_passed_on(
    daemon: RunningDaemon, board: Database
) -> None:
    with listener(daemon) as client:
        last = rename_project(board, "new")
        ring(client, 1)
        frame = client.read_until("event")
        event = frame["event"]
        assert event["change"] == {"first": last, "last": last}
        [row] = event["entities"]
        assert (row["entity"], row["op"], row["id"]) == ("project", "update", 1)
        assert (event["type"], event["project_id"]) == ("db_changed", 1)
        assert frame["origin"]["client"] == "test", "the writer's, not the ringer's"
        assert frame["origin"]["pid"] == os.getpid()
        with pytest.raises(TimeoutError):
            client.read(0.1)


def test_doorbells_that_are_early_late_or_doubled_change_nothing(
    daemon: RunningDaemon, board: Database
) -> None:
    with listener(daemon) as client:
        ring(client, 10_000, 20_000)
        client.ping()
        expected = [rename_project(board, str(i)) for i in range(5)]
        for first in (3, 1, 1, 5):
            ring(client, first)
        found: list[int] = []
        while len(found) < 5:
            found += changes_of(client.read_until("event"))
        ring(client, 1)
        with pytest.raises(TimeoutError):
            client.read(0.1)
        assert found == expected


def test_rows_of_one_project_and_writer_make_one_event(
    daemon: RunningDaemon, board: Database, paso_home: Path
) -> None:
    with listener(daemon) as client:
        start = head_of(board)
        rename_project(board, "a")
        rename_project(board, "b")
        foreign_write(paso_home, "c")
        with board.write("another project") as conn:
            conn.execute("INSERT INTO projects (key, name) VALUES ('NEW', 'new')")
            conn.execute("UPDATE projects SET name = 'd' WHERE id = 1")
        ring(client)
        frames = [client.read_until("event") for _ in range(4)]
    assert [(f["event"]["project_id"], list(changes_of(f))) for f in frames] == [
        (1, [start + 1, start + 2]),
        (1, [start + 3]),
        (2, [start + 4]),
        (1, [start + 5]),
    ]
    assert [f["origin"]["client"] for f in frames] == ["test", "sqlite", "test", "test"]
    assert frames[1]["origin"]["pid"] is None


def test_a_large_write_is_told_in_pieces_whose_entities_are_cut(
    daemon: RunningDaemon, board: Database
) -> None:
    with listener(daemon) as client:
        start = head_of(board)
        with board.write("many") as conn:
            conn.executemany(
                "INSERT INTO labels (project_id, name) VALUES (1, ?)",
                [(f"label {number}",) for number in range(1_300)],
            )
        ring(client)
        frames: list[Frame] = []
        while not frames or frames[-1]["event"]["change"]["last"] < start + 1_300:
            frames.append(client.read_until("event"))
    assert numbers(frames) == list(range(start + 1, start + 1_301))
    assert all(len(f["event"]["entities"]) <= MAX_ENTITIES for f in frames)
    assert frames[0]["event"]["truncated"] is True


def test_a_subscriber_of_one_project_gets_its_rows_alone(
    daemon: RunningDaemon, board: Database
) -> None:
    with daemon.client() as client:
        client.subscribe(["db"], 2)
        with board.write("two projects") as conn:
            conn.execute("INSERT INTO projects (key, name) VALUES ('NEW', 'new')")
            conn.execute("UPDATE projects SET name = 'd' WHERE id = 1")
        ring(client)
        assert client.read()["event"]["project_id"] == 2
        with pytest.raises(TimeoutError):
            client.read(0.1)


def test_a_writer_that_rings_no_bell_is_noticed_while_anybody_listens(
    paso_home: Path, board: Database
) -> None:
    """The sqlite3 shell; a writer that was killed after its COMMIT."""
    with RunningDaemon(paso_home) as daemon, listener(daemon) as client:
        for name in ("a", "b", "c"):
            foreign_write(paso_home, name)
            begin = time.monotonic()
            frame = client.read_until("event")
            assert time.monotonic() - begin < 5
            assert list(changes_of(frame)) == [head_of(board)]


def test_who_connects_sees_a_head_that_is_not_behind(
    daemon: RunningDaemon, board: Database
) -> None:
    rename_project(board, "unheard")
    with daemon.client() as client:
        assert client.hello()["change"] == head_of(board)


def test_a_database_that_comes_later_is_told_from_its_first_row(
    paso_home: Path,
) -> None:
    with RunningDaemon(paso_home) as daemon, daemon.client() as client:
        assert client.hello()["change"] is None
        client.subscribe(["db"])
        board = new_board(paso_home)
        try:
            head = head_of(board)
            found: list[int] = []
            while not found or found[-1] < head:
                found += changes_of(client.read_until("event"))
            assert found == list(range(1, head + 1))
        finally:
            board.close()


def test_a_replaced_database_is_told_and_then_followed(
    paso_home: Path, tmp_path: Path
) -> None:
    new_board(paso_home).close()
    (tmp_path / "other").mkdir(mode=0o700)
    with closing(new_board(tmp_path / "other")) as other:
        rename_project(other, "elsewhere")
        other_head = head_of(other)
    with RunningDaemon(paso_home) as daemon, listener(daemon) as client:
        for suffix in ("-wal", "-shm"):
            (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
        shutil.copy(tmp_path / "other" / "tasks.db", paso_home / "copy")
        os.rename(paso_home / "copy", paso_home / "tasks.db")
        resync = client.read_until("resync")
        assert resync["reason"] == "database_replaced"
        assert (resync["topics"], resync["change"]) == (["db"], other_head)
        foreign_write(paso_home, "after")
        assert list(changes_of(client.read_until("event"))) == [other_head + 1]


def test_a_database_that_was_put_back_in_place_is_told(
    paso_home: Path, board: Database
) -> None:
    """The backup interface writes into the same file: only the rows tell."""
    copy = sqlite3.connect(paso_home / "backup.db")
    board.conn.backup(copy)
    for name in ("a", "b", "c"):
        rename_project(board, name)
    with RunningDaemon(paso_home) as daemon, listener(daemon) as client:
        head = head_of(board)
        with sqlite3.connect(paso_home / "tasks.db") as restored:
            copy.backup(restored)
        restored.close()
        resync = client.read_until("resync")
        assert resync["reason"] == "database_replaced"
        assert resync["change"] == head - 3
        foreign_write(paso_home, "after")
        assert list(changes_of(client.read_until("event"))) == [head - 2]
    copy.close()


def test_the_same_numbers_with_other_rows_are_another_past(
    paso_home: Path, board: Database
) -> None:
    copy = sqlite3.connect(paso_home / "backup.db")
    board.conn.backup(copy)
    rename_project(board, "a")
    with RunningDaemon(paso_home) as daemon, listener(daemon) as client:
        with copy:
            for name in ("x", "y"):
                copy.execute("UPDATE projects SET name = ? WHERE id = 1", (name,))
            copy.execute("INSERT INTO projects (key, name) VALUES ('NEW', 'new')")
            copy.execute("UPDATE change_log SET uid = 'other' WHERE entity_id = 1")
        with sqlite3.connect(paso_home / "tasks.db") as restored:
            copy.backup(restored)
        restored.close()
        assert client.read_until("resync")["reason"] == "database_replaced"
    copy.close()


def test_a_writer_that_locks_the_database_disturbs_nobody(
    paso_home: Path, board: Database
) -> None:
    with RunningDaemon(paso_home, poll_s=0.05) as daemon, listener(daemon) as client:
        foreign = sqlite3.connect(paso_home / "tasks.db", isolation_level=None)
        foreign.execute("BEGIN EXCLUSIVE")
        foreign.execute("UPDATE projects SET name = 'held' WHERE id = 1")
        for _ in range(20):
            ring(client)
            assert client.ping() < 1
        foreign.execute("COMMIT")
        foreign.close()
        assert list(changes_of(client.read_until("event"))) == [head_of(board)]


def test_a_damaged_database_is_shown_as_degraded_and_recovers(
    paso_home: Path, board: Database
) -> None:
    board.close()
    good = (paso_home / "tasks.db").read_bytes()
    (paso_home / "bad").write_bytes(b"not a database" * 1000)
    with RunningDaemon(paso_home, poll_s=0.05) as daemon, listener(daemon) as client:
        os.rename(paso_home / "bad", paso_home / "tasks.db")
        for suffix in ("-wal", "-shm"):
            (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
        ring(client)
        wait_for(
            lambda: [d["name"] for d in daemon.status()["degraded"]] == ["database"]
        )
        client.announce(7)
        assert client.read_until("event")["event"]["project_id"] == 7
        (paso_home / "good").write_bytes(good)
        os.rename(paso_home / "good", paso_home / "tasks.db")
        assert client.read_until("resync")["reason"] == "database_replaced"
        wait_for(lambda: not daemon.status()["degraded"])
        foreign_write(paso_home, "after")
        assert numbers([client.read_until("event")])
        assert daemon.said().count("works again") == 1


def test_a_stop_tells_of_everything_that_was_committed(
    daemon: RunningDaemon, board: Database
) -> None:
    """No bell was rung and no look is due: the pump goes to the head at the end."""
    with listener(daemon) as client:
        last = [rename_project(board, str(i)) for i in range(20)][-1]
        daemon.process.terminate()
        frames = client.read_to_end()
    assert numbers(frames)[-1] == last
    assert frames[-1]["type"] == "bye"


def test_many_writers_and_many_listeners_see_each_row_once_in_order(
    paso_home: Path, board: Database
) -> None:
    with RunningDaemon(paso_home, poll_s=0.05) as daemon:
        clients = [listener(daemon) for _ in range(3)]
        start = head_of(board)
        with daemon.client() as bell:
            bell.subscribe([])
            for number in range(200):
                rename_project(board, str(number))
                if number % 3:
                    ring(bell)
        end = head_of(board)
        for client in clients:
            found: list[int] = []
            while not found or found[-1] < end:
                found += changes_of(client.read_until("event"))
            assert found[0] == start + 1
            assert all(b == a + 1 for a, b in pairwise(found))
            client.close()
