"""What people and agents write is shown, not obeyed; cells are counted right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from paso.text import cell_width, clusters, cut, escape, fit


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028\u200b\ufeff", "\\u2028\\u200b\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_could_move_or_hide_text_is_shown(hostile: str, shown: str) -> None:
    assert escape(hostile) == shown


@pytest.mark.parametrize(
    "text", ["plain", "日本語", "👩‍👩‍👧", "a\u00a0b", "می‌خواهم", ""]
)
def test_what_cannot_harm_stays(text: str) -> None:
    assert escape(text) == text


def test_lines_keep_newlines_and_tabs_only() -> None:
    assert escape("a\n\tb\r\x1b", lines=True) == "a\n\tb\\r\\x1b"


@given(st.text())
def test_nothing_escaped_holds_a_control_character(text: str) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in escape(text))


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("👍🏽", 2),
        ("❤️", 2),
        ("👨‍👩‍👧", 2),
        ("", 0),
    ],
)
def test_cells_are_those_of_the_terminal(text: str, cells: int) -> None:
    assert cell_width(text) == cells == cell_len(text)


@given(st.text(), st.integers(min_value=0, max_value=20))
def test_cut_never_exceeds_the_width(text: str, width: int) -> None:
    text = escape(text)
    assert cell_width(cut(text, width)) <= width
    if cell_width(text) <= width:
        assert cut(text, width) == text


@given(st.text(), st.integers(min_value=1, max_value=20))
def test_fit_has_exactly_the_width(text: str, width: int) -> None:
    assert cell_width(fit(escape(text), width)) == width


@given(st.text())
def test_clusters_are_the_whole_text(text: str) -> None:
    assert "".join(cluster for cluster, _ in clusters(text)) == text


def test_a_wide_character_is_not_cut_in_half() -> None:
    assert cut("日本語", 4) == "日…"
    assert fit("日本語", 4) == "日… "
