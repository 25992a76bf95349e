"""paso/commands/board.py: the tree and the figures of a project."""

from __future__ import annotations

import pytest

from paso.commands import relations, tasks
from paso.commands.board import Node, project_tree, statistics
from paso.database.connection import Database
from paso.errors import NotFound


def shape(nodes: tuple[Node, ...]) -> list[object]:
    return [
        (node.task.title, shape(node.children)) if node.children else node.task.title
        for node in nodes
    ]


def test_the_tree_follows_the_parents(db: Database) -> None:
    a, b, c, _ = (tasks.create_task(db, 1, word).id for word in "abcd")
    relations.link(db, c, a, "parent")
    relations.link(db, a, b, "parent")
    assert shape(project_tree(db, 1)) == [("c", [("a", ["b"])]), "d"]


def test_a_child_of_an_archived_parent_is_a_root(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    tasks.create_task(db, 1, "two", parent=one.id)
    tasks.archive_task(db, one.id)
    assert shape(project_tree(db, 1)) == ["two"]


def test_a_circle_written_by_another_program_ends(db: Database) -> None:
    a, b = (tasks.create_task(db, 1, word).id for word in "ab")
    relations.link(db, a, b, "parent")
    with db.write("another program"):
        db.run(
            "INSERT INTO relations (project_id, kind, from_id, to_id)"
            " VALUES (1, 'parent', ?, ?)",
            (b, a),
        )
    assert shape(project_tree(db, 1)) == [("a", ["b"])]


def test_statistics_count_what_is_open(db: Database) -> None:
    one = tasks.create_task(db, 1, "one", due="2030-01-01", assignee="ann", type="bug")
    tasks.create_task(db, 1, "two", blocked_by=[one.id], priority="high")
    done = tasks.create_task(db, 1, "done", column_id=3, due="2030-01-01")
    tasks.create_task(db, 1, "away")
    tasks.archive_task(db, 4)
    found = statistics(db, 1, "2030-01-02")
    assert found.counts == (2, 1, 1)
    assert (found.blocked, found.overdue) == (1, 1)
    assert found.columns == {"To do": 2, "Done": 1}
    assert found.types == {"bug": 1, "task": 1}
    assert found.priorities == {"medium": 1, "high": 1}
    assert found.assignees == {"ann": 1, "": 1}
    assert done.completed_at
    assert found.completed_by_day == {done.completed_at[:10]: 1}
    assert statistics(db, 1, "2030-01-01").overdue == 0
    with pytest.raises(NotFound):
        statistics(db, 99, "2030-01-01")
