"""The listening socket: never wider than 0700, never taken from a live daemon.

`create_unix_server(path=…)` unlinks whatever listens there (CPython #121252), so the
socket is bound to a name beside it, made to listen, and renamed into place: there is
no moment in which the path leads to a socket that nobody listens on.

Never: accept, know the protocol, remove a socket that is not ours.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

from paso.errors import DaemonRunning, StoreReadOnly, UnsafePath
from paso.paths import check_private_dir, ensure_private_dir

BACKLOG = 1024


class Listener:
    """A listening socket and, when we bound it, the file it is reached by."""

    __slots__ = ("inherited", "path", "sock", "_identity")

    def __init__(self, sock: socket.socket, path: str, *, inherited: bool) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.path = path
        self.inherited = inherited
        self._identity = _identity(path)

    def state(self) -> str:
        """Return `ours`, `gone` or `foreign`: what the path leads to now."""
        now = _identity(self.path)
        if now is None:
            return "gone"
        return "ours" if now == self._identity else "foreign"

    def close(self) -> None:
        """Stop listening; remove the file if it is the one we made."""
        if not self.inherited and self.state() == "ours":
            with suppress(FileNotFoundError):
                os.unlink(self.path)
        self.sock.close()


def listen_at(path: str) -> Listener:
    """Return a socket that listens at `path`.

    Raises:
        DaemonRunning: something listens there.
        UnsafePath: the folder or what stands at `path` is not ours.
        StoreReadOnly: the folder cannot be written.
    """
    folder, name = os.path.split(path)
    _check_folder(folder)
    _check_place(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind_in(folder, name, sock)
    except OSError as error:
        sock.close()
        raise StoreReadOnly(f"cannot listen at {path}: {error.strerror}") from error
    return Listener(sock, path, inherited=False)


def _bind_in(folder: str, name: str, sock: socket.socket) -> None:
    """Bind by a relative name: the kernel's limit of 107 bytes is for the whole path,
    and the name beside the final one is longer than it."""
    beside = f"{name[:90]}.new"
    before = os.getcwd()
    umask = os.umask(0o077)
    os.chdir(folder)
    try:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        sock.bind(beside)
        sock.listen(BACKLOG)
        os.rename(beside, name)
    finally:
        os.chdir(before)
        os.umask(umask)


def _check_folder(folder: str) -> None:
    """A folder like /tmp, where others may add but not replace, is safe too: the
    socket itself has mode 0700 and both ends ask the kernel who the other is."""
    with suppress(FileNotFoundError):
        found = os.stat(folder)
        if found.st_mode & stat.S_ISVTX and found.st_uid in (0, os.geteuid()):
            return
        check_private_dir(folder)
        return
    ensure_private_dir(folder)


def _check_place(path: str) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise UnsafePath(f"{path} is not a socket", hint=f"move it away: {path}")
    if found.st_uid != os.geteuid():
        raise UnsafePath(f"{path} belongs to uid {found.st_uid}, not to you")
    if _is_listening(path):
        raise DaemonRunning(f"another process listens at {path}")


def _is_listening(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return True  # its backlog is full
        except OSError:
            return False
    return True


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
