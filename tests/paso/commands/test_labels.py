"""paso/commands/labels.py: names, colours, and the tasks that wear them."""

from __future__ import annotations

import pytest

from paso.commands import labels, projects, tasks
from paso.database.connection import Database
from paso.errors import Ambiguous, InvalidValue, NameTaken, NotFound
from paso.model import LABEL_COLORS


def test_a_label_is_made_with_a_color(db: Database) -> None:
    made = labels.create_label(db, 1, "api", "#abcdef")
    assert (made.name, made.color, made.count) == ("api", "#ABCDEF", 0)


def test_labels_without_a_color_get_different_ones(db: Database) -> None:
    taken = {label.color for label in labels.list_labels(db, 1)}
    free = [color for color in LABEL_COLORS.values() if color not in taken]
    made = [labels.create_label(db, 1, f" ui {number} ").color for number in range(6)]
    assert free[0] == LABEL_COLORS["violet"]
    assert made == (free + list(LABEL_COLORS.values()))[:6]


@pytest.mark.parametrize("color", ["red", "#12345", "#GGGGGG", "", "##12345"])
def test_a_color_that_is_none_is_refused(db: Database, color: str) -> None:
    with pytest.raises(InvalidValue, match="no color"):
        labels.create_label(db, 1, "ui", color)


def test_a_name_is_given_once_whatever_its_case(db: Database) -> None:
    with pytest.raises(NameTaken, match="'bug'"):
        labels.create_label(db, 1, "BUG")
    with pytest.raises(NameTaken):
        labels.edit_label(db, 2, name="Bug")
    assert labels.edit_label(db, 1, name="Bug").name == "Bug"


def test_an_unknown_label_is_made_where_one_is_wanted(db: Database) -> None:
    known, created = labels.ensure_label(db, 1, "BUG")
    assert (known.name, created) == ("bug", False)
    made, created = labels.ensure_label(db, 1, "ui")
    assert (made.name, created) == ("ui", True)


def test_a_label_is_found_by_name_id_or_part(db: Database) -> None:
    for ref in ("question", "QUESTION", "quest"):
        assert labels.find_label(db, 1, ref).name == "question"
    bug = labels.find_label(db, 1, "bug")
    assert labels.find_label(db, 1, bug.id) == bug
    with pytest.raises(Ambiguous):
        labels.find_label(db, 1, "e")
    with pytest.raises(NotFound) as caught:
        labels.find_label(db, 1, "xyz")
    assert "bug" in caught.value.candidates


def test_a_label_is_changed(db: Database) -> None:
    edited = labels.edit_label(db, 1, name="defect", color="#000000")
    assert (edited.name, edited.color) == ("defect", "#000000")
    with pytest.raises(NotFound):
        labels.edit_label(db, 99, name="x")


def test_a_label_is_put_on_and_taken_off(db: Database) -> None:
    task = tasks.create_task(db, 1, "one")
    assert labels.attach_label(db, task.id, 1)
    assert not labels.attach_label(db, task.id, 1)
    assert labels.get_label(db, 1).count == 1
    assert labels.detach_label(db, task.id, 1)
    assert not labels.detach_label(db, task.id, 1)
    with pytest.raises(NotFound):
        labels.attach_label(db, 99, 1)
    with pytest.raises(NotFound):
        labels.detach_label(db, task.id, 99)


def test_a_label_of_another_project_is_refused(db: Database) -> None:
    other = projects.create_project(db, "Other")
    foreign = labels.list_labels(db, other.id)[0]
    task = tasks.create_task(db, 1, "one")
    with pytest.raises(InvalidValue, match="another project"):
        labels.attach_label(db, task.id, foreign.id)


def test_a_deleted_label_goes_from_the_tasks(db: Database) -> None:
    task = tasks.create_task(db, 1, "one", labels=[1, 2])
    labels.delete_label(db, 1)
    assert [label.id for label in tasks.get_task(db, task.id).labels] == [2]
    assert db.last_commit
    assert [e.entity for e in db.last_commit.entities] == ["task_label", "label"]


def test_labels_are_listed_by_name(db: Database) -> None:
    labels.create_label(db, 1, "Aa")
    assert [label.name for label in labels.list_labels(db, 1)][:2] == ["Aa", "bug"]
    with pytest.raises(NotFound):
        labels.create_label(db, 99, "x")
