"""A computer of a test: what a daemon has of peers, in the loop of the test.

Everything in it is the real thing; only the socket for clients is left out, so that a
test can look inside. Real processes are in `test_daemons.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from paso.computer import Computer, this_computer
from paso_daemon.cache import Cache
from paso_daemon.directory import Directory
from paso_daemon.hub import Hub, Subscription
from paso_daemon.peers.service import Peers
from paso_daemon.peers.switch import PeersSwitch
from paso_daemon.settings import Settings
from paso_daemon.tasks import Health, TaskRegistry
from tests.support.redis import RedisServer, join

Found = TypeVar("Found")

FAST = {"peer_beat_s": 0.4, "peer_lease_s": 1.5, "peer_log": 200}


async def until(condition: Callable[[], Found], timeout_s: float = 15.0) -> Found:
    """Return the first true answer of `condition`; fail after `timeout_s` seconds."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not (found := condition()):
        late = asyncio.get_running_loop().time() >= deadline
        assert not late, f"not within {timeout_s} s"
        await asyncio.sleep(0.005)
    return found


class Node:
    """Arguments: home: made when it is not there; more: settings and peers file."""

    def __init__(self, home: Path, url: str, name: str = "", **more: Any) -> None:
        settings = {key: more.pop(key) for key in Settings._fields if key in more}
        self.home, self.url, self.more = home, url, more
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if name:
            (home / "computer.name").write_text(f"{name}\n")
        self.settings = Settings()._replace(**(FAST | settings))
        self.restarts: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.health = Health()
        self.tasks = TaskRegistry(self.health)
        self.own: Computer = this_computer(str(home))
        self.hub: Hub[str] = Hub("test")
        self.directory = Directory(
            Cache(self.own.id),
            self.hub,
            self.own,
            asyncio.get_running_loop(),
            flush=self._flush,
        )
        self.switch = PeersSwitch(
            self.directory,
            str(home),
            self.settings,
            self.tasks,
            self.health,
            self.own,
            restart=self.restarts.append,
        )

    def _flush(self) -> None:
        for members, batch in self.hub.take():
            if "me" in members:
                frames = [orjson.loads(line) for line in batch.data.splitlines()]
                self.events += [frame["event"] for frame in frames]

    @property
    def id(self) -> str:
        return self.own.id

    @property
    def peers(self) -> Peers:
        assert self.switch.peers is not None
        return self.switch.peers

    async def start(self) -> None:
        join(self.home, self.url, **self.more)
        self.switch.tick()
        await until(lambda: self.switch.peers is not None)

    async def joined(self) -> None:
        await self.start()
        await until(lambda: self.peers.state == "live")

    async def stop(self) -> None:
        await self.switch.stop()
        await self.tasks.stop()

    async def kill(self) -> None:
        """End without a goodbye, as by a power cut; what was written stays."""
        peers, self.switch.peers = self.peers, None
        await self.tasks.stop()
        await peers.at.link.close()
        await peers.store.close()

    def watch(self, *topics: str, computer: str = "", member: str = "me") -> None:
        """Subscribe as a client does."""
        subscription = Subscription(frozenset(topics or ("sessions",)), 0, computer)
        self.hub.join(member, subscription)

    async def follow(self, *others: Node) -> None:
        """Look at sessions until every change of those of `others` comes here."""
        self.watch("sessions")
        for other in others:
            await until(lambda id=other.id: self.peers.reader.is_reading(id))  # type: ignore[misc]

    def leave(self, member: str = "me") -> None:
        self.hub.leave(member)

    async def shows(self, *others: Node) -> None:
        """Wait until what is known of `others` is what they have, and it is some."""
        for other in others:
            await until(lambda one=other: self.agrees_with(one) and self.of(one))  # type: ignore[misc]

    def put(self, id: int, version: int = 1, **more: Any) -> str:
        """Change a session of this computer."""
        record = session(id, version, **more)
        self.directory.put_session(self.id, record, version)
        return str(record["id"])

    def remove(self, id: int, version: int) -> None:
        self.directory.remove_session(self.id, session_id(id), version)

    def of(self, other: Node) -> dict[str, tuple[int, str]]:
        """The sessions known of `other`: id to version and title."""
        cache = self.directory.cache
        return {
            one.key: (one.entry.version, orjson.loads(one.entry.data)["title"])
            for one in cache.known("sessions", other.id)
        }

    def agrees_with(self, other: Node) -> bool:
        return self.of(other) == other.of(other)

    def told(self, kind: str) -> list[str]:
        """Ids of the sessions of which clients were told an event of `kind`."""
        return [one["session"]["id"] for one in self.events if one["type"] == kind]

    def state_of(self, other: Node) -> str:
        record = self.directory.cache.get("computers", other.id, other.id)
        return str(record["state"]) if record else ""


AnyNode = TypeVar("AnyNode", bound=Node)


def session_id(number: int) -> str:
    return f"{number:016x}"


def session(number: int, version: int = 1, **more: Any) -> dict[str, Any]:
    """A record of a session, with what the protocol asks for."""
    return {
        "id": session_id(number),
        "version": version,
        "title": f"session {number} v{version}",
        "phase": "running",
        "activity": "working",
        "attention": "none",
        "argv": ["make", "test"],
        "preview": "",
    } | more


@asynccontextmanager
async def running(node: AnyNode) -> AsyncIterator[AnyNode]:
    """A computer that takes part, as one that was started again."""
    try:
        await node.joined()
        yield node
    finally:
        await node.stop()


@asynccontextmanager
async def nodes(
    server: RedisServer | str, folder: Path, *names: str, **more: Any
) -> AsyncIterator[list[Node]]:
    """Computers that see one another."""
    url = server if isinstance(server, str) else server.url
    made = [Node(folder / name, url, name, **more) for name in names]
    try:
        for node in made:
            await node.joined()
        for node in made:
            await until(lambda n=node: len(n.peers.presence.live()) == len(made) - 1)  # type: ignore[misc]
        yield made
    finally:
        for node in made:
            await node.stop()


@asynccontextmanager
async def following(
    server: RedisServer | str, folder: Path, *names: str, **more: Any
) -> AsyncIterator[list[Node]]:
    """Computers of which the first one follows the second and shows session 1 of it."""
    async with nodes(server, folder, *names, **more) as made:
        await made[0].follow(made[1])
        made[1].put(1)
        await made[0].shows(made[1])
        yield made
