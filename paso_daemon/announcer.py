"""Events of what is known: the record as it is now, in the words of the protocol.

Never: change what is known, decide when something is told, write a record again.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any, NamedTuple

from paso.events.wire import encode_part
from paso_daemon.coalescer import ACTIVITY, REMOVED, STARTED, UPDATED, News
from paso_daemon.hub import ENVELOPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso_daemon.cache import Cache
    from paso_daemon.coalescer import Key
    from paso_daemon.hub import Hub
    from paso_daemon.listeners import Listeners


class OwnChange(NamedTuple):
    """Something of this computer changed; peers may tell others of it."""

    kind: str
    """`session`, `session_removed`, `activity` or `db`."""
    id: str
    """Of the session; of the project, in this database, for `db` (0 = any)."""
    version: int
    """Of the session; the newest change number for `db`."""
    body: dict[str, Any]
    """The whole record; `activity` and `preview`; `project_id`, `first`, `last`."""


class Announcer:
    """Publishes to the clients, and tells peers of what is our own.

    Arguments:
        own: id of this computer.
        max_frame: bytes of the longest line; a longer event is not sent.
        own_listeners: told of each change that is our own.
    """

    def __init__(
        self,
        cache: Cache,
        hub: Hub[Any],
        own: str,
        max_frame: int,
        own_listeners: Listeners,
    ) -> None:
        self._cache = cache
        self._hub = hub
        self._own = own
        self._max_frame = max_frame
        self._own_listeners = own_listeners

    def tell(self, key: Key, news: News) -> None:
        """Publish the event of a record as it is now."""
        kind, owner, id = key
        event = self._event(kind, owner, id, news)
        if event is None:
            return
        origin = self._origin(owner)
        if len(event) + len(origin) + ENVELOPE > self._max_frame:
            return
        self._hub.publish((kind, news.project_id, owner), origin, event)
        if owner == self._own and kind == "sessions" and self._own_listeners:
            self._own_listeners.tell(self._own_change(id, news))

    def _event(self, kind: str, owner: str, id: str, news: News) -> bytes | None:
        if kind in ("projects", "tasks"):
            about = {"computer": owner} | ({"project_uid": id} if id else {})
            return encode_part(
                {"type": f"{kind}_updated", "timestamp": _now(), **about}
            )
        name, what = kind.removesuffix("s"), news.what
        if kind == "computers" and what == STARTED:
            what = UPDATED
        entry = self._cache.entry(kind, owner, id)
        if what == REMOVED:
            body = encode_part({"id": id, "computer": owner})
        elif entry is None:
            return None  # removed since, and that is marked as well
        elif what == ACTIVITY:
            body = encode_part(self._activity_of(owner, id))
        else:
            body = entry.data
        return b'{"type":"%b_%b","timestamp":"%b","%b":%b}' % (
            name.encode(),
            what.encode(),
            _now().encode(),
            name.encode(),
            body,
        )

    def _activity_of(self, owner: str, id: str) -> dict[str, Any]:
        record = self._cache.get("sessions", owner, id) or {}
        names = ("id", "computer", "activity", "preview")
        return {name: record[name] for name in names if name in record}

    def _own_change(self, id: str, news: News) -> OwnChange:
        if news.what == REMOVED:
            return OwnChange("session_removed", id, news.version, {})
        if news.what == ACTIVITY:
            return OwnChange("activity", id, 0, self._activity_of(self._own, id))
        entry = self._cache.entry("sessions", self._own, id)
        record = self._cache.get("sessions", self._own, id) or {}
        return OwnChange("session", id, entry.version if entry else 0, record)

    def _origin(self, owner: str) -> bytes:
        own = owner == self._own
        client, pid = ("daemon", os.getpid()) if own else ("peer", None)
        return encode_part({"client": client, "pid": pid, "computer": owner})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
