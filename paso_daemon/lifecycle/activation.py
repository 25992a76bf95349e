"""systemd without a library: descriptors from it, and word to it.

sd_listen_fds(3), sd_notify(3), systemd.socket(5). The same program works without.

Never: unlink or shut down a socket that was handed over, wait for systemd.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from paso.errors import DaemonFailed
from paso_daemon.lifecycle.listener import Listener

FIRST_FD = 3


def inherited_listener() -> Listener | None:
    """Return the socket systemd hands over; None when it hands over none.

    Raises:
        DaemonFailed: what it hands over is not one listening Unix stream socket.
    """
    count = _handed_over()
    if count == 0:
        return None
    if count > 1:
        raise DaemonFailed(f"systemd hands over {count} sockets, one is expected")
    os.set_inheritable(FIRST_FD, False)
    return _checked(socket.socket(fileno=FIRST_FD))


def _handed_over() -> int:
    pid = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return 0
    return int(count)


def _checked(sock: socket.socket) -> Listener:
    listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    name = sock.getsockname()
    if (
        sock.family != socket.AF_UNIX
        or sock.type != socket.SOCK_STREAM
        or not listening
        or not isinstance(name, str)
    ):
        raise DaemonFailed(
            "the descriptor handed over is not a listening Unix stream socket",
            hint="use ListenStream= with a path in the socket unit",
        )
    return Listener(sock, name, inherited=True)


class Notifier:
    """Word to systemd about our state; silent where nobody asked for it."""

    __slots__ = ("_address", "watchdog_s")

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address[:1] == "@" else address
        self.watchdog_s = _watchdog_period()

    def tell(self, *lines: str) -> None:
        """Send `lines`, as `READY=1`; a supervisor that is gone is no error."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.setblocking(False)
            way.sendto("\n".join(lines).encode(), self._address)


def _watchdog_period() -> float:
    """Return seconds between two signs of life, half of what is allowed; 0 = none."""
    micros = os.environ.pop("WATCHDOG_USEC", "")
    pid = os.environ.pop("WATCHDOG_PID", "")
    if not micros.isdecimal() or pid not in ("", str(os.getpid())):
        return 0.0
    return int(micros) / 2_000_000
