"""Panes named as users name them: found exactly or not at all."""

from __future__ import annotations

import pytest

from paso.errors import Ambiguous, NotFound
from paso.sessions.panes import PaneState, read_panes
from paso.sessions.targets import find_pane, shown


def pane(session: str, window: str, index: str, active: str, names: str) -> str:
    return f"11|{session}|{window}|%{index}|4|0|||0|0|0|0|0||||{active}|{names}"


PANES: list[PaneState] = read_panes(
    [
        pane("$0", "@0", "0", "0|0|1|0", "work|edit"),
        pane("$0", "@0", "1", "0|1|1|1", "work|edit"),
        pane("$0", "@1", "2", "1|0|0|1", "work|1.2"),
        pane("$1", "@2", "3", "0|0|1|1", "work2|logs"),
        pane("$2", "@3", "4", "0|0|0|1", "twins|same"),
        pane("$2", "@4", "5", "7|0|1|1", "twins|same"),
    ]
)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("%3", "%3"),
        ("work", "%1"),
        ("=work", "%1"),
        ("work:", "%1"),
        (" work ", "%1"),
        ("$1", "%3"),
        ("work:0", "%1"),
        ("work:edit", "%1"),
        ("work:0.0", "%0"),
        ("work:0.%0", "%0"),
        ("work:.0", "%0"),
        ("work:0.", "%1"),
        ("work:edit.1", "%1"),
        ("work:1", "%2"),
        ("work:1.2", "%2"),
        ("work:@1", "%2"),
        ("@2", "%3"),
        ("@0.0", "%0"),
        ("twins", "%5"),
        ("twins:7", "%5"),
    ],
)
def test_a_target_names_one_pane(target: str, found: str) -> None:
    assert find_pane(PANES, target).pane == found


@pytest.mark.parametrize(
    "target",
    ["", "wor", "wo*", "work3", "%33", "@9", "$9", "work:2", "work:ed", "work:0.5",
     ".", ":0", "work2:1", "{last}", "!"],
)  # fmt: skip
def test_nothing_is_guessed(target: str) -> None:
    with pytest.raises(NotFound) as raised:
        find_pane(PANES, target)
    assert raised.value.candidates[0] == "work:0.0 %0"


def test_two_windows_of_one_name_are_ambiguous() -> None:
    with pytest.raises(Ambiguous) as raised:
        find_pane(PANES, "twins:same")
    assert raised.value.candidates == ("twins:0.0 %4", "twins:7.0 %5")


def test_a_pane_of_two_sessions_is_one_pane() -> None:
    twice = [*PANES, PANES[0]._replace(session="$9", session_name="other")]
    assert find_pane(twice, "%0").pane == "%0"
    assert shown(twice[-1]) == "other:0.0 %0"
