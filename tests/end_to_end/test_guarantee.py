"""Committed means seen: by every subscriber, once in an epoch, in order."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import is_running
from tests.end_to_end.harness import PASO, WORKER, Home, kill, wait_for
from tests.end_to_end.observers import (
    Follower,
    Recorder,
    assert_each_change_once_in_order,
)
from tests.support.protocol_client import changes_of

INSERT_TASK = """
    INSERT INTO tasks (project_id, number, column_id, rank, title)
    SELECT project_id, 1000 + (SELECT max(id) FROM tasks), id, 'zz', :title
    FROM columns WHERE project_id = (SELECT min(id) FROM projects) LIMIT 1
"""


def insert_task(connection: sqlite3.Connection, title: str) -> None:
    """What somebody types into the sqlite3 shell."""
    connection.execute(INSERT_TASK, {"title": title})


# The daemon is killed under its writers -------------------------------------------


def run_writers_under_kills(
    home: Home, *, writers: int, commits: int, kills: int, followers: int
) -> None:
    """Half of the doorbells are suppressed; everybody must see everything."""
    dice = random.Random(kills)
    watchers = [Follower(home, f"follower-{n}") for n in range(followers)]
    for watcher in watchers:
        watcher.wait_for_change(home.head())
    with Recorder(home) as first, Recorder(home) as second:
        workers = [
            home.worker("write", f"writer-{n}", commits, 0.5) for n in range(writers)
        ]
        for worker in workers:
            worker.collect()
        killed = 0
        while killed < kills or any(is_running(w.process.pid) for w in workers):
            time.sleep(0.15 + dice.random() * 0.5)
            if killed < kills and (pids := home.daemons()):
                killed += kill(pids[0])
        acknowledged = [line for worker in workers for line in worker.result(300)]
        head = home.head()
        for watcher in watchers:
            watcher.wait_for_change(head, 30)
        wait_for(lambda: first.last >= head and second.last >= head, 30, "recorders")
    for watcher in watchers:
        watcher.stop()

    assert len(acknowledged) == writers * commits
    expected = {f"writer-{w} {n}" for w in range(writers) for n in range(commits)}
    assert expected <= home.titles()
    assert max(line["last"] for line in acknowledged) == head
    for watcher in watchers:
        watcher.assert_each_change_once_in_order(head)
    for recorder in (first, second):
        epochs = [connection.epoch for connection in recorder.connections]
        assert len(set(epochs)) == len(epochs), "one epoch, several connections"
        assert len(epochs) > 1
        for connection in recorder.connections:
            assert not connection.resyncs
            assert_each_change_once_in_order(connection)
    home.assert_sound()


@pytest.mark.timeout(240)
def test_every_change_is_seen_once_in_order_though_the_daemon_is_killed_six_times(
    board: Home,
) -> None:
    run_writers_under_kills(board, writers=4, commits=250, kills=6, followers=3)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_change_is_seen_once_in_order_though_the_daemon_is_killed_25_times(
    board: Home,
) -> None:
    run_writers_under_kills(board, writers=4, commits=2500, kills=25, followers=5)


# The writer dies between COMMIT and doorbell ---------------------------------------


def strace(call: str, number: int) -> list[str]:
    return [
        *("strace", "-f", "-o", "/dev/null"),
        *("-e", f"trace={call}"),
        *("-e", f"inject={call}:signal=KILL:when={number}"),
        *(*PASO, "add", f"killed at {call} {number}"),
    ]


DEATHS: dict[str, list[str]] = {
    "by its own hand after COMMIT": [*WORKER, "write-and-die", "killed at commit"]
}
if shutil.which("strace"):
    DEATHS |= {
        f"in {call} number {number}": strace(call, number)
        for call, number in (("connect", 1), ("sendto", 1), ("sendto", 2))
    }


@pytest.mark.parametrize("command", DEATHS.values(), ids=DEATHS.keys())
def test_a_writer_killed_between_commit_and_doorbell_is_seen_by_all_within_a_second(
    board: Home, command: list[str]
) -> None:
    board.start_daemon()
    with Recorder(board) as one, Recorder(board) as other:
        wait_for(lambda: one.connections and other.connections, 10)
        process = board.spawn(command)
        process.wait(30)
        died = time.time()
        head = board.head()
        assert any("killed at" in title for title in board.titles())
        wait_for(lambda: one.last == head and other.last == head, 10)
    late = max(one.events()[-1].at, other.events()[-1].at) - died
    assert late < 1.0
    assert_each_change_once_in_order(one.connections[0])


# Writers that know nothing of Paso ---------------------------------------------------


def test_a_raw_sqlite_writer_is_announced_within_a_second_with_everything_known(
    board: Home,
) -> None:
    board.start_daemon()
    delays = []
    with board.client() as client, board.sql() as connection:
        client.hello()
        client.subscribe(["db"])
        for number in range(3):
            began = time.monotonic()
            insert_task(connection, f"raw {number}")
            frame = client.read_until("event")
            delays.append(time.monotonic() - began)
            [entity] = frame["event"]["entities"]
            assert (entity["entity"], entity["op"]) == ("task", "insert")
            assert list(changes_of(frame)) == [board.head()]
            assert frame["event"]["project_id"] == 1
    assert min(delays) < 1.0, delays


def test_the_sqlite_shell_of_another_process_is_announced_too(board: Home) -> None:
    board.start_daemon()
    with board.client() as client:
        client.hello()
        client.subscribe(["db"])
        code = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
            "c.execute(\"UPDATE tasks SET title = 'by hand' WHERE id = 1\"); c.commit()"
        )
        board.spawn([sys.executable, "-c", code, str(board.database)]).wait(10)
        frame = client.read_until("event", 3)
        [entity] = frame["event"]["entities"]
        assert (entity["entity"], entity["op"], entity["id"]) == ("task", "update", 1)


def test_a_transaction_that_rolls_back_announces_nothing(board: Home) -> None:
    board.start_daemon()
    head = board.head()
    with board.client() as client, board.sql() as connection:
        client.hello()
        client.subscribe(["db"])
        connection.execute("BEGIN IMMEDIATE")
        insert_task(connection, "never")
        client.announce(77)
        assert client.read_until("event")["event"]["project_id"] == 77
        connection.execute("ROLLBACK")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE tasks SET type = 'nonsense'")
        insert_task(connection, "after")
        frame = client.read_until("event")
        assert list(changes_of(frame)) == [head + 1]


def test_a_big_transaction_is_announced_whole_and_says_what_it_cut(
    board: Home,
) -> None:
    board.start_daemon()
    with board.client() as client, board.sql() as connection:
        client.hello()
        client.subscribe(["db"])
        head = board.head()
        connection.execute("BEGIN IMMEDIATE")
        for number in range(300):
            insert_task(connection, f"bulk {number}")
        connection.execute("COMMIT")
        numbers: list[int] = []
        while len(numbers) < 300:
            frame = client.read_until("event")
            numbers += changes_of(frame)
            if len(changes_of(frame)) > len(frame["event"]["entities"]):
                assert frame["event"]["truncated"] is True
    assert numbers == list(range(head + 1, head + 301))


def test_doorbells_lost_doubled_late_and_false_change_nothing(board: Home) -> None:
    """A doorbell carries no truth: its numbers are not believed."""
    board.start_daemon()
    with board.client() as listener, board.client() as ringer, board.sql() as writer:
        listener.hello()
        listener.subscribe(["db"])
        ringer.hello("ringer")
        ringer.subscribe([])
        head = board.head()

        def ring(first: int, last: int) -> None:
            entity = {"entity": "task", "op": "insert", "id": 1, "uid": "u"}
            ringer.announce(1, change={"first": first, "last": last}, entities=[entity])

        ring(head + 500, head + 600)
        ring(1, head)
        insert_task(writer, "one")
        ring(head + 1, head + 1)
        ring(head + 1, head + 1)
        insert_task(writer, "two")
        insert_task(writer, "three")
        ring(head + 3, head + 3)
        ring(head + 2, head + 2)
        numbers: list[int] = []
        while not numbers or numbers[-1] < head + 3:
            numbers += changes_of(listener.read_until("event"))
        assert numbers == [head + 1, head + 2, head + 3]
        with pytest.raises(TimeoutError):
            listener.read_until(lambda f: bool(changes_of(f)), 0.7)


def test_the_deletion_of_a_project_announces_its_id(board: Home) -> None:
    board.start_daemon()
    project = board.paso("project", "create", "Doomed", "--json").data
    board.paso("add", "goes too", "--project", project["key"])
    with board.client() as client:
        client.hello()
        client.subscribe(["db"], project["id"])
        before = board.paso("project", "delete", project["key"], "--yes", "--force")
        if before.code:
            board.paso("project", "delete", project["key"], "--yes")
        entities = []
        while ("project", "delete") not in entities:
            event = client.read_until("event")["event"]
            assert event["project_id"] == project["id"]
            entities += [(e["entity"], e["op"]) for e in event["entities"]]


def test_a_subscriber_to_one_project_gets_that_project_alone_in_order(
    board: Home,
) -> None:
    board.start_daemon()
    other = board.paso("project", "create", "Other", "--json").data
    with board.client() as client:
        client.hello()
        client.subscribe(["db"], other["id"])
        board.paso("add", "not for you", "--project", "1")
        task = board.paso("add", "for you", "--project", other["key"], "--json").data
        event = client.read_until("event")["event"]
        assert event["project_id"] == other["id"]
        assert task["id"] in [entity["id"] for entity in event["entities"]]


# Without a daemon ------------------------------------------------------------------


def test_an_event_client_without_any_daemon_still_sees_every_change(
    board: Home,
) -> None:
    """`PRAGMA data_version` each second, as with a database on a dead machine."""
    board.environ["PASO_AUTO_START"] = "0"
    follower = Follower(board, "alone")
    follower.wait_for_change(board.head())
    for number in range(3):
        with board.sql() as connection:
            insert_task(connection, f"unannounced {number}")
        follower.wait_for_change(board.head(), 5)
    follower.stop()
    follower.assert_each_change_once_in_order(board.head())
    assert board.daemons() == []
    assert "offline" in follower.states()


def test_an_event_client_finds_a_daemon_that_comes_later(board: Home) -> None:
    board.environ["PASO_AUTO_START"] = "0"
    follower = Follower(board, "early")
    wait_for(lambda: "offline" in follower.states(), 15, "offline")
    board.start_daemon()
    wait_for(lambda: follower.states()[-1] == "live", 15, "live")
    with board.sql() as connection:
        insert_task(connection, "after")
    follower.wait_for_change(board.head())
    follower.stop()
    follower.assert_each_change_once_in_order(board.head())


def _stop_daemon(home: Home) -> None:
    home.paso("daemon", "stop")


def _kill_daemon(home: Home) -> None:
    for pid in home.daemons():
        kill(pid)


@pytest.mark.parametrize("end", [_stop_daemon, _kill_daemon])
def test_changes_made_while_the_daemon_was_away_are_caught_up(
    board: Home, end: Callable[[Home], None]
) -> None:
    daemon = board.start_daemon()
    board.environ["PASO_AUTO_START"] = "0"
    follower = Follower(board, "patient")
    wait_for(lambda: "live" in follower.states(), 15, "live")
    end(board)
    daemon.process.wait(15)
    with board.sql() as connection:
        for number in range(20):
            insert_task(connection, f"meanwhile {number}")
    board.start_daemon()
    follower.wait_for_change(board.head())
    follower.stop()
    follower.assert_each_change_once_in_order(board.head())


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_a_daemon_that_hangs_is_noticed_and_nothing_is_missed(board: Home) -> None:
    """SIGSTOP for longer than the client waits for a pong; no second daemon."""
    daemon = board.start_daemon(environ={"PASO_HANG_S": "0"})
    follower = Follower(board, "watchful")
    wait_for(lambda: "live" in follower.states(), 15, "live")
    daemon.process.send_signal(signal.SIGSTOP)
    with board.sql() as connection:
        for number in range(5):
            insert_task(connection, f"while it hangs {number}")
    follower.wait_for_change(board.head(), 40)
    assert board.daemons() == [daemon.pid]
    daemon.process.send_signal(signal.SIGCONT)
    wait_for(lambda: follower.states()[-1] == "live", 30, "live again")
    with board.sql() as connection:
        insert_task(connection, "after it")
    follower.wait_for_change(board.head())
    follower.stop()
    follower.assert_each_change_once_in_order(board.head())
