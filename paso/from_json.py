"""Records out of the JSON that others tell: what `to_json` of model.py made of them.

It comes from other computers, so nothing about it is trusted. What has no name or no
known state is no record; any other field that is missing or of the wrong kind is
empty, null or the usual value. What is shown as it is, such as ids, keys, times and
colours, has the form that it has here; all other text is escaped by whoever shows it.

Never: raise for what another computer tells.
"""

from __future__ import annotations

from datetime import date, datetime

from paso.model import (
    ACTIVITIES,
    ATTENTIONS,
    BACKENDS,
    DEFAULT_LABEL_COLOR,
    IDLE,
    PHASES,
    PRIORITIES,
    ROLES,
    TYPES,
    Column,
    ColumnRef,
    Counts,
    LabelRef,
    Project,
    Session,
    Task,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    Record = dict[str, Any]

_YEARS = range(1970, 9999)
"""Of a time that can be brought into any zone."""
_HEX = frozenset("0123456789abcdefABCDEF")


def session_from(told: object) -> Session | None:
    """A session; None where it is not said which one, or in which state it is.

    It has no local ids of project and task: those of another computer mean nothing.
    """
    record = as_dict(told)
    if not (
        _named(record, "id", "computer")
        and record.get("phase") in PHASES
        and record.get("activity", IDLE) in ACTIVITIES
        and record.get("attention", "none") in ATTENTIONS
    ):
        return None
    return Session._make(read(record.get(name)) for name, read in _SESSION_READERS)


def task_from(told: object) -> Task | None:
    """A task; None without its numbers, uid, key, title or column."""
    record = as_dict(told)
    if not (
        _all(record, int, "id", "number", "project_id", "position", "version")
        and _named(record, "uid", "key")
        and _all(record, str, "title")
        and _all(as_dict(record.get("column")), int, "id")
    ):
        return None
    return Task._make(read(record.get(name)) for name, read in _TASK_READERS)


def project_from(told: object) -> Project | None:
    """A project; None without id, uid, key or name."""
    record = as_dict(told)
    if not (
        _all(record, int, "id")
        and _named(record, "uid", "key")
        and _all(record, str, "name")
    ):
        return None
    counts = as_dict(record.get("counts"))
    return Project(
        record["id"],
        record["uid"],
        record["key"],
        record["name"],
        _text(record.get("description")),
        _flag(record.get("archived")),
        _begun(record.get("created_at")),
        _begun(record.get("updated_at")),
        Counts(*(_count(counts.get(name)) for name in Counts._fields)),
    )


def columns_from(told: object, project_id: int) -> list[Column]:
    """The columns of the record of a project, left to right."""
    found: list[Column] = []
    for one in map(as_dict, as_list(as_dict(told).get("columns"))):
        if _all(one, int, "id") and _all(one, str, "name"):
            limit = as_number(one.get("wip_limit"))
            found.append(
                Column(
                    one["id"],
                    _text(one.get("uid")),
                    project_id,
                    one["name"],
                    _role(one),
                    limit if limit and limit > 0 else None,
                    len(found) + 1,
                    _count(one.get("count")),
                )
            )
    return found


def _labels(value: object) -> tuple[LabelRef, ...]:
    return tuple(
        LabelRef(one["id"], one["name"], _color(one.get("color")))
        for one in map(as_dict, as_list(value))
        if _all(one, int, "id") and _all(one, str, "name")
    )


def _column(value: object) -> ColumnRef:
    column = as_dict(value)
    return ColumnRef(column["id"], _text(column.get("name")), _role(column))


def _role(column: Record) -> str | None:
    role = column.get("role")
    return role if role in ROLES else None


def _one_of(words: Collection[str], usual: str) -> Callable[[object], str]:
    return lambda value: value if isinstance(value, str) and value in words else usual


def _names(value: object) -> tuple[str, ...]:
    return tuple(filter(_is_name, as_list(value)))


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and _is_name(value) else None


def _is_name(value: object) -> bool:
    """True for what names something, as an id or a key, and can be shown as it is."""
    return isinstance(value, str) and value != "" and value.isprintable()


def _color(value: object) -> str:
    text = _text(value)
    good = len(text) == 7 and text[0] == "#" and _HEX.issuperset(text[1:])
    return text if good else DEFAULT_LABEL_COLOR


def _begun(value: object) -> str:
    """A time that every record has; empty where it cannot be read."""
    return _time(value) or ""


def _time(value: object) -> str | None:
    """An RFC 3339 time with its zone."""
    text = _text(value)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if time.tzinfo is not None and time.year in _YEARS else None


def _day(value: object) -> str | None:
    try:
        return date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        return None


def _all(record: Record, kind: type, *names: str) -> bool:
    return all(type(record.get(name)) is kind for name in names)


def _named(record: Record, *names: str) -> bool:
    return all(_is_name(record.get(name)) for name in names)


def as_dict(value: object) -> Record:
    """The object itself; of anything else, an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list itself; of anything else, an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """The text itself, which is still to be escaped; None of anything else."""
    return value if isinstance(value, str) else None


def as_number(value: object) -> int | None:
    """The whole number itself; None of anything else, True too."""
    return value if type(value) is int else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if type(value) is int else 0


def _flag(value: object) -> bool:
    return value is True


def _nothing(value: object) -> None:
    return None


# How each field is read. A field that is added to a record is missed here at once.

_SESSION: dict[str, Callable[[object], Any]] = {
    "id": as_text,
    "computer": as_text,
    "title": _text,
    "project_id": _nothing,
    "project": _name,
    "project_uid": _name,
    "task_id": _nothing,
    "task": _name,
    "task_uid": _name,
    "task_title": as_text,
    "argv": lambda value: tuple(map(str, as_list(value))),
    "cwd": _text,
    "backend": _one_of(BACKENDS, ""),
    "adopted": _flag,
    "created_by": _text,
    "pid": as_number,
    "phase": as_text,
    "activity": _one_of(ACTIVITIES, IDLE),
    "attention": _one_of(ATTENTIONS, "none"),
    "exit_code": as_number,
    "signal": as_number,
    "reason": _text,
    "preview": _text,
    "version": _count,
    "created_at": _begun,
    "started_at": _time,
    "active_at": _time,
    "ended_at": _time,
    "updated_at": _begun,
}
_TASK: dict[str, Callable[[object], Any]] = {
    "id": as_number,
    "uid": as_text,
    "key": as_text,
    "number": as_number,
    "project_id": as_number,
    "column": _column,
    "position": as_number,
    "title": _text,
    "description": _text,
    "type": _one_of(TYPES, TYPES[0]),
    "priority": _one_of(PRIORITIES, "medium"),
    "labels": _labels,
    "due": _day,
    "assignee": lambda value: as_text(value) or None,
    "blocked": _flag,
    "blocked_by": _names,
    "blocks": _names,
    "parent": _name,
    "children": _names,
    "comments": _count,
    "sessions": lambda _: (),
    "version": as_number,
    "archived": _flag,
    "created_at": _begun,
    "updated_at": _begun,
    "completed_at": _time,
}
_SESSION_READERS = tuple((name, _SESSION[name]) for name in Session._fields)
_TASK_READERS = tuple((name, _TASK[name]) for name in Task._fields)
