"""Watchers of what the daemon sends, and the verdict on what they saw.

Never: import anything of Paso.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any, NamedTuple

from tests.end_to_end.harness import Home, Worker, wait_for
from tests.support.protocol_client import (
    ConnectionEnded,
    Frame,
    ProtocolClient,
    changes_of,
)


class Seen(NamedTuple):
    """One event: its change numbers, and when it came (seconds since the epoch)."""

    changes: range
    at: float
    frame: Frame


class Connection(NamedTuple):
    """What came through one connection, from its welcome on."""

    epoch: str | int
    head: int
    events: list[Seen]
    resyncs: list[Frame]


class Recorder:
    """A raw subscriber that comes back after each loss, and writes everything down."""

    def __init__(self, home: Home, **hello: object) -> None:
        self.home = home
        self.hello = hello
        self.connections: list[Connection] = []
        self.broken: Exception | None = None
        self.byes: list[Frame] = []
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join(20)
        if self.broken is not None:
            raise self.broken

    @property
    def last(self) -> int:
        """The newest change number seen or said by a welcome."""
        if not self.connections:
            return 0
        newest = self.connections[-1]
        return max([newest.head, *(s.changes[-1] for s in newest.events if s.changes)])

    def events(self) -> list[Seen]:
        return [seen for one in list(self.connections) for seen in list(one.events)]

    def _run(self) -> None:
        try:
            while not self._leave.is_set():
                try:
                    with self.home.client(timeout_s=5.0) as client:
                        self._record(client)
                except (OSError, ConnectionEnded):
                    self._leave.wait(0.02)
        except Exception as error:
            self.broken = error

    def _record(self, client: ProtocolClient) -> None:
        """What comes before the welcome is the past: its `change` covers it."""
        client.send({"type": "hello", "v": 1, "client": "recorder", **self.hello})
        client.send({"type": "subscribe", "topics": ["db"]})
        welcome = client.read_until("welcome")
        connection = Connection(welcome["epoch"], welcome["change"] or 0, [], [])
        self.connections.append(connection)
        while not self._leave.is_set():
            try:
                frame = client.read(0.2)
            except TimeoutError:
                continue
            if frame["type"] == "event":
                seen = Seen(changes_of(frame), time.time(), frame)
                connection.events.append(seen)
            elif frame["type"] == "resync":
                connection.resyncs.append(frame)
            elif frame["type"] == "bye":
                self.byes.append(frame)


def assert_each_change_once_in_order(connection: Connection) -> None:
    """No hole after the welcome, no number twice, in order, within one epoch."""
    numbers = list(itertools.chain(*(seen.changes for seen in connection.events)))
    if not numbers:
        return
    assert numbers[0] <= connection.head + 1, (connection.head, numbers[:3])
    wrong = [(a, b) for a, b in itertools.pairwise(numbers) if b != a + 1]
    assert not wrong, f"in epoch {connection.epoch}: {wrong[:10]}"


class Follower:
    """An `EventClient` in a process of its own; its notices, as they come."""

    def __init__(self, home: Home, name: str) -> None:
        self.name = name
        self.worker: Worker = home.worker("follow", name)
        self.notices: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for line in self.worker.lines():
            self.notices.append(line)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The ranges of change numbers it was told, in the order it was told."""
        return [
            (notice["first"], notice["last"])
            for notice in list(self.notices)
            if notice["kind"] == "Changed" and notice["first"] is not None
        ]

    @property
    def last(self) -> int:
        return self.ranges[-1][1] if self.ranges else 0

    def states(self) -> list[str]:
        return [n["name"] for n in list(self.notices) if n["kind"] == "State"]

    def wait_for_change(self, number: int, timeout_s: float = 20.0) -> None:
        wait_for(lambda: self.last >= number, timeout_s, f"{self.name} at {number}")

    def stop(self) -> None:
        if self.worker.process.poll() is None:
            self.worker.say("stop")
        self.worker.process.wait(10)
        self._thread.join(10)
        assert self.worker.process.returncode == 0, self.worker.errors()

    def _around(self, first: int, expected: int) -> str:
        """What it was told just before and after it was told a wrong number."""
        told = [
            {k: v for k, v in notice.items() if k not in {"entities", "event"}}
            for notice in self.notices
            if notice["kind"] != "Changed" or notice["first"] is not None
        ]
        at = next(n for n, t in enumerate(told) if t.get("first") == first)
        lines = [f"{self.name}: {first} came where {expected} was due", *told[: at + 2]]
        return "\n".join(map(str, lines[:1] + lines[-8:]))

    def assert_each_change_once_in_order(self, head: int) -> None:
        """Its ranges are 1 to `head`, without a hole, without a number twice."""
        resyncs = [
            notice
            for notice in self.notices
            if notice["kind"] == "Resync" and "db" in notice["topics"]
        ]
        assert not resyncs, resyncs[:3]
        expected = 1
        for first, last in self.ranges:
            assert first == expected, self._around(first, expected)
            expected = last + 1
        assert expected == head + 1, (self.name, expected, head)
