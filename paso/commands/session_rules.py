"""What a session does to the card of its task, as its project has chosen.

    starts          the card moves to the column in progress, if it waits before it
    ends with 0     the card moves to the column of choice, never to a completed one

What somebody moved after that is left where it is. A move by a rule is a write as any
other: it is announced, and undone, in the name of who made the session.

Never: raise where a rule does not apply; move a card more than once for a transition.
"""

from __future__ import annotations

from paso.commands.moves import check_room, move_tasks
from paso.database import columns, projects, sessions
from paso.database.repository import found, update
from paso.errors import InvalidValue, WipLimitReached
from paso.model import COMPLETED, IN_PROGRESS, READY, ColumnRef
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import EllipsisType

    from paso.database.connection import Database


class SessionRules(NamedTuple):
    """The rules of a project."""

    start_moves: bool
    """A start moves the card to the column in progress."""
    end_column: ColumnRef | None
    """Where an end with exit code 0 moves the card; not followed while that column
    is the completed one."""


def rules_of(db: Database, project_id: int) -> SessionRules:
    """Return the rules of a project.

    Raises:
        NotFound: there is no such project.
    """
    sql = "SELECT session_start_moves, session_end_column FROM projects WHERE id = ?"
    row = found(db.row(sql, (project_id,)), "project", project_id)
    sql = "SELECT id, name, role FROM columns WHERE uid = ? AND project_id = ?"
    column = db.row(sql, (row[1], project_id))
    return SessionRules(bool(row[0]), ColumnRef._make(column) if column else None)


def set_rules(
    db: Database,
    project_id: int,
    *,
    start_moves: bool | None = None,
    end_column_id: int | EllipsisType | None = ...,
) -> SessionRules:
    """Choose the rules of a project; what is not given stays as it is.

    Arguments:
        end_column_id: None = an end moves nothing.
    Raises:
        InvalidValue: the column is the completed one, or of another project.
        NotFound: there is no such project, or column.
    """
    with db.write():
        key = found(projects.key_of(db, project_id), "project", project_id)
        values: dict[str, object] = {}
        if start_moves is not None:
            values["session_start_moves"] = int(start_moves)
        if end_column_id is not ...:
            values["session_end_column"] = _end_uid(db, project_id, end_column_id)
        update(db, "projects", project_id, **values)
        db.describe(f"set what sessions do to the cards of {key}")
    return rules_of(db, project_id)


def _end_uid(db: Database, project_id: int, column_id: int | None) -> str | None:
    if column_id is None:
        return None
    sql = "SELECT project_id, uid, name, role FROM columns WHERE id = ?"
    owner, uid, name, role = found(db.row(sql, (column_id,)), "column", column_id)
    if owner != project_id:
        raise InvalidValue(f"{name} is a column of another project")
    if role == COMPLETED:
        raise InvalidValue(
            f"a session never completes a task, so it cannot move it to {name}",
            hint="choose a column before it, as one for review",
        )
    return str(uid)


class _Run(NamedTuple):
    """The session as far as the rules look at it, and its card."""

    id: str
    title: str
    created_by: str
    rule_change: int
    task_uid: str
    task_id: int
    key: str
    project_id: int
    column_id: int


_RUN = """
SELECT s.id, s.title, s.created_by, coalesce(s.rule_change, 0), s.task_uid, t.id,
  p.key || '-' || t.number, t.project_id, t.column_id
FROM sessions s JOIN tasks t ON t.uid = s.task_uid AND t.archived_at IS NULL
JOIN projects p ON p.id = t.project_id AND p.archived_at IS NULL WHERE s.id = ?
"""

_MOVED = """
SELECT EXISTS (SELECT 1 FROM change_log l
  JOIN change_fields f ON f.change = l.id AND f.name = 'column_id'
  WHERE l.entity = 'task' AND l.entity_id = ? AND l.op = 'update' AND l.id > ?)
"""


def on_start(db: Database, session_id: str) -> str:
    """Follow the start rule, in the write under way; return why a card stays, or ""."""
    run = _run(db, session_id)
    if run is None or not rules_of(db, run.project_id).start_moves:
        return ""
    target = columns.first_target(db, run.project_id, IN_PROGRESS)
    if target is None or target.role != IN_PROGRESS or not _waits(db, run, target.id):
        return ""
    return _move(db, run, target, "started")


def on_clean_end(db: Database, session_id: str) -> str:
    """Follow the end rule, in the write under way; return why a card stays, or ""."""
    run = _run(db, session_id)
    column = rules_of(db, run.project_id).end_column if run else None
    if run is None or column is None or column.role == COMPLETED:
        return ""
    target = columns.target(db, column.id)
    return _move(db, run, target, "ended") if target else ""


def _run(db: Database, session_id: str) -> _Run | None:
    """The session with its card, if it has one that nobody has moved since."""
    row = db.row(_RUN, (session_id,))
    run = _Run._make(row) if row else None
    if run and db.value(_MOVED, (run.task_id, run.rule_change)):
        return None
    return run


def _waits(db: Database, run: _Run, target: int) -> bool:
    """The card is in a ready column, or in one without role left of the target."""
    every = columns.of_project(db, run.project_id)
    places = {column.id: place for place, column in enumerate(every)}
    own = every[places[run.column_id]]
    return own.role == READY or (own.role is None and places[own.id] < places[target])


def _move(db: Database, run: _Run, target: columns.Target, word: str) -> str:
    if target.id == run.column_id:
        return ""
    try:
        check_room(db, target, False)
    except WipLimitReached as error:
        return f"{run.key} stays where it is: {error.message}"
    words = f"session “{run.title}” {word}: moved {run.key} to {target.name}"
    unmoved = _unmoved(db, run)
    with db.write(words):
        move_tasks(db, [run.task_id], column_id=target.id)
        _in_the_name_of(db, run.created_by)
        _count_from_now(db, unmoved)
    return ""


def _in_the_name_of(db: Database, actor: str) -> None:
    if actor:
        sql = (
            "UPDATE batches SET actor = ? WHERE id = (SELECT batch FROM current_batch)"
        )
        db.run(sql, (actor,))


def _unmoved(db: Database, run: _Run) -> list[str]:
    """The sessions of the card, this one too, since whose start nobody moved it."""
    rows = db.rows(
        "SELECT id, coalesce(rule_change, 0) FROM sessions WHERE task_uid = ?"
        " AND phase NOT IN ('ended', 'failed')",
        (run.task_uid,),
    )
    return [one for one, since in rows if not db.value(_MOVED, (run.task_id, since))]


def _count_from_now(db: Database, ids: list[str]) -> None:
    """Else a move by a rule would count as one by somebody."""
    now = db.change_head()
    for session_id in ids:
        sessions.update(db, session_id, rule_change=now)
