"""Redis dies, hangs, is emptied or trimmed: both sides agree again, nothing is doubled.

The clients of the daemons meanwhile: `test_daemons.py`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from paso.errors import PeerUnreachable
from paso_daemon.peers import clock
from paso_daemon.peers.rounds import Rounds
from tests.paso_daemon.peers.node import (
    Node,
    following,
    nodes,
    running,
    session_id,
    until,
)
from tests.support.redis import RedisServer


@asynccontextmanager
async def left_behind(
    redis: RedisServer, folder: Path
) -> AsyncIterator[tuple[Node, Node, Node]]:
    """`a` followed `b` and stopped; `b` goes on, for `c` follows it, too."""
    async with following(redis, folder, "a", "b", "c", peer_lease_s=30) as (a, b, c):
        await c.follow(b)
        await a.stop()
        yield a, b, c


@asynccontextmanager
async def back(a: Node, b: Node, **more: Any) -> AsyncIterator[Node]:
    """`a` is started again and shows what `b` has."""
    again = Node(a.home, a.url, **more)
    again.watch("sessions")
    async with running(again):
        await again.shows(b)
        yield again


def log_ids(redis: RedisServer, node: Node) -> list[bytes]:
    with redis.client() as client:
        entries: list[Any] = client.xrange(f"paso:{{test}}:log:{node.id}")
        return [entry_id for entry_id, _ in entries]


async def test_redis_dies_and_comes_back_empty(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        for number in range(10):
            b.put(number)
        await until(lambda: a.agrees_with(b))
        redis.stop()
        await until(lambda: a.peers.state == b.peers.state == "unreachable")
        assert a.state_of(b) == "stale"
        for number in range(20):
            b.put(number, 2)
        b.remove(3, 3)
        redis.start()
        await until(lambda: a.peers.state == b.peers.state == "live", 30)
        await until(lambda: a.agrees_with(b))
        assert session_id(3) not in a.of(b)
        assert len(a.of(b)) == 19
        b.put(99)
        await until(lambda: a.agrees_with(b), 3)
        assert a.state_of(b) == "live"


async def test_who_joins_a_redis_that_was_emptied_is_found_and_greeted(
    redis: RedisServer, tmp_path: Path
) -> None:
    slow = {"peer_beat_s": 2.0}  # the list is read again after a minute
    async with nodes(redis, tmp_path, "a", **slow) as (a,):
        with redis.client() as client:
            client.flushall()
        async with nodes(redis, tmp_path, "b", **slow) as (b,):
            await until(lambda: a.state_of(b) == "live")
            await until(lambda: b.state_of(a) == "live")


async def test_redis_hangs_and_goes_on(redis: RedisServer, tmp_path: Path) -> None:
    async with following(redis, tmp_path, "a", "b", peer_lease_s=30) as (a, b):
        redis.freeze()
        for number in range(1, 30):
            b.put(number)
        await until(lambda: b.peers.state == "slow", 10)
        assert "3 s" in b.peers.reason or "5 s" in b.peers.reason
        b.put(1, 2)
        redis.thaw()
        await until(lambda: a.peers.state == b.peers.state == "live", 30)
        await until(lambda: a.agrees_with(b))
        b.put(77)
        await until(lambda: a.agrees_with(b))
        ids = log_ids(redis, b)
        assert ids == sorted(set(ids), key=lambda one: int(one.partition(b"-")[2]))


async def test_redis_is_busy_with_a_script(tmp_path: Path) -> None:
    with RedisServer("--lua-time-limit", "50") as redis:
        async with nodes(redis, tmp_path, "a", "b", peer_beat_s=0.2) as (a, b):
            await a.follow(b)
            busy = threading.Thread(target=_run_script, args=(redis,))
            busy.start()
            for number in range(10):
                b.put(number)
            await until(lambda: b.peers.state == "slow", 10)
            assert "busy" in b.peers.reason or "does not answer" in b.peers.reason
            await asyncio.to_thread(_kill_script, redis)
            busy.join()
            await until(lambda: a.agrees_with(b) and b.peers.state == "live", 30)


def _run_script(redis: RedisServer) -> None:
    with redis.client() as client, pytest.raises(redis_py.RedisError):
        client.connection_pool.connection_kwargs["socket_timeout"] = 30
        client.eval("while true do end", 0)


def _kill_script(redis: RedisServer) -> None:
    with redis.client() as client:
        client.script_kill()


async def test_everything_is_flushed_under_us(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b") as (a, b):
        with redis.client() as client:
            client.flushall()
        b.put(2)
        await until(lambda: a.agrees_with(b))
        with redis.client() as client:
            members = "paso:{test}:computers"
            await until(lambda: client.scard(members) == 2)
        await until(lambda: a.state_of(b) == "live")


async def test_entries_lost_in_a_flush_are_missed_though_nothing_follows(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b") as (a, b):
        # Written and gone before anybody could read it, as a failover does.
        b.peers.publisher.n += 1
        b.directory.own_listeners.clear()
        b.put(1, 2)
        await until(lambda: a.agrees_with(b), 10)
        assert a.peers.reader.gaps == 1


async def test_a_reader_goes_on_where_it_was_after_a_restart(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with left_behind(redis, tmp_path) as (a, b, c):
        for number in range(5):
            b.put(number, 2)
        await c.shows(b)
        async with back(a, b, peer_lease_s=30) as again:
            assert again.peers.at.snapshots.loaded == 0
            assert again.peers.reader.applied == 5
            assert again.peers.reader.gaps == 0


async def test_what_was_known_is_shown_before_redis_is_reached(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b") as (a, b):
        await a.stop()
        redis.freeze()
        again = Node(a.home, redis.url)
        await again.start()
        await until(lambda: again.agrees_with(b))
        assert again.state_of(b) == "offline"
        redis.thaw()
        await again.stop()


@pytest.mark.parametrize("newest", ["in an hour", "the last"])
async def test_the_clock_of_the_server_went_back(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newest: str
) -> None:
    """Ids do not go back: what comes now seems to be as old as the last entry."""
    monkeypatch.setattr(clock, "ASK_EVERY_S", 0.5)
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        key = f"paso:{{test}}:in:{b.id}"
        with redis.client() as client:
            later = (client.time()[0] + 3600) * 1000
            last = 18446744073709551615
            client.xadd(key, {"k": "x"}, f"{later if newest != 'the last' else last}-5")

            def newest_ms() -> int:
                found = client.xrevrange(key, count=1)
                return int(found[0][0].partition(b"-")[0]) if found else 0

            await until(lambda: 0 < newest_ms() < later, 30)
        await until(lambda: a.peers.reader.is_reading(b.id), 30)
        b.put(1)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1)
        heard: list[int] = []
        b.peers.inbox.handlers["note"] = lambda who, body, age_ms: heard.append(age_ms)
        await a.peers.inbox.send(b.id, "note", {})
        await until(lambda: heard)
        assert heard[0] < 5000


async def test_a_log_trimmed_below_a_readers_position(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with left_behind(redis, tmp_path) as (a, b, c):
        for number in range(20):
            b.put(number, 2)
        await c.shows(b)
        with redis.client() as client:
            client.xtrim(f"paso:{{test}}:log:{b.id}", maxlen=3, approximate=False)
        async with back(a, b, peer_lease_s=30) as again:
            assert again.peers.reader.gaps == 1
            assert again.peers.at.snapshots.loaded == 1


async def test_away_for_three_times_the_length_of_the_log(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with left_behind(redis, tmp_path) as (a, b, c):
        for version in range(2, 702):
            b.put(version % 50, version)
            if version % 50 == 0:
                await c.shows(b)
        await c.shows(b)
        with redis.client() as client:
            assert client.xlen(f"paso:{{test}}:log:{b.id}") < 400
        async with back(a, b, peer_lease_s=30) as again:
            assert again.peers.at.snapshots.loaded == 1


async def test_the_owner_is_away_from_redis_for_longer_than_it_keeps(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b", peer_lease_s=60) as (a, b):
        redis.stop()
        await until(lambda: b.peers.state == "unreachable")
        for version in range(2, 2600):
            b.put(version % 100, version)
            b.directory.drain()
        redis.start()
        await until(lambda: a.agrees_with(b), 40)


async def test_a_database_that_begins_anew_counts_from_one_again(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        b.put(1, 50)
        await until(lambda: a.agrees_with(b))
        await b.stop()
        async with running(Node(b.home, redis.url)) as again:
            again.put(1, 2)
            await until(lambda: a.agrees_with(again) and len(a.of(again)) == 1)


async def test_a_damaged_memory_of_peers_is_begun_anew(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.stop()
        for path in a.home.glob("peers.db*"):
            path.write_bytes(b"no database" * 500)
        b.put(1)
        async with back(a, b) as again:
            assert len(again.of(b)) == 1


async def test_peers_that_cannot_be_started_say_so(
    redis: RedisServer, tmp_path: Path
) -> None:
    node = Node(tmp_path / "a", redis.url)
    with closing(sqlite3.connect(tmp_path / "a" / "peers.db")) as conn:
        conn.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        conn.execute("INSERT INTO notes VALUES (?, 'no number')", (f"gen {node.id}",))
        conn.commit()
    await node.start()
    await until(lambda: node.peers.state == "failed")
    assert "no number" in str(node.switch.status()["reason"])
    assert [fault["name"] for fault in node.health.told()] == ["peers"]
    await node.stop()


async def test_a_stop_in_the_instant_of_a_failure_is_a_stop(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks_when_cancelled(self: Rounds) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise PeerUnreachable("the connection broke")

    monkeypatch.setattr(Rounds, "renew_for_ever", breaks_when_cancelled)
    node = Node(tmp_path / "a", redis.url)
    await node.joined()
    async with asyncio.timeout(10):
        await node.stop()
