"""Whatever clients say to each other's daemon, each hears exactly what it asked for.

A model of who listens to what, beside a real daemon; garbage, whole and cut frames,
clients that come and go. hypothesis makes the conversations and shortens what fails.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from paso.events.types import TOPICS
from tests.support.daemon import RunningDaemon
from tests.support.protocol_client import ProtocolClient, db_changed, encode

NOW = "2026-11-20T19:05:00.123456Z"
MAX_CLIENTS = 4

topics = st.none() | st.lists(st.sampled_from(TOPICS), unique=True)
projects = st.integers(0, 2)
# Hypothesis knows the constants of our sources: some of these are good frames.
garbage = (
    st.binary(min_size=1, max_size=40)
    .map(lambda data: data.replace(b"\n", b""))
    .filter(lambda data: not data.lstrip().startswith(b"{"))
)


class Listener:
    """A client and what it must have heard by now."""

    def __init__(self, path: str) -> None:
        self.client = ProtocolClient(path)
        self.topics: list[str] = list(TOPICS)
        self.project = 0
        self.expected: list[tuple[str, int]] = []
        self.mistakes = 0

    def wants(self, topic: str, project: int) -> bool:
        return topic in self.topics and (
            self.project == 0 or project in (0, self.project)
        )


class Conversations(RuleBasedStateMachine):
    def __init__(self, daemon: RunningDaemon) -> None:
        super().__init__()
        self.daemon = daemon
        self.listeners: list[Listener] = []

    @precondition(lambda self: len(self.listeners) < MAX_CLIENTS)
    @rule(says_hello=st.booleans())
    def connect(self, says_hello: bool) -> None:
        listener = Listener(self.daemon.socket)
        if says_hello:
            listener.client.hello()
        listener.client.ping()
        self.listeners.append(listener)

    def _one(self, number: int) -> Listener | None:
        return self.listeners[number % len(self.listeners)] if self.listeners else None

    @rule(number=st.integers(0, 9), names=topics, project=projects)
    def subscribe(self, number: int, names: list[str] | None, project: int) -> None:
        if (listener := self._one(number)) is None:
            return
        self._compare(listener)
        listener.client.subscribe(names, project)
        listener.topics = list(TOPICS) if names is None else names
        listener.project = project

    @rule(number=st.integers(0, 9), project=projects, count=st.integers(1, 5))
    def announce(self, number: int, project: int, count: int) -> None:
        if (speaker := self._one(number)) is None:
            return
        frame = encode({"type": "event", "event": db_changed(project)})
        self._say(speaker, frame * count, [("db", project)] * count)

    @rule(number=st.integers(0, 9), cut=st.integers(1, 60))
    def tell_of_a_session_in_two_pieces(self, number: int, cut: int) -> None:
        if (speaker := self._one(number)) is None:
            return
        event = {"type": "session_removed", "session": {"id": "s"}, "timestamp": NOW}
        frame = encode({"type": "event", "event": event})
        speaker.client.send_raw(frame[:cut])
        self._say(speaker, frame[cut:], [("sessions", 0)])

    @rule(number=st.integers(0, 9), line=garbage)
    def say_garbage(self, number: int, line: bytes) -> None:
        speaker = self._one(number)
        if speaker is None or speaker.mistakes >= 90:
            return
        speaker.mistakes += 1
        speaker.client.send_raw(line + b"\n")

    @rule(number=st.integers(0, 9), in_the_middle=st.booleans())
    def leave(self, number: int, in_the_middle: bool) -> None:
        if (listener := self._one(number)) is None:
            return
        if in_the_middle:
            listener.client.send_raw(b'{"type":"event","event":{"type":"db_chan')
        listener.client.close()
        self.listeners.remove(listener)

    @invariant()
    def each_hears_what_it_asked_for(self) -> None:
        for listener in self.listeners:
            self._compare(listener)

    def teardown(self) -> None:
        for listener in self.listeners:
            listener.client.close()

    def _say(
        self, speaker: Listener, data: bytes, events: list[tuple[str, int]]
    ) -> None:
        for listener in self.listeners:
            listener.expected += [event for event in events if listener.wants(*event)]
        speaker.client.send_raw(data)
        # Its answer comes after what was announced before, to everybody.
        speaker.client.send({"type": "request", "id": 0, "method": "sessions"})

    def _compare(self, listener: Listener) -> None:
        for other in self.listeners:
            if other is not listener:
                other.client.send({"type": "request", "id": 0, "method": "sessions"})
        self._settle()
        listener.client.send({"type": "ping"})
        heard: list[tuple[str, int]] = []
        while (frame := listener.client.read())["type"] != "pong":
            if frame["type"] == "event":
                heard.append(_told(frame))
        assert heard == listener.expected
        listener.expected = []

    def _settle(self) -> None:
        """One turn of the daemon later, all that was sent before is handled."""
        with ProtocolClient(self.daemon.socket) as clock:
            clock.subscribe([])
            clock.ping()


def _told(frame: dict[str, Any]) -> tuple[str, int]:
    event = frame["event"]
    if event["type"] == "db_changed":
        return "db", event["project_id"]
    return "sessions", 0


def test_conversations() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.mkdir(home, 0o700)
        with RunningDaemon(home) as daemon:
            chosen = settings(
                max_examples=100,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )

            def machine() -> Conversations:
                return Conversations(daemon)

            run_state_machine_as_test(machine, settings=chosen)  # type: ignore[arg-type]
            assert daemon.status()["degraded"] == []
            assert "Traceback" not in daemon.said()
