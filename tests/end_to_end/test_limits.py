"""More clients than the daemon can take: refused in words, never a busy loop."""

from __future__ import annotations

import resource
import time
from typing import NamedTuple

import pytest

from tests.end_to_end.harness import Home, cpu_s, descriptors, wait_for
from tests.support.protocol_client import ConnectionEnded, ProtocolClient


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


@pytest.mark.timeout(120)
def test_five_hundred_clients_of_a_daemon_with_64_descriptors(board: Home) -> None:
    """Those inside miss nothing, those outside are told, all are served in turn."""
    daemon = board.start_daemon(preexec=allow_64_descriptors)
    with board.client() as first:
        first.hello("first")
        first.subscribe(["db"])
        crowd = come(board, 500)
        assert crowd.served
        assert crowd.refused > 400
        assert crowd.closed == 0, "closed without a word"
        assert descriptors(daemon.pid) <= 64
        board.paso("add", "in the crowd")
        for client in (first, *crowd.served):
            assert client.read_until("event")["event"]["entities"][0]["op"] == "insert"
        before = cpu_s(daemon.pid)
        time.sleep(2.0)
        assert cpu_s(daemon.pid) - before < 0.2, "busy while full"
        crowd.leave()

        def room_again() -> bool:
            again = come(board, 1)
            again.leave()
            return bool(again.served)

        wait_for(room_again, 10, "room after the crowd left")


def test_clients_that_connect_and_are_left_unserved_do_not_make_the_daemon_busy(
    board: Home,
) -> None:
    """Full, with more that knock and wait: below 5 % of a processor."""
    daemon = board.start_daemon(preexec=allow_64_descriptors)
    waiting = [board.client() for _ in range(200)]
    time.sleep(0.5)
    before = cpu_s(daemon.pid)
    time.sleep(2.0)
    assert cpu_s(daemon.pid) - before < 0.2
    for client in waiting:
        client.close()
    wait_for(lambda: board.welcome() is not None, 10, "a welcome after the crowd")


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
