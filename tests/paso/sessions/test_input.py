"""Text that may be typed into a terminal, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import InvalidValue
from paso.sessions.input import TEXT_MAX, checked_text


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines", "\t;", "ü€😀", "a\u200db", "\u202e", "\u2028"]
)
def test_text_stays_as_it_is(text: str) -> None:
    assert checked_text(text) == text


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "a\rb\r", "a\nb\n"])
def test_line_ends_are_newlines(text: str) -> None:
    assert checked_text(text) == "a\nb\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\0b", r"\\x00"),
        ("\x1b[201~rm -rf", r"\\x1b"),
        ("\x03", r"\\x03"),
        ("\x7f", r"\\x7f"),
        ("\x9b31m", r"\\x9b"),
        ("\ud800", "no valid Unicode"),
    ],
    ids=ascii,
)
def test_keys_and_what_is_no_text_are_refused(text: str, named: str) -> None:
    with pytest.raises(InvalidValue, match=named):
        checked_text(f"before {text} after")


def test_a_text_has_a_limit() -> None:
    assert checked_text("x" * TEXT_MAX)
    with pytest.raises(InvalidValue, match="1048577 characters"):
        checked_text("x" * (TEXT_MAX + 1))


@given(st.text())
def test_what_passes_cannot_end_a_paste(text: str) -> None:
    try:
        passed = checked_text(text)
    except InvalidValue:
        return
    assert not set("\x1b\r\0") & set(passed)
    assert passed.encode().decode() == passed
