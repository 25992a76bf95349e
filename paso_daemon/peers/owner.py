"""What others want of our log: their leases, and where each of them may go on.

    interest {topics, have, reading} --> lease
        reads on, nothing missed      --> (no answer)
        missed nothing since `have`   --> go_on {gen, n}
        else                          --> SET snap:<own>, snapshot_ready {gen, n}

Never: know who reads beyond a lease, publish by itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from paso.errors import BadEvent, PeerUnreachable
from paso_daemon.peers.answers import last_place
from paso_daemon.peers.interest import DETAILS, SESSIONS
from paso_daemon.peers.log import listed_position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso_daemon.peers.interest import Leases
    from paso_daemon.peers.publisher import Publisher
    from paso_daemon.peers.reader import Places
    from paso_daemon.tasks import TaskRegistry

logger = logging.getLogger("paso.daemon")


class Owner:
    """Answers those who want to read our log."""

    def __init__(
        self,
        own: str,
        at: Places,
        publisher: Publisher,
        leases: Leases,
        registry: TaskRegistry,
    ) -> None:
        self._own = own
        self._at = at
        self._publisher = publisher
        self._leases = leases
        self._registry = registry
        self._now = asyncio.get_running_loop().time
        self._waiting: set[str] = set()
        self._writing = False
        at.inbox.handlers |= {"interest": self._interest, "interest_end": self._end}

    def _interest(self, reader: str, body: dict[str, Any], age_ms: int) -> None:
        topics = frozenset(one for one in body["topics"] if one in DETAILS)
        lease_s = float(body["lease_s"])
        if not topics or lease_s * 1000 <= age_ms:
            return  # what lay there while we were away is over
        self._leases.renew(reader, topics, self._now(), lease_s - age_ms / 1000)
        have = listed_position(body.get("have"))
        head, goes_on = self._publisher.head, self._publisher.is_complete(have)
        if SESSIONS not in topics:
            goes_on, have = True, head
        if not goes_on:
            self._snapshot_for(reader)
        elif body.get("reading") is not True and have is not None:
            told = {"gen": have.gen, "n": have.n, "head": head.n}
            self._at.inbox.post(reader, "go_on", told)

    def _end(self, reader: str, body: dict[str, Any], age_ms: int) -> None:
        self._leases.end(reader)

    def _snapshot_for(self, reader: str) -> None:
        self._waiting.add(reader)
        if not self._writing:
            self._writing = True
            self._registry.start("peers snapshot", self._write())

    async def _write(self) -> None:
        """Write one snapshot for all who wait; who asks meanwhile gets the next."""
        try:
            while self._waiting:
                readers, self._waiting = self._waiting, set()
                await self._write_for(readers)
        except PeerUnreachable as error:
            logger.info("peers: no snapshot: %s", error.message)
        finally:
            self._writing = False

    async def _write_for(self, readers: set[str]) -> None:
        await self._clean_log()
        head, cache = self._publisher.head, self._at.directory.cache
        records = [one.entry.data for one in cache.known("sessions", self._own)]
        await self._at.snapshots.write(head, records)
        for reader in readers:
            self._at.inbox.post(reader, "snapshot_ready", head._asdict())

    async def _clean_log(self) -> None:
        """Remove a log in which somebody wrote past us; readers stumble over it."""
        key = self._at.keys.log(self._own)
        (newest,) = await self._at.link.ask(("XREVRANGE", key, "+", "-", "COUNT", 1))
        try:
            last = last_place(newest)
            spoilt = last is not None and last > self._publisher.head
        except BadEvent:
            spoilt = True
        if spoilt:
            logger.warning("peers: somebody else wrote our log: it is begun anew")
            await self._at.link.ask(("DEL", key))
