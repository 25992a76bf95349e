"""Requests and boards over a real Redis: computers come, go, hang and are refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from paso.commands.projects import create_project, delete_project
from paso.commands.tasks import create_task
from paso.errors import NotFound, PeerUnreachable, Refused, TimedOut
from paso.paths import Paths
from paso_daemon.own_actions import OwnActions
from paso_daemon.peers.remote import Remote
from paso_daemon.peers.service import Peers
from paso_daemon.workers import Workers
from tests.paso_daemon.peers.node import Node, running, until
from tests.support.daemon import new_board
from tests.support.redis import RedisServer, join

Record = dict[str, Any]


class Full(Node):
    """A computer that answers requests and shows boards, as a daemon's does."""

    def __init__(self, home: Path, url: str, name: str = "", **more: Any) -> None:
        super().__init__(home, url, name, **more)
        self.remote: Remote
        self.done: list[tuple[str, str]] = []
        self.head = 0
        self.switch.on_start.append(self._take_part)

    def _take_part(self, peers: Peers) -> None:
        paths = Paths(str(self.home))
        loop = asyncio.get_running_loop()
        self.remote = Remote(
            peers,
            self.directory,
            self.tasks,
            OwnActions(paths, Workers(loop), lambda: None),
            paths.database,
            lambda: self.head,
        )

    def note(self, op: str) -> None:
        """Only note that `op` was asked of us."""

        async def act(sender: str, params: Record) -> Record:
            self.done.append((op, params["id"]))
            return {"state": "done"}

        self.remote.answering.operations[op] = act

    def changed(self) -> None:
        """The board was written."""
        self.head += 1
        self.directory.board_changed(0, self.head, self.head)

    async def ask(
        self, other: Node, op: str, limit_s: float = 10.0, **params: Any
    ) -> Record:
        return await self.remote.act(other.id, op, params, limit_s)

    def tasks_of(self, other: Node) -> list[str]:
        known = self.directory.cache.known("tasks", other.id)
        return sorted(orjson.loads(one.entry.data)["title"] for one in known)

    def projects_of(self, other: Node) -> list[str]:
        known = self.directory.cache.known("projects", other.id)
        return sorted(orjson.loads(one.entry.data)["name"] for one in known)

    def source(self, kind: str, other: Node) -> Record:
        found: Record = self.directory.sources(kind, other.id)[other.id]
        return found


@asynccontextmanager
async def pair(
    server: RedisServer, folder: Path, **more: Any
) -> AsyncIterator[tuple[Full, Full]]:
    a, b = (Full(folder / name, server.url, name, **more) for name in "ab")
    try:
        for node in (a, b):
            await node.joined()
        for node, other in ((a, b), (b, a)):
            await until(lambda n=node, o=other: n.state_of(o) == "live")  # type: ignore[misc]
        yield a, b
    finally:
        for node in (a, b):
            await node.stop()


@asynccontextmanager
async def started_again(b: Full, a: Full) -> AsyncIterator[Full]:
    """`b` after its death, as `a` sees it; it notes at once what is asked of it."""
    again = Full(b.home, b.url)
    try:
        await again.start()
        again.note("session_end")
        await until(lambda: a.state_of(b) == "live" and again.peers.state == "live")
        yield again
    finally:
        await again.stop()


async def test_it_is_done_there_and_answered_here(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        b.note("session_end")
        answer = await a.ask(b, "session_end", id="s1", grace_s=1)
        assert answer == {"state": "done"}
        assert b.done == [("session_end", "s1")] and not a.done
        assert a.remote.report()["asked"] == 1
        assert b.remote.report()["answered"] == 1


async def test_a_session_that_is_not_there_is_told_as_such(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        for op in ("session_end", "session_send", "session_output"):
            with pytest.raises(NotFound):
                await a.ask(b, op, id="0" * 16, text="x")
        new_board(b.home).close()
        with pytest.raises(NotFound):
            await a.ask(b, "session_end", id="0" * 16)


async def test_parameters_are_checked_by_who_acts(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Whoever has the key may send anything."""
    async with pair(redis, tmp_path) as (a, b):
        wrong: tuple[tuple[str, Record], ...] = (
            ("session_end", {"grace_s": "long"}),
            ("session_end", {"grace_s": 1e9}),
            ("session_send", {"text": 7}),
            ("session_output", {"lines": 10**9}),
        )
        for op, params in wrong:
            with pytest.raises(Refused):
                await a.remote.act(b.id, op, {"id": "0" * 16, **params}, 10.0)


async def test_control_is_off_until_it_is_allowed(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path, control="none") as (a, b):
        for op in ("session_end", "session_send", "session_output"):
            b.note(op)
            with pytest.raises(Refused, match="not allowed there: control is none"):
                await a.ask(b, op, id="s1", text="x")
        assert not b.done
        assert b.peers.status()["requests_refused"] == 3


async def test_control_changes_without_leaving(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path, control="none") as (a, b):
        b.note("session_end")
        joined = b.peers
        join(b.home, redis.url, control="all")
        b.switch.tick()
        await until(lambda: b.peers.config.control == "all")
        assert b.peers is joined and a.state_of(b) == "live"
        assert await a.ask(b, "session_end", id="s1") == {"state": "done"}
        known = a.directory.cache
        await until(
            lambda: (known.get("computers", b.id, b.id) or {}).get("control") == "all"
        )


async def test_too_long_a_text_is_refused_here(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        b.note("session_send")
        with pytest.raises(Refused, match="too long"):
            await a.ask(b, "session_send", id="s1", text="x" * 300_000)
        await a.ask(b, "session_send", id="s1", text="x" * 200_000)
        assert len(b.done) == 1


async def test_a_long_answer_still_says_that_it_was_done(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):

        async def act(sender: str, params: Record) -> Record:
            return {"state": "done", "session": {"argv": ["x" * 300_000]}}

        b.remote.answering.operations["session_end"] = act
        assert await a.ask(b, "session_end", id="s1") == {"state": "done"}


async def test_who_said_goodbye_is_not_asked(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        await b.switch.reconfigure(None)
        await until(lambda: a.state_of(b) == "offline")
        with pytest.raises(PeerUnreachable, match="b is offline"):
            await a.ask(b, "session_end", id="s1")
        with pytest.raises(PeerUnreachable, match="no computer"):
            await a.remote.act("f" * 16, "session_end", {"id": "s1"}, 5)


async def test_who_dies_while_asked_leaves_an_unknown(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        b.remote.answering.operations["session_end"] = never
        asked = asyncio.gather(a.ask(b, "session_end", 60, id="s1"))
        await until(lambda: b.remote.answering.under_way)
        await b.kill()
        with pytest.raises(TimedOut, match="^b went away"):
            await asyncio.wait_for(asked, 15)


async def test_redis_away_means_unreachable_at_once(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        redis.stop()
        await until(lambda: a.peers.state != "live")
        with pytest.raises(PeerUnreachable):
            await asyncio.wait_for(a.ask(b, "session_end", id="s1"), 1)
        redis.start()
        await until(lambda: a.state_of(b) == "live" and b.state_of(a) == "live", 60)
        b.note("session_end")
        assert await a.ask(b, "session_end", id="s1") == {"state": "done"}


async def test_what_was_asked_of_a_computer_that_was_down_is_not_done_later(
    redis: RedisServer, tmp_path: Path
) -> None:
    """D18: it lies in the inbox until the computer is back, and is too old then."""
    async with pair(redis, tmp_path) as (a, b):
        await b.kill()
        with pytest.raises(TimedOut, match="^b did not answer"):
            await a.ask(b, "session_end", 0.2, id="s1")
        with redis.client() as client:
            left = client.xrange(f"paso:{{test}}:in:{b.id}")
        assert any(fields[b"k"] == b"request" for _, fields in left)
        async with started_again(b, a) as again:
            await a.ask(again, "session_end", id="s2")
            assert again.done == [("session_end", "s2")]


async def test_killed_in_the_middle_it_is_not_done_twice(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Accepted, then killed: the new daemon finds that on the disk."""
    async with pair(redis, tmp_path) as (a, b):

        async def hang(sender: str, params: Record) -> Record:
            b.done.append(("session_end", params["id"]))
            await asyncio.Event().wait()
            return {}

        b.remote.answering.operations["session_end"] = hang
        with pytest.raises(TimedOut):
            await a.ask(b, "session_end", 0.5, id="s1", idem="once")
        assert b.done == [("session_end", "s1")]
        await b.kill()
        async with started_again(b, a) as again:
            with pytest.raises(TimedOut, match="whether it acted is unknown"):
                await a.ask(again, "session_end", id="s1", idem="once")
            assert not again.done
            await a.ask(again, "session_end", id="s1", idem="another")
            assert again.done == [("session_end", "s1")]


async def test_the_same_request_after_a_restart_gets_the_kept_answer(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        b.note("session_end")
        await a.ask(b, "session_end", id="s1", idem="once")
        await b.kill()
        async with started_again(b, a) as again:
            answer = await a.ask(again, "session_end", id="s1", idem="once")
            assert answer == {"state": "done"} and not again.done


async def test_a_board_is_seen_followed_and_shown_when_its_owner_is_gone(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path, control="none") as (a, b):
        db = new_board(b.home)
        shop = create_project(db, "Shop")
        create_task(db, shop.id, "Fix login")
        a.watch("projects", "tasks", computer=b.id)
        await until(lambda: a.tasks_of(b) == ["Fix login"])
        assert a.source("tasks", b) == {"state": "fresh"}
        await until(lambda: b.peers.has_readers)
        create_task(db, shop.id, "Another")
        b.changed()
        await until(lambda: a.tasks_of(b) == ["Another", "Fix login"])
        kinds = {one["type"] for one in a.events}
        assert {"projects_updated", "tasks_updated"} <= kinds
        delete_project(db, shop.id, force=True)
        b.changed()
        await until(lambda: "Shop" not in a.projects_of(b) and not a.tasks_of(b))
        left = a.projects_of(b)
        await b.kill()
        await until(lambda: a.state_of(b) == "offline")
        source = a.source("projects", b)
        assert source["state"] == "unreachable" and source["age_s"] >= 0
        assert a.projects_of(b) == left, "what was seen last is still shown"


async def test_boards_are_no_traffic_when_nobody_looks(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        db = new_board(b.home)
        await a.follow(b)
        redis.reset_calls()
        for count in range(5):
            create_task(db, 1, f"Task {count}")
            b.changed()
        await asyncio.sleep(0.5)
        calls = redis.calls()
        assert not calls.get("get") and b.remote.own_boards.published == 0
        a.leave()
        a.watch("projects", "tasks", computer=b.id)
        await until(lambda: len(a.tasks_of(b)) == 5)


async def test_two_readers_share_what_is_published(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        db = new_board(b.home)
        create_task(db, 1, "Fix login")
        async with running(Full(tmp_path / "c", redis.url, "c")) as c:
            await until(lambda: c.state_of(b) == "live")
            for reader in (a, c):
                reader.watch("projects", "tasks", computer=b.id)
            await until(lambda: a.tasks_of(b) == c.tasks_of(b) == ["Fix login"])
            assert b.remote.own_boards.published == 2, "the list, and one project"


async def test_a_board_that_redis_lost_is_there_for_the_next_reader(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        new_board(b.home).close()
        async with running(Full(tmp_path / "c", redis.url, "c")) as c:
            await until(lambda: c.state_of(b) == "live")
            a.remote.want(b.id)
            await until(lambda: a.projects_of(b))
            with redis.client() as client:
                client.flushall()
            c.remote.want(b.id)
            await until(lambda: c.projects_of(b) == a.projects_of(b))


async def test_who_asks_once_gets_it_without_a_lease(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        db = new_board(b.home)
        uid = str(db.value("SELECT uid FROM projects WHERE id = 1"))
        create_task(db, 1, "Fix login")
        a.remote.want(b.id)
        a.remote.want(b.id, uid)
        await until(lambda: a.tasks_of(b) == ["Fix login"] and a.projects_of(b))
        assert not b.peers.has_readers


async def test_a_forgotten_computer_leaves_no_trace(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        b.put(1)
        new_board(b.home).close()
        a.watch("sessions", "computers", "projects", computer=b.id)
        await until(lambda: a.of(b) and a.projects_of(b))
        await b.kill()
        await until(lambda: a.state_of(b) == "offline")
        a.leave()
        a.remote.forget(b.id)
        assert not a.of(b) and not a.projects_of(b) and not a.directory.is_known(b.id)
        await a.kill()
        async with running(Full(a.home, redis.url)) as again:
            assert not again.of(b)


async def test_a_forgotten_computer_is_not_brought_back_by_what_was_recorded(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        key, inbox = f"paso:{{test}}:here:{b.id}", f"paso:{{test}}:in:{a.id}"
        with redis.client() as client:
            value, messages = client.get(key), client.xrange(inbox)
        said = [fields for _, fields in messages if fields[b"f"] == b.id.encode()]
        assert any(fields[b"k"] == b"hello" for fields in said)
        await b.kill()
        await until(lambda: a.state_of(b) == "offline")
        a.remote.forget(b.id)
        await _is_not_convinced(a, b, redis, value, said)
        await a.kill()
        async with running(Full(a.home, redis.url)) as again:
            await _is_not_convinced(again, b, redis, value, said)


async def _is_not_convinced(
    a: Full, b: Full, redis: RedisServer, here: bytes, said: list[dict[bytes, bytes]]
) -> None:
    before = a.peers.refusals.told()
    with redis.client() as client:
        client.set(f"paso:{{test}}:here:{b.id}", here)
        for fields in said:
            client.xadd(f"paso:{{test}}:in:{a.id}", fields)
    a.peers.rounds._looks = 0  # the list of computers is read again
    a.peers.rounds.look_soon()

    def news() -> list[str]:
        found = a.peers.refusals.told()
        return [why for why in found if found[why] > before.get(why, 0)]

    await until(lambda: len(news()) == 2)
    assert "heard before" in str(news()) and "before it was forgotten" in str(news())
    assert not a.directory.is_known(b.id)


async def test_who_is_forgotten_while_it_is_followed_comes_back_with_all_it_has(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path, peer_lease_s=30) as (a, b):
        a.watch("sessions", "computers")
        await until(lambda: a.peers.reader.is_reading(b.id))
        b.put(1)
        await until(lambda: a.agrees_with(b))
        link = a.peers.at.link._writer
        key = a.peers.at.keys.log(b.id)
        (entries,) = await a.peers.at.link.ask(("XRANGE", key, "-", "+"))
        assert len(entries) == 1
        a.remote.forget(b.id)
        assert not a.of(b) and not a.directory.is_known(b.id)
        # As when it was on its way already.
        await a.peers.reader._take(key, entries)
        assert not a.of(b)
        a.peers.rounds._looks = 0  # the list of computers is read again
        await until(lambda: a.state_of(b) == "live" and a.agrees_with(b) and a.of(b))
        assert a.peers.at.link._writer is link, "nothing broke"


async def test_switched_off_the_others_are_as_old_as_they_are(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path, peer_lease_s=30) as (a, b):
        await a.follow(b)
        b.put(1)
        await a.shows(b)
        await a.switch.reconfigure(None)
        assert a.state_of(b) == "offline"
        known = a.directory.cache.get("computers", b.id, b.id) or {}
        assert known["following"] is False and known["age_s"] >= 0
        assert a.source("sessions", b)["state"] == "unreachable"
        await until(lambda: not b.peers.has_readers, 1.0)
        b.put(2)
        await a.joined()
        await until(lambda: a.state_of(b) == "live" and len(a.of(b)) == 2)


PARTS = ["peers", "peers boards"] + [
    f"peers {name}" for name in ("write", "read", "beat", "look", "renew")
]
"""Tasks of a computer that is joined."""


async def never(sender: str, params: Record) -> Record:
    await asyncio.Event().wait()
    return {}


def peers_tasks() -> Counter[str]:
    names = [task.get_name() for task in asyncio.all_tasks()]
    return Counter(name for name in names if name.startswith("peers"))


async def test_switched_off_it_leaves_nothing_behind(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with pair(redis, tmp_path) as (a, b):
        names = a.tasks.names
        assert "peers boards" in names
        await until(lambda: peers_tasks() == Counter(PARTS * 2))
        b.remote.answering.operations["board"] = never
        for _ in range(3):
            await until(lambda: a.state_of(b) == "live")
            a.remote.want(b.id)
            await until(lambda: "peers board" in peers_tasks())
            await a.switch.reconfigure(None)
            assert peers_tasks() == Counter(PARTS), "only those of the other one"
            assert a.directory.remote is None
            await a.joined()
        await until(lambda: a.state_of(b) == "live")
        assert a.tasks.names == names
        assert len(a.directory.on_interest) == 2 and len(a.directory.on_refresh) == 1
