"""What we hear of others: one blocking read over our inbox and the logs we want.

    wish --> interest ---------------> owner
             go_on / snapshot_ready <-- owner      where to read on, or what to load
             XREAD in:<own> log:<a> log:<b> ... --> Directory, peers.db

A log is read only after its owner has said from where: so the position is fixed before
the first entry is read, and a change that happens while we ask is in the snapshot or
behind it.

Never: publish, apply an entry that speaks of another computer than the log's owner,
read a log that nobody here looks at.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple

from paso.errors import BadEvent, PeerUnreachable
from paso_daemon.bounded import BoundedDict
from paso_daemon.peers.answers import Failed
from paso_daemon.peers.inbox import fields_of, text
from paso_daemon.peers.interest import SESSIONS
from paso_daemon.peers.log import (
    GAP,
    NEXT,
    Follower,
    Position,
    position_of,
    told_position,
)
from paso_daemon.peers.signing import TO_ALL, Signed, object_of
from paso_daemon.replacing import in_parts, in_turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from paso_daemon.directory import Directory
    from paso_daemon.peers.inbox import Inbox, Refusals
    from paso_daemon.peers.keys import Keys
    from paso_daemon.peers.link import Link
    from paso_daemon.peers.signing import Signer
    from paso_daemon.peers.snapshots import Snapshot, Snapshots
    from paso_daemon.peers.store import PeerStore, Saved

BLOCK_S = 60.0
AT_ONCE = 100
"""Entries of one stream in one answer."""
LOST_EVERY_S = 1.0
"""Between two snapshots of one owner."""
PER_TURN = 20
"""Entries that are applied before others get their turn: about a millisecond."""

logger = logging.getLogger("paso.daemon")


class Places(NamedTuple):
    """What the reader works with."""

    directory: Directory
    keys: Keys
    signer: Signer
    link: Link
    store: PeerStore
    inbox: Inbox
    snapshots: Snapshots
    refusals: Refusals


class Reader:
    """Follows the logs of other computers.

    Arguments:
        own: our id.
        lease_s: how long the owner publishes after our last word.
    """

    def __init__(self, own: str, places: Places, lease_s: float) -> None:
        self.applied = 0
        self.board_bells: list[Callable[[str], None]] = []
        """Told the id of a computer whose board changed."""
        self.wishes: dict[str, frozenset[str]] = {}
        self._own = own
        self._at = places
        self._lease_s = lease_s
        self._followers: dict[str, Follower] = {}
        self._complete: set[str] = set()
        self._heads: dict[str, Position] = {}
        """How far the logs went that we go on in; until there we are behind."""
        self._loop = asyncio.get_running_loop()
        self._lost_at: BoundedDict[str, float] = BoundedDict(256)
        places.inbox.handlers |= {
            "go_on": self._go_on,
            "snapshot_ready": self._snapshot_ready,
            "poke": lambda sender, body, age_ms: None,
        }

    @property
    def gaps(self) -> int:
        return sum(one.gaps for one in self._followers.values())

    def is_reading(self, owner: str) -> bool:
        """True while the log of `owner` is read and nothing of it is missing."""
        follower = self._followers.get(owner)
        return follower is not None and follower.reading

    def remember(self, saved: Saved) -> None:
        """Take over where an earlier run stood, and what it knew there."""
        for owner, position in saved.positions.items():
            self._followers[owner] = Follower(position)
            self._complete.add(owner)

    # Wishes -------------------------------------------------------------------

    def want(self, wishes: dict[str, frozenset[str]]) -> None:
        """Say what is wanted from now on; owners are told what is news to them."""
        before, self.wishes = self.wishes, wishes
        for owner in before.keys() - wishes.keys():
            self._end(owner)
        for owner, topics in wishes.items():
            if before.get(owner) != topics:
                self.ask(owner)
        for owner in before:
            self._tell(owner)

    def _tell(self, owner: str) -> None:
        """Say whether what is shown of its sessions is all there is."""
        whole = owner in self._complete and self._is_up_to_date(owner)
        wanted = SESSIONS in self.wishes.get(owner, ())
        follows, directory = whole and wanted, self._at.directory
        if directory.cache.follows(owner) and not follows:
            self._at.store.still_true(owner)
        directory.follow(owner, follows)

    def _is_up_to_date(self, owner: str) -> bool:
        """It is read, and what was written while we did not is read, too."""
        follower, head = self._followers.get(owner), self._heads.get(owner)
        if follower is None or not follower.reading or follower.position is None:
            return False
        if head is not None and follower.position < head:
            return False
        self._heads.pop(owner, None)
        return True

    def _end(self, owner: str) -> None:
        self._at.inbox.post(owner, "interest_end", {})
        follower = self._followers.get(owner)
        if follower is not None and follower.reading:
            follower.reading = False
            # Our read blocks on a list of logs; this ends it.
            self._at.inbox.post(self._own, "poke", {})

    def ask(self, owner: str) -> None:
        """Tell `owner` what we want and where we are; it says where to go on."""
        topics = self.wishes.get(owner)
        if topics is None:
            return
        follower = self._followers.setdefault(owner, Follower())
        whole = owner in self._complete
        if SESSIONS in topics and not whole:
            follower.reading = False
        have = follower.position if whole else None
        self._at.inbox.post(
            owner,
            "interest",
            {
                "topics": sorted(topics),
                "lease_s": self._lease_s,
                "have": list(have) if have is not None else None,
                "reading": follower.reading,
            },
        )

    def renew(self) -> None:
        """Renew every lease."""
        for owner in self.wishes:
            self.ask(owner)

    def reconnected(self) -> None:
        """Nothing is read any more until each owner has answered again."""
        for owner, follower in self._followers.items():
            follower.reading = False
            self._tell(owner)
        self.renew()

    def told_head(self, owner: str, head: Position) -> None:
        """An owner's sign of life says how far its log goes."""
        follower = self._followers.get(owner)
        if follower is not None and follower.told_head(head):
            self._lost(owner, f"{head.n} was written and cannot be read")

    def forget(self, owner: str) -> None:
        """The computer is forgotten, until it is heard of again."""
        if self.wishes.pop(owner, None) is not None:
            self._end(owner)
        self._followers.pop(owner, None)
        self._complete.discard(owner)
        self._heads.pop(owner, None)
        self._tell(owner)

    # Answers of owners --------------------------------------------------------

    def _go_on(self, owner: str, body: dict[str, Any], age_ms: int) -> None:
        follower = self._followers.get(owner)
        if follower is not None and owner in self.wishes:
            position = told_position(body.get("gen"), body.get("n"))
            head = body.get("head", position.n)
            self._heads[owner] = told_position(position.gen, head)
            if not follower.go_on_from(position):
                self._lost(owner, "it says to go on before where we are")
            self._tell(owner)

    async def _snapshot_ready(
        self, owner: str, body: dict[str, Any], age_ms: int
    ) -> None:
        follower = self._followers.get(owner)
        if follower is None or owner not in self.wishes:
            return
        told = told_position(body.get("gen"), body.get("n"))
        if follower.reading and owner in self._complete and follower.position == told:
            return
        snapshot = await self._at.snapshots.load(owner)
        if snapshot is None or snapshot.position < told:
            raise BadEvent("the snapshot it speaks of is not there")
        is_known = self._followers.get(owner) is follower
        if is_known and follower.may_go_on_from(snapshot.position):
            await self._take_over(owner, follower, snapshot)

    async def _take_over(
        self, owner: str, follower: Follower, snapshot: Snapshot
    ) -> None:
        """No entry is applied meanwhile: they are read by whoever waits for this.

        Until the end, what is known counts as incomplete. So whatever breaks in
        between, another snapshot is taken, and from where we were before.
        """
        rows, before = snapshot.rows, follower.position
        follower.reading = False
        self._complete.discard(owner)
        self._tell(owner)
        parts = in_parts(
            *(self._at.directory, owner),
            {row.id for row in rows if isinstance(row.id, str)},
            (object_of(row.line) for row in rows),
            anew=before is None or before.gen != snapshot.position.gen,
        )
        if await in_turns(parts, lambda: self._followers.get(owner) is follower):
            self._taken(owner, follower, snapshot)

    def _taken(self, owner: str, follower: Follower, snapshot: Snapshot) -> None:
        follower.go_on_from(snapshot.position)
        follower.reading = owner in self.wishes
        self._complete.add(owner)
        kept = [
            (row.id, row.version, row.line)
            for row in snapshot.rows
            if isinstance(row.id, str) and isinstance(row.version, int)
        ]
        self._at.store.replace(owner, snapshot.position, kept)
        self._tell(owner)

    def _lost(self, owner: str, why: str) -> None:
        logger.info("peers: %s: %s; taking a snapshot", owner, why)
        self._complete.discard(owner)
        self._followers[owner].lose()
        self._tell(owner)
        now = self._loop.time()
        wait = max(0.0, self._lost_at.get(owner, 0.0) + LOST_EVERY_S - now)
        self._lost_at[owner] = now + wait
        # Whoever spoils a log again and again is not to keep us busy.
        self._loop.call_later(wait, self.ask, owner)

    # Reading ------------------------------------------------------------------

    async def run(self) -> NoReturn:
        """Read until the connection breaks.

        Raises:
            PeerUnreachable, TimedOut, Refused: as the link tells.
        """
        while True:
            streams = self._streams()
            answer = await self._at.link.read(
                (
                    *("XREAD", "COUNT", AT_ONCE, "BLOCK", int(BLOCK_S * 1000)),
                    *("STREAMS", *streams, *streams.values()),
                ),
                BLOCK_S + 5,
            )
            if isinstance(answer, Failed):
                raise PeerUnreachable(f"the streams cannot be read: {answer.text}")
            for key, entries in answer or ():
                await self._take(key.decode(), entries)

    def _streams(self) -> dict[str, bytes]:
        keys = self._at.keys
        found = {keys.inbox(self._own): self._at.inbox.place}
        for owner, follower in self._followers.items():
            if follower.reading and follower.position is not None:
                found[keys.log(owner)] = follower.position.entry_id()
        return found

    async def _take(self, key: str, entries: list[Any]) -> None:
        if key == self._at.keys.inbox(self._own):
            await self._at.inbox.check_clock(entries[-1][0])
            await self._at.inbox.take(entries)
            return
        owner = key.rpartition(":")[2]
        for number, (entry_id, flat) in enumerate(entries, 1):
            if not self._followed(owner, entry_id, flat):
                return
            if number % PER_TURN == 0:
                await asyncio.sleep(0)
        if owner in self._heads:
            self._tell(owner)

    def _followed(self, owner: str, entry_id: bytes, flat: Any) -> bool:
        """Apply an entry; False when no further one of this log is to be read now."""
        follower = self._followers.get(owner)
        if follower is None:
            return False  # it was forgotten while we read
        try:
            place, kind, body = self._checked(owner, entry_id, flat)
        except BadEvent as error:
            self._at.refusals.note(f"log of {owner}", error.message)
            # Nobody knows whether it took the place of an entry of the owner's.
            self._lost(owner, "somebody else writes there")
            return False
        verdict = follower.take(place)
        if verdict == GAP:
            self._lost(owner, f"entries are missing before {place.n}")
        elif verdict == NEXT:
            self._apply(owner, place, kind, body)
        return verdict != GAP and follower.reading

    def _checked(
        self, owner: str, entry_id: bytes, flat: Any
    ) -> tuple[Position, str, dict[str, Any]]:
        place = position_of(entry_id)
        kind, data, mac = fields_of(flat, ("k", "b", "m"))
        said = Signed(owner, text(kind), place.gen, place.n, data)
        self._at.signer.check(mac, said, TO_ALL)
        return place, said.kind, object_of(data)

    def _apply(
        self, owner: str, place: Position, kind: str, body: dict[str, Any]
    ) -> None:
        directory, store = self._at.directory, self._at.store
        self.applied += 1
        if kind == "db":
            for ring in self.board_bells:
                ring(owner)
        if owner not in self._complete:
            return
        store.position(owner, place)
        key, version, told = body.get("id"), body.get("version"), body.get("body")
        if not isinstance(key, str) or not isinstance(told, dict):
            self._at.refusals.note(f"log of {owner}", f"a wrong {kind}")
        elif kind == "session" and isinstance(version, int):
            if told.get("id") == key and directory.put_session(owner, told, version):
                store.record(owner, key, version, told)
        elif kind == "session_removed" and isinstance(version, int):
            if directory.remove_session(owner, key, version):
                store.record(owner, key, version, None)
        elif kind == "activity":
            directory.activity(
                owner, key, str(told.get("activity")), told.get("preview")
            )
