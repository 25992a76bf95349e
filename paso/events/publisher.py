"""Ring the daemon's bell after a COMMIT: bounded, and never at the writer's expense.

The write stands whatever happens here; the daemon finds it in the change log even
when this is not delivered.

Never: raise, take longer than `LIMIT_S`, import asyncio or orjson.
"""

from __future__ import annotations

import os
import time

from paso.errors import PasoError
from paso.events.dialer import NoListener, connect
from paso.events.launcher import spawn_detached
from paso.events.types import PROTOCOL, Commit, db_changed
from paso.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from paso.paths import Paths

LIMIT_S = 0.1
"""Seconds an announcement may cost the writer (docs/cli.md)."""

QUIET_S = 1.0
"""Seconds without another try after a daemon did not take the last one in time."""

STARTS_APART_S = 0.5
"""Least seconds between two starts of a daemon."""


class Publisher:
    """Announces the commits of one process.

    Keeps its connection, so an import of a thousand tasks connects once.

    Arguments:
        client: what we are, for the daemon's list of clients (`cli`, `tui`, …).
        auto_start: whether a daemon is started where none runs.
    """

    def __init__(self, paths: Paths, *, client: str, auto_start: bool = True) -> None:
        self._paths = paths
        self._client = client
        self._auto_start = auto_start
        self._sock: socket.socket | None = None
        self._quiet_until = 0.0
        self._start_after = 0.0
        self.last_error: str | None = None

    def announce(self, commit: Commit) -> bool:
        """Ring for `commit`; False when the bell was not heard, see `last_error`."""
        now = time.monotonic()
        if now < self._quiet_until:
            return False
        try:
            self._deliver(_doorbell(commit), now + LIMIT_S)
        except NoListener as error:
            self._give_up(error)
            self._start_daemon(now)
            return False
        except (OSError, PasoError) as error:
            self._give_up(error)
            self._quiet_until = time.monotonic() + QUIET_S
            return False
        self.last_error = None
        return True

    def close(self) -> None:
        """Close the connection; the next announcement opens another one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _deliver(self, frame: bytes, deadline: float) -> None:
        if self._sock is not None and _is_open(self._sock):
            try:
                self._send(self._sock, frame, deadline)
            except ConnectionError:
                self.close()  # it went away since: the daemon may have restarted
            else:
                return
        self.close()
        left = max(deadline - time.monotonic(), 0.001)
        self._sock = connect(self._paths, timeout_s=left)
        self._send(self._sock, self._introduction() + frame, deadline)

    def _send(self, sock: socket.socket, data: bytes, deadline: float) -> None:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        sock.sendall(data)

    def _introduction(self) -> bytes:
        """Say who we are, and that we listen to nothing."""
        hello = {
            "type": "hello",
            "v": PROTOCOL,
            "client": self._client,
            "pid": os.getpid(),
        }
        silence = {"type": "subscribe", "topics": []}
        return _line(hello) + _line(silence)

    def _give_up(self, error: Exception) -> None:
        """A frame may have been sent in part: that connection is of no use any more."""
        self.close()
        self.last_error = str(error) or type(error).__name__

    def _start_daemon(self, now: float) -> None:
        if not self._auto_start or now < self._start_after:
            return
        self._start_after = now + STARTS_APART_S
        try:
            spawn_detached(self._paths)
        except (OSError, PasoError) as error:
            self.last_error = str(error)


def _is_open(sock: socket.socket) -> bool:
    """Read away what the daemon said; False when it closed the connection."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False  # it died with something of ours unread
    return False


def _doorbell(commit: Commit) -> bytes:
    now = time.time()
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    body = db_changed(
        commit.project_id,
        f"{seconds}.{int(now % 1 * 1_000_000):06d}Z",
        first=commit.first,
        last=commit.last,
        entities=commit.entities,
    )
    return _line({"type": "event", "event": body})


def _line(frame: Mapping[str, object]) -> bytes:
    return dumps(frame, compact=True).encode() + b"\n"
