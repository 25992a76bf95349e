"""What is done again and again: say that we are here, look who is, renew what we want.

    every beat            SET here:<own>
    every 1.5 beats       MGET here:<each>        every half beat while somebody looks
    every third of lease  interest, to each owner whose sessions somebody looks at

Nobody looking, that is about six commands a minute.

Never: follow a log, decide about an id, look at anything that is not ours to know.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from paso import __version__
from paso.errors import BadEvent, Refused
from paso.model import LIVE_PHASES
from paso_daemon.cache import LIVE
from paso_daemon.peers.answers import Failed
from paso_daemon.peers.keys import is_computer_id
from paso_daemon.peers.presence import EXPIRES, Peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from paso.computer import Computer
    from paso_daemon.peers.presence import Presence
    from paso_daemon.peers.publisher import Publisher
    from paso_daemon.peers.reader import Places, Reader
    from paso_daemon.peers.stats import Sampler
    from paso_daemon.peers.twins import Twins

LOOK, LOOK_WATCHED = 1.5, 0.5
"""In beats."""
MEMBERS_EVERY = 20
"""Looks between two of which the list of computers is read again."""
MAX_MEMBERS = 1000


class Rounds:
    """Presence of ours and of others.

    Arguments:
        own: this computer.
        run: names this run of the daemon.
        changed: called when who is there may be another one.
    """

    def __init__(
        self,
        own: Computer,
        run: str,
        at: Places,
        *,
        presence: Presence,
        publisher: Publisher,
        reader: Reader,
        twins: Twins,
        sampler: Sampler,
        beat_s: float,
        lease_s: float,
        control: str,
        changed: Callable[[], None],
    ) -> None:
        self.beats = 0
        self.on_gone: list[Callable[[str], None]] = []
        """Told the id of a computer that went away."""
        self.on_live: list[Callable[[str], None]] = []
        """Told the id of a computer that came, or began anew."""
        self.on_emptied: list[Callable[[], None]] = [at.snapshots.forget_written]
        """Called when what Redis had of ours may be gone."""
        self._own = own
        self._run = run
        self._at = at
        self._presence = presence
        self._publisher = publisher
        self._reader = reader
        self._twins = twins
        self._sampler = sampler
        self._beat_s = beat_s
        self._lease_s = lease_s
        self.control = control
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._here = ""
        self._look_now = asyncio.Event()
        self._looks = 0
        at.inbox.handlers |= {"hello": self._hello, "bye": self._bye}

    # Beat ---------------------------------------------------------------------

    async def beat_for_ever(self) -> NoReturn:
        """Say each `beat_s` that we are here. Raises as `beat`."""
        while True:
            await asyncio.sleep(self._beat_s)
            await self.beat()

    async def beat(self) -> None:
        """Say that we are here.

        Raises:
            PeerUnreachable: as the link tells.
            Refused: the server cannot do it.
        """
        directory = self._at.directory
        stats = await self._sampler.ask()
        self._presence.own_name = directory.own.name  # it may have a new one
        counts = self._counts()
        mine = directory.cache.get("computers", self._own.id, self._own.id) or {}
        directory.put_computer(mine | {"stats": stats, "counts": counts})
        self.beats += 1
        body = {
            "name": directory.own.name,
            "version": __version__,
            "os": mine.get("os", ""),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run": self._run,
            "head": list(self._publisher.head),
            "control": self.control,
            "stats": stats,
            "counts": counts,
        }
        value = self._presence.beat(self._publisher.gen, self.beats, body)
        expires = int(EXPIRES * self._beat_s * 1000)
        key = self._at.keys.here(self._own.id)
        said = ("SET", key, value, "PX", expires, "GET")
        (before,) = await self._at.link.ask(said)
        if isinstance(before, Failed):  # something else than a text is in its place
            _, before = await self._at.link.ask(("DEL", key), said)
        if isinstance(before, Failed):
            raise Refused(f"no sign of life can be left: {before.text}: Redis 6.2?")
        self._look_at_own(before)
        self._here = value.decode()

    def _counts(self) -> dict[str, int]:
        cache, own = self._at.directory.cache, self._own.id
        sessions = [known.entry for known in cache.known("sessions", own)]
        return {
            "sessions": len(sessions),
            "live": sum(one.phase in LIVE_PHASES for one in sessions),
            "needs_user": sum(one.attention not in ("", "none") for one in sessions),
        }

    def _look_at_own(self, before: object) -> None:
        """What stood there before us tells whether we are alone, and Redis whole."""
        if isinstance(before, bytes):
            if f'"run":"{self._run}"'.encode() not in before:
                self._twins.ask()
        elif self.beats > 1:
            # It was emptied, or we were away for long.
            self.tell_emptied()
            self._at.link.post("SADD", self._at.keys.computers, self._own.id)
            self._looks = 0
            self._look_now.set()

    def tell_emptied(self) -> None:
        """What others are to find in Redis is written anew when it is asked for."""
        for tell in self.on_emptied:
            tell()

    # Hello and goodbye --------------------------------------------------------

    def say_hello(self, others: Iterable[str]) -> None:
        """Tell some who are there that we are, too; they need not look."""
        for other in others:
            self._at.inbox.post(other, "hello", {"here": self._here})

    def introduce(self) -> None:
        """Say hello to everybody who is there."""
        self.say_hello(self._presence.there())

    async def say_bye(self) -> None:
        """Take our leave: others need not wait until our key expires."""
        for other in self._presence.there():
            self._at.inbox.post(other, "bye", {"run": self._run})
        await self._at.link.ask(("DEL", self._at.keys.here(self._own.id)))

    def _hello(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        if sender == self._own.id:
            raise BadEvent("a computer of our own id")
        self._saw(sender, str(body["here"]).encode())
        self._changed()

    def _bye(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        peer = self._presence.peers.get(sender)
        if peer is None or peer.run != body["run"]:
            return  # it came back meanwhile
        self._is_gone(sender)
        self._changed()

    # Look ---------------------------------------------------------------------

    async def look_for_ever(self) -> NoReturn:
        """Look who is there, oftener while anybody watches. Raises as the link."""
        while True:
            watched = bool(self._at.directory.interest())
            wait = self._beat_s * (LOOK_WATCHED if watched else LOOK)
            try:
                async with asyncio.timeout(wait):
                    await self._look_now.wait()
            except TimeoutError:
                pass
            self._look_now.clear()
            # Who joined while Redis was empty of us knows of nobody.
            self.say_hello(await self.look())

    def look_soon(self) -> None:
        """Look now, somebody wants to know."""
        self._look_now.set()

    async def look(self) -> list[str]:
        """Read the signs of life of everybody we know of; return who is new to us."""
        known, found = list(self._presence.peers), []
        if self._looks % MEMBERS_EVERY == 0:
            found = await self._members()
            known += found
        self._looks += 1
        if not known:
            return []
        keys = [self._at.keys.here(one) for one in known]
        (values,) = await self._at.link.ask(("MGET", *keys))
        if not isinstance(values, list):
            return []
        for one, value in zip(known, values, strict=True):
            if isinstance(value, bytes):
                self._saw(one, value)
            else:
                self._is_gone(one)
        self._changed()
        there = self._presence.there()
        return [one for one in found if one in there]

    async def _members(self) -> list[str]:
        """Return ids of the network's list that we do not know of, at most so many."""
        key, link, found = self._at.keys.computers, self._at.link, []
        (members,) = await link.ask(("SMEMBERS", key))
        if isinstance(members, Failed):  # no set: it is begun anew
            _, members = await link.ask(("DEL", key), ("SMEMBERS", key))
        if not isinstance(members, list):
            return []
        if self._own.id.encode() not in members:
            link.post("SADD", key, self._own.id)
        for member in members:
            name = member.decode("ascii", "replace")
            if not is_computer_id(name):
                self._at.refusals.note("computers", "no id of a computer")
            elif name != self._own.id and name not in self._presence.peers:
                found.append(name)
        return found[:MAX_MEMBERS]

    def _saw(self, id: str, value: bytes) -> None:
        peer, now, is_new = self._presence.peers.get(id), self._loop.time(), False
        gen = peer.beat.gen if peer is not None else 0
        try:
            is_new = self._presence.saw(id, value, now)
        except (BadEvent, ValueError) as error:
            self._at.refusals.note(f"presence of {id}", str(error))
        peer = self._presence.peers.get(id)
        if peer is None:
            return
        changed = self._presence.judge(id, now)
        if is_new:
            self._at.store.beat(id, peer.beat)
            self._at.store.computer(id, peer.record)
            self._reader.told_head(id, peer.head)
        if is_new or changed:
            self._tell(peer)
        is_another = is_new and gen != peer.beat.gen
        if is_another:
            self._reader.ask(id)  # its log begins anew
        if peer.state == LIVE and (changed or is_another):
            for tell in self.on_live:
                tell(id)

    def _is_gone(self, id: str) -> None:
        if self._presence.gone(id):
            self._tell(self._presence.peers[id])
            for tell in self.on_gone:
                tell(id)

    def all_gone(self) -> None:
        """We take no part any more: nobody can be reached."""
        for id in self._presence.there():
            self._is_gone(id)

    def tell_all(self) -> None:
        """Show every computer that we know of."""
        for peer in self._presence.peers.values():
            if peer.record:
                self._tell(peer)

    def cut_off(self) -> None:
        """There is no way to Redis: what we know grows old."""
        for id in self._presence.cut_off(self._loop.time()):
            self._tell(self._presence.peers[id])

    def _tell(self, peer: Peer) -> None:
        directory = self._at.directory
        directory.set_link(peer.id, peer.state)
        directory.put_computer(self._presence.told(peer, self._loop.time()))

    # Leases -------------------------------------------------------------------

    async def renew_for_ever(self) -> NoReturn:
        """Renew what we want of others before it runs out."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            self._reader.renew()
