"""What clients may say: each frame checked field by field before it means anything.

Never: do I/O, keep state, act on a frame; unknown fields are ignored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from paso.errors import BadEvent, UnsupportedVersion, WireError
from paso.events.types import MAX_ENTITIES, PROTOCOL, TOPIC_OF_EVENT, TOPICS
from paso.events.wire import Frame
from paso_daemon.hub import Address, Subscription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

NAME_MAX = 100
"""Characters of a client's name and of an id; bounds what a broadcast adds."""


class Hello(NamedTuple):
    """Who a client is and what it saw last."""

    client: str
    pid: int | None
    epoch: str | None
    change: int | None


class Request(NamedTuple):
    """A question and the id of its answer."""

    id: int | str
    method: str
    params: dict[str, Any]


def hello(frame: Frame) -> Hello:
    """Raises WireError, UnsupportedVersion."""
    version = _number(frame, "v", optional=False)
    if version != PROTOCOL:
        raise UnsupportedVersion(f"this daemon speaks version {PROTOCOL}")
    _number(frame, "seq")
    return Hello(
        _name(frame, "client") or "anonymous",
        _number(frame, "pid"),
        _name(frame, "epoch"),
        _number(frame, "change"),
    )


def subscription(frame: Frame) -> Subscription:
    """Raises WireError."""
    topics = frame.get("topics")
    if topics is None:
        topics = TOPICS
    elif type(topics) is not list:
        raise WireError("topics is a list")
    for topic in topics:
        _check_topic(topic)
    return Subscription(
        frozenset(topics), _number(frame, "project_id") or 0, _computer(frame)
    )


def refresh(frame: Frame) -> tuple[str, ...]:
    """Return the topics to be shown again. Raises WireError."""
    _computer(frame)
    topic = frame.get("topic")
    if topic is None:
        return TOPICS
    _check_topic(topic)
    return (topic,)


def request(frame: Frame) -> Request:
    """Raises WireError."""
    number = frame.get("id")
    if not _is_number(number) and not _is_name(number):
        raise WireError("id is a number or a text of at most 100 characters")
    method = frame.get("method")
    if not _is_name(method):
        raise WireError("method is a text")
    params = frame.get("params")
    if params is not None and type(params) is not dict:
        raise WireError("params is an object")
    return Request(number, method, params or {})


def event(frame: Frame) -> tuple[Frame, Address, bool]:
    """Return the event, its address, and whether it is a doorbell. Raises BadEvent."""
    body = frame.get("event")
    if type(body) is not dict:
        raise BadEvent("event is an object")
    kind = body.get("type")
    topic = TOPIC_OF_EVENT.get(kind) if type(kind) is str else None
    if topic is None:
        raise BadEvent(f"no event of the type {kind!r:.60}")
    stamp = body.get("timestamp")
    if stamp is not None:
        _check_timestamp(stamp)
    if topic != "db":
        return body, _CHECKS[topic](topic, body), False
    project_id = body.get("project_id")
    if type(project_id) is not int or project_id < 0:
        raise BadEvent("project_id is a number, 0 for all")
    if "entities" in body:
        _check_entities(body["entities"])
    if type(body.get("truncated", False)) is not bool:
        raise BadEvent("truncated is true or false")
    if "change" in body:
        _check_change(body["change"])
        return body, (topic, project_id, ""), True
    return body, (topic, project_id, ""), False


def _check_timestamp(stamp: Any) -> None:
    """RFC 3339: fromisoformat takes more, so the two marks are looked at as well."""
    try:
        if stamp[10] in "Tt" and datetime.fromisoformat(stamp).tzinfo is UTC:
            return
    except (TypeError, ValueError, IndexError):
        pass
    raise BadEvent("timestamp is RFC 3339 in UTC")


def _check_change(change: Any) -> None:
    if type(change) is not dict:
        raise BadEvent("change is an object")
    first, last = change.get("first"), change.get("last")
    if not (_is_number(first) and _is_number(last) and 1 <= first <= last):
        raise BadEvent("change has first and last, from 1, in this order")


def _check_entities(entities: Any) -> None:
    if type(entities) is not list or len(entities) > MAX_ENTITIES:
        raise BadEvent(f"entities is a list of at most {MAX_ENTITIES}")
    for row in entities:
        if not (
            type(row) is dict
            and _is_name(row.get("entity"))
            and row.get("op") in ("insert", "update", "delete")
            and _is_number(row.get("id"))
            and _is_name(row.get("uid"))
        ):
            raise BadEvent("an entity has entity, op, id and uid")


def _session_address(topic: str, body: Frame) -> Address:
    session = _record(body, "session")
    if body["type"] == "session_activity" and not _is_name(session.get("activity")):
        raise BadEvent("session.activity is a text")
    if type(session.get("preview", "")) is not str:
        raise BadEvent("session.preview is a text")
    project = session.get("project_id")
    computer = session.get("computer")
    return (
        topic,
        project if _is_number(project) else 0,
        computer if _is_name(computer) else "",
    )


def _computer_address(topic: str, body: Frame) -> Address:
    return topic, 0, _record(body, "computer")["id"]


def _listing_address(topic: str, body: Frame) -> Address:
    computer, uid = body.get("computer"), body.get("project_uid")
    if not _is_name(computer):
        raise BadEvent("computer is an id")
    if uid is not None and not _is_name(uid):
        raise BadEvent("project_uid is an id")
    return topic, 0, computer


_CHECKS = {
    "sessions": _session_address,
    "computers": _computer_address,
    "projects": _listing_address,
    "tasks": _listing_address,
}


def _record(body: Frame, name: str) -> Frame:
    record = body.get(name)
    if type(record) is not dict or not _is_name(record.get("id")):
        raise BadEvent(f"{name} is an object with an id")
    return record


def _check_topic(topic: Any) -> None:
    if type(topic) is not str:
        raise WireError("a topic is a text")
    if topic not in TOPICS:
        raise WireError(f"no topic {topic!r:.60}; there are {', '.join(TOPICS)}")


def _computer(frame: Frame) -> str:
    return _name(frame, "computer") or ""


def _number(frame: Frame, name: str, *, optional: bool = True) -> int | None:
    value = frame.get(name)
    if value is None and optional:
        return None
    if not _is_number(value):
        raise WireError(f"{name} is a whole number, not negative")
    return value


def _name(frame: Frame, name: str) -> str | None:
    value = frame.get(name)
    if value is None:
        return None
    if not _is_name(value):
        raise WireError(f"{name} is a text of 1 to {NAME_MAX} characters")
    return value


def _is_number(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _is_name(value: Any) -> TypeGuard[str]:
    return type(value) is str and 0 < len(value) <= NAME_MAX
