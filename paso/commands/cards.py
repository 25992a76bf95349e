"""Cards: what the board draws of each task, cheap enough for 10,000 of them.

Few tasks have labels, comments or relations, so those are read once for the whole
board and looked up by task, instead of a subquery for each card.

Never: write, know how a card is drawn.
"""

from __future__ import annotations

from paso.database.relations import OPEN
from paso.database.repository import id_list
from paso.model import Card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from paso.database.connection import Database

_COLUMNS = "SELECT id FROM columns WHERE project_id = ? ORDER BY rank, uid"

_TASKS = """
SELECT id, uid, number, column_id, rank, title, type, priority, due, assignee,
  description <> '', version, completed_at
FROM tasks WHERE {column} = ? AND archived_at IS NULL {pick} ORDER BY rank, uid
"""
_LABELS = """
SELECT w.task_id, w.label_id FROM labels l JOIN task_labels w ON w.label_id = l.id
WHERE l.project_id = ? {pick} ORDER BY l.name
"""
_COMMENTS = """
SELECT task_id, count(*) FROM comments WHERE project_id = ? {pick} GROUP BY task_id
"""
_PICK = "AND {task} IN (SELECT value FROM json_each(?))"
_RELATIONS = f"""
SELECT r.kind, r.from_id, r.to_id, f.number, {OPEN.format(task="f", column="c")},
  (SELECT role IS 'completed' FROM columns WHERE id = t.column_id)
FROM relations r JOIN tasks f ON f.id = r.from_id JOIN columns c ON c.id = f.column_id
JOIN tasks t ON t.id = r.to_id
WHERE r.project_id = ? AND r.kind <> 'related'
"""


def board_cards(
    db: Database, project_id: int, *, ids: Collection[int] | None = None
) -> list[Card]:
    """Return the cards that are not archived, in the order of columns and ranks.

    Arguments:
        ids: only these tasks; those that are gone or archived are left out.
    """
    picked = () if ids is None else (id_list(ids),)
    # The whole board comes in the order of the index tasks_by_column, nothing is
    # sorted; a few tasks are found by their ids, which the plus leaves as the only way.
    column = "+column_id" if picked else "column_id"
    sql = _TASKS.format(column=column, pick=_pick("id", picked))
    with db.read():
        parts = _Parts(db, project_id, picked)
        cards: list[Card] = []
        for (column_id,) in db.rows(_COLUMNS, (project_id,)):
            cards += map(parts.card, db.rows(sql, (column_id, *picked)))
    return cards


def _pick(task: str, picked: tuple[str, ...]) -> str:
    return _PICK.format(task=task) if picked else ""


class _Parts:
    """What hangs on the tasks of a project, or on the picked ones, by task."""

    __slots__ = ("blocked", "children", "comments", "done", "labels", "parent")

    def __init__(self, db: Database, project_id: int, picked: tuple[str, ...]) -> None:
        params = (project_id, *picked)
        self.labels: dict[int, str] = {}
        labels = _LABELS.format(pick=_pick("w.task_id", picked))
        for task_id, label_id in db.rows(labels, params):
            worn = self.labels.get(task_id)
            self.labels[task_id] = f"{worn},{label_id}" if worn else str(label_id)
        comments = _COMMENTS.format(pick=_pick("task_id", picked))
        self.comments: dict[int, int] = dict(db.rows(comments, params))
        self.blocked: set[int] = set()
        self.parent: dict[int, int] = {}
        self.children: dict[int, int] = {}
        self.done: dict[int, int] = {}
        for row in db.rows(_RELATIONS, (project_id,)):
            self._relate(*row)

    def _relate(
        self, kind: str, from_id: int, to_id: int, number: int, opened: int, done: int
    ) -> None:
        if kind == "parent":
            self.parent[to_id] = number
            self.children[from_id] = self.children.get(from_id, 0) + 1
            self.done[from_id] = self.done.get(from_id, 0) + done
        elif opened:
            self.blocked.add(to_id)

    def card(self, row: tuple[Any, ...]) -> Card:
        task_id = row[0]
        return Card._make(
            (
                *row[:8],
                self.labels.get(task_id, ""),
                1 if task_id in self.blocked else 0,
                row[8],
                row[9],
                self.comments.get(task_id, 0),
                self.children.get(task_id, 0),
                self.done.get(task_id, 0),
                self.parent.get(task_id),
                *row[10:],
            )
        )


def affected_cards(db: Database, project_id: int, ids: Collection[int]) -> set[int]:
    """Return `ids` and the tasks whose card shows something of them.

    These are the tasks they block, their parents (who count children) and their
    children (who show the parent's number).
    """
    rows = db.rows(
        "SELECT to_id FROM relations WHERE project_id = :project"
        " AND kind IN ('blocks', 'parent')"
        " AND from_id IN (SELECT value FROM json_each(:ids))"
        " UNION SELECT from_id FROM relations WHERE project_id = :project"
        " AND kind = 'parent' AND to_id IN (SELECT value FROM json_each(:ids))",
        {"project": project_id, "ids": id_list(ids)},
    )
    return {*ids, *(row[0] for row in rows)}


_TOUCHED = """
SELECT l.entity, l.entity_id, f.name, f.old, f.new
FROM change_log l LEFT JOIN change_fields f ON f.change = l.id
  AND f.name IN ('task_id', 'from_id', 'to_id')
WHERE l.id BETWEEN :first AND :last AND l.project_id = :project
"""
_OF_A_TASK = ("comment", "relation", "task_label")


def changed_cards(
    db: Database, project_id: int, first: int, last: int
) -> set[int] | None:
    """Return the tasks whose card the changes `first` to `last` may have altered.

    Deleted comments, labels and relations are traced to their task through the log.
    Returns None when a column, a label or the project itself changed: then all cards
    are to be read again.
    """
    params = {"first": first, "last": last, "project": project_id}
    ids: set[int] = set()
    for entity, entity_id, _, old, new in db.rows(_TOUCHED, params):
        if entity == "task":
            ids.add(entity_id)
        elif entity in _OF_A_TASK:
            ids |= {task_id for task_id in (old, new) if task_id is not None}
        else:
            return None
    ids |= _tasks_of_edited_comments(db, params)
    return affected_cards(db, project_id, ids)


def _tasks_of_edited_comments(db: Database, params: dict[str, int]) -> set[int]:
    rows = db.rows(
        "SELECT c.task_id FROM change_log l JOIN comments c ON c.id = l.entity_id"
        " WHERE l.id BETWEEN :first AND :last AND l.project_id = :project"
        " AND l.entity = 'comment'",
        params,
    )
    return {row[0] for row in rows}
