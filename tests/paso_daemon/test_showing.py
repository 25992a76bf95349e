"""Snapshots and increments at the socket: whole, in order, however much there is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paso.events.types import SNAPSHOT_TOPICS
from tests.support.daemon import wait_for
from tests.support.hosted_server import HostedServer
from tests.support.protocol_client import ProtocolClient, encode

Frame = dict[str, Any]
MANY = 5_000


@pytest.fixture
def host(paso_home: Path) -> Iterator[HostedServer]:
    with HostedServer(paso_home) as hosted:
        yield hosted


def session(number: int, version: int = 1, **more: Any) -> Frame:
    record = {"id": f"s{number:05}", "phase": "running", "version": version}
    return record | {"title": f"session {number}", "cwd": "/" + "x" * 700} | more


def fill(host: HostedServer, count: int = MANY, owner: str = "b") -> None:
    host.tell(lambda d: d.set_link(owner, "live"))
    for start in range(0, count, 500):
        part = [session(n) for n in range(min(start + 500, count))]
        if start + 500 >= count:
            host.tell(lambda d, part=part: d.replace_sessions(owner, part))  # type: ignore[misc]
    wait_for(lambda: host.do(lambda server: len(server.directory._news)) == 0)


def snapshot(client: ProtocolClient, topic: str = "sessions") -> list[Frame]:
    """The frames of the next snapshot of a topic."""
    frames = [client.read_until(f"{topic}_initial")]
    while frames[-1].get("more"):
        frames.append(client.read())
        assert frames[-1]["type"] == f"{topic}_initial", "nothing comes between"
    return frames


def ids(frames: list[Frame]) -> list[str]:
    return [record["id"] for frame in frames for record in frame["data"]]


def test_five_thousand_sessions_come_in_frames_that_fit(host: HostedServer) -> None:
    fill(host)
    with host.client() as client:
        limit = client.hello()["limits"]["max_frame"]
        client.subscribe(["sessions"])
        frames = snapshot(client)
        assert len(frames) > 2
        assert all(len(encode(frame)) <= limit for frame in frames)
        assert sorted(ids(frames)) == [f"s{n:05}" for n in range(MANY)]
        assert {frame["seq"] for frame in frames} == {frames[0]["seq"]}
        for frame in frames:
            assert set(frame["sources"]) == {"me", "b"}


def test_a_large_snapshot_makes_no_healthy_client_slow(host: HostedServer) -> None:
    fill(host)
    with host.client() as client:
        client.subscribe(["sessions"])
        for version in range(2, 12):
            host.tell(lambda d, v=version: d.put_session("b", session(7, v), v))  # type: ignore[misc]
            time.sleep(0.06)
        assert len(ids(snapshot(client))) == MANY
        versions = [
            frame["event"]["session"]["version"]
            for frame in client.frames(2.0)
            if frame["type"] == "event"
        ]
        assert versions == sorted(versions)
        assert versions[-1] == 11
        status = client.request("status")["result"]["counters"]
        assert (status["slow_clients"], status["resyncs"]) == (0, 0)


def test_the_snapshot_is_of_its_moment_though_it_is_taken_slowly(
    host: HostedServer,
) -> None:
    """Removed while the frames wait: it is in the list, and its removal comes after."""
    fill(host)
    with host.client(receive_buffer=4096) as client:
        client.subscribe(["sessions"])
        last = f"s{MANY - 1:05}"
        host.tell(lambda d: d.remove_session("b", last, 2))
        assert last in ids(snapshot(client))
        removed = client.read_until("event")["event"]
        assert removed["type"] == "session_removed"
        assert removed["session"]["id"] == last


def test_who_takes_no_snapshot_costs_little_and_asks_no_more(
    host: HostedServer,
) -> None:
    fill(host)
    with host.client() as greedy, host.client() as other:
        greedy.socket.setblocking(False)
        asked = encode({"type": "refresh", "topic": "sessions"}) * 200
        sent, begin = 0, time.monotonic()
        while time.monotonic() - begin < 0.5:
            try:
                sent += greedy.socket.send(asked)
            except BlockingIOError:
                time.sleep(0.01)
        boxes = host.do(lambda server: [c.outbox for c in server.connections])
        held = [box for box in boxes if box is not None]
        assert held and all(box.lists <= 10 for box in held)
        assert all(box.size < 2 << 20 for box in held)
        assert other.ping() < 5


def test_never_an_event_of_a_topic_before_its_only_snapshot(
    host: HostedServer,
) -> None:
    done = threading.Event()

    def change() -> None:
        version = 1
        while not done.is_set():
            version += 1
            host.tell(lambda d, v=version: d.put_session("b", session(v % 50, v), v))  # type: ignore[misc]
            host.tell(lambda d, v=version: d.put_computer({"id": "b", "v": v}))  # type: ignore[misc]

    writer = threading.Thread(target=change, daemon=True)
    writer.start()
    try:
        for _ in range(20):
            with host.client() as client:
                client.subscribe()
                _check_order(client)
    finally:
        done.set()
        writer.join(10)


def _check_order(client: ProtocolClient) -> None:
    shown: set[str] = set()
    events = 0
    while events < 20:
        frame = client.read()
        kind = frame["type"]
        if kind == "event":
            events += 1
            name = frame["event"]["type"].partition("_")[0]
            assert f"{name}s" in shown
        else:
            topic = kind.removesuffix("_initial")
            assert topic not in shown, "one snapshot for one subscribe"
            shown.add(topic)
    assert shown == set(SNAPSHOT_TOPICS)


def test_a_change_during_the_subscription_is_in_the_snapshot_or_after_it(
    host: HostedServer,
) -> None:
    for version in range(2, 30):
        with host.client() as client:
            client.send({"type": "subscribe", "topics": ["sessions"]})
            host.tell(lambda d, v=version: d.put_session("b", session(1, v), v))  # type: ignore[misc]
            shown = snapshot(client)[0]["data"]
            if not shown or shown[0]["version"] < version:
                event = client.read_until("event")["event"]
                assert event["session"]["version"] == version


def test_a_slow_client_is_told_and_has_all_after_a_refresh(host: HostedServer) -> None:
    fill(host, 100)
    with host.client(timeout_s=20) as slow:
        slow.subscribe(["sessions"])
        snapshot(slow)
        version = 1
        while not host.do(lambda server: server.counters.slow_clients):
            version += 1
            changed = [session(n, version) for n in range(100)]
            host.tell(lambda d, c=changed: d.replace_sessions("b", c))  # type: ignore[misc]
            time.sleep(0.02)
        resync = slow.read_until("resync")
        assert (resync["reason"], resync["topics"]) == ("slow_client", ["sessions"])
        slow.send({"type": "refresh", "topic": "sessions"})
        (frame,) = snapshot(slow)
        assert {record["version"] for record in frame["data"]} == {version}


def test_an_announced_event_is_passed_on_and_changes_nothing_that_is_known(
    host: HostedServer,
) -> None:
    fill(host, 1)
    with host.client() as speaker, host.client() as listener:
        listener.subscribe(["sessions"])
        snapshot(listener)
        for body in (
            {"type": "session_updated", "session": session(5, 9)},
            {"type": "session_removed", "session": {"id": "s00000"}},
        ):
            stamp = "2026-11-20T19:05:00.000000Z"
            speaker.send({"type": "event", "event": body | {"timestamp": stamp}})
            assert listener.read_until("event")["event"]["type"] == body["type"]
        listener.send({"type": "refresh"})
        assert ids(snapshot(listener)) == ["s00000"]


def test_interest_ends_when_the_client_is_gone(host: HostedServer) -> None:
    def interest() -> set[tuple[str, str]]:
        return set(host.do(lambda server: server.directory.interest()))

    with host.client() as stays:
        stays.subscribe(["computers"])
        leaver = host.client()
        leaver.send({"type": "subscribe", "topics": ["sessions"], "computer": "b"})
        leaver.read_until("sessions_initial")
        assert interest() == {("", "computers"), ("b", "sessions")}
        leaver.close()
        wait_for(lambda: interest() == {("", "computers")}, 1.0)
        with host.client() as plain:
            plain.ping()
            assert interest() == {("", "computers")}, "it never subscribed"


def test_a_daemon_that_stops_tells_what_it_knows_first(paso_home: Path) -> None:
    with HostedServer(paso_home) as host:
        client = host.client()
        client.subscribe(["sessions"])
        snapshot(client)
        for version in (1, 2, 3):
            host.tell(lambda d, v=version: d.put_session("b", session(1, v), v))  # type: ignore[misc]
    events = [f for f in client.read_to_end() if f["type"] == "event"]
    assert events[-1]["event"]["session"]["version"] == 3
    client.close()


def test_small_frames_are_kept_too(paso_home: Path) -> None:
    with HostedServer(paso_home, max_frame=4096) as host, host.client() as client:
        fill(host, 30)
        client.subscribe(["sessions"])
        frames = snapshot(client)
        assert len(frames) >= 8
        assert all(len(encode(frame)) <= 4097 for frame in frames)
        assert len(ids(frames)) == 30


def test_a_client_that_leaves_in_the_middle_of_a_snapshot_leaves_nothing(
    host: HostedServer,
) -> None:
    fill(host)
    for turn in range(20):
        client = host.client(receive_buffer=4096)
        client.send({"type": "subscribe", "topics": ["sessions"]})
        client.read_until("subscribed")
        if turn % 2:
            client.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
        client.close()
    wait_for(lambda: not host.do(lambda server: server.connections))
    assert host.health.told() == []
