"""Hands a command over to the launcher that waits in a new terminal.

Never: start the launcher, keep anything on disk after the answer.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from contextlib import suppress

from paso.errors import ToolFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

WORDS_MAX = 65536
"""Bytes that a launcher may say of its failure."""
OLD_S = 3600.0
"""Age of a socket that nobody can be using any more, in seconds."""


class Handover:
    """A socket where the launcher of one session asks for its command.

    Arguments:
        folder: a private one; the socket is there until the end of the `with` block.
        session_id: whose launcher it is.

    Raises:
        ToolFailed: the socket cannot be made.
    """

    def __init__(self, folder: str, session_id: str) -> None:
        self.place = os.path.join(folder, f"launch-{session_id}.sock")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)

    def __enter__(self) -> Handover:
        folder, name = os.path.split(self.place)
        try:
            _sweep(folder)
            fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                # A path has at most 107 bytes (unix(7)); this one is short.
                self._listener.bind(f"/proc/self/fd/{fd}/{name}")
                self._listener.listen(4)
            finally:
                os.close(fd)
        except OSError as error:
            self._listener.close()
            raise ToolFailed(
                f"cannot make a socket in {folder}: {error.strerror}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        with suppress(FileNotFoundError):
            os.unlink(self.place)

    def give(
        self,
        pid: int,
        argv: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        deadline: float,
    ) -> str:
        """Give the command to process `pid`; return "" once it runs, else why not.

        Arguments:
            deadline: by `time.monotonic`.
        """
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return "its terminal closed at once"
        try:
            link = self._accept(pid, handle, deadline)
        finally:
            os.close(handle)
        if isinstance(link, str):
            return link
        with link:
            return _talk(link, _message(argv, cwd, env), deadline)

    def _accept(self, pid: int, handle: int, deadline: float) -> socket.socket | str:
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        poller.register(handle, select.POLLIN)
        while ready := poller.poll(max(deadline - time.monotonic(), 0.0) * 1000):
            if self._listener.fileno() in dict(ready):
                link, _ = self._listener.accept()
                if _peer(link) == (pid, os.geteuid()):
                    return link
                link.close()
            else:
                return "its terminal closed before it could start"
        return "its terminal did not ask for the command in time"


def _sweep(folder: str) -> None:
    """Remove sockets of starters that were killed."""
    before = time.time() - OLD_S
    for name in os.listdir(folder):
        if name.startswith("launch-") and name.endswith(".sock"):
            place = os.path.join(folder, name)
            with suppress(FileNotFoundError):
                if os.lstat(place).st_mtime < before:
                    os.unlink(place)


def _peer(link: socket.socket) -> tuple[int, int]:
    """Return pid and uid of the other end."""
    data = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid, _ = struct.unpack("3i", data)
    return pid, uid


def _message(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> bytes:
    words = [cwd, str(_umask()), str(len(argv)), *argv]
    words += [f"{name}={value}" for name, value in env.items()]
    return b"\0".join(os.fsencode(word) for word in words)


def _umask() -> int:
    """Return ours; `os.umask` would change it for other threads."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o077


def _talk(link: socket.socket, message: bytes, deadline: float) -> str:
    said = b""
    try:
        link.settimeout(max(deadline - time.monotonic(), 0.1))
        link.sendall(message)
        link.shutdown(socket.SHUT_WR)
        while len(said) < WORDS_MAX and (piece := link.recv(4096)):
            said += piece
    except TimeoutError:
        return "its launcher does not answer"
    except OSError as error:
        return f"its launcher went away: {error.strerror}"
    if said == b".":
        return ""
    words = said.lstrip(b".").decode("utf-8", "replace")
    return words or "its launcher went away"
