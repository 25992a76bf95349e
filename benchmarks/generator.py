"""The load: publishes in batches, reads all subscribers, checks every byte of them.

What a subscriber must get is known beforehand, so each chunk is compared with it in
place (one memcmp): quicker than parsing, and it proves count, order and content.
A stream that differs is kept and parsed afterwards.

Never: start or stop a server; print.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.peers import Server

CHUNK = 64 * 1024
"""Bytes of events that the publisher hands over at a time."""

RECEIVE = 256 * 1024
QUIET_S = 2.0
"""Without a byte for so long, what is missing is lost."""

LIMIT_S = 60.0
_NUMBER = re.compile(rb"2026-01-01T00:00:00\.(\d{6})Z")


class Burst(NamedTuple):
    """One burst, seen from the clients. Times in seconds."""

    wall_s: float
    generator_cpu_s: float
    deliveries: int
    lost: int
    doubled: int


class Reader:
    """One subscriber: how far it agrees with what it must get, and what follows."""

    __slots__ = ("position", "sock", "stray")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.position = 0
        self.stray: list[bytes] = []

    def take(self, chunk: memoryview, wanted: bytes) -> None:
        if not self.stray and wanted.startswith(chunk, self.position):
            self.position += len(chunk)
        else:
            self.stray.append(bytes(chunk))

    def numbers(self, wanted: bytes) -> list[int]:
        """The numbers of the events it got, in the order it got them."""
        data = wanted[: self.position] + b"".join(self.stray)
        return [int(found) for found in _NUMBER.findall(data)]


class Load:
    """A publisher and its subscribers at one server.

    Arguments:
        server: running.
        subscribers: how many connections get every event.
    """

    def __init__(self, server: Server, subscribers: int) -> None:
        self.server = server
        self.publisher = server.publisher()
        self.subscribers = [server.subscriber() for _ in range(subscribers)]
        server.learn(self.publisher, self.subscribers[0])
        self.settle()
        self._buffer = memoryview(bytearray(RECEIVE))

    def settle(self) -> None:
        """Leave nothing on the way that is no event."""
        for sock in self.subscribers:
            sock.setblocking(True)
            self.server.settle(sock)

    def close(self) -> None:
        for sock in (self.publisher, *self.subscribers):
            sock.close()

    def burst(self, first: int, count: int) -> Burst:
        """Publish events `first` to `first + count`, wait for all their deliveries."""
        self.settle()
        data = self.server.published(first, count)
        wanted = self.server.delivered(first, count)
        readers = [Reader(sock) for sock in self.subscribers]
        cpu, start = time.process_time(), time.perf_counter()
        last = self._run(data, wanted, readers)
        cpu = time.process_time() - cpu
        return _judge(last - start, cpu, readers, wanted, first, count)

    def _run(self, data: bytes, wanted: bytes, readers: Sequence[Reader]) -> float:
        poll = select.epoll()
        by_fd = {reader.sock.fileno(): reader for reader in readers}
        for reader in readers:
            reader.sock.setblocking(False)
            poll.register(reader.sock, select.EPOLLIN)
        self.publisher.setblocking(False)
        poll.register(self.publisher, select.EPOLLOUT)
        try:
            return self._loop(poll, memoryview(data), wanted, by_fd)
        finally:
            poll.close()

    def _loop(
        self,
        poll: select.epoll,
        left: memoryview,
        wanted: bytes,
        by_fd: dict[int, Reader],
    ) -> float:
        """Returns when the last byte came (perf_counter)."""
        publishing = self.publisher.fileno()
        buffer, size = self._buffer, len(wanted)
        last = time.perf_counter()
        limit = last + LIMIT_S
        while by_fd and last < limit:
            ready = poll.poll(QUIET_S)
            if not ready:
                break
            for fd, _ in ready:
                if fd == publishing:
                    left = left[self.publisher.send(left[:CHUNK]) :]
                    if not left:
                        poll.unregister(fd)
                    continue
                reader = by_fd[fd]
                got = _receive(reader.sock, buffer)
                if got is None:
                    continue
                reader.take(buffer[:got], wanted)
                if reader.position == size or not got:
                    poll.unregister(fd)
                    del by_fd[fd]
            last = time.perf_counter()
        return last


@contextmanager
def loads(servers: Sequence[Server], subscribers: int) -> Iterator[list[Load]]:
    """A load for each server, connected and quiet; all connections closed after."""
    made: list[Load] = []
    try:
        made.extend(Load(server, subscribers) for server in servers)
        time.sleep(max(server.warm_up_s for server in servers))
        for load in made:
            load.settle()
        yield made
    finally:
        for load in made:
            load.close()


def _receive(sock: socket.socket, buffer: memoryview) -> int | None:
    """Bytes received, 0 at the end of the stream, None when nothing was there."""
    try:
        return sock.recv_into(buffer)
    except BlockingIOError:
        return None
    except OSError:
        return 0


def _judge(
    wall_s: float,
    cpu: float,
    readers: Sequence[Reader],
    wanted: bytes,
    first: int,
    count: int,
) -> Burst:
    """Compare the set that each reader got with what was published."""
    sent = set(range(first, first + count))
    got = lost = doubled = 0
    for reader in readers:
        if reader.position == len(wanted) and not reader.stray:
            got += count
            continue
        numbers = reader.numbers(wanted)
        distinct = sent & set(numbers)
        got += len(distinct)
        lost += count - len(distinct)
        doubled += len(numbers) - len(distinct)
    return Burst(wall_s, cpu, got, lost, doubled)
