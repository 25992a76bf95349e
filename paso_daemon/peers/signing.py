"""Who said it: an HMAC around everything that one computer tells the others.

The shared key makes a message one of the network's; sender, receiver, kind and the
pair (generation, number) are part of what is signed, so an entry that is copied to
another stream, another receiver or another number is none any more.

Never: do I/O, read a clock, decide whether a number is new.
"""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

import orjson

from paso.errors import BadEvent

VERSION = b"paso-1"
TO_ALL = ""
"""The receiver of what stands in a computer's own log, presence and snapshot."""


class Signed(NamedTuple):
    """A message whose signature fits."""

    sender: str
    kind: str
    gen: int
    n: int
    body: bytes


class Signer:
    """Signs and checks for one network.

    Arguments:
        network: its name; the same key in another network signs nothing here.
        key: 64 hexadecimal digits.
    """

    __slots__ = ("_key", "_network")

    def __init__(self, network: str, key: str) -> None:
        self._network = network.encode()
        self._key = bytes.fromhex(key)

    def mac(
        self, sender: str, to: str, kind: str, gen: int, n: int, body: bytes
    ) -> bytes:
        """Return the signature as hexadecimal digits."""
        # No part but the last may hold a NUL: ids and kinds are words.
        said = b"\0".join(
            (
                VERSION,
                self._network,
                sender.encode(),
                to.encode(),
                kind.encode(),
                b"%d" % gen,
                b"%d" % n,
                body,
            )
        )
        return hmac.digest(self._key, said, "sha256").hex().encode()

    def check(self, mac: bytes, said: Signed, to: str) -> None:
        """Raise `BadEvent` unless `mac` is the signature of `said` to `to`."""
        if "\0" in said.sender or "\0" in said.kind:
            raise BadEvent("a name with a NUL")
        right = self.mac(said.sender, to, said.kind, said.gen, said.n, said.body)
        if not hmac.compare_digest(right, mac):
            raise BadEvent("the signature does not fit")

    def seal(self, sender: str, kind: str, gen: int, n: int, body: bytes) -> bytes:
        """Return a value for a key that everybody reads: header, blank, body."""
        mac = self.mac(sender, TO_ALL, kind, gen, n, body)
        return b"%b %b %d %d %b" % (mac, kind.encode(), gen, n, body)

    def unseal(self, sender: str, kind: str, value: bytes) -> Signed:
        """Return what `sender` sealed.

        Raises:
            BadEvent: it is another's, of another kind, changed or no such value.
        """
        parts = value.split(b" ", 4)
        if len(parts) != 5 or parts[1] != kind.encode():
            raise BadEvent(f"no sealed {kind}")
        said = Signed(sender, kind, number(parts[2]), number(parts[3]), parts[4])
        self.check(parts[0], said, TO_ALL)
        return said


def object_of(data: bytes) -> dict[str, Any]:
    """Return what a body says. Raises BadEvent unless it is an object of JSON."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadEvent(f"no JSON: {error}") from None
    if type(found) is not dict:
        raise BadEvent("the body is no object")
    return found


def number(text: bytes) -> int:
    """Return a number of at most 63 bits as written by us. Raises BadEvent."""
    if not text.isdigit() or len(text) > 19 or (text[:1] == b"0" and text != b"0"):
        raise BadEvent("no number")
    found = int(text)
    if found >= 1 << 63:
        raise BadEvent("a number of more than 63 bits")
    return found
