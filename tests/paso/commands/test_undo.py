"""paso/commands/undo.py: steps back and forth, and what refuses to be undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paso.commands import columns, comments, labels, projects, relations, tasks
from paso.commands.undo import history, log, redo, undo
from paso.database.connection import Database, open_database
from paso.errors import Conflict, InvalidValue, UndoConflict
from tests.paso.database.processes import run_all


@pytest.fixture
def bob(db: Database) -> Iterator[Database]:
    """Another user at the same board."""
    found = open_database(db.path, actor="bob")
    yield found
    found.close()


def title(db: Database, task_id: int) -> str:
    return tasks.get_task(db, task_id).title


def refuses(act: Callable[[], object], message: str) -> None:
    with pytest.raises(UndoConflict, match=message):
        act()


def test_on_a_new_board_there_is_nothing_to_undo_or_redo(db: Database) -> None:
    with pytest.raises(Conflict, match="nothing to undo"):
        undo(db)
    with pytest.raises(Conflict, match="nothing to redo"):
        redo(db)
    assert db.value("SELECT count(*) FROM batches") == 1


def test_undo_tells_what_it_undid(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.move_task(db, task.id, column_id=3)
    done = undo(db)
    assert (done.summary, done.actor, done.project_id) == (
        "moved PASO-1 to Done",
        "ann",
        1,
    )
    assert undo(db).summary == "created PASO-1"
    assert redo(db).summary == "created PASO-1"


def test_undo_is_a_write_of_its_own_in_the_log(db: Database) -> None:
    tasks.create_task(db, 1, "one")
    head = db.change_head()
    undo(db)
    (change,) = log(db, since=head)
    assert (change.op, change.entity, change.actor) == ("delete", "task", "ann")
    row = "SELECT kind, target, summary FROM batches ORDER BY id DESC LIMIT 1"
    assert db.row(row) == ("undo", 2, "undid: created PASO-1")
    assert db.last_commit and db.last_commit.last == change.id


def test_each_actor_undoes_own_steps(db: Database, bob: Database) -> None:
    one = tasks.create_task(db, 1, "ann's")
    two = tasks.create_task(bob, 1, "bob's")
    assert undo(db).summary == f"created {one.key}"
    assert [task.id for task in tasks.list_tasks(db, 1)] == [two.id]
    with pytest.raises(Conflict, match="nothing to undo"):
        undo(db)
    assert undo(db, actor="bob").summary == f"created {two.key}"


def test_undo_can_be_kept_to_one_project(db: Database) -> None:
    other = projects.create_project(db, "Other")
    tasks.create_task(db, 1, "here")
    tasks.create_task(db, other.id, "there")
    assert undo(db, project_id=1).summary == "created PASO-1"
    assert redo(db, project_id=1).summary == "created PASO-1"
    with pytest.raises(Conflict, match="nothing to redo"):
        redo(db, project_id=other.id)
    assert undo(db).summary == "created OTHE-1"


def test_a_strangers_write_is_anybodys_to_undo(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "before")
    shell = sqlite3.connect(db.path, isolation_level=None)
    shell.execute("PRAGMA foreign_keys=OFF")
    shell.execute("UPDATE tasks SET title = 'by hand' WHERE id = ?", (task.id,))
    shell.close()
    done = undo(bob)
    assert (done.actor, done.summary) == ("sqlite", "update task")
    assert title(db, task.id) == "before"
    redo(bob)
    assert title(db, task.id) == "by hand"


def test_a_strangers_deletion_with_all_its_parts_comes_back(db: Database) -> None:
    task = tasks.create_task(db, 1, "before", labels=[1])
    comments.add_comment(db, task.id, "hello")
    before = tasks.get_task(db, task.id)
    shell = sqlite3.connect(db.path, isolation_level=None)
    shell.execute("PRAGMA foreign_keys=OFF")
    shell.execute("DELETE FROM tasks")
    shell.close()
    for _ in range(3):
        undo(db)
    after = tasks.get_task(db, task.id)
    assert after._replace(version=before.version) == before


def test_a_new_write_ends_redo(db: Database) -> None:
    tasks.create_task(db, 1, "one")
    undo(db)
    tasks.create_task(db, 1, "two")
    with pytest.raises(Conflict, match="nothing to redo"):
        redo(db)
    undo(db)
    assert redo(db).summary == "created PASO-2"


def test_a_write_of_somebody_else_does_not_end_redo(
    db: Database, bob: Database
) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    undo(db)
    tasks.edit_task(bob, task.id, {"priority": "high"})
    redo(db)
    assert title(db, task.id) == "two"
    assert tasks.get_task(db, task.id).priority == "high"


def test_steps_are_undone_by_other_processes_too(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    for word in ("two", "three", "four"):
        tasks.edit_task(db, task.id, {"title": word})
    script = (
        "from paso.commands.undo import undo\n"
        "from paso.database.connection import open_database\n"
        "undo(open_database(sys.argv[1], actor='ann'))\n"
    )
    for expected in ("three", "two", "one"):
        run_all(script, [(db.path,)])
        assert title(db, task.id) == expected


def test_one_write_is_one_step_however_much_is_in_it(db: Database) -> None:
    with db.write("three at once"):
        for word in "abc":
            tasks.create_task(db, 1, word)
    assert undo(db).summary == "three at once"
    assert tasks.list_tasks(db, 1) == []


# conflicts


def test_a_field_that_was_changed_since_refuses_and_is_named(
    db: Database, bob: Database
) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two", "priority": "low"})
    tasks.edit_task(bob, task.id, {"title": "three"})
    refuses(lambda: undo(db), "PASO-1: title was changed since")
    assert (title(db, task.id), tasks.get_task(db, task.id).priority) == (
        "three",
        "low",
    )
    undo(bob)
    undo(db)
    assert title(db, task.id) == "one"


def test_another_field_changed_since_does_not_refuse(
    db: Database, bob: Database
) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    tasks.edit_task(bob, task.id, {"priority": "high"})
    undo(db)
    after = tasks.get_task(db, task.id)
    assert (after.title, after.priority) == ("one", "high")


def test_a_change_of_a_row_deleted_since_refuses(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    tasks.delete_task(bob, task.id)
    refuses(lambda: undo(db), "PASO-1 was deleted since")


def test_a_creation_is_not_undone_when_the_row_was_changed(
    db: Database, bob: Database
) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.claim_task(bob, task.id, "bob")
    refuses(lambda: undo(db), "PASO-1: assignee was changed since")


@pytest.mark.parametrize(
    ("hang", "word"),
    [
        (lambda db: comments.add_comment(db, 2, "hi"), "1 comments"),
        (lambda db: labels.attach_label(db, 2, 1), "1 task labels"),
        (lambda db: relations.link(db, 1, 2, "blocks"), "1 relations"),
        (lambda db: relations.link(db, 2, 1, "blocks"), "1 relations"),
    ],
)
def test_a_creation_is_not_undone_when_something_hangs_on_it(
    db: Database, bob: Database, hang: Callable[[Database], object], word: str
) -> None:
    tasks.create_task(bob, 1, "other")
    tasks.create_task(db, 1, "one")
    hang(bob)
    refuses(lambda: undo(db), f"PASO-2 has {word} by now")


def test_a_column_in_use_by_now_is_not_undone(db: Database, bob: Database) -> None:
    column = columns.create_column(db, 1, "Review")
    task = tasks.create_task(bob, 1, "one", column_id=column.id)
    refuses(lambda: undo(db), "the column Review has 1 tasks by now")
    tasks.delete_task(bob, task.id)
    undo(db)
    assert len(columns.list_columns(db, 1)) == 3


def test_a_project_in_use_by_now_is_not_undone(db: Database, bob: Database) -> None:
    project = projects.create_project(db, "Other")
    tasks.create_task(bob, project.id, "one")
    refuses(lambda: undo(db), "the column To do has 1 tasks by now")


def test_a_task_does_not_come_back_into_a_column_that_is_gone(
    db: Database, bob: Database
) -> None:
    column = columns.create_column(bob, 1, "Review")
    task = tasks.create_task(bob, 1, "one", column_id=column.id)
    tasks.delete_task(db, task.id)
    columns.delete_column(bob, column.id)
    refuses(lambda: undo(db), "PASO-1: its column was deleted since")


def test_a_move_back_into_a_column_that_is_gone_refuses(
    db: Database, bob: Database
) -> None:
    column = columns.create_column(bob, 1, "Review")
    task = tasks.create_task(bob, 1, "one", column_id=column.id)
    tasks.move_task(db, task.id, column_id=1)
    columns.delete_column(bob, column.id)
    refuses(lambda: undo(db), "PASO-1: its column was deleted since")


def test_a_name_taken_since_refuses(db: Database, bob: Database) -> None:
    label = labels.create_label(db, 1, "urgent")
    labels.delete_label(db, label.id)
    labels.create_label(bob, 1, "urgent")
    refuses(lambda: undo(db), "the label urgent")


def test_a_link_that_would_close_a_cycle_by_now_refuses(
    db: Database, bob: Database
) -> None:
    one, two = tasks.create_task(db, 1, "one"), tasks.create_task(db, 1, "two")
    relations.link(db, one.id, two.id, "blocks")
    relations.unlink(db, one.id, two.id, "blocks")
    relations.link(bob, two.id, one.id, "blocks")
    refuses(lambda: undo(db), "relation of PASO-1 and PASO-2 would close a cycle")


def test_a_second_parent_by_now_refuses(db: Database, bob: Database) -> None:
    one, two, three = (tasks.create_task(db, 1, word) for word in "abc")
    relations.link(db, one.id, two.id, "parent")
    relations.unlink(db, one.id, two.id, "parent")
    relations.link(bob, three.id, two.id, "parent")
    refuses(lambda: undo(db), "relation of PASO-1 and PASO-2")


def test_a_redo_over_a_later_change_refuses(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    undo(db)
    tasks.edit_task(bob, task.id, {"title": "three"})
    refuses(lambda: redo(db), "PASO-1: title was changed since")
    assert title(db, task.id) == "three"


# what comes back


def test_a_deleted_task_comes_back_as_it_was(db: Database) -> None:
    parent = tasks.create_task(db, 1, "parent")
    task = tasks.create_task(
        db, 1, "one", labels=[1, 2], parent=parent.id, due="2030-01-01"
    )
    child = tasks.create_task(db, 1, "child", parent=task.id, blocked_by=[task.id])
    comments.add_comment(db, task.id, "hello")
    before = tasks.task_details(db, task.id)
    tasks.delete_task(db, task.id)
    assert not tasks.get_task(db, child.id).blocked
    undo(db)
    after = tasks.task_details(db, task.id)
    assert after.task._replace(version=before.task.version) == before.task
    assert after.task.version > before.task.version
    assert (after.comments, after.relations) == (before.comments, before.relations)


def test_a_deleted_project_comes_back_with_all_that_was_in_it(db: Database) -> None:
    tasks.create_task(db, 1, "one", labels=[1])
    before = projects.get_project(db, 1)
    projects.delete_project(db, 1, force=True)
    assert projects.list_projects(db) == []
    undo(db)
    assert projects.get_project(db, 1) == before
    assert tasks.find_task(db, "PASO-1").labels[0].name == "bug"


def test_a_number_is_not_given_out_again_after_undo(db: Database) -> None:
    tasks.create_task(db, 1, "one")
    undo(db)
    assert tasks.create_task(db, 1, "two").number == 2


def test_the_version_after_undo_is_a_new_one(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    seen = {task.version}
    for _ in range(3):
        tasks.delete_task(db, task.id)
        undo(db)
        version = tasks.get_task(db, task.id).version
        assert version > max(seen)
        seen.add(version)


# the log


def test_the_log_is_read_oldest_first(db: Database) -> None:
    head = db.change_head()
    for word in "abc":
        tasks.create_task(db, 1, word)
    assert [c.id for c in log(db, since=head)] == [head + 1, head + 2, head + 3]
    assert [c.id for c in log(db, limit=2)] == [head + 2, head + 3]
    assert log(db, project_id=99) == []


def test_the_log_is_read_since_a_time(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    assert log(db, since=task.created_at)[-1].entity_id == task.id
    assert log(db, since="2100-01-01") == []
    assert len(log(db, since="2000-01-01T00:00")) == db.change_head()
    with pytest.raises(InvalidValue, match="no time"):
        log(db, since="yesterdayish")


def test_the_history_of_a_task_is_newest_first(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    comments.add_comment(db, task.id, "hi")
    tasks.create_task(db, 1, "another")
    assert [(c.entity, c.op) for c in history(db, task.id)] == [
        ("comment", "insert"),
        ("task", "update"),
        ("task", "insert"),
    ]


def test_undo_survives_a_restart(db: Database, paso_home: Path) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two"})
    undo(db)
    db.close()
    again = open_database(str(paso_home / "tasks.db"), actor="ann")
    redo(again)
    assert title(again, task.id) == "two"
    again.close()
