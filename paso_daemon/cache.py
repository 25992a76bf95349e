"""What is known of every computer: itself, its sessions, projects and tasks.

The computers write, each its own part; everybody reads. Nothing in here is the truth:
that is in the database of the computer that owns the record.

    (kind, owner) -> Shelf (records, index, tombstones)
                  -> when it was read last, how its owner can be reached -> how fresh

Never: do I/O, read a clock (`now` is seconds of one that only grows), tell anybody.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from paso_daemon.bounded import BoundedDict
from paso_daemon.shelf import Changes, Entry, Item, Limits, Record, Shelf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


KINDS = ("computers", "sessions", "projects", "tasks")

KIB, MIB = 1024, 1024 * 1024
LIMITS = {
    "computers": Limits(1, 16 * KIB, 16 * KIB),
    "sessions": Limits(10_000, 64 * KIB, 32 * MIB),
    "projects": Limits(2_000, 128 * KIB, 8 * MIB),
    "tasks": Limits(20_000, 128 * KIB, 32 * MIB),
}
"""Of one computer."""

MAX_COMPUTERS = 256

TTL_S = {
    "computers": 60.0,
    "sessions": float("inf"),
    "projects": 300.0,
    "tasks": 300.0,
}
"""How long what was read counts as fresh; sessions, while they are followed."""

LIVE, STALE, OFFLINE = "live", "stale", "offline"
LINKS = (LIVE, STALE, OFFLINE)


class Known(NamedTuple):
    """A record and whose it is."""

    owner: str
    key: str
    entry: Entry


class Cache:
    """Records of four kinds, by owner and key.

    Arguments:
        own: id of this computer, whose records are always fresh.

    `on_evict` is told kind, owner, key and entry of what had to make room.
    """

    def __init__(self, own: str) -> None:
        self.own = own
        self.on_evict: Callable[[str, str, str, Entry], None] = _ignore
        self._shelves: dict[str, dict[str, Shelf]] = {kind: {} for kind in KINDS}
        self._read_at: dict[tuple[str, str], float] = {}
        self._links: BoundedDict[str, tuple[str, float]] = BoundedDict(MAX_COMPUTERS)
        self._followed: set[str] = set()

    # Writing ------------------------------------------------------------------

    def put(
        self,
        kind: str,
        owner: str,
        key: str,
        record: Record,
        version: int,
        now: float,
        group: str = "",
        *,
        same: bool = False,
    ) -> bool:
        """Keep a record; False when it is not newer, was removed, or does not fit.

        Arguments:
            version: 0 where records have none.
            same: another record of the same version counts as newer.
        Raises:
            TypeError: it cannot be written as JSON.
        """
        shelf = self._shelf(kind, owner)
        if shelf is None:
            return False
        if kind == "computers":
            self._read_at[kind, owner] = now
        return shelf.put(Item(key, record, version), now, group, same=same)

    def patch(self, kind: str, owner: str, key: str, fields: Record) -> bool:
        """Change what has no version; False when nothing changed."""
        shelf = self._shelves[kind].get(owner)
        return shelf is not None and shelf.patch(key, fields)

    def remove(
        self, kind: str, owner: str, key: str, version: int | None, now: float
    ) -> bool:
        """Forget a record; later ones of `version` or before are not taken again.

        Arguments:
            version: None = that of the record.
        """
        shelf = self._shelf(kind, owner)
        return shelf is not None and shelf.remove(key, version, now)

    def replace(
        self, kind: str, owner: str, items: Iterable[Item], now: float
    ) -> Changes:
        """Make the records of a computer be `items`, a snapshot: others are removed.

        Arguments:
            now: when the snapshot was taken.
        Raises:
            TypeError: a record cannot be written as JSON.
        """
        shelf = self._shelf(kind, owner)
        if shelf is None:
            return Changes((), (), ())
        self._read_at[kind, owner] = now
        return shelf.replace(items, now)

    def begin_anew(self, kind: str, owner: str) -> None:
        """The owner counts versions anew, as with another database: any is newer."""
        shelf = self._shelves[kind].get(owner)
        if shelf is not None:
            shelf.begin_anew()

    def forget(self, owner: str) -> list[tuple[str, str]]:
        """Drop all that is known of a computer; return kinds and keys."""
        found = []
        for kind, shelves in self._shelves.items():
            self._read_at.pop((kind, owner), None)
            shelf = shelves.pop(owner, None)
            if shelf is not None:
                found += [(kind, key) for key in shelf.entries]
        self._links.pop(owner, None)
        self._followed.discard(owner)
        return found

    def renew(self, kind: str, owner: str, now: float) -> None:
        """Note that what is known was found to be true at `now`."""
        self._read_at[kind, owner] = now

    def link(self, owner: str, state: str, now: float) -> None:
        """Note how a computer can be reached; `live` also says that it was heard."""
        heard = now if state == LIVE else self._links.get(owner, ("", now))[1]
        self._links[owner] = (state, heard)

    def follow(self, owner: str, follows: bool, now: float) -> bool:
        """Note whether every change of its sessions comes to us; True if that is news.

        What is not followed any more is true as it was until now.
        """
        if follows == self.follows(owner):
            return False
        self._read_at["sessions", owner] = now
        if follows:
            self._followed.add(owner)
        else:
            self._followed.discard(owner)
        return True

    def _shelf(self, kind: str, owner: str) -> Shelf | None:
        """Return a shelf, made where there is none; None for one computer too many."""
        shelves = self._shelves[kind]
        shelf = shelves.get(owner)
        if shelf is None and len(shelves) < MAX_COMPUTERS:
            shelf = shelves[owner] = Shelf(
                LIMITS[kind], lambda key, gone: self.on_evict(kind, owner, key, gone)
            )
        return shelf

    # Reading ------------------------------------------------------------------

    def get(self, kind: str, owner: str, key: str) -> dict[str, Any] | None:
        """Return a copy of a record."""
        entry = self.entry(kind, owner, key)
        return None if entry is None else orjson.loads(entry.data)

    def entry(self, kind: str, owner: str, key: str) -> Entry | None:
        shelf = self._shelves[kind].get(owner)
        return None if shelf is None else shelf.entries.get(key)

    def owners(self, kind: str) -> tuple[str, ...]:
        """Return the computers that have records of a kind."""
        return tuple(o for o, shelf in self._shelves[kind].items() if shelf.entries)

    def owners_of(self, kind: str, key: str) -> tuple[str, ...]:
        """Return the computers that have a record with this key."""
        shelves = self._shelves[kind].items()
        return tuple(owner for owner, shelf in shelves if key in shelf.entries)

    def of_computer(self, kind: str, owner: str) -> tuple[str, ...]:
        """Return the keys of a computer's records."""
        shelf = self._shelves[kind].get(owner)
        return () if shelf is None else tuple(shelf.entries)

    def of_group(self, kind: str, owner: str, group: str) -> tuple[str, ...]:
        """Return the keys of the records of a computer that are in a group."""
        shelf = self._shelves[kind].get(owner)
        return () if shelf is None else shelf.keys("group", group)

    def having(self, field: str, value: str, owner: str = "") -> Iterator[Known]:
        """Yield the sessions that an index of `Shelf` has, of all or one computer."""
        for name, shelf in self._of("sessions", owner):
            for key in shelf.keys(field, value):
                yield Known(name, key, shelf.entries[key])

    def count(self, field: str, value: str = "", owner: str = "") -> int:
        """Return how many sessions an index of `Shelf` has."""
        shelves = self._of("sessions", owner)
        return sum(shelf.count(field, value) for _, shelf in shelves)

    def size(self, kind: str, owner: str = "") -> int:
        """Return how many records there are."""
        return sum(len(shelf.entries) for _, shelf in self._of(kind, owner))

    def known(self, kind: str, owner: str = "") -> Iterator[Known]:
        """Yield the records of a kind, or of one computer."""
        for name, shelf in self._of(kind, owner):
            for key, entry in shelf.entries.items():
                yield Known(name, key, entry)

    def _of(self, kind: str, owner: str) -> Iterator[tuple[str, Shelf]]:
        shelves = self._shelves[kind]
        if not owner:
            yield from shelves.items()
        elif owner in shelves:
            yield owner, shelves[owner]

    # How fresh ----------------------------------------------------------------

    def freshness(self, kind: str, owner: str, now: float) -> dict[str, Any]:
        """Return how old the records of a computer are (docs/protocol.md, sources)."""
        if owner == self.own:
            return {"state": "fresh"}
        age, link = self._age(kind, owner, now), self.link_of(owner)
        if link == OFFLINE:
            return {"state": "unreachable"} | ({} if age is None else {"age_s": age})
        told = kind != "sessions" or self.follows(owner)
        if link == LIVE and told and age is not None and age <= TTL_S[kind]:
            return {"state": "fresh"}
        return {"state": "stale", "age_s": age}

    def _age(self, kind: str, owner: str, now: float) -> float | None:
        """Sessions that are followed are as old as the last word of their owner."""
        at = self._read_at.get((kind, owner))
        if at is None:
            return None
        if kind == "sessions" and self.follows(owner):
            at = max(at, self._links.get(owner, ("", at))[1])
        return round(max(now - at, 0.0), 3)

    def sources(self, kind: str, owner: str, now: float) -> dict[str, Any]:
        """Return the freshness of each computer that a list speaks of.

        Arguments:
            owner: only this one; empty = of ours and all that we know of.
        """
        known = dict.fromkeys((self.own, *self._links, *self.owners(kind)))
        if kind not in _TOLD_OF_OWN:
            del known[self.own]
        if owner:
            known = {} if owner == self.own and owner not in known else {owner: None}
        return {name: self.freshness(kind, name, now) for name in known}

    def follows(self, owner: str) -> bool:
        """True while every change of its sessions comes to us."""
        return owner in self._followed

    def link_of(self, owner: str) -> str:
        return self._links.get(owner, (OFFLINE, 0.0))[0]

    def knows(self, owner: str) -> bool:
        """True for a computer that was ever heard of."""
        return owner in self._links or owner in self._shelves["computers"]

    def live_peers(self) -> int:
        """Return how many other computers can be reached."""
        return sum(link == LIVE for link, _ in self._links.values())


_TOLD_OF_OWN = ("computers", "sessions")
"""Kinds that hold what this computer has; its board is in its database."""


def _ignore(kind: str, owner: str, key: str, gone: Entry) -> None:
    """Nobody wants to know."""
