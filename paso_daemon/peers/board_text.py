"""A board as other computers get it: one line of JSON for each record, compressed.

Its version is made of its content, so an equal board has an equal version, whatever was
written and undone meanwhile.

Never: do I/O, read a clock, unpack more than `MAX_RAW`.
"""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from paso.errors import BadEvent, Refused
from paso_daemon.peers.signing import object_of
from paso_daemon.peers.unpacking import inflated, with_breaks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Record = dict[str, Any]
Lines = dict[bytes, str]

MAX_TASKS = 20_000
"""As many as a daemon holds of one computer."""

LONG, SHORT = 16_000, 200
"""Characters of a description; the short form where a board would be too large."""

LARGE_RAW = 16 * 1024 * 1024
MAX_RAW = 32 * 1024 * 1024
"""Bytes of all lines. Ten thousand ordinary tasks have 7 MiB, compressed 0.5."""

LEVEL = 3


class Packed(NamedTuple):
    version: str
    data: bytes


def pack(project_uid: str, records: Sequence[Record]) -> Packed:
    """Return the records of a project, or the list of projects, to be published.

    Arguments:
        project_uid: empty for the list of projects.
    Raises:
        Refused: they are too many, or too large.
    """
    if len(records) > MAX_TASKS:
        raise Refused(f"{len(records)} are too many to be looked at from elsewhere")
    raw = _lines(project_uid, records, LONG)
    if len(raw) > LARGE_RAW:
        raw = _lines(project_uid, records, SHORT)
    if len(raw) > MAX_RAW:
        raise Refused("the board is too large to be looked at from elsewhere")
    return Packed(sha256(raw).hexdigest()[:16], zlib.compress(raw, LEVEL))


def _lines(project_uid: str, records: Iterable[Record], longest: int) -> bytes:
    head = {"project_uid": project_uid}
    cut = (_cut(record, longest) for record in records)
    return b"\n".join(orjson.dumps(one) for one in (head, *cut))


def _cut(record: Record, longest: int) -> Record:
    text = record.get("description", "")
    if len(text) <= longest:
        return record
    return record | {"description": f"{text[:longest]}…"}


class Unpacked(NamedTuple):
    version: str
    lines: Lines
    """The uid of each record by the digest of its line."""
    news: list[bytes]
    """The lines that were not known; as records they take three times the room."""


def unpack(project_uid: str, data: bytes, known: Lines | None = None) -> Unpacked:
    """Return what a board says, and what of it is new.

    Arguments:
        known: lines of an older version of the same board.
    Raises:
        BadEvent: it is none, another project's, or too large.
    """
    raw = inflated(data, MAX_RAW, "a board")
    first, *lines = raw.split(b"\n")
    if len(lines) > MAX_TASKS:
        raise BadEvent("a board of too many tasks")
    head = object_of(first)
    if head.get("project_uid") != project_uid:
        raise BadEvent("another project's board")
    found: Lines = {}
    news = []
    for line in with_breaks(lines):
        digest = sha256(line).digest()[:8]
        uid = (known or {}).get(digest)
        if uid is None:
            uid = str(object_of(line).get("uid"))
            news.append(line)
        found[digest] = uid
    return Unpacked(sha256(raw).hexdigest()[:16], found, news)


def records_of(lines: Iterable[bytes]) -> list[Record]:
    """Return what lines say. Raises BadEvent."""
    return [object_of(line) for line in lines]
