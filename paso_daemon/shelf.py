"""The records of one kind that one computer owns: newest version wins, gone is gone.

A record is kept as the JSON it is sent as, made once for each change; who wants to
look into it gets a copy. What is asked for often has an index, kept with each change:

    put --> newer than known? --> newer than its tombstone? --> room? --> index

Never: do I/O, read a clock (`now` is passed in), know who asks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from paso.model import FINAL_PHASES
from paso_daemon.bounded import BoundedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TOMBSTONE_S = 24 * 3600.0
"""How long a removed record is remembered, so that a late update revives nothing."""

MAX_TOMBSTONES = 10_000
"""For one kind of one computer."""

BEFORE_ALL = -1
"""The version of what was known when versions began anew."""

Record = dict[str, Any]


class Limits(NamedTuple):
    """Of one kind of one computer."""

    records: int
    record_bytes: int
    bytes: int


class Entry(NamedTuple):
    """A record as it is kept."""

    data: bytes
    version: int
    """0 for a kind whose records have none: then each different record is newer."""
    group: str
    """What the record belongs to, as a task to its project; empty = to none."""
    phase: str
    task_uid: str
    project_id: int
    """0 = of no project of ours."""
    attention: str


class Item(NamedTuple):
    """A record of a snapshot."""

    key: str
    record: Record
    version: int = 0


class Changes(NamedTuple):
    """What a snapshot changed; keys."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Shelf:
    """Records by key.

    Arguments:
        evicted: told key and entry of each record that had to make room.
    """

    __slots__ = ("_evicted", "_limits", "_tombstones", "entries", "index", "size")

    def __init__(self, limits: Limits, evicted: Callable[[str, Entry], None]) -> None:
        self._limits = limits
        self._evicted = evicted
        self._tombstones: BoundedDict[str, tuple[int, float]] | None = None
        self.entries: dict[str, Entry] = {}
        self.index: dict[tuple[str, str], dict[str, None]] = {}
        self.size = 0

    def put(
        self, item: Item, now: float, group: str = "", *, same: bool = False
    ) -> bool:
        """Keep a record; False when it is not newer, was removed, or does not fit.

        Arguments:
            same: another record of the same version counts as newer.
        Raises:
            TypeError: it cannot be written as JSON.
        """
        key, record, version = item
        known = self.entries.get(key)
        if known is not None and version < known.version:
            return False
        entry = entry_of(record, version, group)
        if known is not None and not _is_newer(entry, known, same):
            return False
        if known is not None and known == _aged(entry):
            self.entries[key] = entry
            return False
        if self._is_buried(key, version, now):
            return False
        if not self._make_room(key, len(entry.data)):
            return False
        self._take(key)
        self._add(key, entry)
        return True

    def patch(self, key: str, fields: Record) -> bool:
        """Change fields that have no version; False without the record."""
        known = self.entries.get(key)
        if known is None:
            return False
        record = orjson.loads(known.data) | fields
        entry = entry_of(record, known.version, known.group)
        if entry == known or not self._make_room(key, len(entry.data)):
            return False
        self._take(key)
        self._add(key, entry)
        return True

    def remove(self, key: str, version: int | None, now: float) -> bool:
        """Forget a record, and remember that it is gone.

        Arguments:
            version: of the removal; None = right after the known one.
        """
        known = self.entries.get(key)
        if version is None:
            version = known.version if known is not None else 0
        if known is not None and known.version > version:
            return False
        self._bury(key, version, now)
        return self._take(key) is not None

    def replace(self, items: Iterable[Item], now: float) -> Changes:
        """Make the records be `items`; the missing are removed."""
        wanted = {item.key: item for item in items}
        missing = [key for key in self.entries if key not in wanted]
        removed = tuple(key for key in missing if self.remove(key, None, now))
        added: list[str] = []
        changed: list[str] = []
        for key, item in wanted.items():
            is_new = key not in self.entries
            if self.put(item, now, same=True):
                (added if is_new else changed).append(key)
        return Changes(tuple(added), tuple(changed), removed)

    def keys(self, field: str, value: str) -> tuple[str, ...]:
        """Return the keys of an index, those that came into it first before others."""
        return tuple(self.index.get((field, value), ()))

    def count(self, field: str, value: str) -> int:
        return len(self.index.get((field, value), ()))

    def begin_anew(self) -> None:
        """Versions begin anew: any is newer than what is known, or was removed."""
        self._tombstones = None
        self.entries = {key: _aged(entry) for key, entry in self.entries.items()}

    def _add(self, key: str, entry: Entry) -> None:
        self.entries[key] = entry
        self.size += len(entry.data)
        for place in places(entry):
            self.index.setdefault(place, {})[key] = None

    def _take(self, key: str) -> Entry | None:
        entry = self.entries.pop(key, None)
        if entry is None:
            return None
        self.size -= len(entry.data)
        for place in places(entry):
            bucket = self.index[place]
            del bucket[key]
            if not bucket:
                del self.index[place]
        return entry

    def _bury(self, key: str, version: int, now: float) -> None:
        if version > 0:
            if self._tombstones is None:
                self._tombstones = BoundedDict(MAX_TOMBSTONES)
            self._tombstones[key] = (version, now)

    def _is_buried(self, key: str, version: int, now: float) -> bool:
        if self._tombstones is None or key not in self._tombstones:
            return False
        last, at = self._tombstones[key]
        if version > last or now - at > TOMBSTONE_S:
            del self._tombstones[key]
            return False
        return True

    def _make_room(self, key: str, size: int) -> bool:
        """Let the oldest final records go until the new one fits, if it may."""
        if size > self._limits.record_bytes:
            return False
        while not self._fits(key, size):
            oldest = next(iter(self.index.get(("final", ""), ())), None)
            if oldest is None or oldest == key:
                return False
            gone = self._take(oldest)
            if gone is not None:
                self._evicted(oldest, gone)
        return True

    def _fits(self, key: str, size: int) -> bool:
        known = self.entries.get(key)
        before, more = (0, 1) if known is None else (len(known.data), 0)
        return (
            len(self.entries) + more <= self._limits.records
            and self.size - before + size <= self._limits.bytes
        )


def entry_of(record: Record, version: int, group: str) -> Entry:
    """Return how a record is kept.

    Raises:
        TypeError: it cannot be written as JSON.
    """
    # orjson hands out a larger buffer than the text; a copy has its size.
    data = b"%b" % orjson.dumps(record)
    project = record.get("project_id")
    return Entry(
        data,
        version,
        group,
        _text(record.get("phase")),
        _text(record.get("task_uid")),
        project if type(project) is int else 0,
        _text(record.get("attention")),
    )


def _aged(entry: Entry) -> Entry:
    """Return the entry as one that is older than any version."""
    return Entry(entry.data, BEFORE_ALL, *entry[2:])


def places(entry: Entry) -> list[tuple[str, str]]:
    """Return where an entry stands in the index."""
    found = []
    if entry.group:
        found.append(("group", entry.group))
    if entry.phase:
        found.append(("phase", entry.phase))
        if entry.phase in FINAL_PHASES:
            found.append(("final", ""))
    if entry.task_uid:
        found.append(("task", entry.task_uid))
    if entry.attention not in ("", "none"):
        found.append(("attention", ""))
    return found


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _is_newer(entry: Entry, known: Entry, same: bool) -> bool:
    if entry.version != known.version:
        return entry.version > known.version
    return entry != known and (same or entry.version == 0)
