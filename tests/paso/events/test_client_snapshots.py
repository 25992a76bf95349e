"""A follower gets snapshots whole, of what it asks for, and again after a gap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paso.events.client import EventClient, Notice, Other, Resync
from paso.paths import Paths
from tests.support.hosted_server import HostedServer

Frame = dict[str, Any]
MANY = 1_500


@pytest.fixture
def host(paso_home: Path) -> Iterator[HostedServer]:
    with HostedServer(paso_home) as hosted:
        yield hosted


def session(number: int, version: int = 1) -> Frame:
    record = {"id": f"s{number}", "phase": "running", "version": version}
    return record | {"cwd": "/" + "x" * 700}


def fill(host: HostedServer, owner: str, version: int = 1, count: int = MANY) -> None:
    records = [session(number, version) for number in range(count)]
    host.tell(lambda d: d.set_link(owner, "live"))
    host.tell(lambda d: d.replace_sessions(owner, records))


def follower(**more: Any) -> EventClient:
    topics = more.pop("topics", ["sessions"])
    return EventClient(Paths(), client="test", topics=topics, auto_start=False, **more)


async def until(client: EventClient, kind: str) -> Frame:
    async with asyncio.timeout(20):
        async for notice in client:
            if isinstance(notice, Other) and notice.event["type"] == kind:
                return notice.event
    raise AssertionError("it ended")


async def test_a_snapshot_in_many_frames_is_one_notice(host: HostedServer) -> None:
    fill(host, "b")
    async with follower() as client:
        shown = await until(client, "sessions_initial")
        assert len(shown["data"]) == MANY
        assert "more" not in shown
        client.refresh("sessions")
        again = await until(client, "sessions_initial")
        assert len(again["data"]) == MANY


async def test_a_follower_may_want_one_computer(host: HostedServer) -> None:
    fill(host, "b", count=3)
    fill(host, "c", count=4)
    async with follower(computer="b") as client:
        shown = await until(client, "sessions_initial")
        assert {record["computer"] for record in shown["data"]} == {"b"}
        await client.subscribe(["sessions"], computer="c")
        shown = await until(client, "sessions_initial")
        assert len(shown["data"]) == 4
        client.refresh("computers", "me")
        assert len((await until(client, "computers_initial"))["data"]) == 1


async def test_after_it_fell_behind_it_has_the_newest_state_by_itself(
    host: HostedServer,
) -> None:
    fill(host, "b", count=100)
    async with follower() as client:
        await until(client, "sessions_initial")
        version = _overwhelm(host)
        found: list[Notice] = []
        async with asyncio.timeout(20):
            async for notice in client:
                found.append(notice)
                if isinstance(notice, Other) and "data" in notice.event:
                    break
        (resync,) = [notice for notice in found if isinstance(notice, Resync)]
        assert (resync.reason, resync.topics) == ("slow_client", ("sessions",))
        assert isinstance(notice, Other)
        assert {record["version"] for record in notice.event["data"]} == {version}


def _overwhelm(host: HostedServer) -> int:
    """Change all until the client, whose loop we hold, is behind; the last version."""
    version, deadline = 1, time.monotonic() + 20
    while not host.do(lambda server: server.counters.slow_clients):
        assert time.monotonic() < deadline
        version += 1
        fill(host, "b", version, 100)
        time.sleep(0.02)
    return version
