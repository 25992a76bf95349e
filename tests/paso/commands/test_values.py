"""paso/commands/values.py: each kind of value comes back clean, or is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.commands import values
from paso.errors import InvalidValue


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2030-02-28", "2030-02-28"),
        (" 2028-02-29 ", "2028-02-29"),
        ("20300228", "2030-02-28"),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_one_that_exists(given: object, stored: str | None) -> None:
    assert values.day(given) == stored


@pytest.mark.parametrize("given", ["2029-02-29", "30.2.2030", 20300228, "2030-2-8"])
def test_a_day_that_does_not_exist_is_refused(given: object) -> None:
    with pytest.raises(InvalidValue):
        values.day(given)


@pytest.mark.parametrize(
    ("given", "stored"), [(3, 3), (0, None), (None, None), (1_000_000, 1_000_000)]
)
def test_a_limit_is_a_number_or_none(given: object, stored: int | None) -> None:
    assert values.limit(given) == stored


@pytest.mark.parametrize("given", [-1, 1.5, "3", True, 1_000_001])
def test_a_limit_that_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(InvalidValue):
        values.limit(given)


@pytest.mark.parametrize("given", [None, 3, b"x", ["x"]])
def test_what_is_no_text_is_refused(given: object) -> None:
    checks: list[Callable[[object], object]] = [
        lambda value: values.line("name", value),
        lambda value: values.prose("text", value),
        lambda value: values.one_of("type", value, ("task",)),
        values.color,
        values.project_key,
    ]
    for check in checks:
        with pytest.raises(InvalidValue, match="must be text"):
            check(given)


def test_nobody_is_none() -> None:
    assert [values.person(given) for given in (None, "", "  ")] == [None] * 3
    assert values.person(" ann ") == "ann"


def test_one_of_several_names_them() -> None:
    with pytest.raises(InvalidValue) as caught:
        values.one_of("type", "epic", ("task", "bug"))
    assert caught.value.candidates == ("task", "bug")
    assert caught.value.hint == "one of task, bug"


@given(st.text())
def test_any_text_for_a_line_is_one_clean_line_or_refused(text: str) -> None:
    try:
        line = values.line("title", text, 255)
    except InvalidValue:
        return
    assert line == line.strip() and 1 <= len(line) <= 255
    assert not set(line) & set("\n\r\0")
    line.encode()


@given(st.text(max_size=12))
def test_any_text_for_a_key_is_a_key_or_refused(text: str) -> None:
    try:
        key = values.project_key(text)
    except InvalidValue:
        return
    assert key.isascii() and key.isalnum() and key.isupper() and len(key) <= 10
