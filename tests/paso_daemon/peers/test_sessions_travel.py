"""A change here is known there: once, at once, for who looks, and for nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.paso_daemon.peers.node import following, nodes, session_id, until
from tests.support.redis import RedisServer


async def test_a_session_is_known_to_the_other_within_a_second(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        a.watch("sessions")
        await until(lambda: b.peers.has_readers and a.peers.reader.is_reading(b.id))
        begun = asyncio.get_running_loop().time()
        b.put(1)
        await until(lambda: session_id(1) in a.told("session_started"), 1.0)
        assert asyncio.get_running_loop().time() - begun < 1.0
        b.put(1, 2, attention="input")
        await until(lambda: session_id(1) in a.told("session_updated"), 1.0)
        b.remove(1, 3)
        await until(lambda: session_id(1) in a.told("session_removed"), 1.0)
        assert a.of(b) == {}


async def test_one_change_is_one_entry_however_many_look_and_no_echo(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c", peer_lease_s=30) as (a, b, c):
        for node in (a, b, c):
            node.watch("sessions")
        for node in (a, b, c):
            await node.follow(*{a, b, c} - {node})
        redis.reset_calls()
        b.put(1)
        await until(lambda: a.agrees_with(b) and c.agrees_with(b))
        await asyncio.sleep(0.3)
        assert redis.calls().get("xadd") == 1
        assert [n.peers.reader.applied for n in (a, b, c)] == [1, 0, 1]
        with redis.client() as client:
            key = f"paso:{{test}}:log:{b.id}"
            assert client.xlen(key) == 1
            assert [client.xlen(k) for k in client.scan_iter("*log:*")] == [1]


async def test_who_does_not_look_reads_nothing(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c") as (a, b, c):
        await a.follow(b)
        for version in range(1, 11):
            b.put(1, version)
            await asyncio.sleep(0.01)
        await until(lambda: a.agrees_with(b))
        assert c.of(b) == {}
        assert c.peers.reader.applied == 0


async def test_nobody_looks_nothing_is_published(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        a.watch("computers")
        for number in range(20):
            b.put(number)
            await asyncio.sleep(0.01)
        assert b.peers.publisher.published == 0
        with redis.client() as client:
            assert not client.exists(f"paso:{{test}}:log:{b.id}")


async def test_subscribing_brings_a_snapshot_then_increments(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        for number in range(50):
            b.put(number)
        a.watch("sessions")
        await until(lambda: a.agrees_with(b), 1.0)
        assert b.peers.at.snapshots.written == 1
        b.put(50)
        await until(lambda: a.agrees_with(b), 1.0)
        assert b.peers.at.snapshots.written == 1


async def test_a_change_made_while_subscribing_is_never_lost(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        for number in range(20):
            b.put(number)
        version = 1
        for _ in range(15):
            a.watch("sessions")
            for _ in range(8):
                version += 1
                b.put(version % 20, version)
                await asyncio.sleep(0.001)
            await until(lambda: a.agrees_with(b), 3.0)
            a.leave()
            version += 1
            b.put(version % 20, version)
            await asyncio.sleep(0.002)


async def test_who_comes_back_is_up_to_date_once_what_was_missed_is_read(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Somebody else looked all the time, so the log goes on without a snapshot."""
    async with nodes(redis, tmp_path, "a", "b", "c") as (a, b, c):
        for node in (a, c):
            node.watch("sessions")
            await until(lambda n=node: n.directory.cache.follows(b.id))  # type: ignore[misc]
        for version in range(2, 6):
            a.leave()
            await until(lambda: not a.directory.cache.follows(b.id))
            for number in range(50):
                b.put(number, version)
            await until(lambda: c.agrees_with(b))
            agreed: list[bool] = []

            def look(told: list[bool] = agreed) -> None:
                told += [a.agrees_with(b)] * a.directory.cache.follows(b.id)

            a.directory.on_follow.append(look)
            a.watch("sessions")
            await until(lambda told=agreed: told)  # type: ignore[misc]
            a.directory.on_follow.remove(look)
            assert agreed == [True]
        assert b.peers.at.snapshots.written <= 2


async def test_who_leaves_costs_nothing_more_within_a_second(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_lease_s=30) as (a, b):
        a.watch("sessions")
        await until(lambda: b.peers.has_readers and a.peers.reader.is_reading(b.id))
        a.leave()
        await until(lambda: not b.peers.has_readers, 1.0)
        published = b.peers.publisher.published
        b.put(1)
        await asyncio.sleep(0.1)
        assert b.peers.publisher.published == published
        assert not a.peers.reader.is_reading(b.id)


async def test_one_of_two_clients_leaves_and_its_interest_with_it(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c") as (a, b, c):
        a.watch("sessions", computer=b.id, member="one")
        a.watch("sessions", computer=c.id, member="two")
        await until(lambda: b.peers.has_readers and c.peers.has_readers)
        a.leave("one")
        await until(lambda: not b.peers.has_readers, 1.0)
        assert c.peers.has_readers


async def test_a_reader_that_dies_costs_nothing_once_its_lease_is_over(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        a.watch("sessions")
        await until(lambda: b.peers.has_readers)
        await a.kill()
        await until(lambda: not b.peers.has_readers, a.settings.peer_lease_s + 1)


async def test_a_record_may_speak_of_its_owner_only(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c") as (a, b, c):
        await a.follow(b)
        c.put(7)
        await until(lambda: a.agrees_with(c))
        b.peers.publisher._publish(
            "session",
            {"id": session_id(7), "version": 99, "body": {
                "id": session_id(7), "computer": c.id, "version": 99,
                "title": "stolen", "phase": "running"}},
        )  # fmt: skip
        b.put(8)
        await until(lambda: session_id(8) in a.of(b))
        assert a.agrees_with(c)
        assert session_id(7) not in a.of(b)


async def test_two_changed_things_in_one_moment_are_both_told(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c") as (a, b, c):
        await a.follow(b, c)
        for number in range(10):
            b.put(number)
            c.put(number)
        await until(lambda: a.agrees_with(b) and a.agrees_with(c))
        assert len(a.of(b)) == len(a.of(c)) == 10


async def test_nothing_in_redis_stays_for_ever_but_the_list_of_computers(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b") as (a, b):
        with redis.client() as client:
            keys = {key for key in client.scan_iter("*") if client.ttl(key) < 0}
        assert keys == {b"paso:{test}:computers"}
