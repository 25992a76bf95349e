"""The words of the details of a card.

Never: read the database, know a key.
"""

from __future__ import annotations

from textual.content import Content

from paso.model import PRIORITIES
from paso.text import cell_width, escape
from paso.tui.card_lines import BLOCKED_SIGN, PRIORITY_SIGNS, due_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from paso.model import Change, Comment, Relation, Task, TaskDetails

    Parts = Iterable[Content | str]

HISTORY = 20
"""Changes shown; `paso task history` tells all."""

KINDS = {
    "blocked_by": "blocked by",
    "blocks": "blocks",
    "parent": "child of",
    "child": "parent of",
    "related": "related to",
}
HIDDEN_FIELDS = {"rank", "project_id", "created_at", "completed_at", "number"}


def details_text(
    details: TaskDetails,
    width: int,
    today: date,
    note: str = "",
    *,
    sessions: Iterable[Content | str] = (),
    history: bool = True,
) -> Content:
    """All of a task as one text.

    Arguments:
        width: cells of a line, for the rules between the parts.
        note: said before everything else.
        sessions: what is said of the sessions of the card.
        history: False = it is not known.
    """
    parts: list[Content | str] = []
    if note:
        parts.append(Content.styled(f"{escape(note)}\n\n", "bold $warning"))
    parts += _head(details.task, today)
    parts += _description(details.task)
    if sessions:
        parts += [_rule("Sessions", width), *sessions]
    if details.relations:
        parts += [_rule("Relations", width), *_relations(details.relations)]
    if details.comments:
        title = f"Comments ({len(details.comments)})"
        parts += [_rule(title, width), *_comments(details.comments)]
    if history:
        parts += [_rule("History", width), *_history(details.history)]
    return Content.assemble(*parts)


def _head(task: Task, today: date) -> Parts:
    yield Content.styled(f"{escape(task.title)}\n\n", "bold")
    sign = PRIORITY_SIGNS.get(task.priority, "?")
    yield Content.styled(f"{sign} {task.priority}", PRIORITIES.get(task.priority, ""))
    yield f"   {task.type}   in {escape(task.column.name)}"
    if task.blocked:
        yield Content.styled(f"   {BLOCKED_SIGN} blocked", "bold $error")
    if task.archived:
        yield "   archived"
    yield "\n"
    if task.due:
        word, late = due_word(task.due, today)
        look = "bold $error" if late and not task.completed_at else "$secondary"
        yield _name("due")
        yield Content.styled(f"{task.due} ({word})\n", look)
    if task.assignee:
        yield _name("assignee")
        yield f"{escape(task.assignee)}\n"
    if task.labels:
        yield _name("labels")
        for label in task.labels:
            yield Content.styled("● ", label.color)
            yield f"{escape(label.name)}  "
        yield "\n"
    yield _name("created")
    yield f"{time_words(task.created_at)}\n"
    yield _name("changed")
    yield f"{time_words(task.updated_at)}\n"


def _description(task: Task) -> Parts:
    text = task.description.rstrip()
    yield "\n"
    if text:
        yield f"{escape(text, lines=True)}\n"
    else:
        yield Content.styled("no description\n", "$foreground 50%")


def _relations(relations: Iterable[Relation]) -> Parts:
    for relation in relations:
        mark = "✓" if relation.done else " "
        yield _name(KINDS.get(relation.kind, relation.kind))
        look = "$foreground 50%" if relation.done else ""
        text = f"{mark} {relation.key} {escape(relation.title)}\n"
        yield Content.styled(text, look)


def _comments(comments: Iterable[Comment]) -> Parts:
    for comment in comments:
        edited = ", edited" if comment.updated_at > comment.created_at else ""
        yield Content.styled(escape(comment.author) or "somebody", "bold $secondary")
        yield Content.styled(
            f"  {time_words(comment.created_at)}{edited}\n", "$foreground 50%"
        )
        yield f"{escape(comment.body.rstrip(), lines=True)}\n\n"


def _history(changes: Iterable[Change]) -> Parts:
    for change in list(changes)[:HISTORY]:
        yield Content.styled(f"{time_words(change.at)}  ", "$foreground 50%")
        yield f"{escape(change.actor) or 'somebody'}: {_words(change)}\n"


def _words(change: Change) -> str:
    if change.op != "update":
        verb = {"insert": "added", "delete": "removed"}.get(change.op, change.op)
        return f"{verb} {change.entity.replace('task_', '')}"
    names = [name for name in change.fields if name not in HIDDEN_FIELDS]
    shown = [_field(name, change.fields[name]) for name in names]
    return ", ".join(shown) or "moved it within the column"


def _field(name: str, values: dict[str, object]) -> str:
    if name in ("description", "body"):
        return f"changed the {name}"
    if name == "column_id":
        return "moved it to another column"
    if name == "archived_at":
        return "archived it" if values.get("new") else "restored it"
    new = values.get("new")
    return f"{name} → {escape(str(new)) if new is not None else 'none'}"


def _name(text: str) -> Content:
    return Content.styled(f"{text:<12}", "$foreground 50%")


def _rule(title: str, width: int) -> Content:
    stroke = "─" * max(width - cell_width(title) - 4, 2)
    return Content.styled(f"\n── {title} {stroke}\n", "$primary")


def time_words(text: str) -> str:
    """A time of the log in the user's own zone, to the minute."""
    from datetime import datetime

    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return escape(text)
