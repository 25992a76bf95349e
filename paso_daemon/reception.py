"""Takes clients off the backlog, as many as there are descriptors for.

Clients beyond that are not closed: they wait in the backlog until another one leaves.

Never: read or write a client's bytes, know the protocol, take a stranger.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from paso_daemon.tasks import Health

ACCEPTS_PER_TURN = 64
NO_FDS_WAIT_S = 0.1

_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PEER = struct.Struct("3i")

logger = logging.getLogger("paso.daemon")


class Reception:
    """Accepts on a listening socket.

    Arguments:
        admit: takes a client's socket and its pid, by the kernel.
        has_room: whether one more descriptor may be used.
        health: where a lack of descriptors is shown.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        admit: Callable[[socket.socket, int], None],
        has_room: Callable[[], bool],
        health: Health,
    ) -> None:
        self._loop = loop
        self._admit = admit
        self._has_room = has_room
        self._health = health
        self._listener: socket.socket | None = None
        self._accepting = False
        self.strangers = 0

    def listen(self, listener: socket.socket) -> None:
        """Take clients from `listener`, and from no other one."""
        self.close()
        self._listener = listener
        self.resume()

    def close(self) -> None:
        """Take no more clients; the socket is its owner's to close."""
        self._pause()
        self._listener = None

    def resume(self) -> None:
        """Go on: a descriptor may have become free."""
        if self._listener is not None and not self._accepting:
            self._accepting = True
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _pause(self) -> None:
        if self._listener is not None and self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._listener.fileno())

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            if self._listener is None:
                return
            if not self._has_room():
                self._pause()
                return
            try:
                sock, _address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._failed(error)
                return
            self._check(sock)

    def _failed(self, error: OSError) -> None:
        """Out of descriptors in spite of all: wait, for the socket stays readable."""
        if error.errno in _NO_ROOM:
            self._health.degraded("clients", f"cannot take any: {error.strerror}")
            self._pause()
            self._loop.call_later(NO_FDS_WAIT_S, self.resume)

    def _check(self, sock: socket.socket) -> None:
        """Both ends ask the kernel for the other's uid; a stranger hears nothing."""
        sock.setblocking(False)
        pid, uid, _gid = _PEER.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        )
        if uid == os.geteuid():
            self._health.recovered("clients")
            self._admit(sock, pid)
        else:
            self.strangers += 1
            logger.warning("turned away pid %d of uid %d", pid, uid)
            sock.close()
