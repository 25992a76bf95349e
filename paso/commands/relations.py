"""Relations: link and unlink tasks of one project; cycles are refused.

    blocks    from blocks to       no task may block itself, over any others
    parent    from is parent of to one parent each; no task is its own ancestor
    related   no direction

Never: know the command line or the board.
"""

from __future__ import annotations

from paso.commands.values import one_of
from paso.database import relations
from paso.database.repository import found, insert
from paso.errors import Conflict, CycleRefused, InvalidValue
from paso.model import BLOCKS, PARENT, RELATED, RELATION_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database
    from paso.model import Relation

_WORDS = {BLOCKS: "blocks", PARENT: "is the parent of", RELATED: "is related to"}


def list_relations(db: Database, task_id: int) -> tuple[Relation, ...]:
    """Return the relations of a task as it sees them."""
    _key(db, task_id)
    return relations.of_task(db, task_id)


def link(db: Database, from_id: int, to_id: int, kind: str) -> bool:
    """Link two tasks; return False when they were linked so already.

    Raises:
        CycleRefused: a task would block itself, or be its own ancestor.
        Conflict: the child has another parent.
        InvalidValue: the tasks are of two projects.
    """
    kind = one_of("relation", kind, RELATION_KINDS)
    with db.write():
        words = _sentence(db, from_id, to_id, kind)
        if relations.exists(db, kind, from_id, to_id):
            return False
        project_id = _common_project(db, from_id, to_id)
        _refuse_cycle(db, kind, from_id, to_id, words)
        if kind == PARENT:
            _refuse_second_parent(db, to_id)
        one, other = relations.ends(kind, from_id, to_id)
        insert(
            db,
            "relations",
            project_id=project_id,
            kind=kind,
            from_id=one,
            to_id=other,
        )
        db.describe(f"linked: {words}")
    return True


def unlink(db: Database, from_id: int, to_id: int, kind: str) -> bool:
    """Take a link away; return False when there was none."""
    kind = one_of("relation", kind, RELATION_KINDS)
    with db.write():
        removed = relations.remove(db, kind, from_id, to_id)
        db.describe(f"unlinked: {_sentence(db, from_id, to_id, kind)}")
    return removed


def _sentence(db: Database, from_id: int, to_id: int, kind: str) -> str:
    return f"{_key(db, from_id)[0]} {_WORDS[kind]} {_key(db, to_id)[0]}"


def _key(db: Database, task_id: int) -> tuple[str, int]:
    row = db.row(
        "SELECT p.key || '-' || t.number, t.project_id"
        " FROM tasks t JOIN projects p ON p.id = t.project_id WHERE t.id = ?",
        (task_id,),
    )
    key, project_id = found(row, "task", task_id)
    return key, project_id


def _common_project(db: Database, from_id: int, to_id: int) -> int:
    (one, project_id), (other, other_project) = _key(db, from_id), _key(db, to_id)
    if project_id != other_project:
        raise InvalidValue(
            f"{one} and {other} are of two projects; only tasks of one are linked"
        )
    return project_id


def _refuse_cycle(
    db: Database, kind: str, from_id: int, to_id: int, words: str
) -> None:
    if from_id == to_id:
        raise CycleRefused(f"{words}: a task cannot be linked to itself")
    if kind != RELATED and relations.closes_cycle(db, kind, from_id, to_id):
        raise CycleRefused(f"{words}: that would close a cycle")


def _refuse_second_parent(db: Database, task_id: int) -> None:
    parent = relations.parent_of(db, task_id)
    if parent is not None:
        child, has = _key(db, task_id)[0], _key(db, parent)[0]
        raise Conflict(
            f"{child} has the parent {has} already",
            hint=f"paso task unlink {has} --child {child}",
        )
