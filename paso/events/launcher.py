"""Reach the daemon, and start it where it does not run.

Connect, lock, connect again, start, wait for its word through a pipe, connect: two
hundred clients that start at once leave one daemon and two hundred connections.
Only ENOENT and ECONNREFUSED mean that no daemon runs. A full backlog or an end of
file before the welcome means: wait and try again, never start another one.

Never: import paso_daemon, asyncio or orjson; signal or kill a daemon.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress

from paso import errors
from paso.errors import DaemonFailed, DaemonUnreachable, PasoError
from paso.events.backoff import Backoff
from paso.events.dialer import NoListener, TryAgain, connect
from paso.events.spawner import open_private, reap, spawn, start_and_wait
from paso.json_text import dumps
from paso.paths import ensure_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from typing import Any

    from paso.paths import Paths

__all__ = ["call", "connect", "ensure_daemon", "error_of", "spawn_detached"]


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
        except TryAgain as error:
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
    reap()
    spawn(paths, None)


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
        except (ConnectionError, TryAgain) as error:
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
        question = f"{dumps(silence)}\n{dumps(request)}\n"
        try:
            sock.sendall(question.encode())
            return _result(_answer(sock, deadline))
        except TimeoutError as error:
            raise DaemonUnreachable(
                "the daemon does not answer", hint="paso daemon restart"
            ) from error


def _answer(sock: socket.socket, deadline: float) -> dict[str, Any]:
    from json import loads

    data = bytearray()
    while True:
        *lines, rest = data.split(b"\n")
        for line in lines:
            frame: dict[str, Any] = loads(line)
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


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def _start_locked(paths: Paths, deadline: float) -> None:
    """Start a daemon unless somebody else does so, and wait until it listens."""
    with _spawn_lock(paths, deadline) as locked:
        if locked and not _listens(paths):
            _judge(start_and_wait(paths, deadline), paths)


def _judge(word: bytes, paths: Paths) -> None:
    if word.startswith(b"READY"):
        return
    if not word:
        # Killed while starting, or too slow: the loop above tries again in time.
        time.sleep(0.01)
        return
    from json import loads

    told = loads(word)
    if told["code"] == errors.DaemonRunning.code:
        # Another one holds the home and does not listen yet, or not any more.
        time.sleep(0.03)
        return
    known = error_of(told["code"], told["message"], told["hint"])
    if isinstance(known, errors.UnsafePath | errors.SocketPathTooLong | DaemonFailed):
        raise known
    raise DaemonFailed(told["message"], hint=told["hint"] or f"see {paths.daemon_log}")


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
    fd = open_private(paths.spawn_lock, os.O_RDWR)
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
