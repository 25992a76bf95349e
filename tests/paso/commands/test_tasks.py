"""paso/commands/tasks.py: create, edit, claim, list, delete, whatever is given."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from paso.commands import columns, comments, labels, projects, relations, tasks
from paso.commands.filters import parse_filter
from paso.database.connection import Database, open_database
from paso.errors import (
    AlreadyClaimed,
    ChangedMeanwhile,
    Conflict,
    CycleRefused,
    InvalidValue,
    NotFound,
    PasoError,
    WipLimitReached,
)
from paso.model import Task
from tests.paso.database.processes import run_all


@pytest.fixture
def bob(db: Database) -> Iterator[Database]:
    found = open_database(db.path, actor="bob")
    yield found
    found.close()


def titles(db: Database, column_id: int = 1) -> list[str]:
    return [t.title for t in tasks.list_tasks(db, 1) if t.column.id == column_id]


# create


def test_a_task_is_made_at_the_bottom_of_the_ready_column(db: Database) -> None:
    tasks.create_task(db, 1, "one")
    two = tasks.create_task(db, 1, "  two  ")
    assert two._replace(uid="", created_at="", updated_at="") == Task(
        id=2, uid="", key="PASO-2", number=2, project_id=1, column=two.column,
        position=2, title="two", description="", type="task", priority="medium",
        labels=(), due=None, assignee=None, blocked=False, blocked_by=(), blocks=(),
        parent=None, children=(), comments=0, sessions=(), version=1, archived=False,
        created_at="", updated_at="", completed_at=None,
    )  # fmt: skip
    assert (two.column.name, two.column.role) == ("To do", "ready")


def test_without_a_ready_column_the_first_one_takes_it(db: Database) -> None:
    columns.set_role(db, 1, None)
    columns.move_column(db, 2, before=1)
    assert tasks.create_task(db, 1, "one").column.id == 2


def test_a_task_is_made_with_all_it_has(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    two = tasks.create_task(
        db, 1, "two", description="a\nb", type="Bug", priority="HIGH", labels=[3, 1],
        column_id=2, parent=one.id, blocked_by=[one.id], due="2030-02-28",
        assignee=" ann ",
    )  # fmt: skip
    assert (two.type, two.priority, two.due, two.assignee) == (
        "bug",
        "high",
        "2030-02-28",
        "ann",
    )
    assert [label.name for label in two.labels] == ["bug", "enhancement"]
    assert (two.parent, two.blocked_by, two.blocked) == ("PASO-1", ("PASO-1",), True)
    one = tasks.get_task(db, one.id)
    assert (one.children, one.blocks) == (("PASO-2",), ("PASO-2",))


def test_a_task_goes_where_it_is_told(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    tasks.create_task(db, 1, "two")
    tasks.create_task(db, 1, "top", at="top")
    tasks.create_task(db, 1, "after one", at=one.id)
    assert titles(db) == ["top", "one", "after one", "two"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"title": "  "}, "title is empty"),
        ({"title": "x" * 256}, "256 characters, 255 are the most"),
        ({"title": "a\nb"}, "one line"),
        ({"title": "a\rb"}, "one line"),
        ({"title": "a\0b"}, "NUL"),
        ({"title": "\udc80"}, "not valid UTF-8"),
        ({"description": "x" * 100_001}, "100000 are the most"),
        ({"type": "epic"}, "no type 'epic'"),
        ({"priority": "huge"}, "no priority 'huge'"),
        ({"due": "2030-02-30"}, "no day"),
        ({"due": "soon"}, "no day"),
        ({"assignee": "a\nb"}, "one line"),
        ({"at": "middle"}, "no place"),
    ],
)
def test_a_wrong_value_is_told_and_nothing_is_made(
    db: Database, given: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        tasks.create_task(db, 1, **({"title": "one"} | given))  # type: ignore[arg-type]
    assert tasks.list_tasks(db, 1) == []


def test_the_longest_title_in_any_script_is_taken(db: Database) -> None:
    assert tasks.create_task(db, 1, "é漢🙂" * 85).title == "é漢🙂" * 85


def test_control_characters_are_kept_for_the_screen_to_show(db: Database) -> None:
    assert tasks.create_task(db, 1, "a\x1b[2Jb\tc").title == "a\x1b[2Jb\tc"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"column_id": 99}, NotFound),
        ({"labels": [99]}, NotFound),
        ({"parent": 99}, NotFound),
        ({"blocked_by": [99]}, NotFound),
        ({"at": 99}, NotFound),
    ],
)
def test_what_is_not_there_is_told_and_nothing_is_made(
    db: Database, given: dict[str, object], error: type[PasoError]
) -> None:
    with pytest.raises(error):
        tasks.create_task(db, 1, "one", **given)  # type: ignore[arg-type]
    assert tasks.list_tasks(db, 1) == []
    with pytest.raises(NotFound):
        tasks.create_task(db, 99, "one")


def test_what_is_of_another_project_is_refused(db: Database) -> None:
    other = projects.create_project(db, "Other")
    there = tasks.create_task(db, other.id, "there")
    label = labels.list_labels(db, other.id)[0]
    for given in (
        {"column_id": there.column.id},
        {"labels": [label.id]},
        {"parent": there.id},
        {"blocks": [there.id]},
        {"at": there.id},
    ):
        with pytest.raises((InvalidValue, NotFound)):
            tasks.create_task(db, 1, "here", **given)
    assert tasks.list_tasks(db, 1) == []


def test_a_cycle_is_refused_on_creation_too(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    with pytest.raises(CycleRefused):
        tasks.create_task(db, 1, "two", blocked_by=[one.id], blocks=[one.id])
    assert len(tasks.list_tasks(db, 1)) == 1


def test_a_full_column_takes_a_new_task_by_force_only(db: Database) -> None:
    columns.set_wip(db, 1, 1)
    tasks.create_task(db, 1, "one")
    with pytest.raises(WipLimitReached, match="To do holds 1 of 1"):
        tasks.create_task(db, 1, "two")
    tasks.create_task(db, 1, "two", force=True)


def test_a_task_made_in_the_completed_column_is_completed(db: Database) -> None:
    assert tasks.create_task(db, 1, "one", column_id=3).completed_at


def test_a_project_without_columns_takes_no_task(db: Database) -> None:
    with db.write("strange"):
        db.run("DELETE FROM columns")
    with pytest.raises(NotFound, match="no column"):
        tasks.create_task(db, 1, "one")


# edit


def test_only_the_fields_named_are_written(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(db, task.id, {"title": "two", "due": "2030-01-01"})
    assert db.last_commit
    sql = "SELECT name FROM change_fields WHERE change = ? ORDER BY name"
    assert db.rows(sql, (db.last_commit.last,)) == [("due",), ("title",)]


def test_fields_are_taken_away_with_none(db: Database) -> None:
    task = tasks.create_task(db, 1, "one", due="2030-01-01", assignee="bob")
    after = tasks.edit_task(db, task.id, {"due": None, "assignee": ""})
    assert (after.due, after.assignee) == (None, None)


def test_an_unknown_field_is_refused(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    with pytest.raises(InvalidValue, match="no field 'colour'") as caught:
        tasks.edit_task(db, task.id, {"colour": "red"})
    assert "title" in caught.value.candidates


def test_labels_are_set_as_a_whole(db: Database) -> None:
    task = tasks.create_task(db, 1, "one", labels=[1, 2])
    after = tasks.edit_task(db, task.id, {"labels": [2, 3]})
    assert [label.id for label in after.labels] == [2, 3]
    with pytest.raises(InvalidValue):
        tasks.edit_task(db, task.id, {"labels": "bug"})


def test_a_task_that_is_gone_cannot_be_edited(db: Database) -> None:
    with pytest.raises(NotFound):
        tasks.edit_task(db, 99, {"title": "x"})


def test_an_edit_over_another_field_merges(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(bob, task.id, {"priority": "high"})
    after = tasks.edit_task(
        db, task.id, {"title": "two"}, base={"title": "one", "priority": "medium"}
    )
    assert (after.title, after.priority) == ("two", "high")


def test_an_edit_over_the_same_field_shows_both(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    theirs = tasks.edit_task(bob, task.id, {"title": "theirs", "priority": "low"})
    with pytest.raises(ChangedMeanwhile) as caught:
        tasks.edit_task(
            db,
            task.id,
            {"title": "mine", "description": "mine"},
            base={"title": "one", "description": ""},
        )
    assert caught.value.fields == {"title": ("mine", "theirs")}
    assert caught.value.version == theirs.version
    assert tasks.get_task(db, task.id) == theirs


def test_an_edit_to_what_the_other_wrote_is_no_conflict(
    db: Database, bob: Database
) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(bob, task.id, {"title": "two"})
    after = tasks.edit_task(db, task.id, {"title": "two"}, base={"title": "one"})
    assert after.title == "two"


def test_labels_changed_meanwhile_are_a_conflict(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one", labels=[1])
    labels.attach_label(bob, task.id, 2)
    with pytest.raises(ChangedMeanwhile) as caught:
        tasks.edit_task(db, task.id, {"labels": [3]}, base={"labels": [1]})
    assert caught.value.fields == {"labels": ((3,), (1, 2))}


def test_a_version_is_strict(db: Database, bob: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    tasks.edit_task(bob, task.id, {"priority": "high"})
    with pytest.raises(ChangedMeanwhile, match="has version 2 by now, not 1"):
        tasks.edit_task(db, task.id, {"title": "two"}, if_version=task.version)
    assert tasks.edit_task(db, task.id, {"title": "two"}, if_version=2).version == 3


# claim


def test_a_task_is_claimed_once(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    assert tasks.claim_task(db, task.id, "ann").assignee == "ann"
    for who in ("bob", "ann"):
        with pytest.raises(AlreadyClaimed, match="taken by ann"):
            tasks.claim_task(db, task.id, who)


@pytest.mark.parametrize("name", ["p{}", "one name"])
def test_of_eight_processes_that_claim_at_once_one_gets_it(
    db: Database, name: str
) -> None:
    task = tasks.create_task(db, 1, "one")
    script = (
        "from paso.commands.tasks import claim_task\n"
        "from paso.database.connection import open_database\n"
        "from paso.errors import AlreadyClaimed\n"
        "try: print(claim_task(open_database(sys.argv[1]), int(sys.argv[2]),"
        " sys.argv[3]).assignee)\n"
        "except AlreadyClaimed: pass\n"
    )
    arguments = [(db.path, str(task.id), name.format(n)) for n in range(8)]
    printed = [out.strip() for out in run_all(script, arguments) if out]
    assert printed == [tasks.get_task(db, task.id).assignee]


# list


def test_tasks_are_listed_in_the_order_of_the_board(db: Database) -> None:
    for word in "abc":
        tasks.create_task(db, 1, word)
    tasks.move_task(db, 1, column_id=3)
    tasks.create_task(db, 1, "top", at="top")
    listed = tasks.list_tasks(db, 1)
    assert [t.title for t in listed] == ["top", "b", "c", "a"]
    assert [t.position for t in listed] == [1, 2, 3, 1]


def test_archived_tasks_are_listed_on_demand(db: Database) -> None:
    for word in "ab":
        tasks.create_task(db, 1, word)
    tasks.archive_task(db, 1)
    assert [t.title for t in tasks.list_tasks(db, 1)] == ["b"]
    (archived,) = tasks.list_tasks(db, 1, archived=True)
    assert (archived.title, archived.position) == ("a", 0)
    assert len(tasks.list_tasks(db, 1, archived=None)) == 2


def test_tasks_of_all_projects_are_listed_but_for_archived_projects(
    db: Database,
) -> None:
    other, away = (projects.create_project(db, name) for name in ("Other", "Away"))
    for project_id in (1, other.id, away.id):
        tasks.create_task(db, project_id, "one")
    projects.archive_project(db, away.id, True)
    assert [t.key for t in tasks.list_tasks(db, None)] == ["PASO-1", "OTHE-1"]


def test_a_filter_picks_tasks_with_their_places(db: Database) -> None:
    for word in ("login", "other", "logout"):
        tasks.create_task(db, 1, word, assignee="ann" if word == "logout" else None)
    found = tasks.list_tasks(db, 1, filter=parse_filter("log"))
    assert [(t.title, t.position) for t in found] == [("login", 1), ("logout", 3)]
    mine = tasks.list_tasks(db, 1, filter=parse_filter("assignee:me"))
    assert [t.title for t in mine] == ["logout"]
    tasks.archive_task(db, 1)
    archived = tasks.list_tasks(db, 1, filter=parse_filter("is:archived"))
    assert [t.title for t in archived] == ["login"]


def test_blocked_means_an_unfinished_blocker(db: Database) -> None:
    one, two = (tasks.create_task(db, 1, word) for word in "ab")
    relations.link(db, one.id, two.id, "blocks")
    assert tasks.get_task(db, two.id).blocked
    tasks.set_role_column(db, one.id, "completed")
    assert not tasks.get_task(db, two.id).blocked
    tasks.set_role_column(db, one.id, "ready")
    assert tasks.get_task(db, two.id).blocked
    tasks.archive_task(db, one.id)
    after = tasks.get_task(db, two.id)
    assert (after.blocked, after.blocked_by) == (False, ("PASO-1",))


def test_a_thousand_whole_tasks_are_read_with_few_queries(db: Database) -> None:
    with db.write("many"):
        for turn in range(1000):
            task = tasks.create_task(db, 1, f"task {turn}", labels=[1 + turn % 6])
            if turn % 5 == 4:
                relations.link(db, task.id - 1, task.id, "blocks")
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    listed = tasks.list_tasks(db, 1)
    db.conn.set_trace_callback(None)
    assert len(listed) == 1000
    assert len(asked) < 12
    began = time.process_time()
    tasks.list_tasks(db, 1)
    assert time.process_time() - began < 0.15


def test_the_details_of_a_task_are_read_together(db: Database) -> None:
    one, two = (tasks.create_task(db, 1, word) for word in "ab")
    relations.link(db, one.id, two.id, "parent")
    comments.add_comment(db, one.id, "first")
    comments.add_comment(db, one.id, "second")
    details = tasks.task_details(db, one.id)
    assert details.task.comments == 2
    assert [c.body for c in details.comments] == ["first", "second"]
    assert [(r.kind, r.key) for r in details.relations] == [("child", "PASO-2")]
    assert [c.op for c in details.history] == ["insert"] * 4
    with pytest.raises(NotFound):
        tasks.task_details(db, 99)


# delete


def test_a_deleted_task_is_gone_with_all_its_parts(db: Database) -> None:
    one = tasks.create_task(db, 1, "one", labels=[1])
    two = tasks.create_task(db, 1, "two", blocked_by=[one.id])
    comments.add_comment(db, one.id, "hi")
    tasks.delete_task(db, one.id)
    assert db.last_commit and db.last_commit.project_id == 1
    assert {e.op for e in db.last_commit.entities} == {"delete"}
    assert tasks.get_task(db, two.id).blocked_by == ()
    assert db.value("SELECT count(*) FROM comments") == 0


def test_of_several_tasks_all_or_none_are_deleted(db: Database) -> None:
    one, two = (tasks.create_task(db, 1, word) for word in "ab")
    with pytest.raises(NotFound):
        tasks.delete_tasks(db, [one.id, 99])
    assert len(tasks.list_tasks(db, 1)) == 2
    tasks.delete_tasks(db, [one.id, two.id])
    assert tasks.list_tasks(db, 1) == []


def test_numbers_are_never_given_out_again(db: Database) -> None:
    one = tasks.create_task(db, 1, "one")
    tasks.delete_task(db, one.id)
    assert tasks.create_task(db, 1, "two").number == 2


def test_every_error_of_a_task_is_a_conflict_or_a_value(db: Database) -> None:
    assert issubclass(WipLimitReached, Conflict) and issubclass(
        ChangedMeanwhile, Conflict
    )
