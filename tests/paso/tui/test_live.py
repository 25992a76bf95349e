"""What others do is painted: with a daemon, without one, while one comes and goes."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from paso.commands import columns, labels, projects, relations, tasks
from paso.model import Session, Task
from paso.tui.board_app import PasoApp
from paso.tui.board_data import News
from paso.tui.screens.computers import ComputerPicker
from paso.tui.screens.details import Details
from paso.tui.screens.label_list import LabelList
from paso.tui.screens.remote_board import RemoteScreen
from paso.tui.screens.session_output import SessionOutput
from paso.tui.screens.sessions import Sessions
from paso.tui.screens.task_form import TaskForm
from tests.conftest import daemon_pids, is_running
from tests.paso.tui.conftest import Desk, connection_of, until
from tests.paso.tui.sessions import run
from tests.paso.tui.test_board_screen import current, screen_text, written


async def test_the_daemon_is_started_and_a_change_of_others_is_painted(
    desk: Desk, paso_home: Path
) -> None:
    desk.add("one")
    async with desk.open(daemon=True) as (app, _):
        assert len(daemon_pids(paso_home)) == 1
        assert "● live" in screen_text(app)
        desk.announce()
        desk.add("two")
        await until(lambda: "two" in screen_text(app), "the new card")
        assert current(app) == "one"


async def test_a_writer_that_announces_nothing_is_noticed_too(desk: Desk) -> None:
    desk.add("one")
    async with desk.open(daemon=True) as (app, _):
        shell = sqlite3.connect(desk.paths.database, isolation_level=None)
        shell.execute("UPDATE tasks SET title = 'from the shell'")
        shell.close()
        await until(lambda: "from the shell" in screen_text(app), "the change")


async def test_what_happens_while_the_daemon_is_dead_is_not_missed(
    desk: Desk, paso_home: Path
) -> None:
    desk.add("one")
    async with desk.open(daemon=True) as (app, _):
        (pid,) = daemon_pids(paso_home)
        os.kill(pid, signal.SIGKILL)
        desk.add("meanwhile")
        await until(lambda: "meanwhile" in screen_text(app), "the change")
        await until(lambda: connection_of(app) == "live", "another daemon")
        assert not is_running(pid)
        desk.add("afterwards")
        await until(lambda: "afterwards" in screen_text(app), "the change")


async def test_own_writes_are_painted_without_a_daemon(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        assert "○ offline" in screen_text(app)
        await pilot.press("L")
        await written(app, pilot)
        assert current(app) == "one"
        assert app.state.column_id == desk.columns[1]


async def test_an_empty_column_says_so_and_an_empty_board_what_to_press(
    desk: Desk,
) -> None:
    async with desk.open(size=(120, 24)) as (app, _):
        assert "Press a to add one" in screen_text(app)
        made = desk.add("Paint it", 1)
        await until(lambda: "Paint it" in screen_text(app), "the card")
        assert "No cards yet" not in screen_text(app)
        tasks.delete_task(desk.db, made.id)
        await until(lambda: "Press a to add one" in screen_text(app), "the advice")


async def test_only_the_columns_that_changed_are_drawn_again(desk: Desk) -> None:
    made = desk.add_many(3)
    desk.add("right", 1)
    async with desk.open() as (app, _):
        news: list[News] = []
        app.board.news_came = news.append  # type: ignore[assignment, method-assign]
        tasks.edit_task(desk.db, made[0].id, {"title": "renamed"})
        await until(lambda: news, "the news")
        assert not news[0].whole
        assert news[0].lanes == {desk.columns[0]}
        assert news[0].tasks == {made[0].id}


async def test_blocks_children_comments_and_labels_of_others_show_at_once(
    desk: Desk,
) -> None:
    one, two = desk.add("one"), desk.add("two")
    async with desk.open() as (app, _):
        relations.link(desk.db, one.id, two.id, "blocks")
        await until(lambda: "⊘" in screen_text(app), "the blocked mark")
        tasks.move_task(desk.db, one.id, column_id=desk.columns[2])
        await until(lambda: "⊘" not in screen_text(app), "the mark to go")
        relations.link(desk.db, two.id, one.id, "parent")
        await until(lambda: "└1/1" in screen_text(app), "the children")
        relations.unlink(desk.db, two.id, one.id, "parent")
        await until(lambda: "└1/1" not in screen_text(app), "the children to go")
        worn = labels.list_labels(desk.db, desk.project.id)[0]
        labels.attach_label(desk.db, one.id, worn.id)
        await until(lambda: worn.name in screen_text(app), "the label")
        labels.edit_label(desk.db, worn.id, name="renamed")
        await until(lambda: "renamed" in screen_text(app), "the name")
        labels.detach_label(desk.db, one.id, worn.id)
        await until(lambda: "renamed" not in screen_text(app), "the label to go")


async def test_columns_and_projects_of_others_come_and_go(desk: Desk) -> None:
    desk.add("one", 1)
    async with desk.open(size=(120, 24)) as (app, _):
        made = columns.create_column(desk.db, desk.project.id, "Review")
        await until(lambda: "Review" in screen_text(app), "the column")
        columns.delete_column(desk.db, made.id)
        await until(lambda: "Review" not in screen_text(app), "the column to go")
        projects.create_project(desk.db, "Second", key="SEC")
        await until(lambda: "SEC" in screen_text(app), "the tab")


async def test_the_project_on_screen_is_deleted_by_others(desk: Desk) -> None:
    desk.add("one")
    other = projects.create_project(desk.db, "Second", key="SEC")
    tasks.create_task(desk.db, other.id, "of the second")
    async with desk.open() as (app, pilot):
        await pilot.press("a", *"typed")
        projects.delete_project(desk.db, desk.project.id, force=True)
        await until(lambda: app.state.project and app.state.project.key == "SEC", "it")
        assert isinstance(app.screen, TaskForm)
        assert app.screen.values()["title"] == "typed"
        await until(lambda: "is gone" in app.board.bar.message, "the word")  # type: ignore[union-attr]
        await pilot.press("escape", "y")
        await until(lambda: "of the second" in screen_text(app), "the other board")


async def test_the_column_under_the_cursor_is_deleted_by_others(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("l")
        columns.delete_column(desk.db, desk.columns[1])
        await until(lambda: len(app.state.columns) == 2, "the column to go")
        await pilot.press("j", "L", "H", "d", "h")
        assert current(app) == "one"


async def test_a_burst_is_painted_in_few_refreshes(desk: Desk) -> None:
    desk.add("one")
    async with desk.open(daemon=True) as (app, _):
        rounds = []
        catch_up = app.data.catch_up
        app.data.catch_up = lambda: rounds.append(1) or catch_up()  # type: ignore
        desk.announce()
        for number in range(200):
            desk.add(f"burst {number}")
        await until(lambda: len(app.state.cards) == 201, "all cards")
        assert len(rounds) < 150


ScreenOf = Callable[[PasoApp, Task, Session], Screen[Any]]

OPENED: dict[str, ScreenOf] = {
    "sessions": lambda app, task, session: Sessions(app),
    "output": lambda app, task, session: SessionOutput(app, session),
    "details": lambda app, task, session: Details(app, task.id),
    "form": lambda app, task, session: TaskForm(app, task),
    "labels": lambda app, task, session: LabelList(app),
    "computers": lambda app, task, session: ComputerPicker(app),
    "remote": lambda app, task, session: RemoteScreen("f" * 16),
}


@pytest.mark.parametrize("name", OPENED)
async def test_news_in_the_instant_in_which_a_screen_opens_wait_for_its_widgets(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = desk.add("one")
    session = run(desk.db, "build", task.id)
    async with desk.open() as (app, pilot):
        screen = OPENED[name](app, task, session)
        news = News(whole=True, tasks=frozenset((task.id,)), sessions=True)
        heard: list[News] = []
        show: Callable[[News], None] = getattr(screen, "news_came")  # noqa: B009

        def news_came(told: News) -> None:
            heard.append(told)
            show(told)

        monkeypatch.setattr(screen, "news_came", news_came)
        app.push_screen(screen)
        app.tell(news)
        assert not heard
        await until(lambda: heard == [news], "the news")
        await pilot.pause()
        assert app.screen is screen


async def test_a_flood_of_changes_is_read_as_a_whole(desk: Desk) -> None:
    async with desk.open() as (app, _):
        desk.add_many(700)
        await until(lambda: len(app.state.cards) == 700, "all cards")


async def test_a_database_that_was_replaced_is_opened_anew(
    desk: Desk, tmp_path: Path
) -> None:
    desk.add("old")
    other = Desk(tmp_path / "other")
    other.add("new")
    other.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    async with desk.open() as (app, pilot):
        _replace(other, desk)
        app.reload(replaced=True)
        await until(lambda: "new" in screen_text(app), "the new board")
        await pilot.press("L")
        await written(app, pilot)
        assert app.state.column_id == app.state.columns[1].id


def _replace(other: Desk, desk: Desk) -> None:
    for suffix in ("-wal", "-shm"):
        Path(desk.paths.database + suffix).unlink(missing_ok=True)
    os.replace(other.paths.database, desk.paths.database)
