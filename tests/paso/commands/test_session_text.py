"""Texts that processes bring: valid, bounded, and otherwise as they came."""

from __future__ import annotations

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from paso.commands.session_text import (
    ARGUMENT_MAX,
    ARGUMENTS_MAX,
    LINE_MAX,
    clean,
    shown_argv,
    title_of,
)
from paso.model import TITLE_MAX

ANY = st.binary(max_size=600).map(os.fsdecode) | st.text(max_size=600)


def test_a_line_is_one_line() -> None:
    assert clean("  one\n\ttwo\r\n three ") == "one two three"
    assert clean("one\n two", lines=True) == "one\n two"
    assert clean("") == ""


def test_a_long_text_is_cut_where_it_says_least() -> None:
    assert clean("abcdef", 4) == "abc…"
    assert clean("abcdef", 4, end=True) == "cdef"
    assert clean("abcd", 4) == "abcd"


def test_a_title_is_the_command_as_one_would_type_it() -> None:
    assert title_of(["make", "test"]) == "make test"
    assert title_of(["sh", "-c", "a b"]) == "sh -c 'a b'"
    assert title_of(["\0"]) == "'\ufffd'"


@given(ANY)
def test_every_text_becomes_a_bounded_one_of_utf_8(text: str) -> None:
    for kept in (clean(text), clean(text, end=True), clean(text, lines=True)):
        assert len(kept) <= LINE_MAX
        assert "\0" not in kept
        assert kept.encode().decode() == kept


@given(st.lists(ANY, min_size=1, max_size=5))
def test_every_command_has_a_title_and_a_form_in_json(argv: list[str]) -> None:
    assert 1 <= len(title_of(argv)) <= TITLE_MAX
    title_of(argv).encode()
    kept = json.loads(shown_argv(argv))
    assert len(kept) == len(argv)
    assert all(len(one.encode().decode()) <= ARGUMENT_MAX for one in kept)


def test_a_long_command_says_that_it_was_cut() -> None:
    kept = json.loads(shown_argv(["x"] * (ARGUMENTS_MAX + 1)))
    assert kept == ["x"] * ARGUMENTS_MAX + ["…"]
