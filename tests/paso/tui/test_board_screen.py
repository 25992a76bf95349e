"""The board by its keys: every action on a real database."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from paso.commands import columns, projects, tasks
from paso.tui.board_app import PasoApp
from paso.tui.screens.confirm import Confirm
from paso.tui.screens.help import Help
from paso.tui.screens.palette import Palette
from paso.tui.widgets.card_column import CardColumn
from tests.paso.tui.conftest import Desk, fill, until


def current(app: PasoApp) -> str | None:
    card = app.state.current
    return card.title if card else None


def screen_text(app: PasoApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def names_of(app: PasoApp) -> list[str]:
    return [found.name for found in app.state.columns]


async def written(app: PasoApp, pilot: Pilot[int]) -> None:
    """Until every write that was asked for is done and painted."""
    await pilot.pause()
    await until(lambda: not app.writing, "the writes")
    await pilot.pause()


async def test_cards_are_where_they_belong_and_the_cursor_moves(desk: Desk) -> None:
    for title in ("one", "two", "three"):
        desk.add(title)
    desk.add("four", 1)
    async with desk.open() as (app, pilot):
        assert current(app) == "one"
        await pilot.press("j", "down")
        assert current(app) == "three"
        await pilot.press("k")
        assert current(app) == "two"
        await pilot.press("l")
        assert current(app) == "four"
        await pilot.press("h", "g")
        assert current(app) == "one"
        await pilot.press("G")
        assert current(app) == "three"
        text = screen_text(app)
        for word in ("To do", "In progress", "Done", "one", "four", "offline"):
            assert word in text


async def test_half_a_screen_at_a_time(desk: Desk) -> None:
    desk.add_many(40)
    async with desk.open() as (app, pilot):
        await pilot.press("ctrl+d", "ctrl+d")
        down = app.state.lane(desk.columns[0]).index
        assert 4 <= down <= 12
        await pilot.press("ctrl+u", "ctrl+u")
        assert current(app) == "card 0"


async def test_a_card_moves_to_the_neighbour_columns_and_stays_under_the_cursor(
    desk: Desk,
) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("L", "L")
        await written(app, pilot)
        assert desk.titles(2) == ["one"]
        assert current(app) == "one"
        await pilot.press("H")
        await written(app, pilot)
        assert desk.titles(1) == ["one"]
        await pilot.press("L", "L")
        await written(app, pilot)
        assert desk.titles(2) == ["one"]
        assert app.board.bar is not None and app.board.bar.message


async def test_quick_keys_reorder_as_often_as_they_were_pressed(desk: Desk) -> None:
    desk.add_many(5)
    async with desk.open() as (app, pilot):
        await pilot.press("J", "J", "J")
        await written(app, pilot)
        assert desk.titles() == ["card 1", "card 2", "card 3", "card 0", "card 4"]
        assert current(app) == "card 0"
        await pilot.press("K")
        await written(app, pilot)
        assert desk.titles() == ["card 1", "card 2", "card 0", "card 3", "card 4"]


async def test_deleting_asks_and_the_answer_without_thinking_is_no(desk: Desk) -> None:
    desk.add_many(3)
    async with desk.open() as (app, pilot):
        for answer in ("enter", "escape", "n", "d"):
            await pilot.press("d")
            assert isinstance(app.screen, Confirm)
            await pilot.press(answer)
            await written(app, pilot)
            if isinstance(app.screen, Confirm):
                await pilot.press("escape")
            assert len(desk.titles()) == 3
        await pilot.press("d", "y")
        await written(app, pilot)
        assert desk.titles() == ["card 1", "card 2"]
        assert current(app) == "card 1"


async def test_undo_and_redo_of_every_step(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("L", "d", "y")
        await written(app, pilot)
        assert desk.titles(1) == []
        await pilot.press("u")
        await written(app, pilot)
        assert desk.titles(1) == ["one"]
        await pilot.press("u")
        await written(app, pilot)
        assert desk.titles(0) == ["one"]
        await pilot.press("U")
        await written(app, pilot)
        assert desk.titles(1) == ["one"]
        await pilot.press("ctrl+r")
        await written(app, pilot)
        assert desk.titles(1) == []
        await pilot.press("U")
        await written(app, pilot)
        assert app.board.bar is not None and app.board.bar.message


async def test_undo_leaves_the_work_of_others_alone(desk: Desk) -> None:
    desk.add("of bo")
    async with desk.open() as (app, pilot):
        await pilot.press("u")
        await written(app, pilot)
        assert desk.titles() == ["of bo"]


async def test_a_card_is_added_by_key_and_gets_the_cursor(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("l", "a", *"new card", "ctrl+s")
        await until(lambda: desk.titles(1) == ["new card"], "the card")
        await written(app, pilot)
        assert current(app) == "new card"


async def test_priority_type_column_and_done_by_one_key(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("p", *"crit", "enter")
        await written(app, pilot)
        assert tasks.get_task(desk.db, one.id).priority == "critical"
        await pilot.press("t", *"bug", "enter")
        await written(app, pilot)
        assert tasks.get_task(desk.db, one.id).type == "bug"
        await pilot.press("m", *"prog", "enter")
        await written(app, pilot)
        assert desk.titles(1) == ["one"]
        await pilot.press("x")
        await written(app, pilot)
        assert desk.titles(2) == ["one"]


async def test_a_full_column_is_asked_about_not_refused(desk: Desk) -> None:
    columns.set_wip(desk.db, desk.columns[1], 1)
    desk.add("there", 1)
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("L")
        await until(lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("n")
        await written(app, pilot)
        assert desk.titles(0) == ["one"]
        await pilot.press("L")
        await until(lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("y")
        await written(app, pilot)
        assert desk.titles(0) == []
        assert "2/1!" in screen_text(app)


async def test_archiving_takes_the_card_off_the_board(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("A")
        await written(app, pilot)
        assert desk.titles() == []
        assert tasks.get_task(desk.db, one.id).archived
        await pilot.press("u")
        await written(app, pilot)
        assert desk.titles() == ["one"]


async def test_the_filter_follows_the_typing_and_escape_brings_all_back(
    desk: Desk,
) -> None:
    desk.add("red apple", priority="high")
    desk.add("green apple")
    desk.add("red car", 1)
    async with desk.open() as (app, pilot):
        await pilot.press("slash", *"apple")
        await until(lambda: len(app.state.lane(desk.columns[1]).visible) == 0, "filter")
        assert "2 of 2" in screen_text(app)
        await pilot.press("space", *"prio>=high")
        await until(lambda: len(app.state.lane(desk.columns[0]).visible) == 1, "filter")
        await pilot.press("enter")
        await pilot.pause()
        assert current(app) == "red apple"
        assert "apple prio>=high" in screen_text(app)
        await pilot.press("j", "escape")
        await pilot.pause()
        assert len(app.state.lane(desk.columns[0]).visible) == 2
        assert current(app) == "red apple"


async def test_a_filter_that_cannot_be_read_says_so(
    desk: Desk,
) -> None:
    desk.add("one")
    async with desk.open(size=(120, 24)) as (app, pilot):
        await pilot.press("slash", *"prio>=nonsense")
        await pilot.pause()
        line = screen_text(app).splitlines()[-2]
        assert "nonsense" in line.split("nonsense", 1)[1]
        await pilot.press("escape")
        await pilot.pause()
        assert current(app) == "one"


async def test_a_change_of_others_respects_the_filter(desk: Desk) -> None:
    desk.add("apple")
    async with desk.open() as (app, pilot):
        await pilot.press("slash", *"apple", "enter")
        await pilot.pause()
        desk.add("pear")
        desk.add("apple pie")
        await until(
            lambda: len(app.state.lane(desk.columns[0]).all) == 3, "the new cards"
        )
        visible = app.state.lane(desk.columns[0]).visible
        assert [card.title for card in visible] == ["apple", "apple pie"]


async def test_columns_are_added_renamed_shifted_and_deleted(desk: Desk) -> None:
    desk.add("one", 1)
    async with desk.open(size=(120, 24)) as (app, pilot):
        await pilot.press("l", "C", *"Review", "tab", "tab", "3", "ctrl+s")
        await until(lambda: len(desk.columns) == 4, "the column")
        await written(app, pilot)
        names = [c.name for c in columns.list_columns(desk.db, desk.project.id)]
        assert names == ["To do", "In progress", "Review", "Done"]
        assert app.state.column is not None and app.state.column.name == "Review"
        assert app.state.column.wip_limit == 3
        await until(lambda: "Review" in screen_text(app), "the column on screen")
        await pilot.press("<")
        await written(app, pilot)
        names = [c.name for c in columns.list_columns(desk.db, desk.project.id)]
        assert names == ["To do", "Review", "In progress", "Done"]
        await pilot.press("R", "end", *" 2", "ctrl+s")
        await until(
            lambda: (
                app.state.column is not None and app.state.column.name == "Review 2"
            ),
            "the name",
        )
        await written(app, pilot)
        await pilot.press("X", "y")
        await until(lambda: len(desk.columns) == 3, "the column gone")
        await written(app, pilot)
        await until(lambda: "Review 2" not in screen_text(app), "the column gone")


async def test_the_cards_of_a_deleted_column_go_where_the_user_says(desk: Desk) -> None:
    desk.add("one", 1)
    async with desk.open() as (app, pilot):
        await pilot.press("l", "X", *"done", "enter")
        await until(lambda: isinstance(app.screen, Confirm), "the question")
        await pilot.press("y")
        await until(lambda: len(desk.columns) == 2, "the column gone")
        await written(app, pilot)
        assert desk.titles(1) == ["one"]
        assert current(app) == "one"


async def test_projects_are_tabs(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("P", *"Second", "ctrl+s")
        await until(lambda: len(app.state.projects) == 2, "the project")
        await written(app, pilot)
        assert app.state.project is not None and app.state.project.name == "Second"
        await until(lambda: "No cards yet" in screen_text(app), "the empty board")
        await pilot.press("{")
        await written(app, pilot)
        assert current(app) == "one"
        await pilot.press("]")
        await written(app, pilot)
        assert app.state.project.name == "Second"
        await pilot.click("ProjectTabs", offset=(4, 0))
        await written(app, pilot)
        assert current(app) == "one"
        assert projects.last_used_project(desk.db) == desk.project.id


async def test_without_a_project_the_screen_says_what_to_press(desk: Desk) -> None:
    projects.delete_project(desk.db, desk.project.id, force=True)
    async with desk.open() as (app, pilot):
        assert "Press P" in screen_text(app)
        await pilot.press("a", "d", "j", "L", "e", "space", "C", "X", "slash")
        await pilot.press("escape", "P", *"First", "ctrl+s")
        await until(lambda: app.state.project is not None, "the project")
        await until(lambda: "No cards yet" in screen_text(app), "the empty board")
        assert "Press P" not in screen_text(app)


async def test_every_key_of_an_empty_board_is_harmless(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        for key in "jkhlgGHLJKdexmptbcryAuU":
            await pilot.press(key)
            await written(app, pilot)
            assert app.screen is app.board, key
        assert desk.titles() == []


async def test_the_help_names_the_keys_that_are_really_bound(desk: Desk) -> None:
    async with desk.open(keys={"task_add": "f9"}, size=(100, 80)) as (app, pilot):
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await until(lambda: "Add a card" in screen_text(app), "the help")
        line = next(at for at in screen_text(app).splitlines() if "Add a card" in at)
        assert "f9" in line
        await pilot.press("escape")
        await pilot.press("a")
        assert len(app.screen_stack) == 1
        await pilot.press("f9")
        assert len(app.screen_stack) == 2


async def test_the_palette_runs_any_action_by_its_name(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("colon")
        assert isinstance(app.screen, Palette)
        await pilot.press(*"done column", "enter")
        await until(lambda: desk.titles(2) == ["one"], "the move")


async def test_the_mouse_selects_opens_and_scrolls(desk: Desk) -> None:
    desk.add_many(30)
    desk.add("right", 1)
    async with desk.open() as (app, pilot):
        found = list(app.board.query(CardColumn))
        await pilot.click(found[0], offset=(5, 6))
        assert current(app) == "card 1"
        await pilot.click(found[1], offset=(5, 3))
        assert current(app) == "right"
        await pilot.click(found[1], offset=(5, 15))
        assert current(app) == "right"
        before = found[0].scroll_y
        await pilot._post_mouse_events([_wheel()], found[0], offset=(5, 5))
        await pilot.pause()
        assert found[0].scroll_y > before
        assert current(app) == "right"
        await pilot.double_click(found[1], offset=(5, 3))
        await until(lambda: app.screen is not app.board, "the details")


def _wheel() -> type:
    from textual.events import MouseScrollDown

    return MouseScrollDown


async def test_at_80_cells_three_columns_show_and_more_scroll_sideways(
    desk: Desk,
) -> None:
    for name in ("Four", "Five", "Six"):
        columns.create_column(desk.db, desk.project.id, name)
    async with desk.open() as (app, pilot):
        widths = {found.size.width for found in app.board.query(CardColumn)}
        assert widths == {26}
        text = screen_text(app)
        assert "Done" in text and "Four" not in text
        assert "3 more ›" in text
        await pilot.press("l", "l", "l")
        await until(lambda: "Four" in screen_text(app), "the fourth column")
        assert "more" in screen_text(app)
        await pilot.press("h", "h", "h")
        await until(lambda: "To do" in screen_text(app), "the first column")


async def test_the_board_survives_every_size(desk: Desk) -> None:
    fill(desk)
    async with desk.open() as (app, pilot):
        for size in ((20, 5), (1, 1), (200, 60), (26, 10), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("j", "l", "G", "h", "g")
            await pilot.pause()
        text = screen_text(app)
        assert "To do" in text and "Done" in text


async def test_the_number_of_widgets_does_not_depend_on_the_number_of_cards(
    desk: Desk,
) -> None:
    async with desk.open() as (app, pilot):
        few = len(app.board.query(Widget))
        desk.add_many(500)
        await until(lambda: len(app.state.cards) == 500, "the cards")
        assert len(app.board.query(Widget)) == few


async def test_markup_and_control_characters_of_others_are_only_text(
    desk: Desk,
) -> None:
    nasty = "[bold red]x[/] \x1b[31m {y}"
    columns.rename_column(desk.db, desk.columns[0], "[b]c\x1b[0m")
    projects.edit_project(desk.db, desk.project.id, name="[i]p\x07")
    desk.add(nasty, assignee="[u]\x1b]")
    async with desk.open(size=(160, 24)) as (app, pilot):
        text = screen_text(app)
        for shown in ("[bold red]x[/] \\x1b[31m {y}", "[b]c\\x1b[0m", "[i]p\\x07"):
            assert shown in text
        await pilot.press("d")
        await pilot.pause()
        assert "[bold red]x[/] \\x1b[31m {y}" in screen_text(app)
        await pilot.press("escape", "space")
        await pilot.pause()
        assert "[bold red]x[/] \\x1b[31m {y}" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("escape", "e")
        await pilot.pause()
        assert "[bold red]x[/] \\x1b[31m {y}" in screen_text(app)
        assert "\x1b" not in screen_text(app)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving(desk: Desk, key: str) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press(key)
    assert app.return_value == 0


async def test_ctrl_c_leaves_out_of_a_form_too(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("a", "x", "ctrl+c")
    assert app.return_value == 0


async def test_a_theme_is_chosen_by_key(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("T", *"nord", "enter")
        await until(lambda: app.theme == "nord", "the theme")
        await pilot.pause()
        assert "one" in screen_text(app)


async def test_mistakes_in_the_users_keys_are_told_at_the_start(desk: Desk) -> None:
    app = desk.app(keys={"task_ad": "f1"})
    async with app.run_test(size=(100, 24)):
        await until(lambda: "task_add" in screen_text(app), "the word")


async def test_leaving_finishes_what_was_begun(desk: Desk) -> None:
    desk.add("one")
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("L", "L", "q")
        await until(lambda: app.return_value is not None, "the end")
    assert desk.titles(2) == ["one"]
