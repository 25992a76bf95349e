"""paso/commands/references.py: what a person types names one task, or is explained."""

from __future__ import annotations

import pytest

from paso.commands import projects, tasks
from paso.commands.tasks import find_task
from paso.database.connection import Database
from paso.errors import Ambiguous, NotFound


@pytest.fixture
def web(db: Database) -> int:
    """Three tasks here, and a project WEB with two."""
    for title in ("Fix login", "Write docs", "Fix logout"):
        tasks.create_task(db, 1, title)
    project = projects.create_project(db, "Web site")
    for title in ("Draw a face", "Ship 2 boxes"):
        tasks.create_task(db, project.id, title)
    return project.id


@pytest.mark.parametrize("ref", ["WEB-1", "web-1", " WEB-1 ", "#WEB-1", "draw", "FACE"])
def test_a_task_is_named_by_key_or_part_of_its_title(
    db: Database, web: int, ref: str
) -> None:
    assert find_task(db, ref, project_id=web).title == "Draw a face"


def test_a_number_is_looked_up_in_the_project(db: Database, web: int) -> None:
    assert find_task(db, "1", project_id=1).title == "Fix login"
    assert find_task(db, "1", project_id=web).title == "Draw a face"
    assert find_task(db, "3").title == "Fix logout"
    with pytest.raises(Ambiguous) as caught:
        find_task(db, "1")
    assert caught.value.candidates == ("PASO-1 Fix login", "WEB-1 Draw a face")


def test_a_key_names_a_task_of_any_project(db: Database, web: int) -> None:
    assert find_task(db, "WEB-2", project_id=1).project_id == web


def test_a_task_is_named_by_the_beginning_of_its_uid(db: Database, web: int) -> None:
    uid = tasks.get_task(db, 2).uid
    assert find_task(db, uid, project_id=web).id == 2
    assert find_task(db, uid[:-1].upper(), project_id=web).id == 2
    with pytest.raises(Ambiguous):
        find_task(db, uid[:4], project_id=1)
    with pytest.raises(NotFound):
        find_task(db, uid[:3], project_id=1)


def test_a_word_of_hexadecimal_letters_is_a_word(db: Database, web: int) -> None:
    assert find_task(db, "face").title == "Draw a face"


def test_a_whole_title_wins_over_parts(db: Database) -> None:
    for title in ("log", "login", "logout"):
        tasks.create_task(db, 1, title)
    assert find_task(db, "LOG").title == "log"


def test_several_matches_are_told(db: Database, web: int) -> None:
    with pytest.raises(Ambiguous, match="several tasks match 'fix'") as caught:
        find_task(db, "fix", project_id=1)
    assert caught.value.candidates == ("PASO-1 Fix login", "PASO-3 Fix logout")


def test_a_task_at_work_wins_over_an_archived_one(db: Database, web: int) -> None:
    tasks.archive_task(db, 1)
    assert find_task(db, "fix", project_id=1).id == 3
    tasks.archive_task(db, 3)
    with pytest.raises(Ambiguous):
        find_task(db, "fix", project_id=1)
    assert find_task(db, "PASO-1").archived


@pytest.mark.parametrize(
    ("ref", "candidate"),
    [
        ("fix lgoin", "PASO-1 Fix login"),
        ("the docs", "PASO-2 Write docs"),
        ("99", "PASO-3 Fix logout"),
        ("PASO-99", "PASO-3 Fix logout"),
    ],
)
def test_a_miss_names_the_nearest(
    db: Database, web: int, ref: str, candidate: str
) -> None:
    with pytest.raises(NotFound, match="there is no task") as caught:
        find_task(db, ref, project_id=1)
    assert caught.value.candidates[0] == candidate
    assert len(caught.value.candidates) <= 5


@pytest.mark.parametrize(
    "ref", ["", " ", "-", "#", "-1", "WEB-", "9" * 40, "%", "_", "\x00", "٣", "'"]
)
def test_nonsense_names_no_task(db: Database, web: int, ref: str) -> None:
    with pytest.raises(NotFound):
        find_task(db, ref, project_id=1)
