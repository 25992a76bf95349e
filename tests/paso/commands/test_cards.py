"""paso/commands/cards.py: what the board draws, and which cards a change touches."""

from __future__ import annotations

import time

import pytest

from paso.commands import columns, comments, labels, projects, relations, tasks
from paso.commands.cards import affected_cards, board_cards, changed_cards
from paso.database.connection import Database
from paso.model import Card


def by_title(db: Database, project_id: int = 1) -> dict[str, Card]:
    return {card.title: card for card in board_cards(db, project_id)}


def test_a_card_tells_what_the_board_draws(db: Database) -> None:
    one = tasks.create_task(db, 1, "one", labels=[4, 1], description="text")
    done = tasks.create_task(db, 1, "done", parent=one.id, column_id=3)
    tasks.create_task(
        db, 1, "two", parent=one.id, blocked_by=[one.id], due="2030-01-01",
        assignee="ann", type="bug", priority="high",
    )  # fmt: skip
    comments.add_comment(db, one.id, "hi")
    cards = by_title(db)
    card = cards["one"]
    assert (card.label_ids, card.comments, card.has_description) == ("1,4", 1, 1)
    assert (card.children, card.children_done, card.parent) == (2, 1, None)
    two = cards["two"]
    assert (two.blocked, two.parent, two.due, two.assignee) == (
        1,
        1,
        "2030-01-01",
        "ann",
    )
    assert (two.type, two.priority, two.label_ids, two.comments) == (
        "bug",
        "high",
        "",
        0,
    )
    assert cards["done"].completed_at == done.completed_at


def test_a_card_says_the_same_as_its_task(db: Database) -> None:
    for turn in range(12):
        task = tasks.create_task(db, 1, f"t{turn}", column_id=1 + turn % 3)
        if turn > 2:
            relations.link(db, task.id - 3, task.id, "blocks")
    listed = tasks.list_tasks(db, 1)
    cards = board_cards(db, 1)
    assert [c.id for c in cards] == [t.id for t in listed]
    for card, task in zip(cards, listed, strict=True):
        assert (card.uid, card.number, card.title) == (
            task.uid,
            task.number,
            task.title,
        )
        assert (card.column_id, card.version) == (task.column.id, task.version)
        assert bool(card.blocked) == task.blocked


def test_cards_come_in_the_order_of_columns_and_ranks(db: Database) -> None:
    for word in "abc":
        tasks.create_task(db, 1, word)
    tasks.move_task(db, 3, top=True)
    tasks.move_task(db, 1, column_id=2)
    columns.move_column(db, 2, before=1)
    assert [card.title for card in board_cards(db, 1)] == ["a", "c", "b"]


def test_archived_tasks_and_other_projects_have_no_card(db: Database) -> None:
    other = projects.create_project(db, "Other")
    tasks.create_task(db, other.id, "there")
    tasks.create_task(db, 1, "here")
    tasks.create_task(db, 1, "away")
    tasks.archive_task(db, 3)
    assert list(by_title(db)) == ["here"]
    assert list(by_title(db, other.id)) == ["there"]


def test_some_cards_are_read_alone(db: Database) -> None:
    for word in "abcd":
        tasks.create_task(db, 1, word)
    tasks.archive_task(db, 4)
    assert [c.title for c in board_cards(db, 1, ids={3, 1, 4, 99})] == ["a", "c"]
    assert board_cards(db, 1, ids=()) == []


def test_ten_thousand_cards_are_read_with_few_queries(db: Database) -> None:
    with db.write("many"):
        db.run(
            "INSERT INTO tasks (project_id, number, column_id, rank, title)"
            " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 10000) SELECT 1, i, 1 + i % 3, printf('a%06d', i), 't' FROM n"
        )
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    assert len(board_cards(db, 1)) == 10_000
    db.conn.set_trace_callback(None)
    assert len(asked) < 12
    began = time.process_time()
    board_cards(db, 1)
    assert time.process_time() - began < 0.5


def test_the_order_of_cards_needs_no_sorting(db: Database) -> None:
    plan = db.rows(
        "EXPLAIN QUERY PLAN SELECT id, uid, title FROM tasks WHERE column_id = 1"
        " AND archived_at IS NULL ORDER BY rank, uid"
    )
    assert "tasks_by_column" in plan[0][3]
    assert not any("TEMP B-TREE" in row[3] for row in plan)


# which cards a change touches


def test_a_task_touches_those_that_show_it(db: Database) -> None:
    a, b, c, d, e = (tasks.create_task(db, 1, word).id for word in "abcde")
    relations.link(db, a, b, "blocks")
    relations.link(db, c, a, "parent")
    relations.link(db, a, d, "parent")
    relations.link(db, a, e, "related")
    assert affected_cards(db, 1, {a}) == {a, b, c, d}
    assert affected_cards(db, 1, {e}) == {e}
    assert affected_cards(db, 1, set()) == set()


@pytest.fixture
def pair(db: Database) -> tuple[int, int]:
    one, two, _ = (tasks.create_task(db, 1, word) for word in "abc")
    relations.link(db, one.id, two.id, "blocks")
    comments.add_comment(db, one.id, "hi")
    labels.attach_label(db, one.id, 1)
    return one.id, two.id


def touched(db: Database) -> set[int] | None:
    assert db.last_commit
    return changed_cards(db, 1, db.last_commit.first, db.last_commit.last)


def test_a_change_of_a_task_touches_it_and_those_that_show_it(
    db: Database, pair: tuple[int, int]
) -> None:
    tasks.edit_task(db, pair[0], {"title": "new"})
    assert touched(db) == {*pair}
    tasks.edit_task(db, pair[1], {"title": "new"})
    assert touched(db) == {pair[1]}


def test_changes_of_parts_touch_their_task(db: Database, pair: tuple[int, int]) -> None:
    comments.edit_comment(db, 1, "ho")
    assert touched(db) == {*pair}
    comments.delete_comment(db, 1)
    assert touched(db) == {*pair}
    labels.detach_label(db, pair[0], 1)
    assert touched(db) == {*pair}
    relations.unlink(db, *pair, "blocks")
    assert touched(db) == {*pair}


def test_a_deleted_task_touches_those_it_blocked(
    db: Database, pair: tuple[int, int]
) -> None:
    tasks.delete_task(db, pair[0])
    assert touched(db) == {*pair}
    assert board_cards(db, 1, ids={*pair})[0].blocked == 0


def test_a_change_of_columns_or_labels_touches_all(
    db: Database, pair: tuple[int, int]
) -> None:
    columns.rename_column(db, 1, "Later")
    assert touched(db) is None
    labels.edit_label(db, 1, color="#000000")
    assert touched(db) is None
    assert changed_cards(db, 2, 1, db.change_head()) == set()
