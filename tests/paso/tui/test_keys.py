from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from paso.tui.keys import (
    ACTIONS,
    ALWAYS,
    IDS,
    SESSION_ACTIONS,
    VIEWS,
    Action,
    hints_of,
    key_for,
    key_problems,
    keys_of,
    show_key,
)
from paso.tui.screens.board import BoardScreen
from paso.tui.screens.sessions import Sessions


@pytest.mark.parametrize("view", VIEWS, ids=["board", "sessions"])
def test_no_key_has_two_meanings_in_one_view(view: tuple[Action, ...]) -> None:
    keys = Counter(key for action in view for key in keys_of(action, {}))
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_has_an_id_of_its_own_and_a_method_on_its_screen() -> None:
    assert len(IDS) == len(ACTIONS) + len(ALWAYS) + len(SESSION_ACTIONS)
    for actions, screen in ((ACTIONS, BoardScreen), (SESSION_ACTIONS, Sessions)):
        for action in actions:
            assert callable(getattr(screen, f"action_{action.name}")), action


def test_the_key_that_deletes_is_not_the_key_that_confirms() -> None:
    deleting = [a for a in ACTIONS if "delete" in a.id]
    assert deleting
    assert all("y" not in keys_of(action, {}) for action in deleting)
    assert all("enter" not in keys_of(action, {}) for action in deleting)


def test_the_users_keys_take_the_place_of_the_default_ones() -> None:
    add = next(action for action in ACTIONS if action.id == "task_add")
    assert keys_of(add, {"task_add": "+, ins"}) == ("+", "ins")
    assert keys_of(add, {"task_add": ""}) == ()


def test_the_key_that_is_named_is_the_users_first_one() -> None:
    assert key_for("session_output", {}) == "o"
    assert key_for("session_output", {"session_output": "ctrl+o, o"}) == "^o"
    assert key_for("session_output", {"session_output": ""}) == ""


def test_the_bottom_line_names_what_has_a_word_and_a_key() -> None:
    hints = hints_of(SESSION_ACTIONS, {"session_end": ""})
    assert ("enter", "attach") in hints
    assert "end" not in [word for _, word in hints]
    assert all(key and word for key, word in hints)


def test_keys_are_shown_as_they_stand_on_the_keyboard() -> None:
    assert [
        show_key(key) for key in ("ctrl+d", "pagedown", "a", "{", "shift+left")
    ] == [
        "^d",
        "pgdn",
        "a",
        "{",
        "shift+←",
    ]


def test_the_page_names_every_action_that_can_be_bound() -> None:
    page = (Path(__file__).parents[3] / "docs" / "board.md").read_text()
    listed = page.partition("Actions: <!--")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+)`", listed)) == IDS


def test_mistakes_in_the_users_keys_are_named() -> None:
    assert key_problems({}) == []
    assert key_problems({"task_ad": "f1"}) == [
        "[keys] has no action task_ad; did you mean task_add?"
    ]
    assert key_problems({"task_add": "a,j"}) == [
        "[keys] j is bound to task_add and cursor_down"
    ]
    assert key_problems({"session_ack": "j"}) == [
        "[keys] j is bound to session_ack and session_down"
    ]
    assert key_problems({"leave": "j"}) == [
        "[keys] j is bound to cursor_down and leave",
        "[keys] j is bound to session_down and leave",
    ]
