"""Forms: nothing typed is lost, nothing untouched is written."""

from __future__ import annotations

import sqlite3

import pytest
from textual.pilot import Pilot

from paso.commands import comments, labels, relations, tasks
from paso.tui.board_app import PasoApp
from paso.tui.screens.confirm import Confirm
from paso.tui.screens.conflict import Conflict
from paso.tui.screens.details import Details
from paso.tui.screens.task_form import TaskForm
from tests.paso.tui.conftest import Desk, until
from tests.paso.tui.test_board_screen import current, screen_text, written


def form_of(app: PasoApp) -> TaskForm:
    assert isinstance(app.screen, TaskForm)
    return app.screen


async def closed(app: PasoApp, pilot: Pilot[int]) -> None:
    await until(lambda: len(app.screen_stack) == 1, "the form to close")
    await written(app, pilot)


async def test_a_new_card_has_all_that_was_chosen(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("a", *"Title", "tab", *"Text", "enter", *"more")
        await pilot.press("ctrl+t", "ctrl+r", "tab", "tab", "tab", *"+3d")
        await pilot.press("tab", *"eve", "tab", "right")
        await pilot.press("ctrl+l", *"bug", "enter", "escape", "ctrl+s")
        await closed(app, pilot)
        (card,) = tasks.list_tasks(desk.db, desk.project.id)
        assert card.title == "Title"
        assert card.description == "Text\nmore"
        assert (card.type, card.priority) == ("feature", "high")
        assert (card.due, card.assignee) == ("2026-05-08", "eve")
        assert card.column.name == "In progress"
        assert [label.name for label in card.labels] == ["bug"]


async def test_choices_of_the_last_form_do_not_show_in_the_next(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("a", *"one", "ctrl+t", "ctrl+r", "ctrl+s")
        await closed(app, pilot)
        await pilot.press("a", *"two", "ctrl+s")
        await closed(app, pilot)
        two = next(
            at for at in tasks.list_tasks(desk.db, desk.project.id) if at.title == "two"
        )
        assert (two.type, two.priority) == ("task", "medium")


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        (("ctrl+s",), "title"),
        ((*"x", "tab", "tab", "tab", "tab", *"zz", "ctrl+s"), "zz"),
    ],
)
async def test_an_error_keeps_the_form_open_with_all_that_was_typed(
    desk: Desk, typed: tuple[str, ...], word: str
) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("a", *typed)
        await until(lambda: form_of(app).query_one("#error").display, "the error")
        await pilot.pause()
        assert word in screen_text(app)
        before = form_of(app).values()
        await pilot.press("shift+tab")
        assert form_of(app).values() == before
        assert desk.titles() == []


async def test_saving_an_edit_writes_only_what_was_changed(desk: Desk) -> None:
    worn = labels.list_labels(desk.db, desk.project.id)[0]
    one = desk.add("one", description="long", due="2026-01-01", labels=[worn.id])
    two = desk.add("two")
    relations.link(desk.db, two.id, one.id, "blocks")
    async with desk.open() as (app, pilot):
        await pilot.press("e", "end", "!", "ctrl+s")
        await closed(app, pilot)
        now = tasks.get_task(desk.db, one.id)
        assert now.title == "one!"
        assert now.version == one.version + 1
        assert (now.description, now.due) == ("long", "2026-01-01")
        assert now.labels == one.labels
        assert now.blocked_by == (two.key,)


async def test_control_characters_survive_a_form_that_did_not_touch_them(
    desk: Desk,
) -> None:
    one = desk.add("one", description="a\x1b[2Jb\n\tc")
    async with desk.open() as (app, pilot):
        await pilot.press("e", "end", "!", "ctrl+s")
        await closed(app, pilot)
        now = tasks.get_task(desk.db, one.id)
        assert (now.title, now.description) == ("one!", "a\x1b[2Jb\n\tc")


async def test_what_is_pasted_is_shown_not_obeyed(desk: Desk) -> None:
    from textual.events import Paste

    async with desk.open() as (app, pilot):
        await pilot.press("a")
        app.post_message(Paste("a\x1b[2J\nb"))
        await pilot.press("tab")
        app.post_message(Paste("c\x1b[2J\r\nd"))
        await pilot.pause()
        values = form_of(app).values()
        assert values["title"] == "a\\x1b[2J b"
        assert values["description"] == "c\\x1b[2J\nd"


async def test_escape_asks_only_when_something_would_be_lost(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("e", "escape")
        assert len(app.screen_stack) == 1
        await pilot.press("e", "x", "escape")
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape")
        assert form_of(app).values()["title"] == "onex"
        await pilot.press("escape", "y")
        assert len(app.screen_stack) == 1
        assert desk.titles() == ["one"]


async def test_an_open_form_keeps_text_and_focus_while_others_write(desk: Desk) -> None:
    desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("a", *"half", "tab", *"text")
        focused = app.screen.focused
        desk.add("from bo")
        await until(lambda: len(app.state.cards) == 2, "the change")
        assert app.screen.focused is focused
        await pilot.press(*" more")
        assert form_of(app).values()["title"] == "half"
        assert form_of(app).values()["description"] == "text more"


async def test_another_field_changed_by_others_is_no_conflict(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("e", "end", "!")
        tasks.edit_task(desk.db, one.id, {"priority": "high"})
        await until(lambda: form_of(app).query_one("#note").display, "the note")
        await pilot.press("ctrl+s")
        await closed(app, pilot)
        now = tasks.get_task(desk.db, one.id)
        assert (now.title, now.priority) == ("one!", "high")


@pytest.mark.parametrize(("keys", "kept"), [((), "mine"), (("right",), "theirs")])
async def test_the_same_field_changed_by_others_shows_both_and_the_user_chooses(
    desk: Desk, keys: tuple[str, ...], kept: str
) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("e", *["backspace"] * 3, *"mine", "tab", *"text")
        tasks.edit_task(desk.db, one.id, {"title": "theirs"})
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, Conflict), "the question")
        await pilot.pause()
        assert "mine" in screen_text(app) and "theirs" in screen_text(app)
        await pilot.press(*keys, "ctrl+s")
        await closed(app, pilot)
        now = tasks.get_task(desk.db, one.id)
        assert (now.title, now.description) == (kept, "text")


async def test_leaving_the_question_brings_the_form_back_as_it_was(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("e", *"mine")
        tasks.edit_task(desk.db, one.id, {"title": "theirs"})
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, Conflict), "the question")
        await pilot.press("escape")
        await pilot.pause()
        assert form_of(app).values()["title"] == "onemine"
        assert desk.titles() == ["theirs"]


async def test_a_card_deleted_under_its_form_is_made_anew_by_saving(desk: Desk) -> None:
    one = desk.add("one", description="kept")
    async with desk.open() as (app, pilot):
        await pilot.press("e", "end", "!")
        tasks.delete_task(desk.db, one.id)
        await until(lambda: form_of(app).record is None, "the news")
        await pilot.press("ctrl+s")
        await closed(app, pilot)
        (now,) = tasks.list_tasks(desk.db, desk.project.id)
        assert (now.title, now.description) == ("one!", "kept")
        assert now.id != one.id


async def test_a_locked_database_does_not_freeze_the_screen_and_is_waited_for(
    desk: Desk,
) -> None:
    desk.add_many(3)
    other = sqlite3.connect(desk.paths.database, isolation_level=None)
    async with desk.open() as (app, pilot):
        other.execute("BEGIN IMMEDIATE")
        await pilot.press("L")
        await until(lambda: "busy" in app.board.bar.message, "the word")  # type: ignore[union-attr]
        await pilot.press("j")
        assert current(app) == "card 1"
        assert app.writing
        other.execute("ROLLBACK")
        await written(app, pilot)
        assert desk.titles(1) == ["card 0"]
    other.close()


async def test_comments_are_written_edited_and_deleted_and_come_back_to_the_details(
    desk: Desk,
) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("space", "c", *"first", "ctrl+s")
        await until(lambda: isinstance(app.screen, Details), "the details")
        await until(lambda: "first" in screen_text(app), "the comment")
        (made,) = comments.list_comments(desk.db, one.id)
        assert (made.author, made.body) == ("ana", "first")
        await pilot.press("C", "enter", "x", "ctrl+s")
        await until(lambda: isinstance(app.screen, Details), "the details")
        await until(lambda: "xfirst" in screen_text(app), "the edit")
        await pilot.press("X", "enter", "y")
        await until(lambda: not comments.list_comments(desk.db, one.id), "the delete")
        await until(lambda: "xfirst" not in screen_text(app), "the comment gone")


async def test_details_follow_what_others_do(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("space")
        tasks.edit_task(desk.db, one.id, {"title": "renamed"})
        comments.add_comment(desk.db, one.id, "a word", author="bo")
        await until(lambda: "renamed" in screen_text(app), "the title")
        await until(lambda: "a word" in screen_text(app), "the comment")
        tasks.delete_task(desk.db, one.id)
        await until(lambda: "deleted this card" in screen_text(app), "the news")
        assert "renamed" in screen_text(app)
        await pilot.press("e", "escape")
        assert len(app.screen_stack) == 1


async def test_cards_are_related_by_searching_the_other_one(desk: Desk) -> None:
    one, two = desk.add("one"), desk.add("two")
    async with desk.open() as (app, pilot):
        await pilot.press("r", *"two", "enter")
        await written(app, pilot)
        assert tasks.get_task(desk.db, one.id).blocked_by == (two.key,)
        assert "⊘" in screen_text(app)
        await pilot.press("r", "tab", "tab", *"two", "enter")
        await written(app, pilot)
        assert tasks.get_task(desk.db, one.id).parent == two.key
        await pilot.press("space", "R", "enter")
        await until(
            lambda: len(relations.list_relations(desk.db, one.id)) == 1, "the removal"
        )


async def test_a_label_that_is_missing_is_made_in_the_picker(desk: Desk) -> None:
    one = desk.add("one")
    async with desk.open() as (app, pilot):
        await pilot.press("b", *"urgent", "enter")
        await until(
            lambda: any(at.name == "urgent" for at in app.state.labels.values()),
            "the label",
        )
        await pilot.pause()
        await pilot.press("escape")
        await written(app, pilot)
        now = tasks.get_task(desk.db, one.id)
        assert [label.name for label in now.labels] == ["urgent"]
        assert "urgent" in screen_text(app)


async def test_labels_are_renamed_recoloured_and_deleted(desk: Desk) -> None:
    async with desk.open() as (app, pilot):
        await pilot.press("B", *"question", "enter", "end", "s", "tab", "right")
        await pilot.press("ctrl+s")
        await until(lambda: len(app.screen_stack) == 2, "the form to close")
        found = {at.name: at for at in labels.list_labels(desk.db, desk.project.id)}
        assert "questions" in found
        await pilot.press("ctrl+x", "y")
        await until(
            lambda: len(labels.list_labels(desk.db, desk.project.id)) < len(found),
            "the delete",
        )
        await written(app, pilot)
