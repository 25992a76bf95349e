"""What an event says: the names of the protocol and the body of `db_changed`.

The meaning of every name is written down in docs/protocol.md.

Never: do I/O, import anything but typing; the command line pays for this import.
"""

from __future__ import annotations

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


PROTOCOL = 1
"""Raised when a frame of before would be understood wrongly; `features` of the
welcome tells of everything that was only added."""

TOPICS = ("db", "sessions", "computers", "projects", "tasks")
SNAPSHOT_TOPICS = ("sessions", "computers", "projects", "tasks")
"""Topics whose state the daemon holds; the state of `db` is in the database."""

TOPIC_OF_EVENT = {
    "db_changed": "db",
    "session_started": "sessions",
    "session_updated": "sessions",
    "session_removed": "sessions",
    "session_activity": "sessions",
    "computer_updated": "computers",
    "computer_removed": "computers",
    "projects_updated": "projects",
    "tasks_updated": "tasks",
}

MAX_ENTITIES = 50
"""Entities one `db_changed` names; beyond, it says `truncated`."""

MAX_FRAME = 1024 * 1024
"""Bytes of a line, without its newline (`PASO_MAX_FRAME`)."""

MAX_DEPTH = 32
"""Objects and lists inside each other."""


class Entity(NamedTuple):
    """One row that a write touched."""

    entity: str
    op: str
    id: int
    uid: str


class Commit(NamedTuple):
    """What a committed write did: its change numbers and the rows they name."""

    first: int
    last: int
    project_id: int
    """0 when rows of several projects were touched."""
    entities: tuple[Entity, ...]


def db_changed(
    project_id: int,
    timestamp: str,
    *,
    first: int | None = None,
    last: int | None = None,
    entities: tuple[Entity, ...] | list[Entity] = (),
) -> dict[str, Any]:
    """Return the body of a `db_changed` event.

    Arguments:
        project_id: 0 for all projects.
        timestamp: RFC 3339, UTC.
        first, last: change numbers; absent = an announcement without a repository.
        entities: the rows; the first `MAX_ENTITIES` are named.
    """
    event: dict[str, Any] = {
        "type": "db_changed",
        "project_id": project_id,
        "timestamp": timestamp,
    }
    if first is None:
        return event
    event["change"] = {"first": first, "last": first if last is None else last}
    event["entities"] = [_named(row) for row in entities[:MAX_ENTITIES]]
    if len(entities) > MAX_ENTITIES:
        event["truncated"] = True
    return event


def _named(row: Entity) -> dict[str, Any]:
    return {"entity": row.entity, "op": row.op, "id": row.id, "uid": row.uid}
