"""The state of a topic as frames, each short enough to be sent.

A list that is too long for one frame comes in several; all but the last have
`"more": true`. Records are the bytes that the cache holds, none is written again.

Never: do I/O, read a clock, change what is shown.
"""

from __future__ import annotations

from typing import Any

import orjson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 128 * 1024
"""Bytes of a frame from which the rest goes into another one: a client that takes it
slowly holds no more than this of ours, and does not count as behind."""

ENVELOPE = 128
"""Bytes of a frame beside its records and sources, at most."""


def frames(
    topic: str,
    records: Iterable[bytes],
    *,
    seq: int,
    sources: dict[str, Any],
    max_frame: int,
) -> Iterator[bytes]:
    """Yield the frames of a snapshot, at least one, each with its newline.

    Arguments:
        records: as they are now; frames are made when they are asked for.
        max_frame: bytes of the longest one. A record that fits into none is left out.
    """
    told = orjson.dumps(sources)
    head = b'{"type":"%b_initial","seq":%d,"sources":%b,' % (topic.encode(), seq, told)
    longest = max_frame - len(told) - ENVELOPE
    wanted = min(longest, PIECE)
    piece: list[bytes] = []
    size = 0
    for record in records:
        if len(record) > longest:
            continue
        if piece and size + len(record) > wanted:
            yield b'%b"more":true,"data":[%b]}\n' % (head, b",".join(piece))
            piece, size = [], 0
        piece.append(record)
        size += len(record) + 1
    yield b'%b"data":[%b]}\n' % (head, b",".join(piece))


def page(
    records: Iterable[tuple[str, bytes]], *, limit: int, after: str, max_bytes: int
) -> dict[str, Any]:
    """Return the part of a list that fits into a reply; `next` where more follows.

    Arguments:
        records: place and JSON of each, in the order of the places.
        after: where the part before ended; empty = from the beginning.
    """
    found: list[bytes] = []
    size, last = 0, ""
    for place, record in records:
        if place <= after or len(record) > max_bytes:
            continue
        if found and (len(found) >= limit or size + len(record) > max_bytes):
            return {"data": orjson.Fragment(b"[%b]" % b",".join(found)), "next": last}
        found.append(record)
        size, last = size + len(record) + 1, place
    return {"data": orjson.Fragment(b"[%b]" % b",".join(found))}
