"""The daemon of Paso as one more server of the comparison.

Never: import paso_daemon, or assume more of a frame than docs/protocol.md says.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys

from benchmarks.peers import FRAME, Server
from benchmarks.processes import environment

_SEQ = re.compile(rb'"seq":(\d+)')
_TIME = b"2026-01-01T00:00:00.%06dZ"


class Paso(Server):
    """Plain announcements (`db_changed` without `change`) over the Unix socket."""

    name = "paso"
    ping_bytes = b'{"type":"ping"}\n'
    farewell = b'"pong"'

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.home = os.path.join(folder, "home")
        os.makedirs(self.home, mode=0o700, exist_ok=True)
        self._client = "bench"
        self._parts = (b"", b"", b"")
        self._seq = 0

    def argv(self) -> list[str]:
        return [sys.executable, "-m", "paso_daemon"]

    def env(self) -> dict[str, str]:
        return environment(self.home)

    def dial(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(os.path.join(self.home, "paso.sock"))
        except OSError:
            made.close()
            raise
        return made

    def greet(self, made: socket.socket) -> None:
        hello = {"type": "hello", "v": 1, "client": self._client, "pid": os.getpid()}
        made.sendall(json.dumps(hello).encode() + b"\n")
        read_line(made, b'"welcome"')

    def publisher(self) -> socket.socket:
        """Its name is as long as it takes to make a delivered frame `FRAME` bytes."""
        self._client = "bench"
        with self._silent() as probe, self.subscriber() as listener:
            probe.sendall(self.publish(0))
            line = read_line(listener, b'"event"')
        self._client += "-" * max(0, FRAME - len(line))
        return self._silent()

    def _silent(self) -> socket.socket:
        made = self.connect()
        made.sendall(b'{"type":"subscribe","topics":[]}\n')
        read_line(made, b'"subscribed"')
        return made

    def settle(self, made: socket.socket) -> None:
        made.sendall(self.ping_bytes)
        read_line(made, self.farewell)

    def subscribe_bytes(self) -> bytes:
        return b'{"type":"subscribe","topics":["db"]}\n'

    def learn(self, publisher: socket.socket, subscriber: socket.socket) -> None:
        """Cut a delivered frame where its sequence number and its event number lie."""
        publisher.sendall(self.publish(0))
        line = read_line(subscriber, b'"event"')
        found = _SEQ.search(line)
        assert found is not None, line
        before, after = line[: found.start(1)], line[found.end(1) :]
        middle, number, end = after.partition(_TIME % 0)
        assert number and line.count(number) == 1, line
        self._seq = int(found[1])
        self._parts = (before, middle, end)

    def publish(self, number: int) -> bytes:
        event = b'{"type":"db_changed","project_id":1,"timestamp":"' + _TIME % number
        return b'{"type":"event","event":' + event + b'"}}\n'

    def delivery(self, number: int) -> bytes:
        self._seq += 1
        before, middle, end = self._parts
        return before + b"%d" % self._seq + middle + _TIME % number + end


def read_line(made: socket.socket, mark: bytes, timeout_s: float = 10.0) -> bytes:
    """The line with `mark` in it; those that came before and with it are dropped.

    A client that has not subscribed yet may hear of anything behind its welcome.

    Raises:
        OSError: it did not come, or the connection was closed.
    """
    made.settimeout(timeout_s)
    got = b""
    while True:
        chunk = made.recv(65536)
        if not chunk:
            raise ConnectionResetError(f"closed before {mark!r}: {got[-300:]!r}")
        got += chunk
        lines = got.split(b"\n")
        found = [line for line in lines if mark in line]
        if found and not lines[-1]:
            return found[0] + b"\n"
