"""Joined to the other computers: connect, take part, and again after every failure.

    open --> join --> write | read | beat | look | renew --> (something breaks)
     ^                                                            |
     '--- wait 0.25 to 5 s, or to 30 s when refused, anew after a success

Whatever fails here is told in `status` and costs the board nothing.

Never: hold up a client, end the daemon, put an address with its password anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import suppress
from typing import Any

from paso.computer import renew_id
from paso.errors import BadEvent, PasoError, PeerUnreachable, Refused
from paso.peers_file import key_mark
from paso_daemon.peers.answers import Failed, last_id, last_place
from paso_daemon.peers.clock import ServerClock
from paso_daemon.peers.inbox import Inbox, Refusals
from paso_daemon.peers.interest import Leases, wishes_of
from paso_daemon.peers.keys import Keys
from paso_daemon.peers.link import Link
from paso_daemon.peers.owner import Owner
from paso_daemon.peers.presence import Presence
from paso_daemon.peers.publisher import LOG_MS, Publisher
from paso_daemon.peers.reader import Places, Reader
from paso_daemon.peers.rounds import Rounds
from paso_daemon.peers.signing import Signer, object_of
from paso_daemon.peers.snapshots import Snapshots
from paso_daemon.peers.stats import Sampler
from paso_daemon.peers.store import PeerStore, Saved
from paso_daemon.peers.tries import Tries, cause_of, state_after
from paso_daemon.peers.twins import Twins
from paso_daemon.replacing import in_parts, in_turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import NoReturn

    from paso.computer import Computer
    from paso.peers_file import PeersConfig
    from paso_daemon.directory import Directory, Interest
    from paso_daemon.settings import Settings
    from paso_daemon.tasks import Health, TaskRegistry

STOP_S = 1.0

logger = logging.getLogger("paso.daemon")


class Peers:
    """This computer among others, for one configuration.

    Arguments:
        home: folder of `peers.db`.
        own: this computer.
        restart: runs the daemon anew, given the reason.
    """

    def __init__(
        self,
        config: PeersConfig,
        directory: Directory,
        home: str,
        settings: Settings,
        registry: TaskRegistry,
        health: Health,
        own: Computer,
        *,
        restart: Callable[[str], None],
    ) -> None:
        self.config = config
        self.state = "connecting"
        self.reason = ""
        self.on_stop: list[Callable[[], Awaitable[None]]] = []
        self.reports: list[Callable[[], dict[str, Any]]] = []
        """Each adds to `status`."""
        self.run_id = os.urandom(8).hex()
        self._directory = directory
        self._registry = registry
        self._health = health
        self._own = own
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._wanting: asyncio.Handle | None = None
        self._is_copy = self._is_stopped = False
        self._task: asyncio.Task[None] | None = None
        self._home = home
        self._restart = restart
        self.leases = Leases()
        self._clock = ServerClock(self._loop.time)
        self._make(home, settings)

    def _make(self, home: str, settings: Settings) -> None:
        """Put the parts together, once."""
        config, own, loop = self.config, self._own.id, self._loop
        keys, signer = Keys(config.network), Signer(config.network, config.key)
        link = Link(config, f"paso-{own}", keys.computers)
        self.store, self.refusals = PeerStore(home, self._health), Refusals()
        self.inbox = Inbox(
            *(own, keys, signer, link, self.store, self.refusals), self._clock
        )
        snapshots = Snapshots(own, keys, signer, link)
        self.at = Places(
            *(self._directory, keys, signer, link, self.store),
            *(self.inbox, snapshots, self.refusals),
        )
        self.presence = Presence(own, self._own.name, signer, settings.peer_beat_s)
        self.publisher = Publisher(
            *(own, keys, signer, link, self.leases, loop),
            length=settings.peer_log,
            twin=self._log_is_spoilt,
        )
        self.reader = Reader(own, self.at, settings.peer_lease_s)
        self.owner = Owner(own, self.at, self.publisher, self.leases, self._registry)
        self._twins = Twins(
            *(own, self.run_id, self.inbox),
            now=loop.time,
            renew=self._take_new_id,
            outdo=self._outdo,
        )
        self.rounds = Rounds(
            *(self._own, self.run_id, self.at),
            presence=self.presence,
            publisher=self.publisher,
            reader=self.reader,
            twins=self._twins,
            sampler=Sampler(home),
            beat_s=settings.peer_beat_s,
            lease_s=settings.peer_lease_s,
            control=config.control,
            changed=self._want_soon,
        )

    def takes(self, config: PeersConfig | None) -> bool:
        """Take over what can be changed while joined; False when there is more."""
        if config is None or config != self.config._replace(control=config.control):
            return False
        self.config, self.rounds.control = config, config.control
        self._registry.start("peers control", self._introduce())
        return True

    # Life ---------------------------------------------------------------------

    async def start(self) -> None:
        """Take over what an earlier run left, then join in the background."""
        saved = await self.store.open()
        self._remember(saved)
        await self._show_remembered(saved)
        await self.store.flush()  # no generation is used twice
        directory = self._directory
        directory.own_listeners.append(self.publisher.changed)
        directory.on_interest.append(self._interest_changed)
        self._task = self._registry.start("peers", self._run())

    def _remember(self, saved: Saved) -> None:
        earlier = int(saved.notes.get(f"gen {self._own.id}", "0"))
        # Grows whatever the clock says: it is only there to begin high enough.
        self._begin(max(earlier + 1, int(time.time())))
        self.inbox.remember(saved)
        self.reader.remember(saved)
        old = saved.notes.get("renewed")
        if old:
            self.store.note("renewed", "")
            self._health.degraded(
                "computer id",
                f"another computer has the id {old}, as after copying a home; "
                f"this one is {self._own.id} now",
            )
        for id, record in saved.computers.items():
            self.presence.know(id, record)
        for id in saved.computers.keys() - self.presence.peers.keys():
            self.store.computer(id, None)
        for id, beat in saved.beats.items():
            self.presence.remember(id, beat)
        self.rounds.tell_all()

    async def _show_remembered(self, saved: Saved) -> None:
        """The clients that are here already get their turn in between."""
        for id, rows in saved.records.items():
            if id not in self.presence.peers:
                continue
            ids, records = {key for key, _ in rows}, (object_of(b) for _, b in rows)
            age_s, known = saved.age_s(id), self.presence.peers
            parts = in_parts(self._directory, id, ids, records, age_s=age_s)
            await in_turns(parts, lambda known=known, id=id: id in known)  # type: ignore[misc]

    def _begin(self, gen: int) -> None:
        self.publisher.begin(gen)
        self.inbox.begin(gen)
        self.store.note(f"gen {self._own.id}", str(gen))

    async def switch_off(self) -> None:
        """Stop while the daemon goes on: the others cannot be reached any more."""
        self.reader.want({})
        await self.stop()
        self.rounds.all_gone()

    async def stop(self) -> None:
        """Say goodbye, as far as that takes no time, and do no more."""
        self._is_stopped = True
        directory = self._directory
        changes = directory.own_listeners, self.publisher.changed
        interest = directory.on_interest, self._interest_changed
        for listeners, ours in (changes, interest):
            if ours in listeners:
                listeners.remove(ours)
        self.publisher.stop()
        for tell in self.on_stop:
            await tell()
        try:
            async with asyncio.timeout(STOP_S):
                await self._leave()
        except (PasoError, TimeoutError) as error:
            logger.info("peers: no goodbye: %s", error)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.at.link.close()
        with suppress(TimeoutError):  # a disk that hangs is left
            await asyncio.wait_for(self.store.close(), STOP_S)

    async def _leave(self) -> None:
        # The keys of a copy are those of the other one, which stays.
        if self.at.link.is_up and self.state == "live" and not self._is_copy:
            await self.rounds.say_bye()

    async def _run(self) -> NoReturn:
        tries = Tries()
        while True:
            try:
                await self._take_part(tries)
            except Exception as raised:
                if self._is_stopped:  # a group that fails hides that it was cancelled
                    raise asyncio.CancelledError from raised
                error = cause_of(raised)
                self._failed(error)
                self.rounds.cut_off()
                await asyncio.sleep(tries.wait_after(error))

    async def _take_part(self, tries: Tries) -> None:
        try:
            await self.at.link.open()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.at.link.write(), name="peers write")
                await self._join()
                tries.worked()
                self._works()
                group.create_task(self.reader.run(), name="peers read")
                group.create_task(self.rounds.beat_for_ever(), name="peers beat")
                group.create_task(self.rounds.look_for_ever(), name="peers look")
                group.create_task(self.rounds.renew_for_ever(), name="peers renew")
        finally:
            await self.at.link.close()

    async def _join(self) -> None:
        keys, own, ask = self.at.keys, self._own.id, self.at.link.ask
        newest = ("+", "-", "COUNT", 1)
        now, log, inbox, *_ = await ask(
            ("TIME",),
            ("XREVRANGE", keys.log(own), *newest),
            ("XREVRANGE", keys.inbox(own), *newest),
            ("SADD", keys.computers, own),
            ("PEXPIRE", keys.log(own), LOG_MS),
            ("XREAD", "COUNT", 1, "STREAMS", keys.inbox(own), "$"),
        )
        self._clock.told(now)
        if isinstance(inbox, Failed) or self._clock.is_ahead(last_id(inbox) or b"0"):
            await ask(("DEL", keys.inbox(own)))
            inbox = None
        await self._go_past(log)
        self.inbox.begin_at(inbox)
        self.rounds.tell_emptied()
        await self.rounds.beat()
        await self.rounds.look()
        self._twins.ask(again=True)
        self.rounds.introduce()
        self.publisher.send_again()
        self.reader.want(self._wishes())
        self.reader.reconnected()
        # Answered after all of the above: whoever may not do it has not joined.
        await ask(("TIME",))

    async def _go_past(self, newest: Any) -> None:
        """Begin a generation after whatever stands in our log and is not ours."""
        try:
            if isinstance(newest, Failed):
                raise BadEvent("our log is no stream")
            last = last_place(newest)
        except BadEvent:
            await self.at.link.ask(("DEL", self.at.keys.log(self._own.id)))
            return
        if last is not None and last > self.publisher.head:
            self._begin(max(last.gen, self.publisher.gen) + 1)

    def _take_new_id(self) -> None:
        """Another one had our id before us. All that is ours bears it: start anew."""
        self._is_copy = True
        new = renew_id(self._home)
        self.store.note("renewed", self._own.id)
        logger.warning("peers: another computer has our id: we are %s now", new.id)
        self._restart("another computer has the id of this one")

    def _outdo(self, gen: int) -> None:
        """Another one has our id and will change it: our numbers go past its own."""
        self._begin(max(gen, self.publisher.gen) + 1)
        self._registry.start("peers anew", self._introduce())

    async def _introduce(self) -> None:
        """Say who we are to everybody; who follows us takes a snapshot."""
        try:
            await self.rounds.beat()
            self.rounds.introduce()
        except (PeerUnreachable, Refused) as error:
            logger.info("peers: not introduced: %s", error.message)

    def _log_is_spoilt(self) -> None:
        """Somebody took our numbers: go on in a generation of our own."""
        self._begin(self.publisher.gen + 1)
        self._registry.start("peers break", self.at.link.abort("our log is spoilt"))

    # Interest -----------------------------------------------------------------

    def _interest_changed(self, interest: Interest) -> None:
        self._want_soon()
        self.rounds.look_soon()

    def _want_soon(self) -> None:
        if self._wanting is None:
            self._wanting = self._loop.call_soon(self._want)

    def _want(self) -> None:
        self._wanting = None
        if self.state == "live" and not self._is_stopped:
            self.reader.want(self._wishes())

    def _wishes(self) -> dict[str, frozenset[str]]:
        return wishes_of(self._directory.interest(), self.presence.there())

    # State --------------------------------------------------------------------

    def _works(self) -> None:
        self._set_state("live", "")
        self._health.recovered("peers")
        logger.info("peers: joined %s at %s", self.config.network, self.at.link.shown)

    def _failed(self, error: BaseException) -> None:
        reason = error.message if isinstance(error, PasoError) else type(error).__name__
        if not isinstance(error, PasoError):
            logger.error("peers: an unexpected error", exc_info=error)
        self._set_state(state_after(error), reason)
        self._health.degraded("peers", reason)

    def _set_state(self, state: str, reason: str) -> None:
        if state != self.state:
            self._since = self._loop.time()
        self.state, self.reason = state, reason

    @property
    def has_readers(self) -> bool:
        """True while another computer wants to hear what happens here."""
        return bool(self.leases.readers(self._loop.time()))

    def status(self) -> dict[str, Any]:
        """Return what `status` shows, without credentials."""
        now = self._loop.time()
        found = {
            "state": self.state,
            "url": self.at.link.shown,
            "network": self.config.network,
            "control": self.config.control,
            "key_mark": key_mark(self.config.key),
            "reason": self.reason,
            "since_s": round(now - self._since, 1),
            "computers": len(self.presence.peers),
            "live": len(self.presence.live()),
            "readers": len(self.leases.readers(now)),
            "following": len(self.reader.wishes),
            "published": self.publisher.published,
            "applied": self.reader.applied,
            "gaps": self.reader.gaps,
            "refused": self.refusals.total,
            "refusals": self.refusals.told(),
            "snapshots_written": self.at.snapshots.written,
            "snapshots_loaded": self.at.snapshots.loaded,
            "commands": self.at.link.commands,
            "gen": self.publisher.gen,
            "n": self.publisher.n,
        }
        for report in self.reports:
            found |= report()
        return found
