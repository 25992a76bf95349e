"""Pictures of every view in two sizes, compared cell by cell.

They do not depend on the day, the machine or the speed: the day is given, the daemon
is real and waited for, nothing blinks. `pytest --snapshot-update` makes them anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from paso.commands import columns, projects, tasks
from paso.tui.board_app import PasoApp
from tests.paso.tui.conftest import Desk, connection_of, fill, until
from tests.paso.tui.sessions import FAR, fill_sessions, record, session

SMALL, LARGE = (80, 24), (200, 60)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x60"])

Compare = Callable[..., bool]


def after(
    *keys: str, state: str = "live", keep_message: bool = False
) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Wait for the connection, press keys, and let everything come to rest."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, PasoApp)
        await until(lambda: connection_of(app) == state, state)
        if not keep_message:
            app.board.say("")
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await until(lambda: not app.writing, "the writes")
        for field in app.screen.query("Input, TextArea").results():
            assert isinstance(field, (Input, TextArea))
            field.cursor_blink = False
        await pilot.pause()

    return run


@SIZES
def test_an_empty_board(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=size, run_before=after())


@SIZES
def test_a_board_without_projects(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    projects.delete_project(desk.db, desk.project.id, force=True)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=size, run_before=after())


@SIZES
def test_a_filled_board(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=size, run_before=after("j"))


def test_a_light_theme(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    app.theme = "paso-light"
    assert snap_compare(app, terminal_size=SMALL, run_before=after("l"))


def test_without_colours(
    desk: Desk, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill(desk)
    app = desk.app(daemon=True)
    assert app.no_color
    assert snap_compare(app, terminal_size=SMALL, run_before=after("j"))


def test_more_columns_than_fit(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    for name in ("Review", "Ship", "Later"):
        columns.create_column(desk.db, desk.project.id, name)
    app = desk.app(daemon=True)
    run = after("l", "l", "l", "h")
    assert snap_compare(app, terminal_size=SMALL, run_before=run)


def test_a_long_column_that_is_scrolled(desk: Desk, snap_compare: Compare) -> None:
    desk.add_many(200)
    app = desk.app(daemon=True)
    run = after("ctrl+d", "ctrl+d", "ctrl+d", "k")
    assert snap_compare(app, terminal_size=SMALL, run_before=run)


@SIZES
def test_the_form_of_a_card(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    made = fill(desk)
    text = "Only with cookies off.\n\n1. open the page\n2. log in"
    tasks.edit_task(desk.db, made[0].id, {"description": text})
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=size, run_before=after("e", "tab", "tab"))


def test_a_form_with_an_error(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=after("a", "ctrl+s"))


def test_the_choice_between_two_values(desk: Desk, snap_compare: Compare) -> None:
    made = fill(desk)
    app = desk.app(daemon=True)

    async def run(pilot: Pilot[Any]) -> None:
        await after("e", "end", "!")(pilot)
        tasks.edit_task(desk.db, made[0].id, {"title": "Changed by bo"})
        await until(lambda: app.screen.query_one("#note").display, "the note")
        await pilot.press("ctrl+s")
        await until(lambda: len(app.screen_stack) == 3, "the question")
        await pilot.pause()

    assert snap_compare(app, terminal_size=SMALL, run_before=run)


@SIZES
def test_the_help(desk: Desk, snap_compare: Compare, size: tuple[int, int]) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    run = after("question_mark")
    assert snap_compare(app, terminal_size=size, run_before=run)


@SIZES
def test_the_question_before_deleting(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=size, run_before=after("d"))


@SIZES
def test_without_a_daemon(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    fill(desk)
    app = desk.app()
    run = after(state="offline", keep_message=True)
    assert snap_compare(app, terminal_size=size, run_before=run)


def test_a_filter(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    run = after("slash", *"the")
    assert snap_compare(app, terminal_size=SMALL, run_before=run)


def test_the_labels_of_a_card(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=after("b", "down"))


def test_the_palette(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    run = after("colon", *"column")
    assert snap_compare(app, terminal_size=SMALL, run_before=run)


def test_a_relation(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=after("r", "tab"))


def test_a_new_column(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=after("C"))


def test_a_new_project(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=after("P"))


def test_the_details_of_a_card(
    desk: Desk, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paso.tui.screens import details_text

    made = fill(desk)
    tasks.edit_task(desk.db, made[0].id, {"description": "Only with cookies off."})
    monkeypatch.setattr(details_text, "time_words", lambda _: "2026-05-05 10:00")
    app = desk.app(daemon=True)
    assert snap_compare(app, terminal_size=(100, 40), run_before=after("space"))


def others(app: PasoApp) -> None:
    """Two other computers, as the daemon would tell of them."""
    gone = "e" * 16
    told = [
        {"id": FAR, "name": "laptop", "state": "live"},
        {"id": gone, "name": "build server", "state": "stale", "age_s": 200},
    ]
    app.book.take({"type": "computers_initial", "data": told}, monotonic())
    long_ago = {"created_at": "2001-02-03T04:05:06.000Z", "project": "WEB"}
    for at in (
        session(1, FAR, title="review agent", attention="input", **long_ago),
        session(2, FAR, title="watch", activity="working", **long_ago),
        session(3, gone, title="nightly", **long_ago),
    ):
        app.book.take({"type": "session_started", "session": record(at)}, 0.0)
    app.catch_up()


def then(
    *keys: str, told: Callable[[PasoApp], None] = others
) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Without a daemon, with what others told; press keys."""

    async def run(pilot: Pilot[Any]) -> None:
        await after(state="offline")(pilot)
        assert isinstance(pilot.app, PasoApp)
        told(pilot.app)
        await after(*keys, state="offline")(pilot)

    return run


@SIZES
def test_cards_with_sessions(
    desk: Desk, snap_compare: Compare, size: tuple[int, int]
) -> None:
    fill_sessions(desk, fill(desk))
    assert snap_compare(desk.app(), terminal_size=size, run_before=then("j"))


@SIZES
def test_all_sessions(desk: Desk, snap_compare: Compare, size: tuple[int, int]) -> None:
    fill_sessions(desk, fill(desk))
    run = then("S", "j", "j")
    assert snap_compare(desk.app(), terminal_size=size, run_before=run)


def test_sessions_without_colours(
    desk: Desk, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill_sessions(desk, fill(desk))
    run = then("S", "t")
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=run)


def test_cards_with_sessions_without_colours(
    desk: Desk, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill_sessions(desk, fill(desk))
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=then())


def test_no_sessions(desk: Desk, snap_compare: Compare) -> None:
    run = then("S", told=lambda _: None)
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=run)


def test_the_question_before_a_session_is_ended(
    desk: Desk, snap_compare: Compare
) -> None:
    fill_sessions(desk, fill(desk))
    run = then("S", "x")
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=run)


def test_the_form_that_starts_a_session(desk: Desk, snap_compare: Compare) -> None:
    fill_sessions(desk, fill(desk))
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=then("s"))


def test_the_details_of_a_card_with_sessions(
    desk: Desk, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paso.tui.screens import details_sessions, details_text

    fill_sessions(desk, fill(desk))
    for module in (details_text, details_sessions):
        monkeypatch.setattr(module, "time_words", lambda _: "2026-05-05 10:00")
    run = then("space")
    assert snap_compare(desk.app(), terminal_size=(100, 40), run_before=run)


def test_the_choice_of_a_computer(desk: Desk, snap_compare: Compare) -> None:
    fill(desk)
    assert snap_compare(desk.app(), terminal_size=SMALL, run_before=then("O"))
