"""The list of sessions by its keys, and the marks on cards, on a real database."""

from __future__ import annotations

import pytest

from paso.commands import projects, sessions, tasks
from paso.errors import NotFound
from paso.tui import board_app
from paso.tui.board_app import PasoApp
from paso.tui.screens.confirm import Confirm
from paso.tui.screens.details import Details
from paso.tui.screens.details_sessions import SHOWN
from paso.tui.screens.remote_board import RemoteScreen
from paso.tui.screens.sessions import Sessions
from paso.tui.widgets.session_list import SessionList
from tests.paso.tui.conftest import Desk, until
from tests.paso.tui.sessions import FAR, record, run, session
from tests.paso.tui.test_board_screen import current, screen_text, written


def screen(app: PasoApp) -> Sessions:
    found = app.screen
    assert isinstance(found, Sessions)
    return found


def chosen(app: PasoApp) -> str:
    row = screen(app).view.current
    assert row is not None
    return row.session.title if row.session else row.text


def line(app: PasoApp, word: str) -> str:
    """The line of the screen with a word."""
    return next((at for at in screen_text(app).splitlines() if word in at), "")


def peer(app: PasoApp, state: str = "live", **fields: object) -> None:
    """Another computer with a session, as the daemon tells of it."""
    told = [
        {"id": app.book.own, "name": "here", "state": "live", "this": True},
        {"id": FAR, "name": "laptop", "state": state, "age_s": 180},
    ]
    app.book.take({"type": "computers_initial", "data": told}, 0.0)
    body = record(session(7, FAR, title="far away", **fields))
    app.book.take({"type": "session_started", "session": body}, 0.0)
    app.catch_up()


def look(app: PasoApp) -> None:
    """What a listener says when it hears of a change."""
    app.post_message(board_app.Look())


# marks on the board


async def test_a_card_shows_its_sessions_at_once_and_until_they_are_seen(
    desk: Desk,
) -> None:
    task = desk.add("one")
    async with desk.open() as (app, _):
        assert "◇" not in screen_text(app)
        made = run(desk.db, "build", task.id)
        look(app)
        await until(lambda: "◇" in line(app, "PASO-1"), "the idle session")
        sessions.set_activity(desk.db, made.id, "working")
        look(app)
        await until(lambda: "►" in line(app, "PASO-1"), "the working session")
        sessions.report(desk.db, made.id, "waiting", "Proceed?")
        look(app)
        await until(lambda: "?" in line(app, "PASO-1"), "the question")
        assert "? 1 needs you" in screen_text(app)
        assert "?1" in line(app, "To do")
        assert "?1" in line(app, "My board")
        sessions.session_ended(desk.db, made.id, exit_code=3)
        look(app)
        await until(lambda: "✗" in line(app, "PASO-1"), "the failure")
        sessions.acknowledge(desk.db, made.id)
        look(app)
        await until(lambda: "✗" not in line(app, "PASO-1"), "the mark to go")
        assert "needs you" not in screen_text(app)
        assert current(app) == "one"


async def test_marks_come_by_the_daemons_events_too(desk: Desk) -> None:
    task = desk.add("one")
    async with desk.open(daemon=True) as (app, _):
        desk.announce()
        made = run(desk.db, "build", task.id, backend="pty")
        sessions.report(desk.db, made.id, "waiting")
        await until(lambda: "? 1 needs you" in screen_text(app), "the question")


async def test_sessions_of_other_projects_count_below_and_on_their_tab(
    desk: Desk,
) -> None:
    desk.add("one")
    other = projects.create_project(desk.db, "Second", key="SEC")
    task = tasks.create_task(desk.db, other.id, "of the second")
    made = run(desk.db, "build", task.id)
    sessions.session_ended(desk.db, made.id, exit_code=0)
    async with desk.open() as (app, pilot):
        assert "?1" in line(app, "SEC")
        assert "? 1 needs you" in screen_text(app)
        assert "✓" not in line(app, "PASO-1")
        await pilot.press("}")
        await pilot.pause()
        assert "✓" in line(app, "SEC-1")


async def test_sessions_of_other_computers_count_as_well(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        peer(app, attention="input")
        await pilot.pause()
        assert "? 1 needs you" in screen_text(app)


async def test_only_the_column_of_the_session_is_drawn_again(desk: Desk) -> None:
    task = desk.add("one")
    desk.add("two", 1)
    async with desk.open() as (app, _):
        made = run(desk.db, "build", task.id)
        look(app)
        await until(lambda: "◇" in screen_text(app), "the mark")
        news: list[object] = []
        app.board.news_came = news.append  # type: ignore[assignment, method-assign]
        sessions.set_activity(desk.db, made.id, "working")
        look(app)
        await until(lambda: news, "the news")
        found = news[0]
        assert (found.whole, found.lanes, found.tasks) == (  # type: ignore[attr-defined]
            False,
            {desk.columns[0]},
            {task.id},
        )


async def test_a_restored_card_has_its_marks_again(desk: Desk) -> None:
    task = desk.add("one")
    run(desk.db, "build", task.id)
    async with desk.open() as (app, pilot):
        await pilot.press("d", "y")
        await written(app, pilot)
        assert "◇" not in screen_text(app)
        await pilot.press("u")
        await written(app, pilot)
        assert "◇" in line(app, "PASO-1")


# the list


async def test_an_empty_list_says_how_to_start_one(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("S")
        await pilot.pause()
        for words in ("No sessions yet", "n  ", "paso run -- make test"):
            assert words in screen_text(app)
        for key in ("x", "s", "o", "a", "l", "d", "g", "enter"):
            await pilot.press("space", "j", key)
            assert "no session here" in screen_text(app), key
        await pilot.press("escape")
        assert app.screen is app.board


async def test_the_list_changes_without_a_key_and_the_cursor_stays(desk: Desk) -> None:
    first = run(desk.db, "first", project_id=desk.project.id)
    async with desk.open() as (app, pilot):
        await pilot.press("S")
        await pilot.pause()
        assert chosen(app) == "first"
        run(desk.db, "second", project_id=desk.project.id)
        look(app)
        await until(lambda: "second" in screen_text(app), "the new one")
        assert chosen(app) == "first"
        sessions.set_activity(desk.db, first.id, "working")
        look(app)
        await until(lambda: "working" in line(app, "first"), "its state")
        sessions.session_ended(desk.db, first.id, exit_code=2)
        look(app)
        await until(lambda: "failed: exit 2" in line(app, "first"), "its end")
        assert "Needs you (1)" in screen_text(app)
        assert chosen(app) == "first"
        sessions.remove_session(desk.db, first.id)
        look(app)
        await until(lambda: "first" not in screen_text(app), "it to go")
        assert chosen(app) == "second"


async def test_sessions_end_while_the_daemon_is_away_and_are_shown(desk: Desk) -> None:
    made = run(desk.db, "first")
    async with desk.open() as (app, pilot):
        assert "○ offline" in screen_text(app)
        await pilot.press("S")
        sessions.session_lost(desk.db, made.id, "the tmux server is gone")
        await until(lambda: "lost: the tmux" in screen_text(app), "the loss")


async def test_without_a_daemon_the_board_sees_by_itself_what_became_of_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_app, "LOOK_S", 0.1)
    task = desk.add("one")
    run(desk.db, "of a tmux that is gone", task.id)
    async with desk.open() as (app, _):
        await until(lambda: "∅" in line(app, "PASO-1"), "the loss")


async def test_seen_removed_and_linked_by_keys(desk: Desk) -> None:
    task = desk.add("one")
    made = run(desk.db, "build")
    sessions.session_ended(desk.db, made.id, exit_code=0)
    async with desk.open() as (app, pilot):
        await pilot.press("S", "a")
        await until(
            lambda: sessions.get_session(desk.db, made.id).attention == "none", "it"
        )
        await pilot.press("l", *"one", "enter")
        await until(
            lambda: sessions.get_session(desk.db, made.id).task_id == task.id, "it"
        )
        await until(lambda: "PASO-1" in line(app, "build"), "the card")
        await pilot.press("d")
        assert isinstance(app.screen, Confirm)
        await pilot.press("enter")
        sessions.get_session(desk.db, made.id)
        await pilot.press("d", "y")
        await until(lambda: "No sessions yet" in screen_text(app), "it to go")
        with pytest.raises(NotFound):
            sessions.get_session(desk.db, made.id)


async def test_one_that_runs_is_not_removed_and_one_that_is_over_not_ended(
    desk: Desk,
) -> None:
    made = run(desk.db, "build")
    async with desk.open() as (app, pilot):
        await pilot.press("S", "d")
        assert "it runs: x ends it" in screen_text(app)
        sessions.session_ended(desk.db, made.id, exit_code=0)
        look(app)
        await until(lambda: "finished" in screen_text(app), "its end")
        for key in "xs":
            await pilot.press(key)
            assert "it is over: ended" in screen_text(app)


async def test_a_key_goes_to_the_card_of_whatever_project(desk: Desk) -> None:
    desk.add("one")
    other = projects.create_project(desk.db, "Second", key="SEC")
    tasks.create_task(desk.db, other.id, "another")
    task = tasks.create_task(desk.db, other.id, "of the second")
    run(desk.db, "build", task.id)
    async with desk.open() as (app, pilot):
        await pilot.press("S", "g")
        await written(app, pilot)
        assert app.screen is app.board
        assert current(app) == "of the second"


async def test_parts_close_and_open_and_stay_so_while_the_board_runs(
    desk: Desk,
) -> None:
    run(desk.db, "build", project_id=desk.project.id)
    async with desk.open() as (app, pilot):
        await pilot.press("S", "left")
        assert chosen(app) == "PASO"
        await pilot.press("left")
        assert "build" not in screen_text(app)
        await pilot.press("escape", "S")
        await pilot.pause()
        assert "build" not in screen_text(app)
        assert chosen(app) == "PASO"
        await pilot.press("right")
        assert "build" in screen_text(app)
        await pilot.press("t")
        assert "Running (1)" in screen_text(app)
        await pilot.press("t", "space", "enter")
        assert "build" in screen_text(app)


async def test_the_mouse_selects_and_scrolls(desk: Desk) -> None:
    with desk.db.write("many"):
        for number in range(60):
            run(desk.db, f"session {number:02}", project_id=desk.project.id)
    async with desk.open() as (app, pilot):
        await pilot.press("S", "t")
        first = chosen(app)
        await pilot.click(SessionList, offset=(5, 4))
        assert chosen(app) != first
        assert chosen(app) in screen_text(app).splitlines()[5]
        await pilot.press("G")
        assert first not in screen_text(app)
        await pilot.press("ctrl+u", "home")
        assert chosen(app) == first
        assert "Running (60)" in screen_text(app)


async def test_a_filter_narrows_while_typing(desk: Desk) -> None:
    run(desk.db, "build")
    run(desk.db, "lint")
    async with desk.open() as (app, pilot):
        await pilot.press("S", "slash", *"lin")
        await pilot.pause()
        assert "build" not in screen_text(app)
        await pilot.press("enter")
        assert chosen(app) == "lint"
        await pilot.press("escape")
        assert "build" in screen_text(app)
        await pilot.press("escape")
        assert app.screen is app.board


async def test_sessions_of_a_computer_that_is_away_are_shown_with_its_age(
    desk: Desk,
) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("S")
        peer(app, "stale")
        await until(lambda: "far away" in screen_text(app), "the session")
        assert "stale" in line(app, "laptop")
        assert "idle? " in line(app, "far away")
        for key in "ald":
            await pilot.press(key)
            assert "only on its own computer" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert "ssh -t laptop 'paso session attach" in screen_text(app)


async def test_who_looks_for_computers_too_early_sees_them_once_they_are_known(
    desk: Desk,
) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("O")
        await pilot.pause()
        assert "no other computer is known yet: paso peers on" in screen_text(app)
        await pilot.press("enter")
        peer(app)
        await until(lambda: "laptop" in screen_text(app), "the computer")
        assert "no other computer" not in screen_text(app)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RemoteScreen), "its board")


async def test_a_session_that_cannot_be_attached_to_any_more_names_the_key_that_helps(
    desk: Desk,
) -> None:
    made = run(desk.db, "build", project_id=desk.project.id)
    sessions.session_lost(desk.db, made.id, "the tmux server is gone")
    async with desk.open(keys={"session_output": "v"}) as (app, pilot):
        await pilot.press("S", "enter")
        words = "the session is lost; v in the list shows its output"
        await until(lambda: words in screen_text(app), "the refusal")


async def test_of_one_that_wrote_nothing_no_more_output_is_promised(
    desk: Desk,
) -> None:
    made = run(desk.db, "silent", project_id=desk.project.id)
    sessions.session_lost(desk.db, made.id, "the tmux server is gone")
    async with desk.open() as (app, pilot):
        await pilot.press("S", "o")
        await until(lambda: "(no output)" in screen_text(app), "the empty output")


async def test_what_another_computer_answers_is_told_in_words(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("S")
        peer(app)
        await until(lambda: "far away" in screen_text(app), "the session")
        await pilot.press("x", "y")
        await until(lambda: "not ended" in screen_text(app), "the answer")
        assert "far away on laptop" in screen_text(app)


async def test_a_burst_does_not_starve_the_list(desk: Desk) -> None:
    """Fifty events a second: the screen follows while they come."""
    made = run(desk.db, "busy", backend="pty")
    async with desk.open(daemon=True) as (app, pilot):
        await pilot.press("S")
        desk.announce()
        seen = set()
        for number in range(50):
            activity = "working" if number % 2 else "idle"
            sessions.set_activity(desk.db, made.id, activity, preview=f"at {number}")
            await pilot.pause(0.02)
            words = line(app, "busy")
            seen |= {at for at in range(50) if f"at {at} " in words + " "}
        assert len(seen) >= 5
        await until(lambda: "working" in line(app, "busy"), "the last state")


async def test_palette_and_help_know_the_keys_of_the_list(desk: Desk) -> None:
    run(desk.db, "build")
    async with desk.open(size=(100, 40)) as (app, pilot):
        await pilot.press("S", "colon", *"as a tree", "enter")
        await until(lambda: "Running (1)" in screen_text(app), "the flat list")
        await pilot.press("question_mark")
        await until(lambda: "In the list of sessions" in screen_text(app), "the help")
        assert "Attach to it" in screen_text(app)


async def test_the_users_own_keys_work_in_the_list(desk: Desk) -> None:
    run(desk.db, "build")
    async with desk.open(keys={"session_tree": "f", "sessions": "F"}) as (app, pilot):
        await pilot.press("F", "f")
        assert "Running (1)" in screen_text(app)


async def test_the_details_of_a_card_tell_of_its_sessions(desk: Desk) -> None:
    task = desk.add("one")
    made = run(desk.db, "build \x1b[31m", task.id)
    sessions.session_ended(desk.db, made.id, exit_code=3)
    async with desk.open(size=(100, 40)) as (app, pilot):
        await pilot.press("space")
        await pilot.pause()
        for words in ("── Sessions", "✗ build \\x1b[31m  failed: exit 3", "running"):
            assert words in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.board.bar is not None
        assert "are over: S shows what they left" in app.board.bar.message
        await pilot.press("S")
        await until(lambda: isinstance(app.screen, Sessions), "the list")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Details), "the details")


async def test_the_details_of_a_card_with_many_sessions_show_the_newest(
    desk: Desk,
) -> None:
    task = desk.add("one")
    for number in range(SHOWN + 2):
        run(desk.db, f"build {number}", task.id)
    async with desk.open(size=(100, 60)) as (app, pilot):
        await pilot.press("space")
        await until(lambda: "and 2 more: S" in screen_text(app), "their number")
        assert "build 9" in screen_text(app)
        assert "build 1 " not in screen_text(app)
