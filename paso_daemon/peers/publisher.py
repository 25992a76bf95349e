"""Our own log: what happens here, once, for everybody who wants to hear of it.

    own change --> wanted by anybody? --> number --> XADD log:<own> <gen>-<n>
                         no: a hole in the numbers, so that nobody goes on across it

The number is given here, not by Redis. So an entry that was sent twice, because nobody
knew whether it had arrived, is there once; and a reader sees what is missing.

Never: publish what another computer said, wait for Redis, hold more than `MAX_HELD`.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import orjson

from paso.errors import PasoError
from paso_daemon.peers.answers import is_older_id
from paso_daemon.peers.interest import PROJECTS, SESSIONS, TASKS
from paso_daemon.peers.log import Position
from paso_daemon.peers.signing import TO_ALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from paso_daemon.announcer import OwnChange
    from paso_daemon.peers.interest import Leases
    from paso_daemon.peers.keys import Keys
    from paso_daemon.peers.link import Link
    from paso_daemon.peers.signing import Signer

MAX_HELD = 2000
"""Entries that Redis has not confirmed."""
MAX_ENTRY = 256 * 1024
LOG_MS = 7 * 24 * 3_600_000
RENEWED_EVERY = 500
"""Entries after which the life of the log is renewed."""
DB_EVERY_S = 0.25

NEEDED = {
    "session": (SESSIONS, PROJECTS, TASKS),
    "session_removed": (SESSIONS, PROJECTS, TASKS),
    "activity": (SESSIONS,),
    "db": (PROJECTS, TASKS),
}
"""A kind to the topics of which any must be wanted. Sessions count for all of them:
who reads our log at all is not to find a hole in it."""


class _Held(NamedTuple):
    n: int
    kind: str
    body: bytes


class Publisher:
    """Writes our log.

    Arguments:
        length: entries that the stream keeps, about.
        twin: called when Redis does not take our entry: another one writes there.
    """

    def __init__(
        self,
        own: str,
        keys: Keys,
        signer: Signer,
        link: Link,
        leases: Leases,
        loop: asyncio.AbstractEventLoop,
        *,
        length: int,
        twin: Callable[[], None],
    ) -> None:
        self.gen = 0
        self.n = 0
        self.complete_from = 0
        """Whoever is at this number or later has missed nothing."""
        self.published = 0
        self._own = own
        self._keys = keys
        self._signer = signer
        self._link = link
        self._leases = leases
        self._loop = loop
        self._length = length
        self._twin = twin
        self._held: deque[_Held] = deque()
        self._db_waits: asyncio.Handle | None = None
        self._db_at = 0.0
        self._db_body: dict[str, Any] = {}

    @property
    def head(self) -> Position:
        """Our last entry; the next one has the next number."""
        return Position(self.gen, self.n)

    def begin(self, gen: int) -> None:
        """Count anew in another generation; every reader takes a snapshot."""
        self.gen, self.n, self.complete_from = gen, 0, 0
        self._held.clear()

    def is_complete(self, have: Position | None) -> bool:
        """True when a reader at `have` can go on without a snapshot."""
        return (
            have is not None
            and have.gen == self.gen
            and self.complete_from <= have.n <= self.n
        )

    # In -----------------------------------------------------------------------

    def changed(self, change: OwnChange) -> None:
        """Publish a change of this computer, if anybody wants it."""
        if change.kind not in NEEDED:
            return
        now = self._loop.time()
        if not any(self._leases.wants(topic, now) for topic in NEEDED[change.kind]):
            if change.kind.startswith("session"):
                self._hole()
        elif change.kind == "db":
            self._db(change.body, now)
        else:
            self._publish(
                change.kind,
                {"id": change.id, "version": change.version, "body": change.body},
            )

    def _hole(self) -> None:
        self.n += 1
        self.complete_from = self.n

    def _db(self, body: dict[str, Any], now: float) -> None:
        """The first bell at once, then one in `DB_EVERY_S` for all of them."""
        self._db_body = body
        if self._db_waits is None:
            wait = max(0.0, self._db_at + DB_EVERY_S - now)
            self._db_waits = self._loop.call_later(wait, self._tell_db)

    def _tell_db(self) -> None:
        self._db_waits = None
        self._db_at = self._loop.time()
        last = self._db_body.get("last", 0)
        self._publish("db", {"id": "", "version": last, "body": {"last": last}})

    def _publish(self, kind: str, body: dict[str, Any]) -> None:
        data = orjson.dumps(body)
        if len(data) > MAX_ENTRY or len(self._held) >= MAX_HELD:
            self._held.clear()
            self._hole()
            return
        self.n += 1
        self.published += 1
        held = _Held(self.n, kind, data)
        self._held.append(held)
        self._send(held)
        if self.published % RENEWED_EVERY == 1:
            self._link.post("PEXPIRE", self._keys.log(self._own), LOG_MS)

    # Out ----------------------------------------------------------------------

    def _send(self, held: _Held, *, again: bool = False) -> None:
        mac = self._signer.mac(
            self._own, TO_ALL, held.kind, self.gen, held.n, held.body
        )
        self._link.post(
            *("XADD", self._keys.log(self._own), "MAXLEN", "~", self._length),
            Position(self.gen, held.n).entry_id(),
            *("k", held.kind, "b", held.body, "m", mac),
            done=lambda answer: self._sent(held, answer, again),
        )

    def _sent(self, held: _Held, answer: Any, again: bool) -> None:
        if isinstance(answer, PasoError):
            return  # sent again, under the same number, once there is a way
        if self._held and self._held[0] is held:
            self._held.popleft()
        if not isinstance(answer, bytes) and not (again and is_older_id(answer)):
            self._twin()

    def send_again(self) -> None:
        """Send what Redis has not confirmed: the connection is a new one."""
        for held in self._held:
            self._send(held, again=True)

    def stop(self) -> None:
        if self._db_waits is not None:
            self._db_waits.cancel()
            self._db_waits = None
