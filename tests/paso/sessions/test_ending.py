"""Commands are hung up, told, killed, in this order, and nobody else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.sessions import ending
from paso.sessions.ending import Command, command_of, end_command
from tests.conftest import is_running
from tests.paso.sessions.terminals import until

Child = subprocess.Popen[bytes]


@pytest.fixture
def children() -> Iterator[list[Child]]:
    """Processes of the test, gone at its end."""
    made: list[Child] = []
    yield made
    for child in made:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def run(children: list[Child], code: str, *, leads: bool = True) -> Command:
    """Run Python code that prints a line when it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        stdout=subprocess.PIPE,
        process_group=0 if leads else None,
    )
    children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return command(child.pid)


def command(pid: int) -> Command:
    ticks = start_ticks(pid)
    assert ticks is not None
    return Command(pid, ticks, boot_id())


READY = "print('ready', flush=True)\n"
WAIT = READY + "import time\ntime.sleep(600)\n"


def noting(note: Path, *ignored: str) -> str:
    """Code that writes which signals it got, and ends by those not ignored."""
    return (
        "import os, signal as s\n"
        f"note = os.open({str(note)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "def got(n, _):\n"
        "  os.write(note, s.Signals(n).name.encode() + b' ')\n"
        f"  if s.Signals(n).name not in {ignored!r}: os._exit(0)\n"
        "for n in (s.SIGHUP, s.SIGTERM): s.signal(n, got)\n"
    )


WAIT_ON = READY + "import time\nwhile True: time.sleep(600)\n"


def test_who_ends_at_the_hang_up_hears_nothing_else(
    children: list[Child], tmp_path: Path
) -> None:
    note = tmp_path / "note"
    found = run(children, noting(note) + WAIT_ON)
    began = time.monotonic()
    assert end_command(found, 60.0)
    assert time.monotonic() - began < 15
    assert note.read_text() == "SIGHUP "
    assert not found.lives()


def test_who_ignores_the_hang_up_is_told_after_a_third_of_the_grace(
    children: list[Child], tmp_path: Path
) -> None:
    note = tmp_path / "note"
    found = run(children, noting(note, "SIGHUP") + WAIT_ON)
    began = time.monotonic()
    assert end_command(found, 1.5)
    assert time.monotonic() - began >= 0.5
    assert note.read_text() == "SIGHUP SIGTERM "


def test_who_ignores_all_is_killed_after_the_grace(
    children: list[Child], tmp_path: Path
) -> None:
    note = tmp_path / "note"
    found = run(children, noting(note, "SIGHUP", "SIGTERM") + WAIT_ON)
    began = time.monotonic()
    assert end_command(found, 0.6)
    assert time.monotonic() - began >= 0.6
    assert note.read_text() == "SIGHUP SIGTERM "
    assert children[0].wait() == -signal.SIGKILL


def test_without_grace_it_is_killed_at_once(children: list[Child]) -> None:
    code = "import signal as s\nfor n in (1, 15): s.signal(n, s.SIG_IGN)\n" + WAIT
    assert end_command(run(children, code), 0.0)


def test_who_is_stopped_ends_too(children: list[Child]) -> None:
    found = run(children, WAIT)
    os.kill(found.pid, signal.SIGSTOP)
    assert end_command(found, 60.0)
    assert children[0].wait() == -signal.SIGHUP


@pytest.mark.parametrize("stays", ["", "s.signal(1, 1); s.signal(15, 1)"])
def test_children_left_in_the_group_end_too(
    children: list[Child], tmp_path: Path, stays: str
) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, signal as s, time\n"
        "if os.fork() == 0:\n"
        f"  {stays or 'pass'}\n"
        f"  open({str(note)!r}, 'w').write(str(os.getpid()))\n"
        "  time.sleep(600)\n"
        f"while not os.path.exists({str(note)!r}): time.sleep(0.01)\n"
    )
    found = run(children, code + WAIT)
    until(note.read_text)
    assert end_command(found, 0.6)
    until(lambda: not is_running(int(note.read_text())))


def test_of_an_adopted_one_the_children_are_left_alone(
    children: list[Child], tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, time\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(600)\n"
        f"open({str(note)!r}, 'w').write(str(child))\n"
    )
    found = run(children, code + WAIT)
    assert end_command(found, 60.0, children=False)
    child = int(note.read_text())
    assert is_running(child)
    os.kill(child, signal.SIGKILL)


def test_one_that_leads_no_group_ends_alone(children: list[Child]) -> None:
    """It is in our own group, and we are still here."""
    found = run(children, WAIT, leads=False)
    assert os.getpgid(found.pid) == os.getpgid(0)
    assert end_command(found, 60.0)
    assert children[0].wait() == -signal.SIGHUP


def test_what_is_gone_needs_no_signal(children: list[Child]) -> None:
    found = run(children, WAIT)
    children[0].kill()
    until(lambda: not found.lives())
    assert end_command(found, 60.0), "a zombie"
    children[0].wait()
    assert end_command(found, 60.0)


@pytest.mark.parametrize("what", ["ticks", "boot"])
def test_another_process_with_its_pid_is_not_touched(
    children: list[Child], what: str
) -> None:
    found = run(children, WAIT)
    other = (
        found._replace(ticks=found.ticks - 1)
        if what == "ticks"
        else found._replace(boot_id="another")
    )
    assert not other.lives()
    assert end_command(other, 0.0)
    assert found.lives() and is_running(found.pid)


def test_what_cannot_be_killed_is_told(
    children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of another user: it hears none of our signals."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "not ours")

    found = run(children, WAIT)
    monkeypatch.setattr(ending, "KILLED_S", 0.1)
    monkeypatch.setattr(os, "killpg", refuse)
    assert not end_command(found, 0.1)
    assert found.lives()


def test_a_backend_without_a_process_has_no_command() -> None:
    assert command_of(BackendRef()) is None
    assert command_of(BackendRef(pid=1, boot_id="b")) is None
    assert command_of(BackendRef(pid=1, pid_ticks=2, boot_id="b")) == Command(1, 2, "b")


def test_nothing_stays_open(children: list[Child]) -> None:
    found = run(children, WAIT)
    before = len(os.listdir("/proc/self/fd"))
    assert end_command(found, 1.0)
    assert end_command(found, 1.0)
    assert len(os.listdir("/proc/self/fd")) == before
