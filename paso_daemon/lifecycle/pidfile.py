"""One daemon for each home and each database: locks held for life.

The lock is the truth, the text in the PID file only tells about its holder. A file
is unlinked by the holder alone, while it holds the lock; who gets a lock checks that
the path still leads to the file it locked, and starts again otherwise.

Never: trust the text of a PID file, wait for ever, unlink what another one holds.
"""

from __future__ import annotations

import fcntl
import os
import time

from paso.errors import DaemonRunning
from paso.events.process import parse_pid_file
from paso.events.spawner import open_private


class LockFile:
    """A locked file. The lock goes with the process, however it ends."""

    __slots__ = ("_fd", "path")

    def __init__(self, path: str, fd: int) -> None:
        self.path = path
        self._fd = fd

    def write(self, text: str) -> None:
        data = os.fsencode(text)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, data, 0)

    def is_in_place(self) -> bool:
        """True while the path leads to the locked file."""
        return _is_same_file(self._fd, self.path)

    def release(self, *, unlink: bool) -> None:
        """Give the lock back; `unlink` removes the file first, while it is ours."""
        if unlink and self.is_in_place():
            os.unlink(self.path)
        os.close(self._fd)


def acquire(path: str, *, wait_s: float = 0.0) -> LockFile:
    """Return the lock on `path`, made with mode 0600.

    Arguments:
        wait_s: seconds to wait for another holder, as when systemd starts us while
            an older daemon still takes its leave.

    Raises:
        DaemonRunning: somebody else holds it.
        UnsafePath: a link, no regular file, or not ours.
        StoreReadOnly: it cannot be made.
    """
    deadline = time.monotonic() + wait_s
    while True:
        fd = open_private(path, os.O_RDWR)
        if not _lock(fd):
            os.close(fd)
            if time.monotonic() >= deadline:
                raise DaemonRunning(_holder(path))
            time.sleep(0.05)
        elif _is_same_file(fd, path):
            return LockFile(path, fd)
        else:
            os.close(fd)


def _holder(path: str) -> str:
    holder = parse_pid_file(path)
    if holder is None:
        return f"another daemon holds {path}"
    return f"a daemon runs already: pid {holder.pid}, at {holder.socket}"


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same_file(fd: int, path: str) -> bool:
    try:
        there = os.lstat(path)
    except OSError:
        return False
    ours = os.fstat(fd)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
