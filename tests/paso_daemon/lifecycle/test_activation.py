"""Sockets from systemd and word to it, with real descriptors and datagrams."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso_daemon.lifecycle.activation import Notifier
from tests.support.daemon import ROOT, wait_for
from tests.support.protocol_client import ProtocolClient

HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ["LISTEN_FDS"] = sys.argv[2]
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, "-m", "paso_daemon"])
"""


def handed_over(
    sock: socket.socket, count: str = "1", **environ: str
) -> subprocess.Popen[str]:
    """Start a daemon that finds `sock` as descriptor 3, as under systemd."""
    fd = sock.fileno()
    return subprocess.Popen(
        [sys.executable, "-c", HAND_OVER, str(fd), count],
        pass_fds=(fd,),
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=15)[1]
    return process.returncode, said


@pytest.fixture
def path(paso_home: Path) -> str:
    return str(paso_home / "paso.sock")


def listening(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen()
    return sock


def test_a_socket_that_is_handed_over_is_served_and_stays(path: str) -> None:
    with listening(path) as sock:
        process = handed_over(sock)
        with ProtocolClient(path) as client:
            assert client.hello()["pid"] == process.pid
        process.terminate()
        code, said = ended(process)
        assert code == 0, said
        assert os.path.exists(path), "the socket is systemd's to remove"
    assert not os.path.exists(os.path.join(os.path.dirname(path), "paso.pid"))


def test_clients_that_came_before_the_daemon_are_served(path: str) -> None:
    with listening(path) as sock, ProtocolClient(path) as client:
        client.send({"type": "hello", "v": 1})
        process = handed_over(sock)
        assert client.read_until("welcome")["pid"] == process.pid
        process.terminate()
        assert ended(process)[0] == 0


def test_a_descriptor_of_another_kind_is_refused_in_words(
    path: str, paso_home: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as idle:
        idle.bind(path)
        code, said = ended(handed_over(idle))
        assert (code, "listening Unix stream" in said) == (78, True), said
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        code, said = ended(handed_over(tcp))
        assert (code, "listening Unix stream" in said) == (78, True), said
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        datagram.bind(str(paso_home / "d"))
        code, said = ended(handed_over(datagram))
        assert (code, "listening Unix stream" in said) == (78, True), said


def test_more_sockets_than_one_are_refused(path: str) -> None:
    with listening(path) as sock:
        code, said = ended(handed_over(sock, "2"))
    assert (code, "one is expected" in said) == (78, True), said


def test_sockets_for_another_process_are_not_ours(path: str, paso_home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "paso_daemon"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LISTEN_PID": "1",
            "LISTEN_FDS": "1",
        },
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: os.path.exists(path))
    process.terminate()
    assert process.wait(10) == 0
    assert not os.path.exists(path)


def test_an_older_daemon_is_waited_for(path: str) -> None:
    """It sees that its socket path is another's, leaves, and the new one begins."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    older = subprocess.Popen(
        [sys.executable, "-m", "paso_daemon"], env=environ, stderr=subprocess.DEVNULL
    )
    wait_for(lambda: os.path.exists(path))
    os.unlink(path)
    with listening(path) as sock:
        newer = handed_over(sock)
        with ProtocolClient(path, timeout_s=20) as client:
            assert client.hello()["pid"] == newer.pid
        assert older.wait(10) == 0
        newer.terminate()
        assert ended(newer)[0] == 0


def test_the_activator_of_systemd_starts_it_on_the_first_connection(path: str) -> None:
    """`systemd-socket-activate` where there is one; else what it does, by hand."""
    activator = shutil.which("systemd-socket-activate")
    if activator is None:
        test_clients_that_came_before_the_daemon_are_served(path)
        return
    process = subprocess.Popen(
        [
            activator,
            f"--listen={path}",
            f"--setenv=PYTHONPATH={ROOT}",
            f"--setenv=PASO_HOME={os.path.dirname(path)}",
            sys.executable,
            "-m",
            "paso_daemon",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: listens(path))
        with ProtocolClient(path) as client:
            assert client.hello()["pid"] == process.pid
    finally:
        process.terminate()
        code = process.wait(10)
    assert code == 0


def listens(path: str) -> bool:
    """True once somebody listens; asks the kernel, for a connection would count."""
    with open("/proc/net/unix", encoding="utf-8") as sockets:
        # num ref protocol flags type state inode path; flag 10000: __SO_ACCEPTCON
        rows = [line.split() for line in sockets if line.rstrip().endswith(path)]
    return any(row[3] == "00010000" for row in rows)


# Word to systemd -----------------------------------------------------------------


@pytest.fixture(params=["path", "abstract"])
def supervisor(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        address = f"\0paso-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(10)
        yield sock


def address_of(sock: socket.socket) -> str:
    name = sock.getsockname()
    return "@" + name[1:].decode() if isinstance(name, bytes) else name


def words(sock: socket.socket) -> list[str]:
    return sock.recv(4096).decode().splitlines()


def test_ready_signs_of_life_and_leave_are_told(
    supervisor: socket.socket, path: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "paso_daemon"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NOTIFY_SOCKET": address_of(supervisor),
            "WATCHDOG_USEC": "200000",
        },
        stderr=subprocess.DEVNULL,
    )
    first = words(supervisor)
    assert "READY=1" in first
    with ProtocolClient(path) as client:
        assert client.hello()["pid"] == process.pid
    begin = time.monotonic()
    for _ in range(5):
        assert words(supervisor) == ["WATCHDOG=1"]
    assert time.monotonic() - begin < 5
    process.terminate()
    while (last := words(supervisor)) == ["WATCHDOG=1"]:
        pass
    assert last == ["STOPPING=1"]
    assert process.wait(10) == 0


def test_a_watchdog_meant_for_another_process_is_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert Notifier().watchdog_s == 0
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert Notifier().watchdog_s == 5
    assert "WATCHDOG_USEC" not in os.environ, "our children are not supervised"


def test_a_supervisor_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    Notifier().tell("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().tell("READY=1")
