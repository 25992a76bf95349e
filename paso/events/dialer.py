"""Connect to the daemon, and be sure whose it is.

Never: start, signal or wait for a daemon; import paso_daemon, asyncio or orjson.
"""

from __future__ import annotations

import errno
import os
import socket
import struct

from paso.errors import (
    DaemonUnreachable,
    NoListener,
    PasoError,
    TryAgain,
    UnsafePath,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.paths import Paths

__all__ = ["NoListener", "TryAgain", "connect", "peer_uid"]

_PEER = struct.Struct("3i")
_GOING = (errno.EAGAIN, errno.ECONNRESET)
"""Its backlog is full, or it ended with our connection in it."""


def connect(paths: Paths, *, timeout_s: float) -> socket.socket:
    """Return a connection to the daemon; its timeout is `timeout_s` seconds.

    It is no proof that the daemon serves: that is its first frame.

    Raises:
        NoListener, TryAgain, DaemonUnreachable: it cannot be reached.
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


def _check_owner(sock: socket.socket, paths: Paths) -> None:
    owner = peer_uid(sock)
    if owner != os.geteuid():
        raise UnsafePath(
            f"the daemon at {paths.socket} belongs to uid {owner}, not to you",
            hint="set PASO_SOCKET to a path in a private folder",
        )


def peer_uid(sock: socket.socket) -> int:
    """Return the uid of the process at the other end, by the kernel (unix(7))."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    uid: int = _PEER.unpack(data)[1]
    return uid


def _unreachable(error: OSError, paths: Paths) -> DaemonUnreachable:
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
        return NoListener("the daemon does not run", hint="paso daemon start")
    if error.errno in _GOING:
        return TryAgain("the daemon is busy", hint="try again")
    reason = error.strerror or str(error)
    return DaemonUnreachable(f"cannot reach the daemon at {paths.socket}: {reason}")
