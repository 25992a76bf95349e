"""Starts the command of `paso run`, and hears what becomes of its process.

On a pty it needs a process between: job control stops a group of processes only while
somebody of its own session, outside the group, could continue it (an orphaned group is
never stopped, POSIX.1-2017, 3.264). So a watcher leads the session of the pty, the
command leads a group in it, and the watcher tells what happens to it:

    paso run  --- pipe ---  watcher (session leader)  ---  command (group, foreground)

Without a pty the command is our own child, in our own group, as a shell started it.

Never: touch the database, read or write what the command reads and writes.
"""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from contextlib import suppress
from errno import ENOENT, ENOEXEC, ENOTDIR

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

STARTED, STOPPED, ENDED, FAILED = b"started", b"stopped", b"ended", b"failed"
"""News of a process: its pid; the signal; the status of wait(2); the errno of exec."""

CANNOT_RUN, NOT_FOUND = 126, 127
"""Exit codes of a shell (POSIX.1-2017, XCU 2.8.2)."""


class News(NamedTuple):
    kind: bytes
    number: int


class Child:
    """The process of the command.

    Arguments:
        pid: our own child: the watcher of a pty, or the command itself.
        fd: where news come from.
        watched: there is a watcher.
    """

    __slots__ = ("fd", "pid", "watched", "_rest")

    def __init__(self, pid: int, fd: int, *, watched: bool) -> None:
        self.pid = pid
        self.fd = fd
        self.watched = watched
        self._rest = b""

    def hear(self) -> list[News] | None:
        """Return what is new; None when the other end is closed. May block."""
        data = os.read(self.fd, 4096)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            return None
        words = [line.split() for line in lines]
        return [News(kind, int(number)) for kind, number in words]

    def look(self) -> list[News]:
        """Return what became of our own child, without waiting."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return []
        return [_news(status)] if pid else []


def _news(status: int) -> News:
    if os.WIFSTOPPED(status):
        return News(STOPPED, os.WSTOPSIG(status))
    return News(ENDED, status)


def start_on_pty(
    argv: tuple[str, ...], env: Mapping[str, str], slave: int, inherited: set[int]
) -> Child:
    """Start a command whose terminal is a pty.

    Arguments:
        slave: the end of the pty that is the command's.
        inherited: which of the descriptors 0, 1, 2 stay as they are.
    """
    ours, theirs = os.pipe2(os.O_CLOEXEC)

    def watch() -> NoReturn:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in {0, 1, 2} - inherited:
            os.dup2(slave, fd)
        _close_all_but({0, 1, 2, slave, theirs})
        _watch(argv, env, slave, theirs)

    pid = _fork(watch)
    os.close(theirs)
    return Child(pid, ours, watched=True)


def start_plain(
    argv: tuple[str, ...], env: Mapping[str, str], outputs: Mapping[int, int]
) -> Child:
    """Start a command with our own descriptors, but for `outputs`.

    Arguments:
        outputs: descriptor of the command to ours that it is given instead.
    """
    ours, theirs = os.pipe2(os.O_CLOEXEC)

    def become() -> NoReturn:
        for fd, given in outputs.items():
            os.dup2(given, fd)
        _execute(argv, env, theirs)

    pid = _fork(become)
    os.close(theirs)
    return Child(pid, ours, watched=False)


def _fork(act: Callable[[], NoReturn]) -> int:
    """Fork a process that does nothing but `act`; no signal reaches it before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _be(act)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _be(act: Callable[[], NoReturn]) -> NoReturn:
    try:
        act()
    except BaseException as error:
        # What is left of our program must not run twice; it is told by its end.
        with suppress(OSError):
            os.write(2, f"paso: cannot start the command: {error}\n".encode())
    finally:
        os._exit(CANNOT_RUN)


def _close_all_but(kept: set[int]) -> None:
    """What the watcher held of the pty would keep it from ever being hung up."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with suppress(OSError):  # that of the listing itself
                os.close(int(name))


def _watch(
    argv: tuple[str, ...], env: Mapping[str, str], slave: int, tell: int
) -> NoReturn:
    def become() -> NoReturn:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        os.close(slave)
        _execute(argv, env, tell)

    pid = _fork(become)
    with suppress(OSError):  # the command has done it itself, and gone on
        os.setpgid(pid, pid)
    os.close(slave)
    _default_signals()
    try:
        _tell(tell, STARTED, pid)
        while True:
            status = os.waitpid(pid, os.WUNTRACED)[1]
            _tell(tell, *_news(status))
            if not os.WIFSTOPPED(status):
                break
    except BrokenPipeError:
        pass  # nobody holds the pty any more; its hang-up ends us all
    os._exit(0)


def _tell(fd: int, kind: bytes, number: int) -> None:
    os.write(fd, b"%s %d\n" % (kind, number))


def _default_signals() -> None:
    """Undo what Python and we have set; what our caller ignores stays ignored."""
    signal.set_wakeup_fd(-1)
    for sign in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(sign, signal.SIG_DFL)
    for sign in signal.valid_signals():
        if callable(signal.getsignal(sign)):
            signal.signal(sign, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _execute(argv: tuple[str, ...], env: Mapping[str, str], tell: int) -> NoReturn:
    _default_signals()
    try:
        try:
            os.execvpe(argv[0], argv, env)
        except OSError as error:
            if error.errno != ENOEXEC:
                raise
            # A script without a first line that names its interpreter, execvp(3).
            os.execve("/bin/sh", ["sh", error.filename, *argv[1:]], env)
    except OSError as error:
        _tell(tell, FAILED, error.errno or 0)
        os._exit(code_of(error.errno or 0))


def code_of(errno: int) -> int:
    """Return the exit code for a command that could not be run, as of a shell."""
    return NOT_FOUND if errno in (ENOENT, ENOTDIR) else CANNOT_RUN
