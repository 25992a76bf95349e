"""paso/commands/comments.py: written, changed, deleted, text kept as it came."""

from __future__ import annotations

import pytest

from paso.commands import comments, tasks
from paso.database.connection import Database
from paso.errors import InvalidValue, NotFound


def test_a_comment_has_the_actor_as_author(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    assert comments.add_comment(db, task.id, "hi").author == "ann"
    assert comments.add_comment(db, task.id, "ho", author="bot").author == "bot"
    assert [c.body for c in comments.list_comments(db, task.id)] == ["hi", "ho"]


def test_the_text_is_kept_as_it_came(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    body = "  a\n\tb\x1b[31m\r\n"
    assert comments.add_comment(db, task.id, body).body == body


@pytest.mark.parametrize("body", ["", " \n", "x" * 100_001, "a\0"])
def test_a_body_that_is_none_is_refused(db: Database, body: str) -> None:
    task = tasks.create_task(db, 1, "one")
    made = comments.add_comment(db, task.id, "hi")
    with pytest.raises(InvalidValue):
        comments.add_comment(db, task.id, body)
    with pytest.raises(InvalidValue):
        comments.edit_comment(db, made.id, body)


def test_a_comment_is_changed_and_deleted(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    made = comments.add_comment(db, task.id, "hi")
    edited = comments.edit_comment(db, made.id, "ho")
    assert (edited.body, edited.created_at) == ("ho", made.created_at)
    assert edited.updated_at >= made.updated_at
    comments.delete_comment(db, made.id)
    assert comments.list_comments(db, task.id) == []


def test_what_is_not_there_is_told(db: Database) -> None:
    for act in (
        lambda: comments.add_comment(db, 99, "hi"),
        lambda: comments.list_comments(db, 99),
        lambda: comments.edit_comment(db, 99, "hi"),
        lambda: comments.delete_comment(db, 99),
    ):
        with pytest.raises(NotFound):
            act()
