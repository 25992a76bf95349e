"""The sessions of tasks: what a record of a task names, what its card shows.

A module of its own, as the command line loads it only where there are sessions.

Never: write, check a rule.
"""

from __future__ import annotations

from paso.model import SessionRef
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database

REFS_OF_TASK = 20
"""Sessions that the record of a task names; `session list --task` has all."""

LIVE = "phase IN ('starting', 'running', 'stopping')"
"""Written as the partial index is, or SQLite would not use it."""


class SessionMark(NamedTuple):
    """How many sessions of a card are in which state.

    All but the first two need the user, until they are acknowledged.
    """

    working: int = 0
    idle: int = 0
    waiting: int = 0
    finished: int = 0
    failed: int = 0
    lost: int = 0


def of_tasks(db: Database, tasks: dict[int, str]) -> dict[int, tuple[SessionRef, ...]]:
    """Return the newest sessions of tasks, newest first.

    Arguments:
        tasks: id to uid.
    """
    newest = "ORDER BY created_at DESC, id DESC"
    refs = "SELECT task_uid, id, phase, activity, attention FROM sessions WHERE"
    if len(tasks) == 1:
        rows = db.rows(f"{refs} task_uid = ? {newest}", tuple(tasks.values()))
    else:
        rows = db.rows(f"{refs} task_uid IS NOT NULL {newest}")
    found: dict[str, list[SessionRef]] = {}
    for row in rows:
        mine = found.setdefault(row[0], [])
        if len(mine) < REFS_OF_TASK:
            mine.append(SessionRef._make(row[1:]))
    return {
        task_id: tuple(found[uid]) for task_id, uid in tasks.items() if uid in found
    }


# CROSS JOIN holds SQLite to this order: a board has more cards than sessions to show.
_MARKS = f"""
SELECT t.id, s.phase, s.activity, s.attention
FROM sessions s CROSS JOIN tasks t ON t.uid = s.task_uid
WHERE (s.{LIVE} OR s.attention <> 'none') AND t.project_id = ?
"""


def session_marks(db: Database, project_id: int) -> dict[int, SessionMark]:
    """Return for each card of a project that has any: what its sessions are up to.

    A session that is over counts until the user has acknowledged it.
    """
    states: dict[int, list[str]] = {}
    for task_id, phase, activity, attention in db.rows(_MARKS, (project_id,)):
        states.setdefault(task_id, []).append(_mark(phase, activity, attention))
    return {
        task_id: SessionMark._make(map(found.count, SessionMark._fields))
        for task_id, found in states.items()
    }


def _mark(phase: str, activity: str, attention: str) -> str:
    if phase == "ended":
        return "finished"
    if phase in ("failed", "lost"):
        return phase
    if attention != "none":
        return "waiting"
    return "working" if activity == "working" else "idle"


def needs_by_project(db: Database) -> dict[int | None, int]:
    """Return the number of sessions that need the user, of each project with any.

    None stands for the sessions of no project that is there.
    """
    return dict(
        db.rows(
            "SELECT p.id, count(*) FROM sessions s"
            " LEFT JOIN projects p ON p.uid = s.project_uid"
            " WHERE s.attention <> 'none' GROUP BY p.id"
        )
    )
