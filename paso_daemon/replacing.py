"""A snapshot of a computer's sessions takes the place of what is known, in parts.

    the missing go --> versions begin anew? --> part | part | part --> true as of then
                                                 others get their turn in between

Whoever stops in the middle has done no harm: each record that was taken is newer than
the one before, and what is known does not count as true until the end.

Never: do I/O, call the sessions of a computer true before all of them are there.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

from paso_daemon import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from paso_daemon.directory import Directory
    from paso_daemon.shelf import Record

PART = 100
"""Records in a turn of the loop: about a millisecond."""


def in_parts(
    directory: Directory,
    owner: str,
    ids: Container[object],
    records: Iterable[Record],
    *,
    age_s: float = 0.0,
    anew: bool = False,
) -> Iterator[None]:
    """Take a snapshot; yield after each part, when others may have their turn.

    Arguments:
        ids: of all records; sessions that are not in it are gone.
        records: read as they are needed.
        age_s: how long ago the snapshot was taken.
        anew: the owner counts versions anew, as with another database.
    """
    cache = directory.cache
    # First, so that there is room for the others.
    known = cache.of_computer("sessions", owner)
    missing = (id for id in known if id not in ids)
    while gone := list(islice(missing, PART)):
        for id in gone:
            directory.remove_session(owner, id, None)
        yield
    if anew:
        cache.begin_anew("sessions", owner)
    coming = iter(records)
    while part := list(islice(coming, PART)):
        for record in part:
            _take(directory, owner, record)
        yield
    directory.sessions_were_true(owner, age_s)


async def in_turns(parts: Iterator[None], goes_on: Callable[[], bool]) -> bool:
    """Give others their turn after each part; False when not all were taken.

    Arguments:
        goes_on: asked after each turn of others; False = the computer is forgotten.
    """
    for _ in parts:
        await asyncio.sleep(0)
        if not goes_on():
            return False
    return True


def ids_of(records: Iterable[Any]) -> set[object]:
    """Return the ids that records name; a wrong record names none."""
    found = (record.get("id") for record in records if type(record) is dict)
    return {id for id in found if type(id) is str}


def _take(directory: Directory, owner: str, record: Any) -> None:
    """A record that is refused does not leave an older one in its place."""
    checked = told.session(owner, record, owner == directory.own.id)
    version = checked.get("version", 0) if checked is not None else None
    if checked is not None and type(version) is int and version >= 0:
        directory.keep_session(owner, checked, version, same=True)
        return
    directory.refused += 1
    for id in ids_of((record,)):
        if directory.cache.entry("sessions", owner, str(id)) is not None:
            directory.remove_session(owner, str(id), None)
