"""paso/commands/columns.py: names, order, roles, limits, and what deletion keeps."""

from __future__ import annotations

import pytest

from paso.commands import columns, projects, tasks, undo
from paso.database.connection import Database
from paso.errors import Ambiguous, Conflict, InvalidValue, NameTaken, NotEmpty, NotFound


def names(db: Database) -> list[str]:
    found = columns.list_columns(db, 1)
    assert [c.position for c in found] == list(range(1, len(found) + 1))
    return [c.name for c in found]


def test_a_column_is_made_at_the_right_end_or_after_another(db: Database) -> None:
    made = columns.create_column(db, 1, " Later ", wip_limit=3)
    assert (made.name, made.wip_limit, made.role, made.position) == (
        "Later",
        3,
        None,
        4,
    )
    columns.create_column(db, 1, "Review", after=2)
    assert names(db) == ["To do", "In progress", "Review", "Done", "Later"]


@pytest.mark.parametrize("name", ["next", "Prev", "PREVIOUS", "", " ", "a\nb"])
def test_a_name_that_could_not_be_used_is_refused(db: Database, name: str) -> None:
    with pytest.raises(InvalidValue):
        columns.create_column(db, 1, name)
    with pytest.raises(InvalidValue):
        columns.rename_column(db, 1, name)


@pytest.mark.parametrize("name", ["Done", "DONE", " done "])
def test_a_name_is_given_once_in_a_project_whatever_its_case(
    db: Database, name: str
) -> None:
    with pytest.raises(NameTaken, match="Done"):
        columns.create_column(db, 1, name)
    with pytest.raises(NameTaken):
        columns.rename_column(db, 1, name)
    other = projects.create_project(db, "Other")
    assert len(columns.list_columns(db, other.id)) == 3


def test_a_column_may_change_the_case_of_its_own_name(db: Database) -> None:
    assert columns.rename_column(db, 3, "DONE").name == "DONE"


def test_names_of_any_script_are_compared_without_case(db: Database) -> None:
    columns.create_column(db, 1, "Ärger")
    with pytest.raises(NameTaken):
        columns.create_column(db, 1, "äRGER")


def test_columns_move_by_one_row(db: Database) -> None:
    columns.move_column(db, 3, before=1)
    assert names(db) == ["Done", "To do", "In progress"]
    assert db.last_commit and len(db.last_commit.entities) == 1
    columns.move_column(db, 3, after=1)
    assert names(db) == ["To do", "Done", "In progress"]
    columns.move_column(db, 1)
    assert names(db) == ["Done", "In progress", "To do"]
    head = db.change_head()
    columns.move_column(db, 1)
    assert db.change_head() == head
    with pytest.raises(InvalidValue):
        columns.move_column(db, 1, after=1)
    with pytest.raises(InvalidValue):
        columns.move_column(db, 1, after=99)


def test_columns_of_one_rank_leave_room_between_them(db: Database) -> None:
    with db.write("merge"):
        db.run("UPDATE columns SET rank = 'a1'")
    order = [c.id for c in columns.list_columns(db, 1)]
    columns.move_column(db, order[2], after=order[0])
    assert [c.id for c in columns.list_columns(db, 1)] == [
        order[0],
        order[2],
        order[1],
    ]


def test_a_column_is_found_by_name_id_role_or_part(db: Database) -> None:
    for ref in ("In progress", "in PROGRESS", "2", 2, "in-progress", "prog"):
        assert columns.find_column(db, 1, ref).id == 2
    with pytest.raises(Ambiguous) as caught:
        columns.find_column(db, 1, "do")
    assert caught.value.candidates == ("To do", "Done")
    with pytest.raises(NotFound) as missed:
        columns.find_column(db, 1, "later")
    assert missed.value.candidates == ("To do", "In progress", "Done")


def test_a_role_is_taken_from_the_column_that_has_it(db: Database) -> None:
    columns.set_role(db, 1, "completed")
    roles = {c.name: c.role for c in columns.list_columns(db, 1)}
    assert roles == {"To do": "completed", "In progress": "in-progress", "Done": None}
    made = columns.create_column(db, 1, "Review", role="in-progress")
    assert made.role == "in-progress"
    assert columns.get_column(db, 2).role is None
    with pytest.raises(InvalidValue):
        columns.set_role(db, 1, "finished")


def test_completion_follows_the_role_of_the_column(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    done = tasks.create_task(db, 1, "two", column_id=3)
    columns.set_role(db, 1, "completed")
    assert tasks.get_task(db, one.id).completed_at
    assert tasks.get_task(db, done.id).completed_at is None
    columns.set_role(db, 1, None)
    assert tasks.get_task(db, one.id).completed_at is None


def test_a_limit_is_set_and_taken_away(db: Database) -> None:
    assert columns.set_wip(db, 1, 3).wip_limit == 3
    assert columns.set_wip(db, 1, 0).wip_limit is None
    with pytest.raises(InvalidValue):
        columns.set_wip(db, 1, -1)


def test_a_column_that_holds_tasks_is_not_deleted(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.archive_task(db, task.id)
    with pytest.raises(NotEmpty, match="To do holds 1 tasks"):
        columns.delete_column(db, 1)
    with pytest.raises(InvalidValue):
        columns.delete_column(db, 1, move_to=1)
    assert len(names(db)) == 3


def test_the_tasks_of_a_deleted_column_go_under_those_of_another(db: Database) -> None:
    for word in "abc":
        tasks.create_task(db, 1, word)
    tasks.create_task(db, 1, "z", column_id=3)
    columns.delete_column(db, 1, move_to=3)
    listed = tasks.list_tasks(db, 1)
    assert [t.title for t in listed] == ["z", "a", "b", "c"]
    assert all(t.completed_at for t in listed)
    assert names(db) == ["In progress", "Done"]


def test_the_last_column_stays(db: Database) -> None:
    columns.delete_column(db, 1)
    columns.delete_column(db, 2)
    with pytest.raises(Conflict, match="at least one column"):
        columns.delete_column(db, 3)


def test_the_count_of_a_column_leaves_archived_tasks_out(db: Database) -> None:
    for word in "ab":
        tasks.create_task(db, 1, word)
    tasks.archive_task(db, 1)
    assert columns.get_column(db, 1).count == 1


def test_what_is_not_there_is_told(db: Database) -> None:
    with pytest.raises(NotFound):
        columns.get_column(db, 99)
    with pytest.raises(NotFound):
        columns.create_column(db, 99, "x")


def test_a_step_of_undo_says_what_was_done(db: Database) -> None:
    later = columns.create_column(db, 1, "Later")
    assert undo.undo(db).summary == "created column Later"
    undo.redo(db)
    columns.set_role(db, later.id, "ready")
    assert undo.undo(db).summary == "made Later the ready column"
    columns.set_role(db, columns.list_columns(db, 1)[0].id, None)
    assert undo.undo(db).summary == "took the role from To do"
