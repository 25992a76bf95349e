"""Two hundred clients at once leave one daemon, whatever they find or happens.

The clients are real processes with ten threads each; the long runs take a process
for each client.
"""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import is_running
from tests.end_to_end.harness import Home, Worker, kill, wait_for

CLIENTS = 200
pytestmark = pytest.mark.timeout(180)


def start_clients(home: Home, *, processes: int, seconds: float) -> list[Worker]:
    """Start the clients; all of them begin at one moment, once all are loaded."""
    at = time.time() + 0.3 + 0.05 * processes
    each = CLIENTS // processes
    return [home.worker("ensure", each, at, seconds) for _ in range(processes)]


def answers(workers: list[Worker], timeout_s: float = 120.0) -> list[dict[str, Any]]:
    return [answer for worker in workers for answer in worker.result(timeout_s)]


def assert_all_served_by_one_daemon(home: Home, served: list[dict[str, Any]]) -> None:
    errors = Counter(answer["error"] for answer in served if "error" in answer)
    assert not errors, errors
    assert len(served) == CLIENTS
    pids = {answer["pid"] for answer in served}
    assert len(pids) == 1, pids
    assert home.daemons() == home.listeners() == list(pids)
    assert home.pid_file.read_text().split()[0] == str(*pids)
    welcome = home.welcome()
    assert welcome is not None
    assert {welcome["pid"]} == pids


def a_dead_daemon(home: Home) -> str:
    """A daemon that was killed: its socket and PID file stay; the PID file's text."""
    daemon = home.start_daemon()
    text = home.pid_file.read_text()
    daemon.kill()
    assert home.pid_file.exists()
    return text


def nothing_there(home: Home) -> None:
    assert not home.pid_file.exists()


def a_stale_socket(home: Home) -> None:
    """A bound socket that nobody listens on, and no PID file."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(home.socket)


def a_stale_socket_and_pid_file(home: Home) -> None:
    a_dead_daemon(home)


def a_reused_pid(home: Home) -> None:
    """The PID file names a stranger that lives: the pid was given out again."""
    stranger = home.spawn(["sleep", "300"])
    _, *rest = a_dead_daemon(home).split()
    home.pid_file.write_text(" ".join([str(stranger.pid), *rest]) + "\n")


def a_torn_pid_file(home: Home) -> None:
    home.pid_file.write_bytes(b"12\0garbage")
    home.pid_file.chmod(0o600)


BEGINNINGS = [
    nothing_there,
    a_stale_socket,
    a_stale_socket_and_pid_file,
    a_reused_pid,
    a_torn_pid_file,
]


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=lambda b: b.__name__)
def test_two_hundred_clients_get_one_daemon_from(
    home: Home, beginning: Callable[[Home], None]
) -> None:
    beginning(home)
    bystanders = [child for child in home.children if child.poll() is None]
    served = answers(start_clients(home, processes=20, seconds=60))
    assert_all_served_by_one_daemon(home, served)
    assert all(is_running(child.pid) for child in bystanders), "a stranger was killed"


@contextmanager
def nemesis(home: Home, strike: Callable[[int], None], pause_s: float) -> Iterator[Any]:
    """Strike each new daemon soon after it appears, from a thread, until left."""
    leave = threading.Event()
    struck: list[int] = []

    def hunt() -> None:
        while not leave.is_set():
            for pid in home.daemons():
                if pid not in struck:
                    struck.append(pid)
                    strike(pid)
            leave.wait(pause_s)

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        yield struck
    finally:
        leave.set()
        hunter.join()


def stop_for_a_while(pid: int) -> None:
    """The daemon needs 1.5 s more than it should, from wherever it is."""
    if kill(pid, signal.SIGSTOP):
        time.sleep(1.5)
        kill(pid, signal.SIGCONT)


def test_two_hundred_clients_wait_for_a_daemon_that_is_slow_to_start(
    home: Home,
) -> None:
    with nemesis(home, stop_for_a_while, pause_s=0.002) as struck:
        served = answers(start_clients(home, processes=20, seconds=60))
    assert struck
    assert_all_served_by_one_daemon(home, served)


def test_two_hundred_clients_are_served_though_the_daemon_is_killed_twenty_times(
    home: Home,
) -> None:
    _killed_while_starting(home, processes=20)


def _killed_while_starting(home: Home, processes: int) -> None:
    dice = random.Random(20)
    kills: list[float] = []
    twins: list[list[int]] = []

    def strike(pid: int) -> None:
        if len(kills) < 20:
            time.sleep(dice.random() * 0.12)
            if len(listeners := home.listeners()) > 1:
                twins.append(listeners)
            kills.append(time.monotonic())
            kill(pid)

    with nemesis(home, strike, pause_s=0.01):
        workers = start_clients(home, processes=processes, seconds=100)
        served = answers(workers)
        # Those served early leave; the rest of the kills meets late comers.
        while len(kills) < 20:
            late = answers([home.worker("ensure", 5, time.time(), 60)])
            assert not [answer for answer in late if "error" in answer], late
    errors = Counter(answer["error"] for answer in served if "error" in answer)
    assert not errors, errors
    assert len(served) == CLIENTS
    assert not twins, "two daemons listened at once"
    assert_one_daemon_in_the_end(home)


def assert_one_daemon_in_the_end(home: Home) -> None:
    served = answers([home.worker("ensure", 1, time.time(), 30)])
    assert "pid" in served[0], served
    wait_for(lambda: len(home.daemons()) == 1, 10, "one daemon")
    assert home.daemons() == [served[0]["pid"]]


def test_a_second_daemon_says_who_serves_and_leaves_the_first_alone(
    home: Home,
) -> None:
    first = home.start_daemon()
    second = home.paso("daemon", "run", timeout_s=20)
    assert second.code == 1
    assert str(first.pid) in second.err
    welcome = home.welcome()
    assert welcome is not None
    assert welcome["pid"] == first.pid


@pytest.mark.parametrize(
    "gone",
    [
        ["paso.sock"],
        ["paso.pid"],
        ["paso.sock", "paso.pid"],
        ["tasks.db.lock"],
        ["paso.sock", "paso.pid", "tasks.db.lock"],
    ],
    ids=" ".join,
)
def test_whatever_is_deleted_under_a_daemon_one_that_serves_is_there_again(
    board: Home, gone: list[str]
) -> None:
    """The old one heals itself or makes room; never two that go on listening."""
    board.start_daemon()
    for name in gone:
        (board.path / name).unlink(missing_ok=True)
    [answer] = answers([board.worker("ensure", 1, time.time(), 30)])
    assert "pid" in answer, answer

    def settled() -> bool:
        welcome = board.welcome()
        return bool(welcome) and board.listeners() == [(welcome or {})["pid"]]

    wait_for(settled, 20, "one daemon that listens and serves")


def test_a_daemon_whose_home_is_removed_ends(board: Home) -> None:
    daemon = board.start_daemon()
    for path in sorted(board.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    board.path.rmdir()
    assert daemon.process.wait(20) == 0


def test_a_daemon_that_can_not_start_tells_the_client_its_own_reason(
    home: Home,
) -> None:
    home.pid_file.mkdir()
    [answer] = answers([home.worker("ensure", 1, time.time(), 10)])
    assert "paso.pid" in answer["error"], answer
    assert home.daemons() == []


@pytest.mark.soak
@pytest.mark.parametrize("beginning", BEGINNINGS, ids=lambda b: b.__name__)
def test_two_hundred_processes_get_one_daemon_from(
    home: Home, beginning: Callable[[Home], None]
) -> None:
    beginning(home)
    served = answers(start_clients(home, processes=CLIENTS, seconds=90))
    assert_all_served_by_one_daemon(home, served)


@pytest.mark.soak
def test_two_hundred_processes_are_served_though_the_daemon_is_killed(
    home: Home,
) -> None:
    _killed_while_starting(home, processes=CLIENTS)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_stopping_and_starting_at_once_serves_everybody_a_hundred_times(
    home: Home,
) -> None:
    for _ in range(100):
        at = time.time() + 0.4
        workers = [home.worker("ensure", 10, at, 30) for _ in range(2)]
        time.sleep(max(0.0, at - time.time()))
        for pid in home.daemons():
            kill(pid, signal.SIGTERM)
        served = answers(workers)
        assert not [answer for answer in served if "error" in answer], served
        wait_for(lambda: len(home.daemons()) <= 1, 10, "one daemon")
