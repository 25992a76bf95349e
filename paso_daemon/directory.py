"""The one place that changes what is known, and tells the clients of it.

    own database, peers --> Directory --> Cache
                               |--> Coalescer --> hub --> clients
                               '--> own changes --> peers

What comes in is checked; a record that is wrong or too large is refused and counted,
never sent. Changes of one record within a turn are one event.

Never: do I/O, start a task, send on what a peer said to another peer.
"""

from __future__ import annotations

from typing import Any, Protocol

from paso.errors import NotFound
from paso.events.types import MAX_FRAME, SNAPSHOT_TOPICS
from paso_daemon import snapshots, told
from paso_daemon.announcer import Announcer, OwnChange
from paso_daemon.cache import LINKS, Cache, Known
from paso_daemon.coalescer import ACTIVITY, REMOVED, STARTED, UPDATED, Coalescer, News
from paso_daemon.listeners import Listeners
from paso_daemon.own_computer import own_record
from paso_daemon.replacing import ids_of, in_parts
from paso_daemon.shelf import Item, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Container, Iterable, Iterator

    from paso.computer import Computer
    from paso_daemon.hub import Hub, Subscription
    from paso_daemon.shelf import Entry
    from paso_daemon.tasks import Health

Interest = frozenset[tuple[str, str]]
"""Computer ("" = all) and topic."""


class RemoteControl(Protocol):
    """What can be done on another computer."""

    async def act(
        self, computer: str, op: str, params: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Do it there and return its answer.

        Raises:
            PeerUnreachable, TimedOut, Refused, NotFound: it was not done.
        """

    def want(self, computer: str, project_uid: str = "") -> bool:
        """Somebody reads its projects, or the tasks of one; False: get them first."""

    def forget(self, computer: str) -> None:
        """Drop all that is known of it."""


class Directory:
    """Who runs what, on which computer.

    Arguments:
        own: this computer.
        flush: sends what was published to the hub.
        may_send: False while clients are too far behind for more.
        max_frame: bytes of the longest line that may be sent.
        health: where a fault of those who listen is shown.
    """

    def __init__(
        self,
        cache: Cache,
        hub: Hub[Any],
        own: Computer,
        loop: asyncio.AbstractEventLoop,
        *,
        flush: Callable[[], None] = lambda: None,
        may_send: Callable[[], bool] = lambda: True,
        max_frame: int = MAX_FRAME,
        health: Health | None = None,
    ) -> None:
        self.cache = cache
        self.own = own
        self.own_listeners = Listeners("own changes", health)
        self.on_interest = Listeners("interest", health)
        self.on_follow = Listeners("following", health)
        self.on_refresh = Listeners("refresh", health)
        self.remote: RemoteControl | None = None
        self.peers_status: Callable[[], dict[str, Any]] = lambda: {"state": "off"}
        self.refused = 0
        self._hub = hub
        self._clock = loop.time
        self._later = loop.call_later
        self._max_frame = max_frame
        self._announcer = Announcer(cache, hub, own.id, max_frame, self.own_listeners)
        self._news = Coalescer(loop, self._announcer.tell, flush, may_send)
        self._interest: Interest = frozenset()
        self._visits: dict[tuple[str, str], float] = {}
        hub.regrouped = self._look_at_interest
        cache.on_evict = self._evicted
        self._put("computers", own.id, own.id, own_record(own), 0)

    # Sessions -----------------------------------------------------------------

    def put_session(self, owner: str, record: Record, version: int) -> bool:
        """Keep a session and tell of it; False when it is not newer, or refused."""
        checked = told.session(owner, record, owner == self.own.id)
        if checked is None or type(version) is not int or version < 0:
            return self._refuse()
        return self.keep_session(owner, checked, version)

    def keep_session(
        self, owner: str, checked: Record, version: int, *, same: bool = False
    ) -> bool:
        """Keep a session that was checked; False when it is not newer.

        Arguments:
            same: another record of the same version counts as newer.
        """
        id = checked["id"]
        before = self.cache.entry("sessions", owner, id)
        if not self._put("sessions", owner, id, checked, version, same=same):
            return False
        self._mark_session(owner, id, before and before.project_id)
        return True

    def remove_session(self, owner: str, id: str, version: int | None) -> bool:
        """Forget a session and tell of it; a late update does not revive it."""
        before = self.cache.entry("sessions", owner, id)
        if not self.cache.remove("sessions", owner, id, version, self._clock()):
            return False
        assert before is not None
        gone = before.version if version is None else version
        self._mark("sessions", owner, id, News(REMOVED, before.project_id, gone))
        return True

    def activity(
        self, owner: str, id: str, activity: str, preview: str | None = None
    ) -> bool:
        """Note what a session does at the moment; False when that is no news."""
        fields = told.activity(activity, preview)
        if fields is None:
            return self._refuse()
        if not self.cache.patch("sessions", owner, id, fields):
            return False
        entry = self.cache.entry("sessions", owner, id)
        project = entry.project_id if entry is not None else 0
        self._mark("sessions", owner, id, News(ACTIVITY, project))
        return True

    def replace_sessions(
        self,
        owner: str,
        items: Iterable[Record],
        *,
        age_s: float = 0.0,
        anew: bool = False,
    ) -> None:
        """Take a snapshot of all sessions of a computer; the missing are removed.

        Arguments:
            items: records; `version` of each counts.
            age_s: how long ago it was taken.
            anew: the owner counts versions anew, as with another database.
        """
        records = list(items)
        ids = ids_of(records)
        for _ in in_parts(self, owner, ids, records, age_s=age_s, anew=anew):
            pass

    def sessions_were_true(self, owner: str, age_s: float) -> None:
        """What is known of a computer's sessions was all there was, `age_s` ago."""
        self.cache.renew("sessions", owner, self._clock() - age_s)

    def _mark_session(self, owner: str, id: str, project_before: int | None) -> None:
        """Who follows the project that a session left hears of it as well."""
        entry = self.cache.entry("sessions", owner, id)
        if entry is None:
            return
        project = entry.project_id
        if project_before is None:
            news = News(STARTED, project, entry.version)
        else:
            same = project if project == project_before else 0
            news = News(UPDATED, same, entry.version)
        self._mark("sessions", owner, id, news)

    # Computers, projects, tasks -----------------------------------------------

    def put_computer(self, record: Record) -> bool:
        """Keep what is known of a computer and tell of it; False when it is no news."""
        checked = told.computer(record)
        if checked is None:
            return self._refuse()
        id = checked["id"]
        if id != self.own.id:
            checked = checked | {"following": self.cache.follows(id)}
        if not self._put("computers", id, id, checked, 0):
            return False
        self._mark("computers", id, id, News(UPDATED))
        return True

    def rename(self, name: str) -> None:
        """This computer has another name."""
        self.own = self.own._replace(name=name)
        mine = self.cache.get("computers", self.own.id, self.own.id) or {}
        self.put_computer(mine | {"name": name})

    def remove_computer(self, id: str) -> None:
        """Forget a computer and all that is known of it."""
        for kind, key in self.cache.forget(id):
            if kind in ("computers", "sessions"):
                self._mark(kind, id, key, News(REMOVED))
            else:
                self._mark(kind, id, "", News(UPDATED))

    def put_projects(self, owner: str, items: Iterable[Record]) -> None:
        """Take a list of all projects of a computer.

        An equal list is no event, unless it is the first word for a while.
        """
        good = [Item(one["uid"], one) for one in self._listed(owner, items)]
        now = self._clock()
        was_fresh = self.cache.freshness("projects", owner, now)["state"] == "fresh"
        if any(self.cache.replace("projects", owner, good, now)) or not was_fresh:
            self._mark("projects", owner, "", News(UPDATED))

    def put_part(self, owner: str, project_uid: str, items: Iterable[Record]) -> int:
        """Take some tasks of a project, and tell nobody; return how many are news."""
        now, put = self._clock(), self.cache.put
        return sum(
            put("tasks", owner, one["uid"], one, 0, now, project_uid)
            for one in self._listed(owner, items)
        )

    def end_parts(
        self, owner: str, project_uid: str, uids: Container[str], *, changed: bool
    ) -> None:
        """Tell of the parts; tasks of the project that are not in `uids` are gone."""
        for key in self.cache.of_group("tasks", owner, project_uid):
            if key not in uids:
                self.cache.remove("tasks", owner, key, None, self._clock())
                changed = True
        self.renew("tasks", owner, project_uid, changed=changed)

    def renew(
        self, kind: str, owner: str, group: str = "", *, changed: bool = False
    ) -> None:
        """What is kept of a computer is true now; told if that is any news."""
        now = self._clock()
        was_fresh = self.cache.freshness(kind, owner, now)["state"] == "fresh"
        self.cache.renew(kind, owner, now)
        if changed or not was_fresh:
            self._mark(kind, owner, group, News(UPDATED))

    def _listed(self, owner: str, items: Iterable[Record]) -> Iterator[Record]:
        for record in items:
            checked = told.listed(owner, record)
            if checked is None:
                self._refuse()
            else:
                yield checked

    # How computers can be reached ---------------------------------------------

    def set_link(self, owner: str, state: str) -> None:
        """Note how a computer can be reached; `live` also: it was heard just now."""
        assert state in LINKS, state
        if owner != self.own.id:
            self.cache.link(owner, state, self._clock())

    def follow(self, owner: str, follows: bool) -> None:
        """Note, and tell, whether every change of its sessions comes to us."""
        if self.cache.follow(owner, follows, self._clock()):
            record = self.cache.get("computers", owner, owner)
            if record is not None:
                self.put_computer(record)
            self.on_follow.tell()

    def is_known(self, computer: str) -> bool:
        """True for this computer and for those that we have heard of."""
        return computer == self.own.id or self.cache.knows(computer)

    # Interest -----------------------------------------------------------------

    def interest(self) -> Interest:
        """Return what the clients have asked for; who never did, does not count."""
        now = self._clock()
        visits = [wish for wish, until in self._visits.items() if until > now]
        return frozenset(visits).union(
            (wish.computer, topic)
            for wish in self._hub.wishes()
            if wish.asked
            for topic in SNAPSHOT_TOPICS
            if topic in wish.topics
        )

    def visit(self, computer: str, topic: str, stay_s: float) -> None:
        """Count as interested for `stay_s`: somebody asked once, and may ask again."""
        self._visits[computer, topic] = self._clock() + stay_s
        self._later(stay_s, self._end_visits)
        self._look_at_interest()

    def _end_visits(self) -> None:
        now = self._clock()
        self._visits = {one: at for one, at in self._visits.items() if at > now}
        self._look_at_interest()

    def _look_at_interest(self) -> None:
        found = self.interest()
        if found != self._interest:
            self._interest = found
            self.on_interest.tell(found)

    # Telling ------------------------------------------------------------------

    def snapshot(self, topic: str, wanted: Subscription) -> Iterator[bytes]:
        """Return the frames that show a topic as it is now."""
        cache, project = self.cache, wanted.project_id if topic == "sessions" else 0
        records = [
            one.entry.data
            for one in cache.known(topic, wanted.computer)
            if project == 0 or one.entry.project_id in (0, project)
        ]
        return snapshots.frames(
            topic,
            records,
            seq=self._hub.seq,
            sources=self.sources(topic, wanted.computer),
            max_frame=self._max_frame,
        )

    def sources(self, kind: str, computer: str = "") -> dict[str, Any]:
        """Return how fresh the records of a kind are, by computer."""
        return self.cache.sources(kind, computer, self._clock())

    def refresh(self, topic: str, computer: str) -> None:
        """Somebody wants newer data than we have; what we have stays meanwhile."""
        self.on_refresh.tell(topic, computer)

    def board_changed(self, project_id: int, first: int, last: int) -> None:
        """The change log of this computer grew."""
        body = {"project_id": project_id, "first": first, "last": last}
        self.own_listeners.tell(OwnChange("db", str(project_id), last, body))

    def begin(self) -> None:
        """What is known already is no news: from now on clients can come."""
        self._news.clear()

    def drain(self) -> None:
        """Publish what waits: the daemon stops."""
        self._news.drain()

    def find_session(self, id: str, computer: str = "") -> Known:
        """Return a session; of this computer rather than of others.

        Raises:
            NotFound: no such session, or several computers have one.
        """
        owners = self.cache.owners_of("sessions", id)
        chosen = [one for one in owners if one in (computer or self.own.id,)]
        if not chosen and not computer:
            chosen = list(owners)
        if not chosen:
            raise NotFound(f"no session {id!r:.60}")
        if len(chosen) > 1:
            raise NotFound(f"several computers have a session {id!r:.60}: name one")
        entry = self.cache.entry("sessions", chosen[0], id)
        assert entry is not None
        return Known(chosen[0], id, entry)

    def _put(
        self,
        *what: *tuple[str, str, str, Record, int],
        same: bool = False,
    ) -> bool:
        """Arguments: kind, owner, key, record and version."""
        try:
            return self.cache.put(*what, self._clock(), same=same)
        except TypeError:
            return self._refuse()

    def _refuse(self) -> bool:
        self.refused += 1
        return False

    def _evicted(self, kind: str, owner: str, key: str, gone: Entry) -> None:
        if kind == "sessions":
            self._mark(kind, owner, key, News(REMOVED, gone.project_id, gone.version))

    def _mark(self, kind: str, owner: str, key: str, news: News) -> None:
        self._news.mark((kind, owner, key), news)
