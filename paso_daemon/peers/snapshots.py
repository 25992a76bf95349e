"""All sessions of a computer at a position of its log, for those who missed some.

    owner   records --> lines --> zlib --> sealed --> SET snap:<own>
    reader  GET snap:<owner> --> signature --> lines --> rows

Packing and unpacking is done in a thread: five thousand sessions are three megabytes.
As objects they would be twenty, so a line stays a line until its record is needed.

Never: change what is known, let a snapshot lead back, unpack what is not signed.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import NamedTuple

from paso.errors import PeerUnreachable
from paso_daemon.peers.log import Position
from paso_daemon.peers.signing import object_of
from paso_daemon.peers.unpacking import inflated, with_breaks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso_daemon.peers.keys import Keys
    from paso_daemon.peers.link import Link
    from paso_daemon.peers.signing import Signer

KIND = "snap"
SNAP_MS = 24 * 3_600_000
MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes; a cache holds 32 MiB of one computer."""
LEVEL = 1
"""Of zlib: a tenth of the size in 15 ms."""


class Row(NamedTuple):
    """A record as it came; what it says is not checked yet."""

    id: object
    version: object
    line: bytes


class Snapshot(NamedTuple):
    """What a reader takes over."""

    position: Position
    rows: list[Row]


def pack(
    signer: Signer, own: str, position: Position, records: Iterable[bytes]
) -> bytes:
    """Return the value of the key; for a thread."""
    body = zlib.compress(b"\n".join(records), LEVEL)
    return signer.seal(own, KIND, position.gen, position.n, body)


def unpack(signer: Signer, owner: str, value: bytes) -> Snapshot:
    """Return what `owner` packed; for a thread.

    Raises:
        BadEvent: it is not signed by the network for this owner, or too large.
    """
    said = signer.unseal(owner, KIND, value)
    lines = inflated(said.body, MAX_UNPACKED, "a snapshot").split(b"\n")
    rows = [_row(line) for line in with_breaks(lines) if line]
    return Snapshot(Position(said.gen, said.n), rows)


def _row(line: bytes) -> Row:
    record = object_of(line)
    return Row(record.get("id"), record.get("version"), line)


class Snapshots:
    """Writes ours and reads those of others."""

    def __init__(self, own: str, keys: Keys, signer: Signer, link: Link) -> None:
        self._own = own
        self._keys = keys
        self._signer = signer
        self._link = link
        self._written: Position | None = None
        self.written = 0
        self.loaded = 0

    def forget_written(self) -> None:
        """What Redis had of ours may be gone."""
        self._written = None

    async def write(self, position: Position, records: list[bytes]) -> None:
        """Put our snapshot there, unless it is there for this position.

        Arguments:
            records: our sessions as they are at `position`.
        Raises:
            PeerUnreachable: Redis did not take it.
        """
        if self._written == position:
            return
        value = await asyncio.to_thread(
            pack, self._signer, self._own, position, records
        )
        key = self._keys.snap(self._own)
        (answer,) = await self._link.ask(("SET", key, value, "PX", SNAP_MS))
        if answer != b"OK":
            raise PeerUnreachable(f"the snapshot was not taken: {answer}")
        self._written = position
        self.written += 1

    async def load(self, owner: str) -> Snapshot | None:
        """Return the snapshot of `owner`; None when there is none.

        Raises:
            PeerUnreachable: there is no way to Redis.
            BadEvent: it is not what `owner` wrote.
        """
        (value,) = await self._link.ask(("GET", self._keys.snap(owner)))
        if not isinstance(value, bytes):
            return None
        found = await asyncio.to_thread(unpack, self._signer, owner, value)
        self.loaded += 1
        return found
