"""More clients than the daemon can take: refused in words, never a busy loop."""

from __future__ import annotations

import resource
import time
from typing import NamedTuple

import pytest

from tests.end_to_end.harness import Home, cpu_s, descriptors, wait_for
from tests.support.protocol_client import (
    ConnectionEnded,
    ProtocolClient,
    changes_of,
)


def allow_64_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


class Crowd(NamedTuple):
    """Clients that came at once: those served, and those told to come again."""

    served: list[ProtocolClient]
    refused: int
    closed: int

    def leave(self) -> None:
        for client in self.served:
            client.close()


def come(home: Home, number: int) -> Crowd:
    served, refused, closed = [], 0, 0
    for _ in range(number):
        client = home.client(timeout_s=15.0)
        try:
            client.send({"type": "hello", "v": 1, "client": "crowd"})
            frame = client.read_until(lambda f: f["type"] in {"welcome", "error"})
        except (ConnectionEnded, BrokenPipeError):
            closed += 1
            client.close()
            continue
        if frame["type"] == "welcome":
            client.subscribe(["db"])
            served.append(client)
            continue
        assert frame["code"] == "busy"
        assert frame["retry_ms"] > 0
        refused += 1
        client.close()
    return Crowd(served, refused, closed)


def answer_of(client: ProtocolClient, timeout_s: float) -> str:
    """The type of the first word to a `hello`; "" when none comes in time."""
    try:
        return str(client.read(timeout_s)["type"])
    except TimeoutError:
        return ""
    except ConnectionEnded:
        return "closed"


@pytest.mark.timeout(120)
def test_five_hundred_clients_of_a_daemon_with_64_descriptors(board: Home) -> None:
    """Those inside miss nothing, the daemon rests, and all are served in turn.

    Who finds no room waits in the listen queue, or is told `busy`; nobody is closed
    without a word.
    """
    daemon = board.start_daemon(preexec=allow_64_descriptors)
    with board.client() as first:
        first.hello("first")
        first.subscribe(["db"])
        crowd = [board.client() for _ in range(500)]
        for client in crowd:
            client.send({"type": "hello", "v": 1, "client": "crowd"})
        answers = [answer_of(client, 0.01) for client in crowd]
        inside = [c for c, said in zip(crowd, answers, strict=True) if said]
        outside = [c for c, said in zip(crowd, answers, strict=True) if not said]
        assert {answer for answer in answers if answer} <= {"welcome", "error"}
        assert answers.count("welcome") >= 4
        assert descriptors(daemon.pid) <= 64
        before = cpu_s(daemon.pid)
        time.sleep(2.0)
        assert cpu_s(daemon.pid) - before < 0.2, "busy while full"
        board.worker("write", "in the crowd", 1, 1.0).result()
        head = board.head()
        for client, said in zip(crowd, answers, strict=True):
            if said == "welcome":
                client.read_until(lambda frame: head in changes_of(frame))
        first.read_until(lambda frame: head in changes_of(frame))
        for client in inside:
            client.close()
        for client in outside:
            assert answer_of(client, 10.0) in {"welcome", "error"}
            client.close()
        wait_for(lambda: board.welcome() is not None, 10, "room after the crowd left")
        assert descriptors(daemon.pid) <= 64
        first.ping()


def test_a_thousand_clients_are_served_at_once_and_one_more_is_told_busy(
    home: Home,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        home.start_daemon()
        crowd = come(home, 1030)
        try:
            assert len(crowd.served) == 1024
            assert crowd.refused == 6
            crowd.served[0].announce(99)
            for client in crowd.served:
                event = client.read_until("event")["event"]
                assert event["project_id"] == 99
        finally:
            crowd.leave()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
