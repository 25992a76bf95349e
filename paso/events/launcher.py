"""Reach the daemon, and start it where it does not run.

Connect, lock, connect again, start, wait for its word through a pipe, connect: two
hundred clients that start at once leave one daemon and two hundred connections.
Only ENOENT and ECONNREFUSED mean that no daemon runs. A full backlog or an end of
file before the welcome means: wait and try again, never start another one.

Never: import paso_daemon, asyncio or orjson; signal or kill a daemon.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
import time
from contextlib import contextmanager, suppress

from paso import errors
from paso.errors import DaemonFailed, DaemonUnreachable, PasoError, StoreReadOnly
from paso.events.backoff import Backoff
from paso.paths import check_private_file, ensure_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
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
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)
"""Meant for the process that starts us, when systemd started that."""

_children: list[int] = []


class NoListener(DaemonUnreachable):
    """Nothing listens at the socket path: a daemon may be started."""


class BacklogFull(DaemonUnreachable):
    """A daemon is there and has not taken the connections before ours yet."""


def connect(paths: Paths, *, timeout_s: float) -> socket.socket:
    """Return a connection to the daemon; its timeout is `timeout_s` seconds.

    It is no proof that the daemon serves: that is its first frame.

    Raises:
        NoListener, BacklogFull, DaemonUnreachable: it cannot be reached.
        SocketPathTooLong: no daemon could ever be reached there.
    """
    paths.check_socket_length()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(paths.socket)
        _check_owner(sock, paths)
    except OSError as error:
        sock.close()
        raise _unreachable(error, paths) from error
    except PasoError:
        sock.close()
        raise
    return sock


def ensure_daemon(paths: Paths, *, timeout_s: float = 10.0) -> socket.socket:
    """Return a connection to the daemon, started first where none runs.

    Raises:
        DaemonFailed: it was started and could not run; the message is its own.
        DaemonUnreachable: it did not answer within `timeout_s` seconds.
        UnsafePath, SocketPathTooLong, StoreReadOnly: the home cannot hold one.
    """
    deadline = time.monotonic() + timeout_s
    paths.check_socket_length()
    ensure_private_dir(paths.home)
    backoff = Backoff(0.01, 0.2)
    while True:
        try:
            return connect(paths, timeout_s=_left(deadline))
        except NoListener as error:
            last: DaemonUnreachable = error
            _start_locked(paths, deadline)
        except BacklogFull as error:
            last = error
            time.sleep(backoff.wait())
        if time.monotonic() >= deadline:
            raise last


def spawn_detached(paths: Paths) -> None:
    """Start a daemon and return at once. One that is not needed ends by itself.

    Raises:
        UnsafePath, SocketPathTooLong, StoreReadOnly: the home cannot hold one.
        DaemonFailed: the interpreter cannot be started.
    """
    paths.check_socket_length()
    ensure_private_dir(paths.home)
    _reap()
    _spawn(paths, None)


def call(
    paths: Paths,
    method: str,
    params: dict[str, Any],
    *,
    timeout_s: float,
    start: bool = False,
) -> dict[str, Any]:
    """Ask the daemon and return its result (docs/protocol.md, "Methods").

    Arguments:
        timeout_s: seconds for the whole call, starting the daemon included.
        start: whether one is started where none runs.

    Raises:
        DaemonUnreachable: no daemon, or no answer in time.
        PasoError: the daemon refused; of the class that its code names.
    """
    deadline = time.monotonic() + timeout_s
    backoff = Backoff(0.02, 0.2)
    while True:
        try:
            return _call_once(paths, method, params, deadline, start)
        except (ConnectionError, BacklogFull) as error:
            if not start or time.monotonic() >= deadline:
                raise DaemonUnreachable(f"the daemon went away: {error}") from error
        time.sleep(backoff.wait())


def _call_once(
    paths: Paths, method: str, params: dict[str, Any], deadline: float, start: bool
) -> dict[str, Any]:
    left = _left(deadline)
    with (
        ensure_daemon(paths, timeout_s=left)
        if start
        else connect(paths, timeout_s=left)
    ) as sock:
        silence = {"type": "subscribe", "topics": []}
        request = {"type": "request", "id": 1, "method": method, "params": params}
        question = f"{json.dumps(silence)}\n{json.dumps(request)}\n"
        try:
            sock.sendall(question.encode())
            return _result(_answer(sock, deadline))
        except TimeoutError as error:
            raise DaemonUnreachable(
                "the daemon does not answer", hint="paso daemon restart"
            ) from error


def _answer(sock: socket.socket, deadline: float) -> dict[str, Any]:
    data = bytearray()
    while True:
        *lines, rest = data.split(b"\n")
        for line in lines:
            frame: dict[str, Any] = json.loads(line)
            if frame.get("type") == "reply" or frame.get("fatal"):
                return frame
        data = rest
        sock.settimeout(_left(deadline))
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionResetError("the connection ended")
        data += piece


def _result(frame: dict[str, Any]) -> dict[str, Any]:
    if "result" in frame:
        result: dict[str, Any] = frame["result"]
        return result
    refusal = frame.get("error", frame)
    if refusal["code"] == "busy":
        raise ConnectionRefusedError(refusal["message"])
    raise error_of(refusal["code"], refusal["message"])


def error_of(code: str, message: str, hint: str | None = None) -> PasoError:
    """Return the error of our tree that a code of the daemon names."""
    waiting: list[type[PasoError]] = [PasoError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code and kind is not errors.ChangedMeanwhile:
            return kind(message, hint=hint)
        waiting += kind.__subclasses__()
    return DaemonFailed(message, hint=hint)


def _check_owner(sock: socket.socket, paths: Paths) -> None:
    owner = peer_uid(sock)
    if owner != os.geteuid():
        raise errors.UnsafePath(
            f"the daemon at {paths.socket} belongs to uid {owner}, not to you",
            hint="set PASO_SOCKET to a path in a private folder",
        )


def peer_uid(sock: socket.socket) -> int:
    """Return the uid of the process at the other end, by the kernel (unix(7))."""
    size = struct.calcsize("3i")
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    uid: int = struct.unpack("3i", data)[1]
    return uid


def _unreachable(error: OSError, paths: Paths) -> DaemonUnreachable:
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return NoListener("the daemon does not run", hint="paso daemon start")
    if error.errno == errno.EAGAIN:
        return BacklogFull("the daemon is busy", hint="try again")
    reason = error.strerror or str(error)
    return DaemonUnreachable(f"cannot reach the daemon at {paths.socket}: {reason}")


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


# Starting one ----------------------------------------------------------------


def _start_locked(paths: Paths, deadline: float) -> None:
    """Start a daemon unless somebody else does so, and wait until it listens."""
    with _spawn_lock(paths, deadline) as locked:
        if locked and not _listens(paths):
            _start_and_wait(paths, deadline)


def _start_and_wait(paths: Paths, deadline: float) -> None:
    _reap()
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            _spawn(paths, theirs)
        finally:
            os.close(theirs)
        word = _read_word(ours, deadline)
    finally:
        os.close(ours)
    _judge(word, paths)


def _judge(word: bytes, paths: Paths) -> None:
    if word.startswith(b"READY"):
        return
    if not word:
        # Killed while starting, or too slow: the loop above tries again in time.
        time.sleep(0.01)
        return
    told = json.loads(word)
    if told["code"] == errors.DaemonRunning.code:
        # Another one holds the home and does not listen yet, or not any more.
        time.sleep(0.03)
        return
    known = error_of(told["code"], told["message"], told["hint"])
    if isinstance(known, errors.UnsafePath | errors.SocketPathTooLong | DaemonFailed):
        raise known
    raise DaemonFailed(told["message"], hint=told["hint"] or f"see {paths.daemon_log}")


def _read_word(fd: int, deadline: float) -> bytes:
    """Return what the daemon says until it closes its end, or b"" when time is up."""
    word = b""
    while select.select([fd], [], [], _left(deadline))[0]:
        piece = os.read(fd, 65536)
        word += piece
        if not piece or word.startswith(b"READY"):
            return word
        if time.monotonic() >= deadline:
            break
    return b""


def _listens(paths: Paths) -> bool:
    try:
        connect(paths, timeout_s=1.0).close()
    except NoListener:
        return False
    except DaemonUnreachable:
        return True
    return True


@contextmanager
def _spawn_lock(paths: Paths, deadline: float) -> Iterator[bool]:
    """Hold the lock of those who start daemons; False once there is no need to."""
    fd = _open_private(paths.spawn_lock, os.O_RDWR)
    try:
        yield _locked_in_time(fd, paths, deadline)
    finally:
        os.close(fd)


def _locked_in_time(fd: int, paths: Paths, deadline: float) -> bool:
    backoff = Backoff(0.01, 0.03)
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if _listens(paths) or time.monotonic() >= deadline:
            return False
        time.sleep(backoff.wait())


def _open_private(path: str, flags: int) -> int:
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise errors.UnsafePath(
                f"{path} is a symbolic link", hint=f"remove it: {path}"
            ) from error
        raise StoreReadOnly(f"cannot open {path}: {error.strerror}") from error
    try:
        check_private_file(fd, path)
    except PasoError:
        os.close(fd)
        raise
    return fd


def _spawn(paths: Paths, ready: int | None) -> None:
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
            setsigdef=_stopping_signals(),
        )
    except OSError as error:
        raise DaemonFailed(f"cannot start {sys.executable}: {error.strerror}") from (
            error
        )
    finally:
        os.close(log)
    _children.append(child)


def _stopping_signals() -> tuple[int, ...]:
    """Signals a caller may ignore (nohup, a job in the background); we must not."""
    return (1, 2, 3, 15)  # SIGHUP, SIGINT, SIGQUIT, SIGTERM: the same on any Linux


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
    return _open_private(paths.daemon_log, os.O_WRONLY | os.O_APPEND)


def _reap() -> None:
    """Take leave of daemons that ended: started by us, they are our children."""
    for pid in list(_children):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        _children.remove(pid)
