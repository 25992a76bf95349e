from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from paso.tui.keys import ACTIONS, ALWAYS, IDS, key_problems, keys_of, show_key
from paso.tui.screens.board import BoardScreen


def test_no_key_has_two_meanings_on_the_board() -> None:
    keys = Counter(key for action in ACTIONS + ALWAYS for key in keys_of(action, {}))
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_has_an_id_of_its_own_and_a_method_on_the_board() -> None:
    assert len(IDS) == len(ACTIONS) + len(ALWAYS)
    for action in ACTIONS:
        name = action.method.partition("(")[0]
        assert callable(getattr(BoardScreen, f"action_{name}")), action


def test_the_key_that_deletes_is_not_the_key_that_confirms() -> None:
    deleting = [a for a in ACTIONS if "delete" in a.id]
    assert deleting
    assert all("y" not in keys_of(action, {}) for action in deleting)
    assert all("enter" not in keys_of(action, {}) for action in deleting)


def test_the_users_keys_take_the_place_of_the_default_ones() -> None:
    add = next(action for action in ACTIONS if action.id == "task_add")
    assert keys_of(add, {"task_add": "+, ins"}) == ("+", "ins")
    assert keys_of(add, {"task_add": ""}) == ()


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
