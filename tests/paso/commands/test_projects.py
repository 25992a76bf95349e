"""paso/commands/projects.py: keys, names, deletion, and which one is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from paso.commands import columns, labels, projects, tasks
from paso.commands.projects import HERE, make_key
from paso.database.connection import Database
from paso.errors import (
    Ambiguous,
    InvalidValue,
    NameTaken,
    NoProject,
    NotEmpty,
    NotFound,
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Web site", "WEB"),
        ("web", "WEB"),
        ("Website", "WEBS"),
        ("My board", "MYBO"),
        ("Über uns", "UBER"),
        ("2030 plans", "P"),
        ("a1", "A1"),
        ("漢字", "P"),
        ("!!!", "P"),
    ],
)
def test_a_key_is_made_from_the_name(name: str, key: str) -> None:
    assert make_key(name, ()) == key


def test_a_key_that_is_taken_gets_a_number() -> None:
    taken = {"WEB"}
    for expected in ("WEB2", "WEB3", "WEB4"):
        key = make_key("Web site", taken)
        assert key == expected
        taken.add(key)


def test_a_project_is_made_with_columns_and_labels(db: Database) -> None:
    made = projects.create_project(db, " Web site ", description="ours")
    assert (made.key, made.name, made.description) == ("WEB", "Web site", "ours")
    assert made.counts == (0, 0, 0)
    assert len(columns.list_columns(db, made.id)) == 3
    assert len(labels.list_labels(db, made.id)) == 6
    assert projects.create_project(db, "Web site").key == "WEB2"
    assert projects.create_project(db, "x", key="abc1").key == "ABC1"


@pytest.mark.parametrize("key", ["1AB", "A-B", "ÄB", "ABCDEFGHIJK", " ", "a b"])
def test_a_key_that_could_not_be_used_is_refused(db: Database, key: str) -> None:
    with pytest.raises(InvalidValue, match="cannot be a key"):
        projects.create_project(db, "x", key=key)


def test_a_key_is_given_once(db: Database) -> None:
    with pytest.raises(NameTaken, match="PASO is taken"):
        projects.create_project(db, "x", key="paso")
    made = projects.create_project(db, "x", key="X")
    with pytest.raises(NameTaken):
        projects.edit_project(db, made.id, key="PASO")


def test_a_new_key_renames_the_tasks(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    edited = projects.edit_project(db, 1, key="new", name="New", description="d")
    assert (edited.key, edited.name, edited.description) == ("NEW", "New", "d")
    assert tasks.get_task(db, task.id).key == "NEW-1"
    head = db.change_head()
    projects.edit_project(db, 1, key="NEW")
    assert db.change_head() == head


def test_a_project_is_found_by_key_name_id_or_part(db: Database) -> None:
    made = projects.create_project(db, "Web site")
    for ref in ("WEB", "web", "Web site", "WEB SITE", str(made.id), made.id, "sit"):
        assert projects.find_project(db, ref).id == made.id
    projects.create_project(db, "Web shop")
    with pytest.raises(Ambiguous) as caught:
        projects.find_project(db, "web s")
    assert caught.value.candidates == ("WEB2 Web shop", "WEB Web site")
    with pytest.raises(NotFound) as missed:
        projects.find_project(db, "absent")
    assert len(missed.value.candidates) == 3


def test_a_key_wins_over_a_name(db: Database) -> None:
    one = projects.create_project(db, "WEB", key="ONE")
    two = projects.create_project(db, "Other", key="WEB")
    assert projects.find_project(db, "web").id == two.id
    assert projects.find_project(db, "one").id == one.id


def test_counts_tell_open_completed_and_archived(db: Database) -> None:
    for word in "abcd":
        tasks.create_task(db, 1, word)
    tasks.move_task(db, 1, column_id=3)
    tasks.archive_task(db, 2)
    assert projects.get_project(db, 1).counts == (2, 1, 1)


def test_a_project_with_open_tasks_is_deleted_by_force_only(db: Database) -> None:
    tasks.create_task(db, 1, "one")
    with pytest.raises(NotEmpty, match="PASO has 1 open task$"):
        projects.delete_project(db, 1)
    projects.delete_project(db, 1, force=True)
    assert db.last_commit and db.last_commit.project_id == 1
    assert projects.list_projects(db) == []


def test_a_project_without_open_tasks_is_deleted(db: Database) -> None:
    tasks.create_task(db, 1, "one", column_id=3)
    projects.delete_project(db, 1)
    with pytest.raises(NotFound):
        projects.get_project(db, 1)


def test_an_archived_project_is_listed_on_demand(db: Database) -> None:
    made = projects.create_project(db, "Old")
    assert projects.archive_project(db, made.id, True).archived
    assert [p.key for p in projects.list_projects(db)] == ["PASO"]
    assert [p.key for p in projects.list_projects(db, archived=True)] == ["OLD"]
    assert len(projects.list_projects(db, archived=None)) == 2
    head = db.change_head()
    projects.archive_project(db, made.id, True)
    assert db.change_head() == head
    assert not projects.archive_project(db, made.id, False).archived


# which one is meant


def test_the_project_named_in_the_call_comes_first(
    db: Database, tmp_path: Path
) -> None:
    projects.create_project(db, "Web site")
    (tmp_path / HERE).write_text('project = "WEB"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    def current(explicit: str | None = None, **environ: str) -> str:
        found = projects.current_project(db, explicit, cwd=str(below), environ=environ)
        return found.key

    assert current("PASO", PASO_PROJECT="WEB") == "PASO"
    assert current(PASO_PROJECT="PASO") == "PASO"
    assert current() == "WEB"
    (below / HERE).write_text('project = "PASO"\n')
    assert current() == "PASO"


def test_the_only_project_or_the_one_used_last_is_meant(
    db: Database, tmp_path: Path
) -> None:
    def current() -> str:
        return projects.current_project(db, cwd=str(tmp_path), environ={}).key

    assert current() == "PASO"
    web = projects.create_project(db, "Web site")
    with pytest.raises(NoProject) as caught:
        current()
    assert caught.value.candidates == ("PASO My board", "WEB Web site")
    projects.use_project(db, web.id)
    assert (current(), projects.last_used_project(db)) == ("WEB", web.id)
    projects.archive_project(db, web.id, True)
    assert current() == "PASO"
    projects.delete_project(db, web.id)
    assert projects.last_used_project(db) is None
    projects.delete_project(db, 1)
    with pytest.raises(NoProject, match="there is no project"):
        current()


def test_using_a_project_is_no_step_of_undo(db: Database) -> None:
    steps = db.value("SELECT count(*) FROM batches")
    projects.use_project(db, 1)
    projects.use_project(db, 1)
    assert db.value("SELECT count(*) FROM batches") == steps
    with pytest.raises(NotFound):
        projects.use_project(db, 99)


@pytest.mark.parametrize("text", ["project = ", "projekt = 'x'", "project = []"])
def test_a_wrong_file_of_a_folder_is_named(
    db: Database, tmp_path: Path, text: str
) -> None:
    (tmp_path / HERE).write_text(text)
    with pytest.raises(InvalidValue, match=r"\.paso\.toml"):
        projects.current_project(db, cwd=str(tmp_path), environ={})


def test_a_name_that_names_none_is_told(db: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        projects.current_project(
            db, cwd=str(tmp_path), environ={"PASO_PROJECT": "absent"}
        )
