"""Writes a project as Markdown to read and as CSV to calculate with.

Text from people and agents is hostile: in Markdown it stays text, whatever marks it
holds; in CSV it cannot become a formula.

Never: write a file, know a terminal.
"""

from __future__ import annotations

from typing import NamedTuple

from paso.commands.projects import get_project
from paso.database import columns, tasks
from paso.model import COMPLETED
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.model import Column, Project, Task

MARKS = str.maketrans({mark: "\\" + mark for mark in "\\`*_[]<>#!|~&$"})
"""What means something inside a line of Markdown; a backslash before it makes it plain
(https://spec.commonmark.org/0.31.2/#backslash-escapes)."""

BEGINNINGS = ("-", "+", "=")
"""What makes a list or a heading at the start of a line, beside numbers."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the start of a formula
(https://owasp.org/www-community/attacks/CSV_Injection)."""

FIELDS = ("key", "title", "description", "column", "type", "priority", "labels", "due",
          "assignee", "blocked_by", "parent", "comments", "archived", "created_at",
          "updated_at", "completed_at", "uid")  # fmt: skip


class _Board(NamedTuple):
    project: Project
    columns: list[Column]
    tasks: list[Task]


def _read(db: Database, project_id: int) -> _Board:
    with db.read():
        return _Board(
            get_project(db, project_id),
            columns.of_project(db, project_id),
            tasks.select(db, "t.project_id = ?", (project_id,)),
        )


def export_markdown(db: Database, project_id: int) -> str:
    """Return the board of a project, columns as headings, tasks with checkboxes.

    Archived tasks are left out. Renders on any CommonMark viewer.

    Raises:
        NotFound: there is no such project.
    """
    board = _read(db, project_id)
    lines = [f"# {_plain(board.project.name)} ({board.project.key})", ""]
    if board.project.description.strip():
        lines += [*_quote(board.project.description, ""), ""]
    for column in board.columns:
        cards = [task for task in board.tasks
                 if task.column.id == column.id and not task.archived]  # fmt: skip
        lines += [f"## {_plain(column.name)} ({len(cards)})", ""]
        for task in cards:
            lines += _item(task)
        lines += [""] if cards else []
    return "\n".join(lines).rstrip() + "\n"


def _item(task: Task) -> list[str]:
    box = "x" if task.column.role == COMPLETED else " "
    head = f"- [{box}] **{task.key}** {_plain(task.title)}"
    notes = ", ".join(_plain(note) for note in _notes(task))
    lines = [f"{head} ({notes})" if notes else head]
    if task.description.strip():
        lines += _quote(task.description, "  ")
    return lines


def _notes(task: Task) -> list[str]:
    """What a card shows beside its title; the usual type and priority go unsaid."""
    given = [
        task.type if task.type != "task" else "",
        task.priority if task.priority != "medium" else "",
        f"due {task.due}" if task.due else "",
        f"for {task.assignee}" if task.assignee else "",
        "blocked by " + " ".join(task.blocked_by) if task.blocked else "",
        f"part of {task.parent}" if task.parent else "",
        *(label.name for label in task.labels),
    ]
    return [note for note in given if note]


def _plain(text: str) -> str:
    return escape(text).translate(MARKS)


def _quote(text: str, indent: str) -> list[str]:
    return [
        f"{indent}> {_quoted_line(line)}".rstrip() for line in text.strip().split("\n")
    ]


def _quoted_line(line: str) -> str:
    """Indentation is kept by spaces that do not make a block of code."""
    inner = line.expandtabs(4).lstrip(" ")
    indent = len(line.expandtabs(4)) - len(inner)
    return "\u00a0" * indent + _begin(_plain(inner.rstrip("\r ")))


def _begin(line: str) -> str:
    """A line that begins no list and no heading: `1. x` becomes `1\\. x`."""
    if line.startswith(BEGINNINGS):
        return "\\" + line
    rest = line.lstrip("0123456789")
    numbered = rest != line and rest.startswith((".", ")"))
    return f"{line[: len(line) - len(rest)]}\\{rest}" if numbered else line


def export_csv(db: Database, project_id: int | None) -> str:
    """Return all tasks of a project, or of every project, archived ones too.

    The format is RFC 4180: a first line with names, CRLF between lines, quotes where
    needed. A text that a spreadsheet would take for a formula gets an apostrophe in
    front (`=1+1` becomes `'=1+1`). Labels are joined by `; `, keys by spaces.

    Raises:
        NotFound: there is no such project.
    """
    import csv
    import io

    if project_id is not None:
        get_project(db, project_id)
    where, params = ("1", ()) if project_id is None else ("t.project_id = ?",
                                                          (project_id,))  # fmt: skip
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FIELDS)
    for task in tasks.select(db, where, params):
        writer.writerow(_harmless(_cells(task)))
    return out.getvalue()


def _cells(task: Task) -> tuple[str, ...]:
    return (
        task.key,
        task.title,
        task.description,
        task.column.name,
        task.type,
        task.priority,
        "; ".join(label.name for label in task.labels),
        task.due or "",
        task.assignee or "",
        " ".join(task.blocked_by),
        task.parent or "",
        str(task.comments),
        "yes" if task.archived else "no",
        task.created_at,
        task.updated_at,
        task.completed_at or "",
        task.uid,
    )


def _harmless(cells: Iterable[str]) -> list[str]:
    return ["'" + cell if cell.startswith(FORMULA) else cell for cell in cells]
