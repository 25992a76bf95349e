"""A command is handed to its launcher: nothing on disk, and a definite answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paso.errors import ToolFailed
from paso.sessions.handover import Handover
from paso.sessions.server import launcher_argv
from tests.support.daemon import wait_for

ID = "ab" * 8
ENV = {"PATH": os.environ["PATH"], "WORD": "a=b\nc"}


def launch(handover: Handover) -> subprocess.Popen[str]:
    return subprocess.Popen(
        launcher_argv(handover.place), stdout=subprocess.PIPE, text=True
    )


def give(handover: Handover, pid: int, *argv: str, cwd: str = "/") -> str:
    return handover.give(pid, argv, cwd, ENV, time.monotonic() + 15)


def test_the_launcher_becomes_the_command(paso_home: Path) -> None:
    with Handover(str(paso_home), ID) as handover:
        mode = os.stat(handover.place).st_mode
        child = launch(handover)
        code = "import os; print(os.getpid(), os.getcwd(), repr(os.environ['WORD']))"
        answer = give(handover, child.pid, sys.executable, "-c", code, cwd="/usr")
    assert os.path.stat.S_ISSOCK(mode)  # type: ignore[attr-defined]
    assert answer == ""
    out, _ = child.communicate(timeout=15)
    assert out == f"{child.pid} /usr 'a=b\\nc'\n"
    assert list(paso_home.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "cwd", "answer"),
    [
        (["paso-no-such-program"], "/", "No such file or directory"),
        (["/etc"], "/", "Permission denied"),
        (["true"], "/nowhere", "No such file or directory"),
        (["true"], "/etc/passwd", "Not a directory"),
        (["true", "x" * 200_000], "/", "Argument list too long"),
    ],
)
def test_why_it_cannot_run_is_said(
    paso_home: Path, argv: list[str], cwd: str, answer: str
) -> None:
    with Handover(str(paso_home), ID) as handover:
        child = launch(handover)
        assert give(handover, child.pid, *argv, cwd=cwd) == answer
    child.communicate(timeout=15)
    assert child.returncode == 127


def test_our_umask_is_the_commands(paso_home: Path) -> None:
    before = os.umask(0o027)
    try:
        with Handover(str(paso_home), ID) as handover:
            child = launch(handover)
            assert give(handover, child.pid, "sh", "-c", "umask") == ""
        assert child.communicate(timeout=15)[0] == "0027\n"
    finally:
        os.umask(before)


def test_a_terminal_that_closes_first_is_noticed_at_once(paso_home: Path) -> None:
    with Handover(str(paso_home), ID) as handover:
        child = subprocess.Popen(["sleep", "0.2"])
        began = time.monotonic()
        answer = give(handover, child.pid, "true")
        child.wait()
        assert give(handover, child.pid, "true") == "its terminal closed at once"
    assert answer == "its terminal closed before it could start"
    assert time.monotonic() - began < 10


def test_a_launcher_that_never_asks_has_a_limit(paso_home: Path) -> None:
    with Handover(str(paso_home), ID) as handover:
        child = subprocess.Popen(["sleep", "600"])
        try:
            answer = handover.give(child.pid, ["true"], "/", ENV, time.monotonic())
        finally:
            child.kill()
            child.wait()
    assert answer == "its terminal did not ask for the command in time"


def test_nobody_but_the_launcher_is_told_the_command(paso_home: Path) -> None:
    with Handover(str(paso_home), ID) as handover:
        curious = socket.socket(socket.AF_UNIX)
        curious.settimeout(15)
        curious.connect(handover.place)
        child = launch(handover)
        assert give(handover, child.pid, "true") == ""
        assert curious.recv(100) == b""
        curious.close()
    child.communicate(timeout=15)


def test_a_launcher_that_dies_half_way_is_no_start(paso_home: Path) -> None:
    code = (
        "import socket, sys\n"
        "link = socket.socket(socket.AF_UNIX)\n"
        "link.connect(sys.argv[1])\n"
        "link.recv(10)\n"
    )
    with Handover(str(paso_home), ID) as handover:
        child = subprocess.Popen([sys.executable, "-c", code, handover.place])
        answer = give(handover, child.pid, "true", "x" * 100_000)
    child.wait(15)
    assert answer.startswith("its launcher went away")


def test_a_launcher_without_a_starter_ends(paso_home: Path) -> None:
    place = str(paso_home / "nobody.sock")
    done = subprocess.run(launcher_argv(place), capture_output=True, timeout=30)
    assert done.returncode == 1


def test_a_home_with_a_long_path_is_no_hindrance(paso_home: Path) -> None:
    home = paso_home / ("long" * 40)
    home.mkdir()
    with Handover(str(home), ID) as handover:
        child = launch(handover)
        assert give(handover, child.pid, "true") == ""
    child.communicate(timeout=15)
    assert list(home.iterdir()) == []


def test_a_home_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ToolFailed, match="cannot make a socket"),
        Handover(str(tmp_path / "no"), ID),
    ):
        raise AssertionError("never here")


def test_the_socket_of_a_starter_that_was_killed_is_swept_away(
    paso_home: Path,
) -> None:
    old, young = paso_home / "launch-old.sock", paso_home / "launch-young.sock"
    other = paso_home / "tasks.db"
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (1, 1))
    with Handover(str(paso_home), ID):
        assert not old.exists() and young.exists() and other.exists()


def test_nothing_stays_open(paso_home: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with Handover(str(paso_home), ID) as handover:
            child = launch(handover)
            assert give(handover, child.pid, "true") == ""
        child.communicate(timeout=15)
    wait_for(lambda: len(os.listdir("/proc/self/fd")) == before)
