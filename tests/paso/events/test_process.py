"""A process is told from another one that has its pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.events.process import (
    DaemonProcess,
    boot_id,
    is_alive,
    parse_pid_file,
    read_pid_file,
    send_signal,
    start_ticks,
)
from paso.paths import Paths


def identity(pid: int) -> DaemonProcess:
    return DaemonProcess(pid, start_ticks(pid) or 0, boot_id(), "1", "/a b/paso.sock")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_what_is_written_is_what_is_read(paso_home: Path) -> None:
    process = identity(os.getpid())
    (paso_home / "paso.pid").write_text(process.to_text())
    assert read_pid_file(Paths()) == process


@pytest.mark.parametrize("text", ["", "x", "1 2", "a b c d e", "\0" * 9, "-1 1 1 1 1"])
def test_a_damaged_file_names_nobody(paso_home: Path, text: str) -> None:
    (paso_home / "paso.pid").write_text(text)
    assert read_pid_file(Paths()) is None


def test_a_missing_file_names_nobody() -> None:
    assert read_pid_file(Paths()) is None


def test_a_fifo_or_a_link_in_its_place_is_not_waited_for(paso_home: Path) -> None:
    os.mkfifo(paso_home / "fifo")
    assert parse_pid_file(str(paso_home / "fifo")) is None
    (paso_home / "real").write_text(identity(1).to_text())
    (paso_home / "link").symlink_to(paso_home / "real")
    assert parse_pid_file(str(paso_home / "link")) is None


def test_a_reused_pid_is_another_process() -> None:
    here = identity(os.getpid())
    assert is_alive(here)
    assert not is_alive(here._replace(start_ticks=here.start_ticks + 1))
    assert not is_alive(here._replace(boot_id="another"))


def test_a_zombie_is_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    process = identity(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(process)


def test_a_signal_reaches_the_process_it_is_for(
    sleeper: subprocess.Popen[bytes],
) -> None:
    assert send_signal(identity(sleeper.pid), signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM


def test_a_signal_never_reaches_another_one(sleeper: subprocess.Popen[bytes]) -> None:
    wrong = identity(sleeper.pid)._replace(start_ticks=1)
    assert not send_signal(wrong, signal.SIGKILL)
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()
    assert not send_signal(identity(sleeper.pid), signal.SIGKILL)


def test_a_process_that_cannot_be_looked_at_is_not_taken_for_gone() -> None:
    code = (
        "import os, resource\n"
        "from paso.events.process import boot_id, start_ticks\n"
        "known = boot_id()\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\n"
        "assert boot_id() == known\n"
        "try:\n"
        "    start_ticks(os.getpid())\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    assert "Too many open files" in done.stdout, done.stderr
