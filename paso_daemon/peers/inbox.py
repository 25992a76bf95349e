"""What computers tell one another directly: a stream for each, a word for each kind.

    send  --> in:<receiver>   k kind, f sender, g generation, n number, b body, m mac
    take  <-- in:<own>        signature, order, kind --> handler

The numbers that a sender uses towards everybody only grow, so a message that somebody
puts there once more is older than one that was heard, and is refused.

Never: know what a kind means, hold up the reading for an answer, crash over an entry.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from paso.errors import BadEvent, PeerUnreachable
from paso_daemon.bounded import BoundedDict
from paso_daemon.peers.answers import last_id
from paso_daemon.peers.clock import made_ms
from paso_daemon.peers.keys import is_computer_id
from paso_daemon.peers.log import START, Position, position_of
from paso_daemon.peers.signing import Signed, number, object_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso_daemon.peers.clock import ServerClock
    from paso_daemon.peers.keys import Keys
    from paso_daemon.peers.link import Link
    from paso_daemon.peers.signing import Signer
    from paso_daemon.peers.store import PeerStore, Saved

Body = dict[str, Any]

INBOX_LENGTH = 1000
INBOX_MS = 3_600_000
"""An inbox that nobody writes to is gone after an hour."""
MAX_BODY = 256 * 1024
MAX_SENDERS = 1024

UNGUARDED = frozenset(("poke", "who", "here"))
"""Kinds that a computer tells itself; another one that has its id counts otherwise."""

logger = logging.getLogger("paso.daemon")


class Message(NamedTuple):
    """A message that is signed, new and ours."""

    sender: str
    kind: str
    body: Body
    age_ms: int
    """How long it lay in the inbox, by the clock of the server."""


Handler = Callable[[str, Body, int], Awaitable[None] | None]
"""Given sender, body and age in milliseconds."""


class Refusals:
    """Counts what was not taken, and logs a first few of each reason."""

    LOGGED = 5

    def __init__(self) -> None:
        self.total = 0
        self._reasons: BoundedDict[str, int] = BoundedDict(64)

    def note(self, where: str, reason: str) -> None:
        self.total += 1
        key = f"{where}: {reason}"
        seen = self._reasons.get(key, 0) + 1
        self._reasons[key] = seen
        level = logging.WARNING if seen <= self.LOGGED else logging.DEBUG
        logger.log(level, "peers: refused, %s", key)

    def told(self) -> dict[str, int]:
        """Return where and why to how often, of the last reasons."""
        return dict(self._reasons)


class Inbox:
    """Our own inbox and the way to those of others.

    Arguments:
        own: our id; the generation is set when it is known.
        clock: tells how long ago an entry was made.
    """

    def __init__(
        self,
        own: str,
        keys: Keys,
        signer: Signer,
        link: Link,
        store: PeerStore,
        refusals: Refusals,
        clock: ServerClock,
    ) -> None:
        self.handlers: dict[str, Handler] = {}
        self.gen = 0
        self.place = b""
        self._own = own
        self._keys = keys
        self._signer = signer
        self._link = link
        self._store = store
        self._refusals = refusals
        self._clock = clock
        self._n = 0
        self._heard: BoundedDict[str, Position] = BoundedDict(MAX_SENDERS)

    def remember(self, saved: Saved) -> None:
        """Take over what an earlier run heard, and where it stopped."""
        self._heard.update(saved.heard)
        self.place = saved.notes.get(f"inbox {self._own}", "").encode()

    def begin_at(self, newest: Any) -> None:
        """Read on from where we were; at first, or after a flush, from the newest.

        Arguments:
            newest: the newest entry that is there, as XREVRANGE answers.
        """
        last = last_id(newest) or b"0-0"
        try:
            known = position_of(self.place) <= position_of(last)
        except BadEvent:
            known = False
        if not known:
            self.place = last

    def begin(self, gen: int) -> None:
        """Count anew in another generation."""
        self.gen, self._n = gen, 0

    # Out ----------------------------------------------------------------------

    def post(self, to: str, kind: str, body: Body) -> bool:
        """Send a message soon; False when there is no way for it now.

        Raises:
            BadEvent: it is too long.
        """
        sent = self._link.post(*self._entry(to, kind, body))
        return sent and self._link.post("PEXPIRE", self._keys.inbox(to), INBOX_MS)

    async def send(self, to: str, kind: str, body: Body) -> None:
        """Return when the message lies in the receiver's inbox.

        Raises:
            PeerUnreachable: Redis did not take it, or nobody knows whether it did.
            BadEvent: it is too long.
        """
        answer, _ = await self._link.ask(
            self._entry(to, kind, body), ("PEXPIRE", self._keys.inbox(to), INBOX_MS)
        )
        if not isinstance(answer, bytes):
            raise PeerUnreachable(f"the message to {to} was not taken: {answer}")

    def _entry(self, to: str, kind: str, body: Body) -> tuple[Any, ...]:
        data = orjson.dumps(body)
        if len(data) > MAX_BODY:
            raise BadEvent(f"a message may have {MAX_BODY} bytes")
        self._n += 1
        mac = self._signer.mac(self._own, to, kind, self.gen, self._n, data)
        fields = ("k", kind, "f", self._own, "g", self.gen, "n", self._n)
        key = self._keys.inbox(to)
        trim = ("MAXLEN", "~", INBOX_LENGTH)
        return ("XADD", key, *trim, "*", *fields, "b", data, "m", mac)

    # In -----------------------------------------------------------------------

    async def check_clock(self, newest: bytes) -> None:
        """Ask the server for the time if the id of an entry cannot be believed.

        Raises:
            PeerUnreachable: its clock went back; our inbox is to be begun anew.
        """
        if not self._clock.doubts(newest):
            return
        (now,) = await self._link.ask(("TIME",))
        if isinstance(now, list):
            self._clock.told(now)
            if self._clock.is_ahead(newest):
                raise PeerUnreachable("the clock of the server went back")

    async def take(self, entries: list[Any]) -> None:
        """Act on what was read from our inbox; nothing in it can stop us."""
        for entry_id, flat in entries:
            self.place = entry_id
            try:
                message = self._checked(entry_id, flat)
            except BadEvent as error:
                self._refusals.note("inbox", error.message)
            else:
                await self._act_on(message)
        self._store.note(f"inbox {self._own}", self.place.decode("ascii", "replace"))

    async def _act_on(self, message: Message) -> None:
        try:
            working = self.handlers[message.kind](
                message.sender, message.body, message.age_ms
            )
            if working is not None:
                await working
        except BadEvent as error:
            self._refusals.note(f"{message.kind} of {message.sender}", error.message)
        except (KeyError, TypeError, ValueError) as error:
            # Of somebody with the key, but not in the words that we agreed on.
            reason = f"{type(error).__name__}: {error}"
            self._refusals.note(f"{message.kind} of {message.sender}", reason)

    def _checked(self, entry_id: bytes, flat: Any) -> Message:
        said, mac = signed_of(flat)
        if not is_computer_id(said.sender):
            raise BadEvent("the sender is no computer")
        self._signer.check(mac, said, self._own)
        if said.kind not in self.handlers:
            raise BadEvent(f"no kind {said.kind!r:.40}")
        self._check_order(said)
        body = object_of(said.body)
        age_ms = self._clock.age_ms(made_ms(entry_id))
        return Message(said.sender, said.kind, body, age_ms)

    def _check_order(self, said: Signed) -> None:
        if said.sender == self._own:
            if said.kind not in UNGUARDED:
                raise BadEvent("a computer of our own id")
            return
        place = Position(said.gen, said.n)
        if place <= self._heard.get(said.sender, START):
            raise BadEvent("heard before, or out of order")
        self._heard[said.sender] = place
        self._store.heard(said.sender, place)


def signed_of(flat: Any) -> tuple[Signed, bytes]:
    """Return what an entry of an inbox says, and its signature. Raises BadEvent."""
    fields = fields_of(flat, ("k", "f", "g", "n", "b", "m"))
    kind, sender, gen, n, body, mac = fields
    said = Signed(text(sender), text(kind), number(gen), number(n), body)
    return said, mac


def fields_of(flat: Any, names: tuple[str, ...]) -> list[bytes]:
    """Return the fields of an entry in the order of `names`.

    Raises:
        BadEvent: one is missing, doubled or too long, or there are others.
    """
    if not isinstance(flat, list) or len(flat) != 2 * len(names):
        raise BadEvent("not the fields of an entry")
    if any(type(field) is not bytes or len(field) > MAX_BODY for field in flat):
        raise BadEvent("a field is too long")
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    if any(name.encode() not in found for name in names):
        raise BadEvent("a field is missing")
    return [found[name.encode()] for name in names]


def text(value: bytes) -> str:
    """Return a word as text. Raises BadEvent."""
    if len(value) > 64 or not value.isascii():
        raise BadEvent("no word")
    return value.decode()
