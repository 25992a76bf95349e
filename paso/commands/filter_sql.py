"""Terms of the filter language into SQL, on t (tasks), c (columns), p (projects).

Every value goes in as a parameter. A condition may come out NULL (no due date is
neither before nor after a day); `condition` makes that false, so that a negated
term is always the exact complement.

Never: run the SQL, parse text.
"""

from __future__ import annotations

from paso.commands.filter_terms import DATES, WORD, Term, Value
from paso.database.relations import OPEN
from paso.model import PRIORITIES
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Sql = tuple[str, list[object]]

DONE = "c.role IS 'completed'"

BLOCKED = (
    "t.id IN (SELECT br.to_id FROM relations br JOIN tasks bt ON bt.id = br.from_id"
    " JOIN columns bc ON bc.id = bt.column_id WHERE br.kind = 'blocks'"
    f" AND {OPEN.format(task='bt', column='bc')})"
)

STATE = {
    "archived": "t.archived_at IS NOT NULL",
    "assigned": "t.assignee IS NOT NULL",
    "blocked": BLOCKED,
    "done": DONE,
    "mine": "t.assignee = ? COLLATE NOCASE",
    "open": f"NOT ({DONE})",
    "overdue": f"t.due < ? AND NOT ({DONE})",
    "ready": f"c.role IS 'ready' AND NOT ({BLOCKED})",
    "started": "c.role IS 'in-progress'",
    "unassigned": "t.assignee IS NULL",
}

HAS = {
    "assignee": "t.assignee IS NOT NULL",
    "blockers": "t.id IN (SELECT to_id FROM relations WHERE kind = 'blocks')",
    "children": "t.id IN (SELECT from_id FROM relations WHERE kind = 'parent')",
    "comments": "t.id IN (SELECT task_id FROM comments)",
    "description": "t.description <> ''",
    "due": "t.due IS NOT NULL",
    "label": "t.id IN (SELECT task_id FROM task_labels)",
    "parent": "t.id IN (SELECT to_id FROM relations WHERE kind = 'parent')",
}

DAY = {
    "completed": "date(t.completed_at, 'localtime')",
    "created": "date(t.created_at, 'localtime')",
    "due": "t.due",
    "updated": "date(t.updated_at, 'localtime')",
}


class Context(NamedTuple):
    """Who asks, and their day (`YYYY-MM-DD`)."""

    me: str
    today: str


def condition(terms: tuple[Term, ...], context: Context) -> Sql:
    """One SQL expression that is true for the tasks that meet every term."""
    parts: list[str] = []
    params: list[object] = []
    for term in terms:
        choices = [_choice(term, value, context) for value in term.values]
        either = " OR ".join(sql for sql, _ in choices)
        parts.append(f"({either}) IS {'NOT ' if term.negated else ''}TRUE")
        for _, values in choices:
            params += values
    return " AND ".join(parts) or "1", params


def _choice(term: Term, value: Value, context: Context) -> Sql:
    if term.field in DATES:
        return _date(term.field, term.op, value.text, context)
    if term.field == "prio":
        return _priority(term.op, value.text)
    return BUILDERS[term.field](value, context)


def _word(value: Value, context: Context) -> Sql:
    title, description = _contains("t.title", value), _contains("t.description", value)
    sql, params = f"{title[0]} OR {description[0]}", title[1] + description[1]
    key, dash, number = value.text.rpartition("-")
    if dash and key and _is_number(number):
        sql += " OR (p.key = ? COLLATE NOCASE AND t.number = ?)"
        params += [key, int(number)]
    return sql, params


def _contains(column: str, value: Value) -> Sql:
    """SQLite's LIKE knows the cases of ASCII only; GLOB takes both of each letter.

    GLOB is slow, so LIKE sorts out first by the longest part that is ASCII.
    """
    plain = max(_ascii_parts(value.text), key=len)
    sql, params = f"{column} LIKE ? ESCAPE '\\'", [f"%{_escape_like(plain)}%"]
    if value.text.isascii():
        return sql, [*params]
    glob = "".join(map(_glob_char, value.text))
    return f"({sql} AND {column} GLOB ?)", [*params, f"*{glob}*"]


def _ascii_parts(text: str) -> list[str]:
    return "".join(char if char.isascii() else "\x80" for char in text).split("\x80")


def _escape_like(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return text


def _glob_char(char: str) -> str:
    cases = {char, char.lower(), char.upper()}
    single = "".join(sorted(case for case in cases if len(case) == 1))
    return f"[{single}]" if len(single) > 1 or char in "*?[" else char


def _title(value: Value, context: Context) -> Sql:
    return _contains("t.title", value)


def _description(value: Value, context: Context) -> Sql:
    return _contains("t.description", value)


def _label(value: Value, context: Context) -> Sql:
    if value.text.lower() == "none" and not value.quoted:
        return f"NOT ({HAS['label']})", []
    return (
        "t.id IN (SELECT tl.task_id FROM task_labels tl JOIN labels l"
        " ON l.id = tl.label_id WHERE l.name = ? COLLATE NOCASE)"
    ), [value.text]


def _column(value: Value, context: Context) -> Sql:
    if value.quoted:
        return "c.name = ? COLLATE NOCASE", [value.text]
    role = value.text.lower()
    pattern = _escape_like(value.text) + "%"
    return "c.role = ? OR c.name LIKE ? ESCAPE '\\'", [role, pattern]


def _priority(op: str, name: str) -> Sql:
    names = list(PRIORITIES)
    place = names.index(name)
    fits = {
        "=": names[place : place + 1],
        "<": names[:place],
        "<=": names[: place + 1],
        ">": names[place + 1 :],
        ">=": names[place:],
    }[op]
    return f"t.priority IN ({', '.join('?' * len(fits))})", list(fits)


def _date(field: str, op: str, text: str, context: Context) -> Sql:
    if text.lower() in ("none", "any"):
        empty = "IS" if text.lower() == "none" else "IS NOT"
        return f"{DAY[field]} {empty} NULL", []
    from datetime import date

    from paso.commands.dates import parse_due

    day = parse_due(text, today=date.fromisoformat(context.today))
    return f"{DAY[field]} {op} ?", [day]


def _state(value: Value, context: Context) -> Sql:
    given = {"mine": [context.me], "overdue": [context.today]}
    return f"({STATE[value.text]})", list(given.get(value.text, []))


def _has(value: Value, context: Context) -> Sql:
    return f"({HAS[value.text]})", []


def _has_not(value: Value, context: Context) -> Sql:
    return f"NOT ({HAS[value.text]})", []


def _assignee(value: Value, context: Context) -> Sql:
    special = "" if value.quoted else value.text.lower()
    if special in ("none", "any"):
        return f"t.assignee IS {'' if special == 'none' else 'NOT '}NULL", []
    name = context.me if special == "me" else value.text
    return "t.assignee = ? COLLATE NOCASE", [name]


def _project(value: Value, context: Context) -> Sql:
    if value.text.lower() == "all" and not value.quoted:
        return "1", []
    same = "p.key = ? COLLATE NOCASE OR p.name = ? COLLATE NOCASE"
    return same, [value.text, value.text]


def _key(value: Value, context: Context) -> Sql:
    key, _, number = value.text.lstrip("#").rpartition("-")
    if not key:
        return "t.number = ?", [int(number)]
    return "(t.number = ? AND p.key = ? COLLATE NOCASE)", [int(number), key]


def _parent(value: Value, context: Context) -> Sql:
    if value.text.lower() in ("none", "any"):
        build = _has_not if value.text.lower() == "none" else _has
        return build(Value("parent", False), context)
    key, _, number = value.text.lstrip("#").rpartition("-")
    sql = (
        "t.id IN (SELECT pr.to_id FROM relations pr JOIN tasks pt"
        " ON pt.id = pr.from_id JOIN projects pp ON pp.id = pt.project_id"
        " WHERE pr.kind = 'parent' AND pt.number = ?"
    )
    if not key:
        return sql + ")", [int(number)]
    return sql + " AND pp.key = ? COLLATE NOCASE)", [int(number), key]


def _equals_type(value: Value, context: Context) -> Sql:
    return "t.type = ?", [value.text]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


BUILDERS: dict[str, Callable[[Value, Context], Sql]] = {
    WORD: _word,
    "assignee": _assignee,
    "col": _column,
    "description": _description,
    "has": _has,
    "is": _state,
    "key": _key,
    "label": _label,
    "no": _has_not,
    "parent": _parent,
    "project": _project,
    "title": _title,
    "type": _equals_type,
}
