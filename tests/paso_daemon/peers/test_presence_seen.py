"""Who is there: seen at once, stale with an age, offline; names and ids that clash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paso.errors import BadEvent
from paso_daemon.peers.log import Position
from paso_daemon.peers.presence import KIND, Presence
from paso_daemon.peers.signing import Signer
from tests.paso_daemon.peers.node import Node, nodes, running, until
from tests.support.redis import KEY, RedisServer

A, B, C = "a" * 16, "b" * 16, "c" * 16


def presence() -> Presence:
    return Presence(A, "here", Signer("net", KEY), beat_s=20.0)


NAMED = b'{"name":"there"}'


def beat(n: int, *, gen: int = 5, who: str = B, body: bytes = NAMED) -> bytes:
    return Signer("net", KEY).seal(who, KIND, gen, n, body)


def test_a_computer_is_live_then_stale_with_its_age_then_offline() -> None:
    known = presence()
    assert known.saw(B, beat(1), 100.0)
    states = {0: "live", 50: "live", 51: "stale", 120: "stale", 121: "offline"}
    for age, state in states.items():
        known.judge(B, 100.0 + age)
        assert known.told(known.peers[B], 100.0 + age)["state"] == state
    assert known.told(known.peers[B], 151.0)["age_s"] == 51.0


def test_a_beat_that_was_seen_is_no_sign_of_life() -> None:
    known = presence()
    assert known.saw(B, beat(3), 0.0)
    assert not known.saw(B, beat(3), 40.0)
    assert known.age_s(known.peers[B], 60.0) == 60.0


def test_an_older_beat_is_refused_and_a_newer_run_begins_lower() -> None:
    known = presence()
    known.saw(B, beat(3), 0.0)
    with pytest.raises(BadEvent):
        known.saw(B, beat(2), 1.0)
    assert known.saw(B, beat(1, gen=6), 2.0)


@pytest.mark.parametrize(
    "time", ["", "2091-01-01T00:00:00Z", "yesterday", "1970-01-01T00:00:00Z"]
)
def test_what_a_computer_calls_the_time_says_nothing(time: str) -> None:
    known = presence()
    known.saw(B, beat(1, body=b'{"time":"%b"}' % time.encode()), 0.0)
    known.judge(B, 10.0)
    assert known.peers[B].state == "live"
    known.judge(B, 60.0)
    assert known.peers[B].state == "stale"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        beat(1, who=C),
        beat(1).replace(b"there", b"thEre"),
        beat(1)[:-1],
        Signer("net", "00" * 32).seal(B, KIND, 5, 1, b"{}"),
        Signer("other", KEY).seal(B, KIND, 5, 1, b"{}"),
        beat(1, body=b"[]"),
        b"\xff" * 300,
    ],
)
def test_what_is_not_signed_by_that_computer_is_refused(value: bytes) -> None:
    with pytest.raises(BadEvent):
        presence().saw(B, value, 0.0)


def test_a_goodbye_is_offline_at_once_and_no_age_brings_it_back() -> None:
    known = presence()
    known.saw(B, beat(1), 0.0)
    known.judge(B, 0.0)
    assert known.gone(B)
    assert not known.gone(B)
    assert known.live() == []


def test_without_redis_everybody_grows_stale_then_offline() -> None:
    known = presence()
    known.saw(B, beat(1), 0.0)
    known.judge(B, 0.0)
    assert known.cut_off(1.0) == [B]
    assert known.peers[B].state == "stale"
    assert known.cut_off(2.0) == []
    assert known.cut_off(121.0) == [B]
    assert known.peers[B].state == "offline"


def test_what_was_recorded_of_a_forgotten_computer_does_not_bring_it_back() -> None:
    known = presence()
    known.saw(B, beat(3), 0.0)
    known.forget(B)
    earlier = presence()
    earlier.remember(B, Position(5, 3))
    for again in (known, earlier):
        for n in (2, 3):
            with pytest.raises(BadEvent, match="before it was forgotten"):
                again.saw(B, beat(n), 1.0)
        assert again.peers == {}
        assert again.saw(B, beat(4), 2.0)


def test_two_of_one_name_are_told_apart() -> None:
    known = presence()
    for who in (B, C):
        known.saw(who, beat(1, who=who), 0.0)
        known.judge(who, 0.0)
    told = [known.told(peer, 0.0) for peer in known.peers.values()]
    assert [one["name"] for one in told] == ["there#bbbb", "there#cccc"]
    assert all(one["same_name"] for one in told)


def test_a_position_that_is_none_is_the_beginning() -> None:
    known = presence()
    known.saw(B, beat(1, body=b'{"head":["x",{}]}'), 0.0)
    assert known.peers[B].head == Position(0, 0)


def test_there_is_an_end_to_the_computers_that_are_known() -> None:
    known = presence()
    for number in range(400):
        known.know(f"{number:016x}")
    assert len(known.peers) == 255


async def test_computers_see_each_other_at_once(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_beat_s=20) as (a, b):
        assert (a.state_of(b), b.state_of(a)) == ("live", "live")
        record = a.directory.cache.get("computers", b.id, b.id)
        assert record is not None
        assert record["name"] == "b"
        assert record["stats"]["memory_percent"] > 0
        assert record["counts"] == {"sessions": 0, "live": 0, "needs_user": 0}


async def test_a_goodbye_is_known_at_once(redis: RedisServer, tmp_path: Path) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_beat_s=20) as (a, b):
        await b.stop()
        await until(lambda: a.state_of(b) == "offline", 1.0)


async def test_who_dies_is_stale_then_offline_and_its_sessions_stay(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        b.put(1)
        a.watch("sessions", "computers")
        await until(lambda: a.agrees_with(b))
        seen = a.of(b)
        await b.kill()
        await until(lambda: a.state_of(b) == "stale")
        record = a.directory.cache.get("computers", b.id, b.id)
        assert record is not None
        assert record["age_s"] >= 2 * a.settings.peer_beat_s
        await until(lambda: a.state_of(b) == "offline")
        assert a.of(b) == seen
        assert a.told("session_updated") == a.told("session_removed") == []
        assert a.directory.sources("sessions", b.id)[b.id]["state"] != "fresh"


async def test_a_computer_that_comes_back_is_followed_again(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        await a.follow(b)
        await b.kill()
        async with running(Node(b.home, redis.url)) as again:
            again.put(5)
            await until(lambda: a.agrees_with(again) and len(a.of(again)) == 1)


async def test_a_cloned_home_takes_a_new_id_and_both_are_shown(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with nodes(redis, tmp_path, "a", "b", peer_beat_s=20) as (a, b):
        shutil.copytree(b.home, tmp_path / "copy")
        copy = Node(tmp_path / "copy", redis.url)
        assert copy.id == b.id
        await copy.start()
        await until(lambda: copy.restarts)
        await copy.stop()
        assert b.restarts == []
        renewed = Node(tmp_path / "copy", redis.url)
        assert renewed.id != b.id
        await renewed.joined()
        assert any("copying a home" in one["reason"] for one in renewed.health.told())
        await until(lambda: a.state_of(renewed) == "live" and a.state_of(b) == "live")
        await a.follow(renewed, b)
        b.put(1)
        renewed.put(2)
        await until(lambda: a.agrees_with(b) and a.agrees_with(renewed))
        names = {one["name"] for one in _computers(a) if one["id"] != a.id}
        assert len(names) == 2
        await renewed.stop()


def _computers(node: Node) -> list[dict[str, str]]:
    cache = node.directory.cache
    return [
        record
        for one in cache.known("computers")
        if (record := cache.get("computers", one.owner, one.key)) is not None
    ]


async def test_ids_that_somebody_planted_cost_nothing(
    redis: RedisServer, tmp_path: Path
) -> None:
    with redis.client() as client:
        client.sadd("paso:{test}:computers", "", "x" * 4000, "../../etc", b"\xff" * 16)
        client.sadd("paso:{test}:computers", *[f"{n:016x}" for n in range(500)])
    async with nodes(redis, tmp_path, "a", "b") as (a, b):
        assert a.state_of(b) == "live"
        assert a.peers.refusals.total >= 4
        assert [one["id"] for one in _computers(a)] == [a.id, b.id]
