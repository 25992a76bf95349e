"""What a follower of a board is told, and how frames and readings become that.

Never: do I/O, keep state, decide who is told.
"""

from __future__ import annotations

from paso.events.types import MAX_ENTITIES, Entity
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.events.change_reader import Stretch
    from paso.events.wire import Frame


class State(NamedTuple):
    """How we follow: `live`, `reconnecting`, or `offline` with the reason."""

    name: str
    reason: str


class Changed(NamedTuple):
    """Something on the board changed; `first` and `last` are change numbers."""

    project_id: int
    """0 = any."""
    first: int | None
    """None for an announcement without change numbers."""
    last: int | None
    entities: tuple[Entity, ...]
    truncated: bool
    origin: dict[str, Any] | None
    """`client`, `pid` and `computer` of the writer, where they are known."""


class Resync(NamedTuple):
    """What was shown may be wrong: read it again."""

    reason: str
    topics: tuple[str, ...]
    project_ids: tuple[int, ...] | None
    """None = all."""
    change: int | None


class Other(NamedTuple):
    """An event that is no change of the board, or a snapshot, as it came."""

    event: dict[str, Any]


Notice = State | Changed | Resync | Other


def changed_by(frame: Frame) -> Changed:
    """Return what the `event` frame of a `db_changed` tells."""
    event = frame["event"]
    change = event.get("change") or {}
    entities = tuple(
        Entity(row["entity"], row["op"], row["id"], row["uid"])
        for row in event.get("entities", ())
    )
    return Changed(
        event["project_id"],
        change.get("first"),
        change.get("last"),
        entities,
        event.get("truncated", False),
        frame["origin"],
    )


def changed_in(part: Stretch) -> Changed:
    """Return what a piece of the change log tells, as the daemon would announce it."""
    return Changed(
        part.project_id,
        part.first,
        part.last,
        part.entities[:MAX_ENTITIES],
        len(part.entities) > MAX_ENTITIES,
        {"client": part.client, "pid": part.pid, "computer": None},
    )


def resync_of(frame: Frame, topics: tuple[str, ...]) -> Resync:
    """Return what a `resync` frame tells, cut down to `topics`."""
    ids = frame.get("project_ids")
    return Resync(
        frame["reason"],
        tuple(topic for topic in frame["topics"] if topic in topics),
        None if ids is None else tuple(ids),
        frame.get("change"),
    )
