"""Locks held for life, by one process at a time."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from paso.errors import DaemonRunning, StoreReadOnly, UnsafePath
from paso.events.process import DaemonProcess
from paso_daemon.lifecycle.pidfile import acquire


@pytest.fixture
def path(paso_home: Path) -> str:
    return str(paso_home / "paso.pid")


def test_a_lock_is_a_private_file(path: str) -> None:
    lock = acquire(path)
    assert os.stat(path).st_mode & 0o777 == 0o600
    lock.release(unlink=False)
    assert os.path.exists(path)


def test_one_at_a_time_and_the_refusal_names_the_holder(path: str) -> None:
    lock = acquire(path)
    lock.write(DaemonProcess(4711, 1, "boot", "0.1", "/s/paso.sock").to_text())
    with pytest.raises(DaemonRunning, match=r"4711.*/s/paso\.sock"):
        acquire(path)
    lock.release(unlink=True)
    assert not os.path.exists(path)
    acquire(path).release(unlink=True)


def test_a_shorter_text_replaces_a_longer_one(path: str) -> None:
    lock = acquire(path)
    lock.write("a long text\n")
    lock.write("short\n")
    assert Path(path).read_text() == "short\n"
    lock.release(unlink=True)


def test_waiting_gets_the_lock_once_it_is_free(path: str) -> None:
    first = acquire(path)
    timer = threading.Timer(0.2, lambda: first.release(unlink=True))
    timer.start()
    second = acquire(path, wait_s=10)
    timer.join()
    assert second.is_in_place()
    second.release(unlink=True)


def test_only_what_is_ours_is_unlinked(path: str) -> None:
    lock = acquire(path)
    os.unlink(path)
    other = acquire(path)
    assert not lock.is_in_place()
    lock.release(unlink=True)
    assert other.is_in_place()
    other.release(unlink=True)


def test_the_lock_goes_with_a_process_that_is_killed(path: str) -> None:
    code = (
        "import sys, time\n"
        "from paso_daemon.lifecycle.pidfile import acquire\n"
        "lock = acquire(sys.argv[1])\n"
        "print('locked', flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(DaemonRunning):
        acquire(path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    acquire(path).release(unlink=True)


def test_children_do_not_inherit_the_lock(path: str) -> None:
    lock = acquire(path)
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False
    )
    try:
        lock.release(unlink=False)
        # The kernel lets a parent go on shortly before it closes the descriptors.
        acquire(path, wait_s=5).release(unlink=False)
    finally:
        child.kill()
        child.wait()


def _take_and_give(path: str, times: int, report: str) -> None:
    """Ends with 0 when the lock was held `times` times, and never beside another."""
    deadline = time.monotonic() + 20
    while times and time.monotonic() < deadline:
        try:
            lock = acquire(path)
        except DaemonRunning:
            time.sleep(0.0001)
            continue
        os.close(os.open(report, os.O_CREAT | os.O_EXCL))
        times -= 1
        os.unlink(report)
        lock.release(unlink=True)
    os._exit(times)


def test_taking_and_unlinking_race_and_never_two_hold_it(path: str) -> None:
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=_take_and_give, args=(path, 30, path + ".held"))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "fifo"])
def test_what_is_planted_there_is_refused(path: str, kind: str) -> None:
    target = path + ".target"
    if kind == "link":
        Path(target).write_text("precious")
        os.symlink(target, path)
    elif kind == "dangling":
        os.symlink(target, path)
    elif kind == "folder":
        os.mkdir(path)
    else:
        os.mkfifo(path)
    with pytest.raises(UnsafePath):
        acquire(path)
    if kind == "link":
        assert Path(target).read_text() == "precious"
    if kind == "dangling":
        assert not os.path.exists(target)


def test_a_folder_that_is_not_there_is_said(paso_home: Path) -> None:
    with pytest.raises(StoreReadOnly, match="No such file"):
        acquire(str(paso_home / "nowhere" / "paso.pid"))


def test_a_file_of_another_user_is_refused(path: str) -> None:
    if os.geteuid() == 0:
        Path(path).touch()
        os.chown(path, 65534, 65534)
    else:
        path = "/etc/passwd"
    with pytest.raises((UnsafePath, StoreReadOnly)):
        acquire(path)
