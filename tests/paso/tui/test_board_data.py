from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from paso.commands import columns, projects, tasks
from paso.commands.filters import parse_filter
from paso.database.connection import open_database
from paso.tui.board_data import LIMIT, BoardData, News
from paso.tui.board_state import BoardState
from tests.paso.tui.conftest import Desk


@pytest.fixture
def data(desk: Desk) -> BoardData:
    """A reader of its own, beside the connection that writes."""
    reader = open_database(desk.paths.database, actor="ana")
    found = BoardData(reader, BoardState(), "ana", lambda: date(2026, 5, 5))
    found.open_project(desk.project.id)
    return found


def titles(data: BoardData) -> list[str]:
    return [
        card.title
        for at in data.state.columns
        for card in data.state.lane(at.id).visible
    ]


def test_nothing_new_is_no_news(data: BoardData) -> None:
    assert data.catch_up() is None


def test_one_change_reads_one_card(desk: Desk, data: BoardData) -> None:
    one, _ = desk.add("one"), desk.add("two")
    data.catch_up()
    before = dict(data.state.cards)
    tasks.edit_task(desk.db, one.id, {"title": "renamed"})
    news = data.catch_up()
    assert news == News(False, False, frozenset({desk.columns[0]}), frozenset({one.id}))
    assert titles(data) == ["renamed", "two"]
    same = [id for id in before if data.state.cards[id] is before[id]]
    assert len(same) == 1
    assert data.catch_up() is None


def test_changes_of_other_projects_are_passed_over(desk: Desk, data: BoardData) -> None:
    other = projects.create_project(desk.db, "Other")
    data.catch_up()
    tasks.create_task(desk.db, other.id, "elsewhere")
    assert data.catch_up() == News()
    assert titles(data) == []


def test_a_change_of_columns_reads_the_board(desk: Desk, data: BoardData) -> None:
    desk.add("one")
    columns.rename_column(desk.db, desk.columns[0], "Later")
    news = data.catch_up()
    assert news is not None and news.whole
    assert data.state.columns[0].name == "Later"


def test_more_changes_than_the_limit_read_the_board(
    desk: Desk, data: BoardData
) -> None:
    desk.add_many(LIMIT + 1)
    news = data.catch_up()
    assert news is not None and news.whole
    assert len(data.state.cards) == LIMIT + 1
    assert data.catch_up() is None


def test_a_filter_is_asked_again_after_each_change(desk: Desk, data: BoardData) -> None:
    blocker, blocked = desk.add("one"), desk.add("two")
    from paso.commands import relations

    relations.link(desk.db, blocker.id, blocked.id, "blocks")
    data.catch_up()
    data.show_only(parse_filter("is:blocked"))
    assert titles(data) == ["two"]
    tasks.move_task(desk.db, blocker.id, column_id=desk.columns[2])
    data.catch_up()
    assert titles(data) == []
    data.show_only(None)
    assert titles(data) == ["two", "one"]


def test_me_and_today_in_a_filter_are_the_users(desk: Desk, data: BoardData) -> None:
    desk.add("mine", assignee="ana", due="2026-05-04")
    desk.add("of bo", assignee="bo", due="2026-05-06")
    data.catch_up()
    data.show_only(parse_filter("assignee:me is:overdue"))
    assert titles(data) == ["mine"]


def test_a_project_that_is_gone_gives_way_to_the_first(
    desk: Desk, data: BoardData
) -> None:
    other = projects.create_project(desk.db, "Other")
    projects.delete_project(desk.db, desk.project.id, force=True)
    data.catch_up()
    assert data.state.project is not None and data.state.project.id == other.id
    projects.delete_project(desk.db, other.id, force=True)
    data.catch_up()
    assert data.state.columns == []
    again = projects.create_project(desk.db, "Again")
    data.catch_up()
    assert [project.id for project in data.state.projects] == [again.id]
    assert len(data.state.columns) == 3


def test_a_replaced_database_with_fewer_changes_is_read_anew(
    desk: Desk, data: BoardData, tmp_path: Path
) -> None:
    desk.add_many(5)
    data.catch_up()
    other = Desk(tmp_path / "other")
    other.add("new")
    other.close()
    data.db.close()
    data.db = open_database(other.paths.database)
    news = data.catch_up()
    assert news is not None and news.whole
    assert titles(data) == ["new"]
