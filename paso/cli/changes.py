"""Rows of the change log in words.

Never: change anything, or keep more than the names it was asked for.
"""

from __future__ import annotations

from paso.cli.times import ago
from paso.errors import NotFound
from paso.text import cut, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from paso.cli.context import Context
    from paso.model import Change

QUIET_FIELDS = {"rank", "completed_at", "created_at", "project_id", "number"}
"""Consequences of other fields, or nothing a person reads."""

LONG = 40
"""Cells of a value in a line."""


def show_changes(context: Context, changes: Sequence[Change]) -> int:
    """Print changes in the form that was asked for."""
    context.out.show(
        list(changes),
        [change.id for change in changes],
        lambda: change_lines(context, changes),
    )
    if not changes:
        context.out.say("no changes")
    return 0


def change_lines(context: Context, changes: Iterable[Change]) -> list[str]:
    """A line for each change: number, when, who, what."""
    names = Names(context)
    return [change_line(context, names, change) for change in changes]


def change_line(context: Context, names: Names, change: Change) -> str:
    paint = context.out.palette
    when = paint.dim(f"{ago(change.at):>12}")
    actor = cut(escape(change.actor or "?"), 12)
    return f"{change.id:>6} {when}  {actor:12}  {_sentence(names, change)}"


class Names:
    """Names of the things that changes tell by their ids, each looked up once."""

    def __init__(self, context: Context) -> None:
        self._db = context.db
        self._known: dict[tuple[str, int], str] = {}
        self._listed: set[tuple[str, int]] = set()

    def task(self, task_id: int, otherwise: str = "") -> str:
        if ("task", task_id) not in self._known:
            from paso.commands.tasks import get_task

            try:
                name = get_task(self._db, task_id).key
            except NotFound:
                name = otherwise or f"a deleted task ({task_id})"
            self._known["task", task_id] = name
        return self._known["task", task_id]

    def column(self, project_id: int, column_id: int) -> str:
        from paso.commands.columns import list_columns

        return self._listing("column", list_columns, project_id, column_id)

    def column_of_uid(self, project_id: int, uid: str) -> str:
        from paso.commands.columns import list_columns

        every = list_columns(self._db, project_id)
        named = (escape(column.name) for column in every if column.uid == uid)
        return next(named, "a deleted column")

    def label(self, project_id: int, label_id: int) -> str:
        from paso.commands.labels import list_labels

        return self._listing("label", list_labels, project_id, label_id)

    def _listing(self, kind: str, function: Any, project_id: int, id: int) -> str:
        if (kind, project_id) not in self._listed:
            self._listed.add((kind, project_id))
            for one in function(self._db, project_id):
                self._known[kind, one.id] = escape(one.name)
        return self._known.get((kind, id), f"a deleted {kind} ({id})")


def _sentence(names: Names, change: Change) -> str:
    make = _SENTENCES.get(change.entity, _other)
    return make(names, change)


def _value(change: Change, name: str) -> Any:
    """The newest known value of a field, or None."""
    both = change.fields.get(name) or {}
    new = both.get("new")
    return both.get("old") if new is None else new


def _quote(value: object) -> str:
    return "nothing" if value in (None, "") else cut(escape(str(value)), LONG)


def _task(names: Names, change: Change) -> str:
    title = _quote(_value(change, "title")) if "title" in change.fields else ""
    if change.op == "insert":
        return f"{names.task(change.entity_id, 'a task')} created: {title}"
    if change.op == "delete":
        number = _value(change, "number")
        return f"task {number} deleted: {title}"
    return f"{names.task(change.entity_id)} {_task_update(names, change)}"


def _task_update(names: Names, change: Change) -> str:
    parts = []
    for name, both in change.fields.items():
        if name == "column_id":
            old = names.column(change.project_id, both["old"])
            new = names.column(change.project_id, both["new"])
            parts.append(f"moved from {old} to {new}")
        elif name == "archived_at":
            parts.append("archived" if both["new"] else "restored")
        elif name == "description":
            parts.append("description changed")
        elif name not in QUIET_FIELDS:
            parts.append(f"{name} {_quote(both['old'])} → {_quote(both['new'])}")
    return ", ".join(parts) or "reordered"


def _comment(names: Names, change: Change) -> str:
    task_id = _value(change, "task_id")
    where = f" on {names.task(task_id)}" if task_id else ""
    return f"comment {change.entity_id}{where} {_done(change)}"


def _task_label(names: Names, change: Change) -> str:
    label = names.label(change.project_id, _value(change, "label_id") or 0)
    verb = {"insert": "attached", "delete": "detached"}.get(change.op, "changed")
    return f"{names.task(_value(change, 'task_id') or 0)} label {label} {verb}"


def _relation(names: Names, change: Change) -> str:
    one, two = (names.task(_value(change, n) or 0) for n in ("from_id", "to_id"))
    words = {"parent": "parent of", "blocks": "blocks", "related": "related to"}
    kind = words.get(str(_value(change, "kind")), "related to")
    gone = ": no more" if change.op == "delete" else ""
    return f"{one} {kind} {two}{gone}"


def _done(change: Change) -> str:
    return {"insert": "added", "delete": "deleted"}.get(change.op, "changed")


def _other(names: Names, change: Change) -> str:
    """A project, column or label; an update tells what became of which field."""
    kind = change.entity.replace("_", " ")
    name = _quote(_value(change, "name")) if "name" in change.fields else ""
    if change.op != "update":
        return f"{kind} {name or change.entity_id} {_done(change)}"
    parts = [
        _field(names, change, field, both)
        for field, both in change.fields.items()
        if field not in QUIET_FIELDS
    ]
    return f"{kind} {change.entity_id}: {', '.join(parts) or 'reordered'}"


def _field(names: Names, change: Change, field: str, both: dict[str, Any]) -> str:
    new = both["new"]
    if field == "session_start_moves":
        return f"a session's start moves {'its card' if new else 'nothing'}"
    if field == "session_end_column":
        where = names.column_of_uid(change.project_id, new) if new else ""
        return f"a session's end moves {f'its card to {where}' if new else 'nothing'}"
    return f"{field} {_quote(both['old'])} → {_quote(new)}"


_SENTENCES = {
    "task": _task,
    "comment": _comment,
    "task_label": _task_label,
    "relation": _relation,
}
