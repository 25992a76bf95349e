"""Whoever can write to Redis but has no key can spoil a stream, and nothing else."""

from __future__ import annotations

import random
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import BadEvent
from paso_daemon.peers.inbox import MAX_BODY, fields_of, signed_of
from paso_daemon.peers.log import Position
from paso_daemon.peers.signing import Signer
from paso_daemon.peers.snapshots import Row, pack, unpack
from tests.paso_daemon.peers.node import (
    Node,
    following,
    nodes,
    running,
    session,
    session_id,
    until,
)
from tests.support.redis import KEY, RedisServer

SIGNER = Signer("test", KEY)
FOREIGN = Signer("test", "00" * 32)


def log_key(node: Node) -> str:
    return f"paso:{{test}}:log:{node.id}"


def inbox_key(node: Node) -> str:
    return f"paso:{{test}}:in:{node.id}"


def log_entry(node: Node, number: int, signer: Signer = SIGNER) -> dict[str, bytes]:
    """An entry that says that a session of `node` is called `forged`."""
    body = orjson.dumps(
        {"id": session_id(1), "version": 99, "body": session(1, 99, title="forged")}
    )
    gen = node.peers.publisher.gen
    mac = signer.mac(node.id, "", "session", gen, number, body)
    return {"k": b"session", "b": body, "m": mac}


def message(
    sender: str, to: str, kind: str, gen: int, n: int, body: Any, signer: Signer
) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    mac = signer.mac(sender, to, kind, gen, n, data)
    return {"k": kind, "f": sender, "g": gen, "n": n, "b": data, "m": mac}


async def test_a_forged_entry_is_refused_and_what_follows_is_not_lost(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with following(redis, tmp_path, "a", "b") as (a, b):
        with redis.client() as client:
            n = b.peers.publisher.n + 1
            entry_id = f"{b.peers.publisher.gen}-{n}"
            client.xadd(log_key(b), log_entry(b, n, FOREIGN), id=entry_id)
        await until(lambda: a.peers.refusals.total >= 1)
        b.put(2)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 2)
        assert "forged" not in str(a.of(b))


@pytest.mark.parametrize(
    "entry_id", ["18446744073709551614-5", "9223372036854775807-1"]
)
async def test_an_entry_with_the_last_of_all_numbers_is_cleaned_away(
    redis: RedisServer, tmp_path: Path, entry_id: str
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        with redis.client() as client:
            client.xadd(log_key(b), {"k": "x"}, id=entry_id)
        b.put(1)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1)
        b.put(2)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 2)


async def test_entries_copied_to_another_place_are_refused(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", "c", peer_lease_s=30) as (a, b, c):
        await a.follow(b, c)
        b.put(1)
        await until(lambda: a.agrees_with(b))
        with redis.client() as client:
            (_, entry), *_ = client.xrange(log_key(b))
            c_gen, c_next = c.peers.publisher.gen, c.peers.publisher.n + 1
            client.xadd(log_key(c), entry, id=f"{c_gen}-{c_next}")
            b_gen, b_next = b.peers.publisher.gen, b.peers.publisher.n + 1
            client.xadd(log_key(b), entry, id=f"{b_gen}-{b_next}")
        await until(lambda: a.peers.refusals.total >= 2)
        assert a.of(c) == {}
        b.put(2)
        c.put(3)
        await until(lambda: a.agrees_with(b) and a.agrees_with(c))


async def test_a_message_that_is_repeated_is_heard_once(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_lease_s=30) as (a, b):
        heard: list[Any] = []
        b.peers.inbox.handlers["note"] = lambda *said: heard.append(said)
        await a.peers.inbox.send(b.id, "note", {"text": "once"})
        await until(lambda: heard)
        with redis.client() as client:
            entries = [entry for _, entry in client.xrange(inbox_key(b))]
            copies = [one for one in entries if one[b"f"] == a.id.encode()]
            for entry in copies * 3:
                client.xadd(inbox_key(b), entry)
            for entry in copies:
                client.xadd(inbox_key(a), entry)
        await until(lambda: b.peers.refusals.total >= 3 * len(copies))
        await a.peers.inbox.send(b.id, "note", {"text": "twice"})
        await until(lambda: len(heard) == 2)
        await until(lambda: a.peers.refusals.total >= len(copies))
        (sender, body, age_ms) = heard[0]
        assert (sender, body) == (a.id, {"text": "once"})
        assert 0 <= age_ms < 5000


async def test_repeated_messages_are_refused_after_a_restart_too(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        b.peers.inbox.handlers["note"] = lambda *said: None
        await a.peers.inbox.send(b.id, "note", {})
        with redis.client() as client:
            entry = client.xrange(inbox_key(b))[-1][1]
        await until(lambda: b.peers.inbox.place != b"")
        await b.stop()
        async with running(Node(b.home, redis.url)) as again:
            heard: list[Any] = []
            again.peers.inbox.handlers["note"] = lambda *said: heard.append(said)
            with redis.client() as client:
                client.xadd(inbox_key(b), entry)
            before = again.peers.refusals.total
            await until(lambda: again.peers.refusals.total > before)
            assert heard == []


async def test_messages_without_the_key_are_refused(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        heard: list[Any] = []
        b.peers.inbox.handlers["note"] = lambda *said: heard.append(said)
        gen = a.peers.inbox.gen
        good = message(a.id, b.id, "note", gen, 1000, {}, SIGNER)
        wrong = [
            message(a.id, b.id, "note", gen, 1001, {}, FOREIGN),
            message(a.id, a.id, "note", gen, 1002, {}, SIGNER),
            message("x" * 16, b.id, "note", gen, 1003, {}, SIGNER),
            message(b.id, b.id, "note", gen, 1004, {}, SIGNER),
            message(a.id, b.id, "nonsense", gen, 1005, {}, SIGNER),
            message(a.id, b.id, "note", gen, 1006, [], SIGNER),
            message(a.id, b.id, "interest", gen, 1007, {"topics": 7}, SIGNER),
            message(a.id, b.id, "hello", gen, 1008, {}, SIGNER),
            message(a.id, b.id, "go_on", gen, 1009, {"gen": "x"}, SIGNER),
            message(a.id, b.id, "note", gen, 1010, b"no JSON", SIGNER),
            good | {"k": "bye"},
            good | {"g": gen + 1},
            good | {"n": 2000},
            good | {"f": b.id},
            good | {"b": b"{}" + b" " * MAX_BODY},
            good | {"b": b"[" * 100_000},
            good | {"more": 1},
            {"k": "note"},
            {"": ""},
        ]
        with redis.client() as client:
            for entry in wrong:
                client.xadd(inbox_key(b), entry)
            last = message(a.id, b.id, "note", gen, 5000, {}, SIGNER)
            client.xadd(inbox_key(b), last)
        await until(lambda: heard)
        assert len(heard) == 1
        # An answer that nobody asked for is none of those that are refused.
        assert b.peers.refusals.total == len(wrong) - 1
        assert b.peers.state == "live"
        assert [one for one in b.health.told() if one["name"] != "computer id"] == []


async def test_a_storm_of_garbage_stops_nothing(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_lease_s=30) as (a, b):
        await a.follow(b)
        chance = random.Random(7)
        with redis.client() as client:
            pipe = client.pipeline(transaction=False)
            for _ in range(2000):
                fields = {
                    chance.randbytes(chance.randint(0, 5)): chance.randbytes(
                        chance.randint(0, 300)
                    )
                    for _ in range(chance.randint(1, 8))
                }
                pipe.xadd(inbox_key(a), fields)
            pipe.execute()
        b.put(1)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1)
        await until(lambda: a.peers.refusals.total >= 2000)
        assert a.peers.state == "live"


@pytest.mark.parametrize("kind", ["string", "list"])
async def test_a_key_of_another_kind_is_told_and_heals(
    redis: RedisServer, tmp_path: Path, kind: str
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        with redis.client() as client:
            client.delete(log_key(b))
            if kind == "string":
                client.set(log_key(b), "x")
            else:
                client.rpush(log_key(b), "x")
        b.put(1)
        await until(lambda: a.agrees_with(b) and len(a.of(b)) == 1, 30)


async def test_a_sign_of_life_in_whose_place_stands_a_list_is_written_again(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        key, beats = f"paso:{{test}}:here:{b.id}", b.peers.rounds.beats
        with redis.client() as client:
            client.delete(key)
            client.rpush(key, "x")
            await until(lambda: b.peers.rounds.beats > beats + 1)
            assert client.type(key) == b"string"
        a.watch("computers")
        await until(lambda: a.state_of(b) == "live")


@pytest.mark.parametrize("kind", ["text", "without us"])
async def test_the_list_of_computers_heals(
    redis: RedisServer, tmp_path: Path, kind: str
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_beat_s=0.1) as (a, b):
        key = "paso:{test}:computers"
        with redis.client() as client:
            client.delete(key)
            if kind == "text":
                client.set(key, "x")
            elif kind == "without us":
                client.sadd(key, "e" * 16)
            a.watch("computers")  # looked at oftener, so the list is, too
            b.watch("computers")
            await until(lambda: client.type(key) == b"set")
            await until(lambda: client.sismember(key, a.id), 30)
            await until(lambda: client.sismember(key, b.id), 30)


async def test_a_presence_that_is_repeated_is_no_sign_of_life(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        key = f"paso:{{test}}:here:{b.id}"
        with redis.client() as client:
            value = client.get(key)
        await b.stop()
        await until(lambda: a.state_of(b) == "offline")
        with redis.client() as client:
            client.set(key, value)
        a.watch("computers")
        beats = a.peers.rounds.beats
        await until(lambda: a.peers.rounds.beats > beats + 4)
        assert a.state_of(b) != "live"


def test_a_snapshot_is_what_its_owner_packed() -> None:
    a, b = "a" * 16, "b" * 16
    records = [orjson.dumps(session(n)) for n in range(300)]
    value = pack(SIGNER, a, Position(5, 7), records)
    found = unpack(SIGNER, a, value)
    assert found.position == Position(5, 7)
    assert found.rows == [
        Row(session(n)["id"], 1, line) for n, line in enumerate(records)
    ]
    with pytest.raises(BadEvent):
        unpack(SIGNER, b, value)
    with pytest.raises(BadEvent):
        unpack(FOREIGN, a, value)


def test_a_snapshot_that_would_fill_the_memory_is_refused() -> None:
    bomb = zlib.compress(b"\n" * (80 * 1024 * 1024), 9)
    with pytest.raises(BadEvent, match="more than"):
        unpack(SIGNER, "a" * 16, SIGNER.seal("a" * 16, "snap", 1, 1, bomb))


BROKEN = zlib.compress(b"{")
NO_RECORD = zlib.compress(b"[]")


@pytest.mark.parametrize("body", [b"", b"x", BROKEN[:-3], BROKEN, NO_RECORD])
def test_a_damaged_snapshot_is_refused(body: bytes) -> None:
    with pytest.raises(BadEvent):
        unpack(SIGNER, "a" * 16, SIGNER.seal("a" * 16, "snap", 1, 1, body))


anything = st.recursive(
    st.none() | st.binary(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=12),
    max_leaves=12,
)


@given(anything)
def test_whatever_redis_hands_over_is_an_entry_or_refused(flat: Any) -> None:
    with pytest.raises(BadEvent):
        signed_of(flat)
    with pytest.raises(BadEvent):
        fields_of(flat, ("k", "b", "m"))
