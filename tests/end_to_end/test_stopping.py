"""The end of the daemon: asked politely, under load, it loses nothing."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tests.end_to_end.harness import Home, wait_for
from tests.end_to_end.observers import (
    Follower,
    Recorder,
    assert_each_change_once_in_order,
)
from tests.end_to_end.test_guarantee import insert_task
from tests.support.protocol_client import db_changed, encode


class Pressure:
    """About 2,000 announcements a second from one client, until left."""

    def __init__(self, home: Home, rate: int = 2000) -> None:
        self.home, self.rate, self.sent = home, rate, 0
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Pressure:
        self._thread.start()
        wait_for(lambda: self.sent > self.rate // 2, 20, "pressure")
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join(10)

    def _run(self) -> None:
        line = encode({"type": "event", "event": db_changed(7)})
        with self.home.client() as client:
            client.subscribe([])
            began = time.monotonic()
            while not self._leave.is_set():
                try:
                    client.send_raw(line * (self.rate // 100))
                except OSError:
                    return
                self.sent += self.rate // 100
                ahead = self.sent / self.rate - (time.monotonic() - began)
                self._leave.wait(max(0.0, ahead))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_two_thousand_events_a_second_loses_nothing(
    board: Home, sign: signal.Signals
) -> None:
    daemon = board.start_daemon()
    board.environ["PASO_AUTO_START"] = "0"
    follower = Follower(board, "follower")
    with Recorder(board) as one, Recorder(board) as other, Pressure(board):
        wait_for(lambda: one.connections and other.connections, 15)
        with board.sql() as connection:
            for number in range(50):
                insert_task(connection, f"before {number}")
        head = board.head()
        began = time.monotonic()
        daemon.process.send_signal(sign)
        assert daemon.process.wait(10) == 0
        assert time.monotonic() - began < 5.0
        wait_for(lambda: one.byes and other.byes, 5, "bye to every subscriber")
        assert not board.pid_file.exists()
        assert not (board.path / "paso.sock").exists()
        # What was committed before the signal was flushed before the end.
        assert one.last == other.last == head
        with board.sql() as connection:
            insert_task(connection, "between")
        board.start_daemon()
        wait_for(lambda: len(one.connections) > 1, 15, "a second connection")
        with board.sql() as connection:
            insert_task(connection, "after")
        head = board.head()
        wait_for(lambda: one.last == head and other.last == head, 15)
    follower.wait_for_change(head)
    follower.stop()
    follower.assert_each_change_once_in_order(head)
    for recorder in (one, other):
        assert "slow" not in {bye["reason"] for bye in recorder.byes}
        for connection_seen in recorder.connections:
            assert_each_change_once_in_order(connection_seen)


def test_a_stuck_subscriber_does_not_hold_up_the_end(board: Home) -> None:
    daemon = board.start_daemon()
    with board.client(receive_buffer=4096) as stuck:
        stuck.subscribe(["db"])
        with Pressure(board, rate=4000):
            began = time.monotonic()
            assert daemon.terminate() == 0
            assert time.monotonic() - began < 5.5
    assert not board.pid_file.exists()


def test_a_second_signal_does_not_leave_anything_behind(board: Home) -> None:
    daemon = board.start_daemon()
    with Pressure(board):
        daemon.process.send_signal(signal.SIGTERM)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(10) is not None
    assert board.listeners() == []


def test_it_ends_though_a_foreign_writer_holds_the_database(board: Home) -> None:
    daemon = board.start_daemon()
    with board.sql() as connection:
        connection.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert daemon.terminate() == 0
        assert time.monotonic() - began < 5.5
        connection.execute("ROLLBACK")


def test_shutdown_by_request_says_bye_to_everybody(board: Home) -> None:
    daemon = board.start_daemon()
    with board.client() as client, board.client() as other:
        client.hello()
        other.hello()
        other.subscribe(["db"])
        client.subscribe([])
        client.send({"type": "request", "id": "x", "method": "shutdown"})
        frames = other.read_to_end()
        assert frames[-1]["type"] == "bye"
        assert frames[-1]["reason"]
    assert daemon.process.wait(10) == 0
    assert not board.pid_file.exists()


def test_paso_daemon_stop_ends_it_and_only_it(board: Home) -> None:
    daemon = board.start_daemon()
    assert board.paso("daemon", "stop").code == 0
    assert daemon.process.wait(10) == 0
    assert board.daemons() == []
    status = board.paso("daemon", "status", "--json")
    assert status.code == 6, status
    assert status.error["code"] == "no_daemon"


def test_a_frozen_daemon_costs_a_writer_at_most_a_moment(board: Home) -> None:
    """SIGSTOP: it does not answer, and no second one is started beside it."""
    daemon = board.start_daemon()
    usual = min(board.paso("add", f"usual {n}").seconds for n in range(3))
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        frozen = min(board.paso("add", f"frozen {n}").seconds for n in range(3))
        assert frozen < usual + 0.4
        assert board.daemons() == [daemon.pid]
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert {"frozen 0", "frozen 1", "frozen 2"} <= board.titles()
    with board.client() as client:
        assert client.hello()["change"] == board.head()
