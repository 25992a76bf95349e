"""Every session that can be seen from here, and the computers that they run on.

Those of this computer are read from the database, which is right also while no daemon
runs; those of the others come from the daemon, one source at a time: what one
computer tells never waits for another, and never takes away what another told.

Never: import textual, write, trust a record of another computer to be well formed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paso.from_json import as_dict, as_list, as_number, as_text, session_from
from paso.model import ACTIVITIES, SHORT_ID, Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]

LIVE, STALE, OFFLINE = "live", "stale", "offline"
PEERS_SIGN = "⇄"
MOST_LOCAL = 2_000
"""Sessions of this computer that are read; the most pressing and newest come first."""


class Computer(NamedTuple):
    """A computer as it is shown."""

    id: str
    name: str
    state: str
    """`live`, `stale` or `offline`."""
    age_s: float | None
    """Seconds since it was heard of last, at `at`."""
    at: float
    """When this was told, by the clock of whoever takes it."""
    this: bool
    version: str = ""
    needs_user: int = 0


class SessionBook:
    """Sessions and computers by their ids.

    Arguments:
        own: id of this computer; empty = not known yet.
        name: its name.
    """

    def __init__(self, own: str = "", name: str = "") -> None:
        self.own = own
        self.name = name
        self.local: dict[str, Session] = {}
        self.remote: dict[str, dict[str, Session]] = {}
        self.computers: dict[str, Computer] = {}
        self.peers: Record = {}
        self.version = 0
        """Counts up with all that is told by others."""

    # what is there

    def sessions(self) -> list[Session]:
        """All sessions, of whatever computer."""
        found = list(self.local.values())
        for of_one in self.remote.values():
            found += of_one.values()
        return found

    def get(self, computer: str, session_id: str) -> Session | None:
        if computer == self.own:
            return self.local.get(session_id)
        return self.remote.get(computer, {}).get(session_id)

    def others(self) -> list[Computer]:
        """The other computers, by name."""
        return sorted(
            (c for c in self.computers.values() if c.id != self.own),
            key=lambda c: (c.name.casefold(), c.id),
        )

    def computer(self, computer_id: str) -> Computer:
        """A computer; one that was never told of is offline."""
        known = self.computers.get(computer_id)
        if known is not None:
            return known
        this = computer_id == self.own
        name = self.name if this and self.name else computer_id[:SHORT_ID]
        return Computer(computer_id, name, LIVE if this else OFFLINE, None, 0.0, this)

    def peers_words(self) -> str:
        """The way to other computers in few words; empty when there is none."""
        state = self.peers.get("state")
        if state in (None, "off"):
            return ""
        if state == "live":
            live = sum(c.state == LIVE for c in self.others())
            return f"{PEERS_SIGN} {live}"
        words = {"connecting": "connecting", "slow": "redis slow"}
        return f"{PEERS_SIGN} {words.get(str(state), 'redis unreachable')}"

    def remote_needs(self) -> int:
        """How many sessions of other computers need the user."""
        return sum(
            session.attention != "none"
            for of_one in self.remote.values()
            for session in of_one.values()
        )

    # what comes in

    def take_local(self, sessions: Iterable[Session]) -> None:
        """Take all sessions of this computer anew, as the database has them."""
        self.local = {session.id: session for session in sessions}

    def forget_others(self) -> None:
        """The daemon is away: what others told grows old, nothing is forgotten."""
        for computer in list(self.computers.values()):
            if computer.state == LIVE and computer.id != self.own:
                self.computers[computer.id] = computer._replace(state=STALE)
        self.version += 1

    def take(self, event: Record, now: float) -> bool:
        """Take an event or a snapshot of the daemon; True when it may look different.

        Arguments:
            now: seconds of the clock that ages are counted by.
        """
        act = _TAKERS.get(str(event.get("type")))
        if act is None or not act(self, event, now):
            return False
        self.version += 1
        return True

    def _take_sessions(self, frame: Record, now: float) -> bool:
        sources = as_dict(frame.get("sources"))
        records = as_list(frame.get("data"))
        told = [s for s in map(session_from, records) if s is not None]
        owners = {s.computer for s in told} | set(sources)
        for owner in owners - {self.own}:
            mine = {s.id: s for s in told if s.computer == owner}
            # A source that cannot be reached has told nothing: its past stays.
            if mine or _source_state(sources, owner) != OFFLINE:
                self.remote[owner] = mine
        self._take_sources(sources, now)
        return True

    def _take_sources(self, sources: Record, now: float) -> None:
        for owner, source in sources.items():
            known = self.computers.get(owner)
            if known is None or owner == self.own:
                continue
            state = _source_state(sources, owner)
            age = _seconds(as_dict(source).get("age_s"))
            self.computers[owner] = known._replace(state=state, age_s=age, at=now)

    def _take_session(self, event: Record, now: float) -> bool:
        session = session_from(event.get("session"))
        if session is None or session.computer == self.own:
            return False
        mine = self.remote.setdefault(session.computer, {})
        known = mine.get(session.id)
        if known is not None and known.version > session.version:
            return False
        mine[session.id] = session
        return True

    def _remove_session(self, event: Record, now: float) -> bool:
        body = as_dict(event.get("session"))
        mine = self._holder(body)
        # Those of this computer go when the database says so.
        return mine is not self.local and _pop(mine, body)

    def _take_activity(self, event: Record, now: float) -> bool:
        body = as_dict(event.get("session"))
        mine, session_id = self._holder(body), as_text(body.get("id")) or ""
        session = mine.get(session_id)
        changes: Record = {}
        if session is None:
            return False
        if body.get("activity") in ACTIVITIES:
            changes["activity"] = body["activity"]
        if isinstance(body.get("preview"), str):
            changes["preview"] = body["preview"]
        mine[session_id] = session._replace(**changes)
        return bool(changes)

    def _holder(self, body: Record) -> dict[str, Session]:
        """The sessions of the computer that an event is about."""
        owner, session_id = body.get("computer"), as_text(body.get("id")) or ""
        if owner == self.own:
            return self.local
        if isinstance(owner, str) and owner:
            return self.remote.get(owner, {})
        holders = [m for m in self.remote.values() if session_id in m]
        return self.local if session_id in self.local or not holders else holders[0]

    def _take_computers(self, frame: Record, now: float) -> bool:
        records = as_list(frame.get("data"))
        told = [computer_from(one, now) for one in records]
        self.computers = {one.id: one for one in told if one is not None}
        self.own = next((c.id for c in self.computers.values() if c.this), self.own)
        for gone in self.remote.keys() - self.computers.keys():
            del self.remote[gone]
        self._take_peers(next(filter(_this, records), {}))
        return True

    def _take_computer(self, event: Record, now: float) -> bool:
        record = event.get("computer")
        told = computer_from(record, now)
        if told is None:
            return False
        self.computers[told.id] = told
        self._take_peers(record)
        return True

    def _take_peers(self, record: Any) -> None:
        if _this(record) and isinstance(record.get("peers"), dict):
            self.take_peers(record["peers"])

    def take_peers(self, peers: Record) -> None:
        """Take what the daemon says of its way to other computers."""
        if peers != self.peers:
            self.peers = peers
            self.version += 1

    def _remove_computer(self, event: Record, now: float) -> bool:
        record = event.get("computer")
        gone = record.get("id") if isinstance(record, dict) else record
        if not isinstance(gone, str):
            return False
        self.remote.pop(gone, None)
        return self.computers.pop(gone, None) is not None


_TAKERS = {
    "sessions_initial": SessionBook._take_sessions,
    "session_started": SessionBook._take_session,
    "session_updated": SessionBook._take_session,
    "session_removed": SessionBook._remove_session,
    "session_activity": SessionBook._take_activity,
    "computers_initial": SessionBook._take_computers,
    "computer_updated": SessionBook._take_computer,
    "computer_removed": SessionBook._remove_computer,
}


def computer_from(record: Any, now: float) -> Computer | None:
    """A computer out of the record of a frame; None when it is none."""
    if not as_text(as_dict(record).get("id")):
        return None
    this = _this(record)
    state = LIVE if this else record.get("state")
    needs = as_number(as_dict(record.get("counts")).get("needs_user"))
    return Computer(
        record["id"],
        as_text(record.get("name")) or record["id"][:SHORT_ID],
        state if state in (LIVE, STALE, OFFLINE) else OFFLINE,
        _seconds(record.get("age_s")),
        now,
        this,
        as_text(record.get("version")) or "",
        needs or 0,
    )


def _this(record: Any) -> bool:
    return as_dict(record).get("this") is True


def _source_state(sources: Any, owner: str) -> str:
    state = as_dict(as_dict(sources).get(owner)).get("state")
    return {"fresh": LIVE, "stale": STALE}.get(str(state), OFFLINE)


def _pop(sessions: dict[str, Session], body: Record) -> bool:
    return sessions.pop(as_text(body.get("id")) or "", None) is not None


def _seconds(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None
