"""A snapshot is taken over in parts: whatever comes in between, both sides agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from paso_daemon import replacing
from tests.paso_daemon.peers.node import Node, nodes, session_id, until
from tests.support.redis import RedisServer

COUNT = 120


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "PART", 1)


async def in_the_middle(a: Node, b: Node) -> None:
    """Return when some of the sessions of `b` were taken, and not all."""
    async with asyncio.timeout(15):
        while not COUNT // 4 < taken(a, b) < COUNT // 2:  # noqa: ASYNC110
            await asyncio.sleep(0)


def taken(a: Node, b: Node) -> int:
    """How many sessions are known as `b` has them."""
    theirs, known = b.of(b), a.of(b)
    return sum(known.get(id) == one for id, one in theirs.items())


def freshness(a: Node, b: Node) -> str:
    return str(a.directory.sources("sessions", b.id)[b.id]["state"])


@asynccontextmanager
async def half_way(
    redis: RedisServer, folder: Path
) -> AsyncIterator[tuple[Node, Node]]:
    """`a` has taken over a part of what `b` has."""
    async with nodes(redis, folder, "a", "b", peer_lease_s=30) as (a, b):
        for number in range(COUNT):
            b.put(number)
        a.watch("sessions")
        await in_the_middle(a, b)
        yield a, b


async def test_it_is_fresh_when_all_of_it_is_there_and_log_entries_come_after(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        assert freshness(a, b) == "stale"
        assert not a.peers.reader.is_reading(b.id)
        b.put(0, 2)
        b.put(COUNT - 1, 2)
        b.remove(1, 2)
        b.put(COUNT)
        async with asyncio.timeout(15):
            while freshness(a, b) == "stale":
                assert a.peers.reader.applied == 0
                await asyncio.sleep(0)
        assert len(a.of(b)) == COUNT
        await until(lambda: a.agrees_with(b))
        assert a.peers.at.snapshots.loaded == 1
        assert len(a.told("session_started")) == COUNT + 1


async def test_the_computer_is_forgotten_meanwhile(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        a.peers.presence.forget(b.id)
        a.peers.reader.forget(b.id)
        a.peers.store.computer(b.id, None)
        a.directory.remove_computer(b.id)
        for _ in range(5):
            assert a.of(b) == {}
            await asyncio.sleep(0)
        # It lives, so it is soon known again.
        await until(lambda: a.agrees_with(b) and freshness(a, b) == "fresh")


async def test_the_connection_breaks_meanwhile(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        await a.peers.at.link.abort("a test")
        assert len(a.of(b)) < COUNT
        b.remove(3, 2)
        await until(lambda: a.agrees_with(b) and freshness(a, b) == "fresh")
        assert a.peers.at.snapshots.loaded == 2


async def test_versions_begin_anew_and_the_connection_breaks_meanwhile(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_lease_s=30) as (a, b):
        for number in range(COUNT):
            b.put(number, 50)
        a.watch("sessions")
        await until(lambda: a.agrees_with(b))
        await b.stop()
        again = Node(b.home, redis.url, peer_lease_s=30)
        for number in range(COUNT):
            again.put(number, 2)
        await again.joined()
        await in_the_middle(a, again)
        await a.peers.at.link.abort("a test")
        again.remove(0, 3)
        await until(lambda: a.agrees_with(again) and freshness(a, again) == "fresh")
        again.put(1, 3)
        await until(lambda: a.of(again)[session_id(1)][0] == 3)
        await again.stop()


async def test_another_snapshot_is_announced_meanwhile(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        loaded = a.peers.at.snapshots.loaded
        b.put(0, 2)
        b.directory.drain()
        a.peers.reader.ask(b.id)
        await until(lambda: b.peers.at.snapshots.written == 2)
        await until(lambda: a.agrees_with(b) and freshness(a, b) == "fresh")
        b.put(1, 2)
        await until(lambda: a.agrees_with(b))
        assert a.peers.at.snapshots.loaded <= loaded + 1
        assert a.peers.reader.gaps == 0


async def test_nobody_looks_any_more_meanwhile(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        a.leave()
        await until(lambda: a.agrees_with(b))
        await until(lambda: b.id not in a.peers.reader.wishes)
        assert not a.peers.reader.is_reading(b.id)
        assert freshness(a, b) == "stale"
        b.put(0, 2)
        a.watch("sessions")
        await until(lambda: a.agrees_with(b) and freshness(a, b) == "fresh")


async def test_the_daemon_ends_meanwhile_and_keeps_no_half(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        await a.kill()
        again = Node(a.home, redis.url, peer_lease_s=30)
        await again.start()
        assert again.of(b) == {}
        again.watch("sessions")
        await until(lambda: again.agrees_with(b) and freshness(again, b) == "fresh")
        await again.stop()


async def test_what_is_remembered_is_shown_in_parts_as_well(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with half_way(redis, tmp_path) as (a, b):
        await until(lambda: a.agrees_with(b) and freshness(a, b) == "fresh")
        await a.stop()
        redis.stop()
        again = Node(a.home, redis.url)
        async with asyncio.TaskGroup() as group:
            group.create_task(again.start())
            await in_the_middle(again, b)
            await until(lambda: again.agrees_with(b))
        assert freshness(again, b) == "unreachable"
        await again.stop()
        redis.start()
