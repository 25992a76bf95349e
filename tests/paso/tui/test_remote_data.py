from __future__ import annotations

import random
from typing import Any

from paso.commands.columns import list_columns
from paso.commands.projects import list_projects
from paso.commands.tasks import list_tasks
from paso.from_json import task_from
from paso.model import to_json
from paso.tui.board_state import BoardState
from paso.tui.remote_data import RemoteBoard
from tests.paso.tui.conftest import Desk, fill
from tests.paso.tui.sessions import FAR, session

Record = dict[str, Any]


def told(desk: Desk, topic: str) -> Record:
    """A snapshot of the boards of a home, as they travel."""
    records: list[Record] = []
    for project in list_projects(desk.db):
        if topic == "projects":
            columns = to_json(list_columns(desk.db, project.id))
            records.append(to_json(project) | {"columns": columns})
        else:
            records += map(to_json, list_tasks(desk.db, project.id))
    data = [record | {"computer": FAR} for record in records]
    random.Random(1).shuffle(data)
    sources = {FAR: {"state": "fresh"}}
    return {"type": f"{topic}_initial", "data": data, "sources": sources}


def board(desk: Desk) -> RemoteBoard:
    made = RemoteBoard(FAR, BoardState())
    for topic in ("projects", "tasks"):
        assert made.take(told(desk, topic))
    made.show(None, [])
    return made


def titles(made: RemoteBoard) -> list[list[str]]:
    state = made.state
    return [[card.title for card in state.lane(c.id).all] for c in state.columns]


def test_the_board_is_that_of_the_other_computer_card_for_card(desk: Desk) -> None:
    fill(desk)
    made = board(desk)
    assert titles(made) == [desk.titles(column) for column in range(3)]
    assert [column.wip_limit for column in made.state.columns] == [None, 2, None]
    assert [project.key for project in made.state.projects] == ["PASO", "API"]
    cards = {card.title: card for card in made.state.cards.values()}
    release = cards["Write the release notes"]
    assert (release.children, release.children_done, release.due) == (
        2,
        1,
        "2026-05-08",
    )
    login = cards["Login fails on Safari when cookies are off"]
    assert [label.name for label in made.state.labels_of(login)] == ["bug"]
    assert (login.comments, login.assignee, login.priority) == (1, "ana", "critical")
    assert cards["Dark theme for the settings page"].blocked


def test_another_project_is_shown_and_a_gone_one_gives_way(desk: Desk) -> None:
    fill(desk)
    made = board(desk)
    other = made.state.projects[1]
    made.show(other.id, [])
    assert made.state.project == other
    assert titles(made) == [[], [], []]
    made.show(99, [])
    assert made.state.project == made.state.projects[0]


def test_the_cursor_stays_on_its_card_when_the_board_comes_anew(desk: Desk) -> None:
    tasks = desk.add_many(3)
    made = board(desk)
    made.state.select(tasks[1].id)
    desk.add("another")
    made.take(told(desk, "tasks"))
    made.show(made.state.project.id if made.state.project else None, [])
    assert made.state.current is not None
    assert made.state.current.title == "card 1"


def test_sessions_of_that_computer_mark_its_cards(desk: Desk) -> None:
    task = desk.add("one")
    made = board(desk)
    found = [
        session(1, FAR, task_uid=task.uid, activity="working"),
        session(2, FAR, task_uid=task.uid, attention="input"),
        session(3, FAR, task_uid="another", attention="failed", phase="failed"),
    ]
    assert made.show_marks(found) == {task.id}
    assert made.show_marks(found) == set()
    mark = made.state.mark_of(task.id)
    assert mark is not None
    assert (mark.working, mark.waiting) == (1, 1)
    assert sum(made.state.needs.values()) == 2


def test_a_search_looks_at_key_title_and_description(desk: Desk) -> None:
    desk.add("one", description="in the text")
    desk.add("two")
    made = board(desk)
    for words, count in [("", None), ("two", 1), ("TEXT", 1), ("paso-", 2), ("no", 0)]:
        made.search = words
        found = made.matches()
        assert (None if found is None else len(found)) == count, words


def test_records_of_another_computer_are_not_taken(desk: Desk) -> None:
    desk.add("one")
    event = told(desk, "tasks")
    for record in event["data"]:
        record["computer"] = "e" * 16
    made = board(desk)
    assert made.take(event)
    made.show(None, [])
    assert titles(made) == [[], [], []]
    assert not made.take({"type": "tasks_updated"})


def test_boards_of_any_shape_are_shown_or_left_out(desk: Desk) -> None:
    fill(desk)
    chance = random.Random(3)
    odd: list[object] = [None, 3, -1, "x", [], {}, [3], {"id": "x"}, "\x1b[31m", 1e9]
    project = told(desk, "projects")["data"][0]
    for record in told(desk, "tasks")["data"] * 20:
        broken = {
            name: chance.choice(odd) if chance.random() < 0.2 else value
            for name, value in record.items()
        }
        task = task_from(broken)
        if task is not None:
            state = BoardState()
            made = RemoteBoard(FAR, state)
            made.take({"type": "projects_initial", "data": [project], "sources": 3})
            made.take({"type": "tasks_initial", "data": [broken, None, 4]})
            made.show(None, [])
