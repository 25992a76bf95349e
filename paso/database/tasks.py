"""Tasks in the database: whole records by set-based queries, places in a column.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

from paso.database import comments, labels, relations
from paso.database.rank import between, spread
from paso.database.repository import id_list, update
from paso.model import BLOCKS, PARENT, ColumnRef, Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from paso.database.connection import Database
    from paso.model import SessionRef

_SELECT = """
SELECT t.id, t.uid, p.key || '-' || t.number, t.number, t.project_id, c.id, c.name,
  c.role, t.title, t.description, t.type, t.priority, t.due, t.assignee, t.version,
  t.archived_at IS NOT NULL, t.created_at, t.updated_at, t.completed_at
FROM tasks t JOIN columns c ON c.id = t.column_id JOIN projects p ON p.id = t.project_id
WHERE {where}
ORDER BY p.name COLLATE NOCASE, p.id, c.rank, c.uid, t.rank, t.uid
"""


class Parts:
    """What hangs on some tasks, read once for all of them."""

    __slots__ = (
        "blocked",
        "blocked_by",
        "blocks",
        "children",
        "comments",
        "labels",
        "parent",
        "positions",
        "sessions",
    )

    def __init__(self, db: Database, rows: Sequence[tuple[Any, ...]]) -> None:
        ids = [row[0] for row in rows]
        self.labels = labels.of_tasks(db, ids)
        self.comments = comments.counts(db, ids)
        self.positions = _positions(db, rows)
        self.sessions = _sessions(db, rows)
        self.parent: dict[int, str] = {}
        self.children: dict[int, list[str]] = {}
        self.blocks: dict[int, list[str]] = {}
        self.blocked_by: dict[int, list[str]] = {}
        self.blocked: set[int] = set()
        for link in relations.of_tasks(db, ids):
            self._add(link)

    def _add(self, link: relations.Link) -> None:
        if link.kind == PARENT:
            self.parent[link.to_id] = link.from_key
            self.children.setdefault(link.from_id, []).append(link.to_key)
        elif link.kind == BLOCKS:
            self.blocks.setdefault(link.from_id, []).append(link.to_key)
            self.blocked_by.setdefault(link.to_id, []).append(link.from_key)
            if link.open:
                self.blocked.add(link.to_id)


def select(db: Database, where: str, params: Sequence[Any]) -> list[Task]:
    """Return the tasks that `where` picks, in the order of the board.

    Arguments:
        where: SQL on the aliases t (tasks), c (columns), p (projects).
    """
    with db.read():
        rows = db.rows(_SELECT.format(where=where), params)
        parts = Parts(db, rows)
    return [_record(row, parts) for row in rows]


def by_id(db: Database, task_id: int) -> Task | None:
    found = select(db, "t.id = ?", (task_id,))
    return found[0] if found else None


def by_ids(db: Database, ids: Iterable[int]) -> list[Task]:
    return select(db, "t.id IN (SELECT value FROM json_each(?))", (id_list(ids),))


def _record(row: tuple[Any, ...], parts: Parts) -> Task:
    own = row[0]
    return Task._make(
        (
            *row[:5],
            ColumnRef._make(row[5:8]),
            parts.positions.get(own, 0),
            *row[8:12],
            parts.labels.get(own, ()),
            *row[12:14],
            own in parts.blocked,
            tuple(parts.blocked_by.get(own, ())),
            tuple(parts.blocks.get(own, ())),
            parts.parent.get(own),
            tuple(parts.children.get(own, ())),
            parts.comments.get(own, 0),
            parts.sessions.get(own, ()),
            row[14],
            bool(row[15]),
            *row[16:],
        )
    )


def _sessions(
    db: Database, rows: Sequence[tuple[Any, ...]]
) -> dict[int, tuple[SessionRef, ...]]:
    if not db.row("SELECT 1 FROM sessions WHERE task_uid IS NOT NULL LIMIT 1"):
        return {}
    from paso.database.task_sessions import of_tasks

    return of_tasks(db, {row[0]: row[1] for row in rows})


def _positions(db: Database, rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    if len(rows) == 1:
        return {rows[0][0]: _position(db, rows[0][0])}
    positions: dict[int, int] = {}
    for column_id in {row[5] for row in rows}:
        ordered = db.rows(
            "SELECT id FROM tasks WHERE column_id = ? AND archived_at IS NULL"
            " ORDER BY rank, uid",
            (column_id,),
        )
        positions.update((row[0], place) for place, row in enumerate(ordered, 1))
    return positions


def _position(db: Database, task_id: int) -> int:
    return int(
        db.value(
            "SELECT count(*) FROM tasks own JOIN tasks t ON t.column_id = own.column_id"
            " AND t.archived_at IS NULL AND (t.rank, t.uid) <= (own.rank, own.uid)"
            " WHERE own.id = ? AND own.archived_at IS NULL",
            (task_id,),
        )
    )


def next_number(db: Database, project_id: int) -> int:
    """Return the next number of the project; none is given out twice."""
    sql = "SELECT coalesce(max(last), 0) + 1 FROM task_numbers WHERE project_id = ?"
    return int(db.value(sql, (project_id,)))


# places

_BELOW = (
    "SELECT id, rank FROM tasks WHERE column_id = :column AND archived_at IS NULL"
    " AND id IS NOT :moved AND (rank, uid) > (:rank, :uid) ORDER BY rank, uid LIMIT 1"
)
_ABOVE = _BELOW.replace("> (", "< (").replace("rank, uid L", "rank DESC, uid DESC L")
_LAST = _ABOVE.replace(" AND (rank, uid) < (:rank, :uid)", "")
_FIRST = _BELOW.replace(" AND (rank, uid) > (:rank, :uid)", "")


class Gap:
    """A place in a column: between two cards, either of which may be missing."""

    __slots__ = ("column_id", "lower", "upper")

    def __init__(self, column_id: int, lower: int | None, upper: int | None) -> None:
        self.column_id = column_id
        self.lower = lower
        self.upper = upper


def gap_at_end(db: Database, column_id: int, moved: int | None, *, top: bool) -> Gap:
    """Return the place above or below all cards but the moved one."""
    sql = _FIRST if top else _LAST
    found = db.value(sql, {"column": column_id, "moved": moved})
    return Gap(column_id, None, found) if top else Gap(column_id, found, None)


def gap_beside(
    db: Database, column_id: int, anchor: int, moved: int | None, *, above: bool
) -> Gap:
    """Return the place just above or below a card, as if the moved one were away."""
    row = db.row("SELECT rank, uid FROM tasks WHERE id = ?", (anchor,))
    rank, uid = row or ("", "")
    params = {"column": column_id, "moved": moved, "rank": rank, "uid": uid}
    found = db.value(_ABOVE if above else _BELOW, params)
    return Gap(column_id, found, anchor) if above else Gap(column_id, anchor, found)


def is_in(db: Database, gap: Gap, task_id: int) -> bool:
    """Return True when the task is the one between the two cards already."""
    own = _order(db, task_id)
    lower, upper = _order(db, gap.lower), _order(db, gap.upper)
    return (
        own is not None
        and own[0] == gap.column_id
        and (lower is None or lower < own)
        and (upper is None or own < upper)
    )


def _order(db: Database, task_id: int | None) -> tuple[int, str, str] | None:
    sql = "SELECT column_id, rank, uid FROM tasks WHERE id = ?"
    row = db.row(sql, (task_id,)) if task_id is not None else None
    return None if row is None else tuple(row)


def rank_in(db: Database, gap: Gap, moved: int | None) -> str:
    """Return a rank for the place; one new row is all a move writes.

    Two cards may have one rank (after a merge, or by another program). Then those of
    this rank below the place get new ones, and if even that finds no room, all cards
    of the column.
    """
    lower, upper = _order(db, gap.lower), _order(db, gap.upper)
    rank = between(lower and lower[1], upper and upper[1])
    return rank or _make_room(db, gap, moved)


def _make_room(db: Database, gap: Gap, moved: int | None) -> str:
    rows = db.rows(
        "SELECT id, rank FROM tasks WHERE column_id = ? AND archived_at IS NULL"
        " AND id IS NOT ? ORDER BY rank, uid",
        (gap.column_id, moved),
    )
    ids, ranks = [row[0] for row in rows], [row[1] for row in rows]
    place = 0 if gap.lower is None else ids.index(gap.lower) + 1
    floor = ranks[place - 1] if place else None
    end = place
    while end < len(ids) and ranks[end] == floor:
        end += 1
    fresh = spread(floor, ranks[end] if end < len(ids) else None, end - place + 1)
    if fresh:
        return _hand_out(db, ids[place:end], fresh, 0)
    return _hand_out(db, ids, spread(None, None, len(ids) + 1) or [], place)


def _hand_out(db: Database, ids: list[int], ranks: list[str], place: int) -> str:
    own = ranks.pop(place)
    for task_id, rank in zip(ids, ranks, strict=True):
        update(db, "tasks", task_id, rank=rank)
    return own


def ranks_below(db: Database, column_id: int, count: int) -> list[str]:
    """Return ranks for `count` cards under all cards of a column."""
    last = db.row(_LAST, {"column": column_id, "moved": None})
    ranks = spread(last[1] if last else None, None, count)
    if ranks is None:
        gap = gap_at_end(db, column_id, None, top=False)
        ranks = spread(_make_room(db, gap, None), None, count)
    return ranks or []
