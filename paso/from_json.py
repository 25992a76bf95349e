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
    from collections.abc import Iterator
    from typing import Any

    Record = dict[str, Any]

_YEARS = range(1970, 9999)
"""Of a time that can be brought into any zone."""
_HEX = frozenset("0123456789abcdefABCDEF")

_SESSION_TEXTS = ("title", "cwd", "created_by", "reason", "preview")
_SESSION_NULLS = ("project", "project_uid", "task", "task_uid", "task_title")
_SESSION_TIMES = ("started_at", "active_at", "ended_at")
_SESSION_NUMBERS = ("pid", "exit_code", "signal")
_TASK_NUMBERS = ("id", "number", "project_id", "position", "version")


def session_from(told: object) -> Session | None:
    """A session; None where it is not said which one, or in which state it is.

    It has no local ids of project and task: those of another computer mean nothing.
    """
    record = as_dict(told)
    state = {
        "phase": record.get("phase"),
        "activity": record.get("activity", IDLE),
        "attention": record.get("attention", "none"),
    }
    if not (
        _named(record, "id", "computer")
        and state["phase"] in PHASES
        and state["activity"] in ACTIVITIES
        and state["attention"] in ATTENTIONS
    ):
        return None
    fields: Record = {"id": record["id"], "computer": record["computer"], **state}
    fields |= {name: as_text(record.get(name)) or "" for name in _SESSION_TEXTS}
    fields |= {name: as_text(record.get(name)) for name in _SESSION_NULLS}
    fields |= {name: _time(record.get(name)) for name in _SESSION_TIMES}
    fields |= {name: as_number(record.get(name)) for name in _SESSION_NUMBERS}
    backend = record.get("backend")
    return Session(
        argv=tuple(str(word) for word in as_list(record.get("argv"))),
        backend=backend if backend in BACKENDS else "",
        adopted=record.get("adopted") is True,
        version=as_number(record.get("version")) or 0,
        project_id=None,
        task_id=None,
        created_at=_time(record.get("created_at")) or "",
        updated_at=_time(record.get("updated_at")) or "",
        **fields,
    )


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
        as_text(record.get("description")) or "",
        record.get("archived") is True,
        _time(record.get("created_at")) or "",
        _time(record.get("updated_at")) or "",
        Counts(*(as_number(counts.get(name)) or 0 for name in Counts._fields)),
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
                    as_text(one.get("uid")) or "",
                    project_id,
                    one["name"],
                    _role(one),
                    limit if limit and limit > 0 else None,
                    len(found) + 1,
                    as_number(one.get("count")) or 0,
                )
            )
    return found


def task_from(told: object) -> Task | None:
    """A task; None without its numbers, uid, key, title or column."""
    record = as_dict(told)
    column = as_dict(record.get("column"))
    if not (
        _all(record, int, *_TASK_NUMBERS)
        and _named(record, "uid", "key")
        and _all(record, str, "title")
        and _all(column, int, "id")
    ):
        return None
    fields: Record = {
        name: record[name] for name in (*_TASK_NUMBERS, "uid", "key", "title")
    }
    for name in ("blocked_by", "blocks", "children"):
        fields[name] = tuple(filter(_is_name, as_list(record.get(name))))
    parent = record.get("parent")
    kind, priority = record.get("type"), as_text(record.get("priority"))
    return Task(
        column=ColumnRef(
            column["id"], as_text(column.get("name")) or "", _role(column)
        ),
        type=kind if kind in TYPES else TYPES[0],
        priority=priority if priority in PRIORITIES else "medium",
        description=as_text(record.get("description")) or "",
        assignee=as_text(record.get("assignee")) or None,
        parent=parent if _is_name(parent) else None,
        labels=tuple(_labels(record)),
        due=_day(record.get("due")),
        blocked=record.get("blocked") is True,
        archived=record.get("archived") is True,
        comments=as_number(record.get("comments")) or 0,
        sessions=(),
        created_at=_time(record.get("created_at")) or "",
        updated_at=_time(record.get("updated_at")) or "",
        completed_at=_time(record.get("completed_at")),
        **fields,
    )


def _labels(record: Record) -> Iterator[LabelRef]:
    for one in map(as_dict, as_list(record.get("labels"))):
        if _all(one, int, "id") and _all(one, str, "name"):
            yield LabelRef(one["id"], one["name"], _color(one.get("color")))


def _role(column: Record) -> str | None:
    role = column.get("role")
    return role if role in ROLES else None


def _is_name(value: object) -> bool:
    """True for what names something, as an id or a key, and can be shown as it is."""
    return isinstance(value, str) and value != "" and value.isprintable()


def _color(value: object) -> str:
    text = as_text(value) or ""
    good = len(text) == 7 and text[0] == "#" and _HEX.issuperset(text[1:])
    return text if good else DEFAULT_LABEL_COLOR


def _time(value: object) -> str | None:
    """An RFC 3339 time with its zone."""
    text = as_text(value) or ""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if time.tzinfo is not None and time.year in _YEARS else None


def _day(value: object) -> str | None:
    try:
        return date.fromisoformat(as_text(value) or "").isoformat()
    except ValueError:
        return None


def _all(record: Record, kind: type, *names: str) -> bool:
    return all(type(record.get(name)) is kind for name in names)


def _named(record: Record, *names: str) -> bool:
    return all(_is_name(record.get(name)) for name in names)


def as_dict(value: object) -> Record:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def as_number(value: object) -> int | None:
    """A whole number; True is none."""
    return value if type(value) is int else None
