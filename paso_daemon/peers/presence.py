"""Who is there: each computer says so every 20 seconds, and is gone when it stops.

    here:<id> = sealed {name, run, head, stats, …}, expires after 3.5 beats
    live     a new beat was seen within 2.5 beats
    stale    no new beat since, the key is still there, or Redis cannot be asked
    offline  the key is gone, it said goodbye, or nothing new for 6 beats

How long ago something was is measured by our own clock that only grows, from when we
saw a beat with a new number. What others call the time is shown, never used.

Never: do I/O, take a beat twice as a sign of life, trust a name to be unique.
"""

from __future__ import annotations

from typing import Any

import orjson

from paso.errors import BadEvent
from paso_daemon.bounded import BoundedDict
from paso_daemon.cache import LIVE, OFFLINE, STALE
from paso_daemon.peers.log import START, Position, listed_position
from paso_daemon.peers.signing import object_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso_daemon.peers.signing import Signer

KIND = "here"
MAX_COMPUTERS = 255
MAX_FORGOTTEN = 1024
EXPIRES, IS_STALE, IS_OFFLINE = 3.5, 2.5, 6.0
"""In beats."""

TOLD = ("name", "version", "os", "stats", "counts", "control", "time")
"""What is shown of another computer's own words."""


class Peer:
    """Another computer as we know it."""

    __slots__ = ("beat", "head", "heard_at", "id", "record", "run", "state")

    def __init__(self, id: str, record: dict[str, Any] | None = None) -> None:
        self.id = id
        self.record = record or {}
        self.beat = START
        self.head = START
        self.run = ""
        self.heard_at: float | None = None
        """None = not since we started."""
        self.state = OFFLINE


class Presence:
    """All other computers.

    Arguments:
        own: our id.
        own_name: our name, for telling others of the same name apart.
        beat_s: seconds between two beats.
    """

    def __init__(self, own: str, own_name: str, signer: Signer, beat_s: float) -> None:
        self.peers: dict[str, Peer] = {}
        self._forgotten: BoundedDict[str, Position] = BoundedDict(MAX_FORGOTTEN)
        """The last signs of life of those; none of before is taken for a new one."""
        self._own = own
        self.own_name = own_name
        self._signer = signer
        self._beat_s = beat_s

    def know(self, id: str, record: dict[str, Any] | None = None) -> Peer | None:
        """Return the peer, a new one if need be; None when there are too many."""
        peer = self.peers.get(id)
        if peer is None and id != self._own and self._has_room():
            peer = self.peers[id] = Peer(id, record)
        return peer

    def _has_room(self) -> bool:
        """Who is offline makes room for who comes."""
        if len(self.peers) >= MAX_COMPUTERS:
            away = (one.id for one in self.peers.values() if one.state == OFFLINE)
            self.forget(next(away, ""))
        return len(self.peers) < MAX_COMPUTERS

    def forget(self, id: str) -> None:
        """Know nothing of it, until it gives another sign of life."""
        peer = self.peers.pop(id, None)
        if peer is not None:
            self._forgotten[id] = peer.beat

    def remember(self, id: str, beat: Position) -> None:
        """Take over the last sign of life that an earlier run saw."""
        peer = self.peers.get(id)
        if peer is None:
            self._forgotten[id] = beat
        else:
            peer.beat = beat

    def beat(self, gen: int, n: int, body: dict[str, Any]) -> bytes:
        """Return our own sign of life."""
        return self._signer.seal(self._own, KIND, gen, n, orjson.dumps(body))

    def saw(self, id: str, value: bytes, now: float) -> bool:
        """Take a sign of life; True when it is a new one.

        Raises:
            BadEvent: it is none of this computer, or an older one.
        """
        said = self._signer.unseal(id, KIND, value)
        body = object_of(said.body)
        beat, before = Position(said.gen, said.n), self._forgotten.get(id)
        if before is not None and beat <= before:
            raise BadEvent("a sign of life from before it was forgotten")
        peer = self.know(id)
        if peer is None:
            raise BadEvent("too many computers")
        if beat < peer.beat:
            raise BadEvent("an older sign of life")
        if beat == peer.beat and peer.heard_at is not None:
            return False  # after a restart, the key itself says that it is not old
        peer.beat, peer.heard_at = beat, now
        peer.run = str(body.get("run", ""))[:32]
        peer.head = listed_position(body.get("head")) or START
        peer.record = {name: body[name] for name in TOLD if name in body}
        return True

    def gone(self, id: str) -> bool:
        """Its key is not there, or it said goodbye; True when that is news."""
        peer = self.peers.get(id)
        if peer is None or peer.state == OFFLINE:
            return False
        peer.state = OFFLINE
        return True

    def judge(self, id: str, now: float) -> bool:
        """Set the state of a computer whose key is there; True when it changed."""
        peer = self.peers[id]
        before, age = peer.state, self.age_s(peer, now)
        if age is None or age > IS_OFFLINE * self._beat_s:
            peer.state = OFFLINE
        else:
            peer.state = STALE if age > IS_STALE * self._beat_s else LIVE
        return peer.state != before

    def cut_off(self, now: float) -> list[str]:
        """Redis cannot be asked: judge by age alone; return whose state changed."""
        changed = []
        for peer in self.peers.values():
            before, age = peer.state, self.age_s(peer, now)
            if before != OFFLINE:
                far = age is None or age > IS_OFFLINE * self._beat_s
                peer.state = OFFLINE if far else STALE
            if peer.state != before:
                changed.append(peer.id)
        return changed

    def age_s(self, peer: Peer, now: float) -> float | None:
        """Return how long ago a new sign of life was seen."""
        return None if peer.heard_at is None else max(0.0, now - peer.heard_at)

    def live(self) -> list[str]:
        return [peer.id for peer in self.peers.values() if peer.state == LIVE]

    def there(self) -> list[str]:
        """Ids of all that are not offline."""
        return [peer.id for peer in self.peers.values() if peer.state != OFFLINE]

    def told(self, peer: Peer, now: float) -> dict[str, Any]:
        """Return the record that clients see."""
        age = self.age_s(peer, now)
        name = str(peer.record.get("name", peer.id))[:64]
        found = peer.record | {"id": peer.id, "name": name, "state": peer.state}
        if age is not None:
            found["age_s"] = round(age, 1)
        if self._is_shared(peer, name):
            found |= {"name": f"{name}#{peer.id[:4]}", "same_name": True}
        return found

    def _is_shared(self, peer: Peer, name: str) -> bool:
        return name == self.own_name or any(
            other.record.get("name") == name
            for other in self._others(peer.id)
            if other.state != OFFLINE
        )

    def _others(self, id: str) -> Iterable[Peer]:
        return (peer for peer in self.peers.values() if peer.id != id)
