"""Start a daemon process, and hear from it whether it can run.

Never: decide whether one is needed, import paso_daemon, asyncio or subprocess.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from contextlib import suppress

from paso.errors import DaemonFailed, PasoError, StoreReadOnly, UnsafePath
from paso.paths import check_private_file, ensure_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.paths import Paths

READY_FD = 3
"""Where a daemon that was started here says `READY`, or why it cannot run."""

LOG_ROTATE_BYTES = 1024 * 1024

_NOT_FOR_THE_DAEMON = (
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "PYTHONDONTWRITEBYTECODE",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)
"""Meant for the process that starts us, when systemd started that; and without
cached bytecode, a daemon takes twice as long to start."""

_STOPPING_SIGNALS = (1, 2, 3, 15)
"""SIGHUP, SIGINT, SIGQUIT, SIGTERM: a caller may ignore them (nohup, a job in the
background), a daemon must not. Importing signal costs the command line 3 ms."""

_children: list[int] = []


def start_and_wait(paths: Paths, deadline: float) -> bytes:
    """Return what a new daemon says; b"" when it was killed or not heard in time.

    Arguments:
        deadline: by `time.monotonic`.

    Raises:
        DaemonFailed: it ended by itself without a word; its log has more.
    """
    reap()
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            child = spawn(paths, theirs)
        finally:
            os.close(theirs)
        word = _read_word(ours, deadline)
    finally:
        os.close(ours)
    if not word:
        _raise_if_failed(child, paths, deadline)
    return word


def _raise_if_failed(child: int, paths: Paths, deadline: float) -> None:
    code = _exit_code(child, deadline)
    if code is not None and code > 0:
        raise DaemonFailed(
            f"the daemon ended with code {code} while starting",
            hint=f"see {paths.daemon_log}",
        )


def _exit_code(child: int, deadline: float) -> int | None:
    """Return how it ended, negative for a signal; None while it runs."""
    while True:
        try:
            pid, status = os.waitpid(child, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == child:
            _children.remove(child)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.005)


def _read_word(fd: int, deadline: float) -> bytes:
    """Return what the daemon says until it closes its end, or b"" when time is up."""
    word = b""
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    while poller.poll(max(deadline - time.monotonic(), 0.0) * 1000):
        piece = os.read(fd, 65536)
        word += piece
        if not piece or word.startswith(b"READY"):
            return word
    return b""


def spawn(paths: Paths, ready: int | None) -> int:
    """Start a daemon and return its pid; `ready` is the descriptor it reports to.

    Raises:
        UnsafePath, StoreReadOnly: its log cannot be kept.
        DaemonFailed: the interpreter cannot be started.
    """
    if not sys.executable:
        raise DaemonFailed("the path of the Python interpreter is not known")
    log = _open_log(paths)
    actions: list[tuple[Any, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, log, 2),
    ]
    command = [sys.executable, "-P", "-m", "paso_daemon", "--detached"]
    if ready is not None:
        actions.append((os.POSIX_SPAWN_DUP2, ready, READY_FD))
        command.append(f"--ready-fd={READY_FD}")
    try:
        child = os.posix_spawn(
            sys.executable,
            command,
            _environment(paths),
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=_STOPPING_SIGNALS,
        )
    except OSError as error:
        raise DaemonFailed(f"cannot start {sys.executable}: {error.strerror}") from (
            error
        )
    finally:
        os.close(log)
    _children.append(child)
    return child


def _environment(paths: Paths) -> dict[str, str]:
    env = {n: v for n, v in os.environ.items() if n not in _NOT_FOR_THE_DAEMON}
    env["PASO_HOME"] = paths.home
    env["PASO_SOCKET"] = paths.socket
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.basename(root) not in ("site-packages", "dist-packages"):
        before = env.get("PYTHONPATH")
        env["PYTHONPATH"] = f"{root}{os.pathsep}{before}" if before else root
    return env


def _open_log(paths: Paths) -> int:
    """Return the log, opened to append; one of more than 1 MiB is put aside first."""
    ensure_private_dir(os.path.dirname(paths.daemon_log))
    with suppress(FileNotFoundError):
        if os.lstat(paths.daemon_log).st_size > LOG_ROTATE_BYTES:
            os.rename(paths.daemon_log, f"{paths.daemon_log}.1")
    return open_private(paths.daemon_log, os.O_WRONLY | os.O_APPEND)


def reap() -> None:
    """Take leave of daemons that ended: started by us, they are our children."""
    for pid in list(_children):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        _children.remove(pid)


def open_private(path: str, flags: int) -> int:
    """Return `path`, opened and made if need be with mode 0600.

    Raises:
        UnsafePath: a link, no regular file, or not ours.
        StoreReadOnly: it cannot be opened.
    """
    # Not blocking: opening a FIFO that nobody reads would wait for ever.
    flags |= os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        check_private_file(fd, path)
    except PasoError:
        os.close(fd)
        raise
    return fd


def _refusal(path: str, error: OSError) -> UnsafePath | StoreReadOnly:
    if error.errno == errno.ELOOP:
        return UnsafePath(f"{path} is a symbolic link", hint=f"remove it: {path}")
    if error.errno in (errno.EISDIR, errno.ENXIO):
        return UnsafePath(f"{path} is not a regular file", hint=f"remove it: {path}")
    return StoreReadOnly(f"cannot open {path}: {error.strerror}")
