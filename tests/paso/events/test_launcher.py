"""One daemon, whoever starts it, however it ends; real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.errors import (
    DaemonFailed,
    DaemonUnreachable,
    NoListener,
    NotFound,
    SocketPathTooLong,
    StoreReadOnly,
    TryAgain,
    UnsafePath,
)
from paso.events.launcher import call, connect, ensure_daemon, error_of, spawn_detached
from paso.events.process import boot_id, read_pid_file
from paso.paths import Paths
from tests.conftest import daemon_pids
from tests.support.daemon import ROOT, RunningDaemon, wait_for
from tests.support.protocol_client import ConnectionEnded, ProtocolClient

CROWD = """
import sys
from paso.events.launcher import call
from paso.paths import Paths
print(call(Paths(), "status", {}, timeout_s=60, start=True)["pid"])
"""


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths()


def pid_of(sock: socket.socket) -> int:
    with sock:
        sock.sendall(b'{"type":"hello","v":1}\n')
        text = sock.recv(65536)
    assert b'"welcome"' in text
    return int(text.split(b'"pid":')[1].split(b",")[0])


def crowd(count: int) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen(
            [sys.executable, "-c", CROWD],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]


def answers(processes: list[subprocess.Popen[str]]) -> set[int]:
    pids = set()
    for process in processes:
        said, wrong = process.communicate(timeout=90)
        assert process.returncode == 0, wrong
        pids.add(int(said))
    return pids


# Reaching ------------------------------------------------------------------------


def test_without_a_daemon_nothing_listens(paths: Paths) -> None:
    with pytest.raises(NoListener) as caught:
        connect(paths, timeout_s=1)
    assert caught.value.exit_code == 6
    assert caught.value.hint == "paso daemon start"


def test_a_dead_socket_is_as_good_as_none(paths: Paths) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(paths.socket)
    with pytest.raises(NoListener):
        connect(paths, timeout_s=1)


def test_a_full_backlog_is_no_reason_to_start_another(paths: Paths) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(paths.socket)
        busy.listen(0)
        waiting: list[socket.socket] = []
        with pytest.raises(TryAgain):
            while len(waiting) < 10:
                waiting.append(connect(paths, timeout_s=0.1))
        begin = time.monotonic()
        with pytest.raises(TryAgain):
            ensure_daemon(paths, timeout_s=0.3)
        assert time.monotonic() - begin < 5
        for sock in waiting:
            sock.close()
    assert not (Path(paths.home) / "logs").exists(), "none was started"


def test_a_path_no_client_could_reach_is_refused(paso_home: Path) -> None:
    paths = Paths(socket=str(paso_home / ("x" * 120)))
    for attempt in (
        lambda: connect(paths, timeout_s=1),
        lambda: ensure_daemon(paths, timeout_s=1),
        lambda: spawn_detached(paths),
    ):
        with pytest.raises(SocketPathTooLong):
            attempt()


def test_a_daemon_of_another_user_is_refused(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningDaemon(Path(paths.home)):
        me = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
        with pytest.raises(UnsafePath, match=str(me)):
            connect(paths, timeout_s=1)


# Starting ------------------------------------------------------------------------


def test_the_first_client_starts_a_daemon_and_others_find_it(paths: Paths) -> None:
    pid = pid_of(ensure_daemon(paths))
    assert pid_of(ensure_daemon(paths)) == pid
    process = read_pid_file(paths)
    assert process is not None
    assert (process.pid, process.socket) == (pid, paths.socket)
    assert process.boot_id == boot_id()


def test_a_daemon_keeps_nothing_of_who_started_it(paths: Paths) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        pid = pid_of(ensure_daemon(paths))
        folder = f"/proc/{pid}/fd"
        links = {name: os.readlink(f"{folder}/{name}") for name in os.listdir(folder)}
        assert links["0"] == links["1"] == "/dev/null"
        assert links["2"] == paths.daemon_log
        pipe = os.readlink(f"/proc/self/fd/{write}")
        assert pipe not in links.values()
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.getsid(pid) == pid
        assert os.stat(paths.daemon_log).st_mode & 0o777 == 0o600
    finally:
        os.close(read)
        os.close(write)


def test_the_daemon_is_not_supervised_in_the_place_of_who_started_it(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    monkeypatch.setenv("LISTEN_FDS", "1")
    pid = pid_of(ensure_daemon(paths))
    environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    names = {entry.split(b"=")[0] for entry in environ}
    assert not names & {b"NOTIFY_SOCKET", b"LISTEN_FDS"}
    assert b"PASO_HOME=" + os.fsencode(paths.home) in environ
    assert b"PASO_SOCKET=" + os.fsencode(paths.socket) in environ


def test_a_detached_start_does_not_wait_and_a_second_one_is_harmless(
    paths: Paths,
) -> None:
    begin = time.monotonic()
    spawn_detached(paths)
    spawn_detached(paths)
    assert time.monotonic() - begin < 1
    wait_for(lambda: read_pid_file(paths) and os.path.exists(paths.socket))
    wait_for(lambda: len(daemon_pids(Path(paths.home))) == 1)
    assert "Traceback" not in Path(paths.daemon_log).read_text()


@pytest.mark.parametrize("state", ["nothing", "stale socket", "reused pid", "slow"])
def test_a_crowd_that_starts_at_once_leaves_one_daemon(
    paths: Paths, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if state == "stale socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(paths.socket)
    elif state == "reused pid":
        Path(paths.pid_file).write_text(f"{os.getpid()} 1 {boot_id()} 0.1 /s\n")
    elif state == "slow":
        monkeypatch.setenv("PASO_START_DELAY_S", "0.7")
    assert len(answers(crowd(20))) == 1
    assert len(daemon_pids(Path(paths.home))) == 1


def test_a_daemon_that_is_killed_while_starting_is_started_again(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASO_START_DELAY_S", "0.4")
    home = Path(paths.home)
    processes = crowd(6)
    killed = 0
    while killed < 3:
        for pid in wait_for(lambda: daemon_pids(home)):
            os.kill(pid, signal.SIGKILL)
            killed += 1
        time.sleep(0.05)
    assert len(answers(processes)) == 1


def test_stopping_and_starting_at_the_same_time_serves_everybody(paths: Paths) -> None:
    for _ in range(3):
        pid = pid_of(ensure_daemon(paths))
        processes = crowd(6)
        os.kill(pid, signal.SIGTERM)
        answers(processes)
        assert call(paths, "status", {}, timeout_s=10, start=True)["pid"]
    wait_for(lambda: len(daemon_pids(Path(paths.home))) == 1)


def test_two_sockets_for_one_home_are_one_daemon(paso_home: Path) -> None:
    pid = pid_of(ensure_daemon(Paths()))
    other = Paths(socket=str(paso_home / "other.sock"))
    with pytest.raises(DaemonUnreachable):
        ensure_daemon(other, timeout_s=1)
    # On a busy machine the second one is only about to find out.
    wait_for(lambda: daemon_pids(paso_home) == [pid])


def test_two_homes_with_one_database_are_one_daemon(
    paso_home: Path, tmp_path: Path
) -> None:
    (paso_home / "tasks.db").touch()
    twin = tmp_path / "twin"
    twin.mkdir(mode=0o700)
    (twin / "tasks.db").symlink_to(paso_home / "tasks.db")
    ensure_daemon(Paths()).close()
    with pytest.raises(DaemonUnreachable):
        ensure_daemon(Paths(str(twin)), timeout_s=1)
    # While the first one runs: later, it would take its place.
    wait_for(lambda: not daemon_pids(twin))


# Failing -------------------------------------------------------------------------


def test_the_reason_of_the_daemon_reaches_who_started_it(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(paths.socket).write_text("precious")
    with pytest.raises((UnsafePath, DaemonUnreachable)) as caught:
        ensure_daemon(paths, timeout_s=5)
    assert "not a socket" in caught.value.message or "reach" in caught.value.message
    os.unlink(paths.socket)
    monkeypatch.setenv("PASO_PING_S", "often")
    begin = time.monotonic()
    with pytest.raises(DaemonFailed, match="PASO_PING_S"):
        ensure_daemon(paths, timeout_s=10)
    assert time.monotonic() - begin < 5, "it is told, not waited for"


def test_a_daemon_that_breaks_at_once_is_said_at_once(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DaemonFailed, match="code 1"):
        ensure_daemon(paths, timeout_s=10)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DaemonFailed, match="cannot start"):
        ensure_daemon(paths, timeout_s=10)


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
@pytest.mark.parametrize("name", ["spawn.lock", "paso.pid", "logs/daemon.log"])
def test_what_is_planted_in_our_places_is_refused(
    paths: Paths, tmp_path: Path, name: str, kind: str
) -> None:
    path, target = Path(paths.home) / name, tmp_path / "target"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if kind == "link":
        target.write_text("precious")
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(UnsafePath):
        ensure_daemon(paths, timeout_s=5)
    if kind == "link":
        assert target.read_text() == "precious"


def test_a_home_that_cannot_hold_a_daemon_is_refused(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    wide.chmod(0o777)
    with pytest.raises(UnsafePath):
        ensure_daemon(Paths(str(wide)), timeout_s=1)
    with pytest.raises(UnsafePath):
        spawn_detached(Paths(str(wide)))
    (tmp_path / "file").touch()
    with pytest.raises((StoreReadOnly, UnsafePath)):
        ensure_daemon(Paths(str(tmp_path / "file" / "home")), timeout_s=1)


def test_a_large_log_is_put_aside_at_the_start(paths: Paths) -> None:
    log = Path(paths.daemon_log)
    log.parent.mkdir(mode=0o700)
    log.write_bytes(b"x" * (1024 * 1024 + 1))
    ensure_daemon(paths).close()
    wait_for(lambda: log.exists() and "serves" in log.read_text())
    assert log.stat().st_size < 10_000
    assert (log.parent / "daemon.log.1").stat().st_size > 1024 * 1024


def test_the_log_is_opened_anew_on_sighup(paths: Paths) -> None:
    pid = pid_of(ensure_daemon(paths))
    log = Path(paths.daemon_log)
    wait_for(lambda: "serves" in log.read_text())
    log.rename(log.parent / "aside")
    os.kill(pid, signal.SIGHUP)
    wait_for(log.exists)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: "stops" in log.read_text())


# Asking --------------------------------------------------------------------------


def test_a_call_is_one_question_and_one_answer(paths: Paths) -> None:
    with RunningDaemon(Path(paths.home)) as daemon:
        assert call(paths, "status", {}, timeout_s=5)["pid"] == daemon.pid
        with pytest.raises(NotFound):
            call(paths, "session", {"id": "x"}, timeout_s=5)


def test_a_call_without_a_daemon_starts_one_only_when_told(paths: Paths) -> None:
    with pytest.raises(NoListener):
        call(paths, "status", {}, timeout_s=5)
    assert call(paths, "status", {}, timeout_s=20, start=True)["pid"]


def test_a_daemon_that_does_not_answer_is_unreachable_in_time(paths: Paths) -> None:
    with RunningDaemon(Path(paths.home)) as daemon:
        os.kill(daemon.pid, signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(DaemonUnreachable):
            call(paths, "status", {}, timeout_s=0.3)
        assert time.monotonic() - begin < 5


@pytest.fixture
def deaf(paths: Paths) -> Iterator[threading.Thread]:
    """Takes connections and ends them, as a daemon does that is dying."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(paths.socket)
    listener.listen()

    def end_three() -> None:
        for _ in range(3):
            listener.accept()[0].close()
        os.unlink(paths.socket)
        listener.close()

    thread = threading.Thread(target=end_three)
    thread.start()
    yield thread
    thread.join()


def test_an_end_before_the_answer_means_to_try_again(
    paths: Paths, deaf: threading.Thread
) -> None:
    assert call(paths, "status", {}, timeout_s=30, start=True)["pid"]


def test_a_full_daemon_is_waited_for(paths: Paths) -> None:
    with RunningDaemon(Path(paths.home), max_clients=1) as daemon:
        holder = wait_for(lambda: _place(daemon))
        assert holder is not None
        timer = threading.Timer(0.3, holder.close)
        timer.start()
        answer = call(paths, "status", {}, timeout_s=20, start=True)
        timer.join()
        assert answer["pid"] == daemon.pid


def _place(daemon: RunningDaemon) -> ProtocolClient | None:
    """The only place, once who looked whether it listens has gone."""
    client = ProtocolClient(daemon.socket)
    try:
        client.hello()
    except ConnectionEnded:
        client.close()
        return None
    return client


def test_every_code_of_the_protocol_is_an_error_of_the_tree() -> None:
    assert type(error_of("not_found", "m")) is NotFound
    assert type(error_of("unsafe_path", "m")) is UnsafePath
    assert type(error_of("of a later version", "m")) is DaemonFailed
