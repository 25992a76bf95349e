"""Where Paso keeps things, and whether those places are private.

Never: open the database, a socket, or create anything but the home folder.
"""

from __future__ import annotations

import os
import stat

from paso.errors import SocketPathTooLong, StoreReadOnly, UnsafePath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SOCKET_PATH = 107
"""Bytes of a socket path, without the final NUL (unix(7): sun_path[108])."""


class Paths:
    """The files of one Paso home. Making one touches no file.

    Arguments:
        home: folder of everything; absent = `$PASO_HOME`, else `~/.paso`.
        socket: path of the daemon's socket; absent = `$PASO_SOCKET`, else
            `paso.sock` in the home.
        environ: where the variables are read from.
    """

    __slots__ = ("home", "socket")

    def __init__(
        self,
        home: str | None = None,
        socket: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        chosen = home or environ.get("PASO_HOME") or os.path.expanduser("~/.paso")
        self.home = os.path.abspath(os.path.expanduser(chosen))
        named = socket or environ.get("PASO_SOCKET")
        self.socket = (
            os.path.abspath(os.path.expanduser(named))
            if named
            else os.path.join(self.home, "paso.sock")
        )

    @property
    def database(self) -> str:
        return os.path.join(self.home, "tasks.db")

    @property
    def pid_file(self) -> str:
        return os.path.join(self.home, "paso.pid")

    @property
    def spawn_lock(self) -> str:
        return os.path.join(self.home, "spawn.lock")

    @property
    def daemon_log(self) -> str:
        return os.path.join(self.home, "logs", "daemon.log")

    @property
    def config(self) -> str:
        return os.path.join(self.home, "config.toml")

    @property
    def backups(self) -> str:
        return os.path.join(self.home, "backups")

    def check_socket_length(self) -> None:
        """Raise `SocketPathTooLong` when no client could ever connect."""
        length = len(os.fsencode(self.socket))
        if length > MAX_SOCKET_PATH:
            raise SocketPathTooLong(
                f"the socket path has {length} bytes, the kernel takes "
                f"{MAX_SOCKET_PATH}: {self.socket}",
                hint="set PASO_SOCKET to a shorter path in a private folder",
            )


def ensure_private_dir(path: str) -> None:
    """Make `path` as a folder of mode 0700, or prove that it is one of ours.

    Raises:
        UnsafePath: it is a link, no folder, another user's, or open to others.
        StoreReadOnly: it cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreReadOnly(
            f"cannot make the folder {path}: {error.strerror}",
            hint="set PASO_HOME to a folder that you can write",
        ) from error
    check_private_dir(path)


def check_private_dir(path: str) -> None:
    """Raise `UnsafePath` unless `path` is a folder only its owner, us, can enter."""
    try:
        found = os.lstat(path)
    except OSError as error:
        raise UnsafePath(
            f"cannot look at {path}: {error.strerror}",
            hint="set PASO_HOME to a folder of your own",
        ) from error
    if stat.S_ISLNK(found.st_mode):
        raise UnsafePath(
            f"{path} is a symbolic link", hint="set PASO_HOME to the real folder"
        )
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafePath(f"{path} is not a folder", hint=f"move it away: {path}")
    if found.st_uid != os.geteuid():
        raise UnsafePath(
            f"{path} belongs to uid {found.st_uid}, not to you (uid {os.geteuid()})",
            hint="set PASO_HOME to a folder of your own",
        )
    if found.st_mode & 0o077:
        raise UnsafePath(
            f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):04o})",
            hint=f"chmod 700 {path}",
        )


def check_private_file(fd: int, path: str) -> None:
    """Raise `UnsafePath` unless the open file is a regular file of ours."""
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise UnsafePath(f"{path} is not a regular file", hint=f"move it away: {path}")
    if found.st_uid != os.geteuid():
        raise UnsafePath(f"{path} belongs to uid {found.st_uid}, not to you")
