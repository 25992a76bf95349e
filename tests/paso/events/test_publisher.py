"""Announcing: bounded, never an error of the writer, whatever the daemon is doing."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.events.publisher import LIMIT_S, Publisher
from paso.events.types import Commit, Entity
from paso.paths import Paths
from tests.conftest import daemon_pids
from tests.support.daemon import RunningDaemon, new_board, rename_project, wait_for
from tests.support.protocol_client import changes_of

COMMIT = Commit(1, 1, 1, (Entity("project", "update", 1, "u"),))
SLACK_S = 0.4
"""What a loaded machine may add."""


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths()


@pytest.fixture
def publisher(paths: Paths) -> Iterator[Publisher]:
    made = Publisher(paths, client="test", auto_start=False)
    yield made
    made.close()


def timed(publisher: Publisher) -> tuple[bool, float]:
    begin = time.monotonic()
    heard = publisher.announce(COMMIT)
    return heard, time.monotonic() - begin


def test_a_commit_is_heard_by_everybody_at_once(
    paths: Paths, publisher: Publisher
) -> None:
    board = new_board(Path(paths.home))
    with RunningDaemon(Path(paths.home), poll_s=600) as daemon:
        with daemon.client() as client:
            client.hello()
            client.subscribe(["db"])
            for name in ("a", "b", "c"):
                last = rename_project(board, name)
                assert board.last_commit is not None
                assert publisher.announce(board.last_commit)
                assert list(changes_of(client.read_until("event"))) == [last]
        assert publisher.last_error is None
        assert daemon.status()["counters"]["bad_frames"] == 0
    board.close()


def test_it_keeps_one_connection_and_says_who_it_is(
    paths: Paths, publisher: Publisher
) -> None:
    with RunningDaemon(Path(paths.home)) as daemon, daemon.client() as client:
        client.subscribe([])
        for _ in range(5):
            assert publisher.announce(COMMIT)
        [ours] = wait_for(
            lambda: [
                entry
                for entry in client.request("clients")["result"]
                if entry["client"] == "test"
            ]
        )
        assert (ours["pid"], ours["topics"]) == (os.getpid(), [])


def test_without_a_daemon_nothing_is_heard_and_nothing_raised(
    paths: Paths, publisher: Publisher
) -> None:
    heard, seconds = timed(publisher)
    assert not heard
    assert seconds < LIMIT_S + SLACK_S
    assert publisher.last_error == "the daemon does not run"
    assert daemon_pids(Path(paths.home)) == []


def test_the_first_announcement_starts_a_daemon_and_does_not_wait(
    paths: Paths,
) -> None:
    publisher = Publisher(paths, client="test")
    heard, seconds = timed(publisher)
    assert not heard
    assert seconds < LIMIT_S + SLACK_S
    wait_for(lambda: publisher.announce(COMMIT))
    assert len(daemon_pids(Path(paths.home))) == 1
    publisher.close()


def test_a_home_that_cannot_hold_a_daemon_is_no_error_of_the_writer(
    paths: Paths,
) -> None:
    os.chmod(paths.home, 0o755)
    publisher = Publisher(paths, client="test")
    assert not publisher.announce(COMMIT)
    assert "chmod 700" in str(publisher.last_error) or "open to" in str(
        publisher.last_error
    )
    os.chmod(paths.home, 0o700)


def test_a_daemon_that_was_stopped_costs_little_however_much_is_written(
    paths: Paths, publisher: Publisher
) -> None:
    with RunningDaemon(Path(paths.home)) as daemon:
        assert publisher.announce(COMMIT)
        os.kill(daemon.pid, signal.SIGSTOP)
        begin = time.monotonic()
        for _ in range(2_000):
            publisher.announce(COMMIT)
        assert time.monotonic() - begin < 5, "it does not try again and again"
        os.kill(daemon.pid, signal.SIGCONT)
        wait_for(lambda: publisher.announce(COMMIT))


def test_a_full_backlog_costs_nothing(paths: Paths, publisher: Publisher) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(paths.socket)
        busy.listen(0)
        waiting = []
        for _ in range(5):
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            sock.connect_ex(paths.socket)
            waiting.append(sock)
        heard, seconds = timed(publisher)
        assert not heard
        assert seconds < LIMIT_S + SLACK_S
        for sock in waiting:
            sock.close()


def test_another_daemon_is_found_when_the_first_has_gone(
    paths: Paths, publisher: Publisher
) -> None:
    home = Path(paths.home)
    with RunningDaemon(home):
        assert publisher.announce(COMMIT)
    assert not publisher.announce(COMMIT)
    with RunningDaemon(home):
        assert publisher.announce(COMMIT)


def test_after_close_it_connects_again(paths: Paths, publisher: Publisher) -> None:
    with RunningDaemon(Path(paths.home)):
        assert publisher.announce(COMMIT)
        publisher.close()
        publisher.close()
        assert publisher.announce(COMMIT)
