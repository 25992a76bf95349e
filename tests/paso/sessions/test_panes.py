"""Lines of tmux as records; a pure part of tmux.py, which tests it with real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.sessions.panes import PANE_FORMAT, read_panes

LINE = "11|$3|@4|%7|42|0|||1795211615|1|2|0|1|aa|bb||1|0|1|1|work|logs"


def test_a_line_is_a_pane() -> None:
    (pane,) = read_panes([LINE + "\n"])
    assert (pane.server, pane.session, pane.window, pane.pane) == (11, "$3", "@4", "%7")
    assert (pane.pid, pane.dead, pane.ended) == (42, False, False)
    assert (pane.status, pane.signal) == (None, None)
    assert (pane.activity, pane.bell, pane.attached) == (1795211615, True, 2)
    assert (pane.in_mode, pane.alternate) == (False, True)
    assert (pane.owner, pane.home, pane.adopted) == ("aa", "bb", "")
    assert (pane.window_index, pane.pane_index) == ("1", "0")
    assert (pane.window_active, pane.pane_active) == (True, True)
    assert (pane.session_name, pane.window_name) == ("work", "logs")


@pytest.mark.parametrize(
    ("fields", "ended", "status", "signal"),
    [
        ("0||", False, None, None),
        ("1|0|", True, 0, None),
        ("1|7|", True, 7, None),
        ("1||9", True, None, 9),
        ("1||", False, None, None),
    ],
)
def test_an_end_is_an_end_when_it_is_known_how(
    fields: str, ended: bool, status: int | None, signal: int | None
) -> None:
    (pane,) = read_panes([LINE.replace("|0|||1795", f"|{fields}|1795")])
    assert (pane.ended, pane.status, pane.signal) == (ended, status, signal)


def test_a_name_with_a_separator_is_a_name() -> None:
    (pane,) = read_panes([LINE.replace("logs", "a|b | c")])
    assert pane.window_name == "a|b | c"


@pytest.mark.parametrize(
    "line", ["", "no such format", LINE.replace("11|", "x|", 1), "|" * 30, "1|2|3"]
)
def test_what_is_no_pane_is_passed_over(line: str) -> None:
    assert [pane.pane for pane in read_panes([line, LINE])] == ["%7"]


@given(st.text())
def test_nothing_that_tmux_prints_is_a_crash(line: str) -> None:
    assert isinstance(read_panes([line]), list)


def test_the_format_asks_for_as_much_as_is_read() -> None:
    assert PANE_FORMAT.count("|") == LINE.count("|")
    assert "'" not in PANE_FORMAT, "it can be quoted"
