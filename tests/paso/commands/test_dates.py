"""Due dates: every form of words, on the days where calendars bite."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.commands.dates import EXAMPLES, parse_due
from paso.errors import InvalidValue

WEDNESDAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-18"),
        ("TODAY", "2026-11-18"),
        ("  tomorrow ", "2026-11-19"),
        ("tom", "2026-11-19"),
        ("yesterday", "2026-11-17"),
        ("fri", "2026-11-20"),
        ("Friday", "2026-11-20"),
        ("thurs", "2026-11-19"),
        ("wed", "2026-11-25"),
        ("mon", "2026-11-23"),
        ("next monday", "2026-11-23"),
        ("next wed", "2026-11-25"),
        ("next fri", "2026-11-27"),
        ("next sunday", "2026-11-29"),
        ("next week", "2026-11-23"),
        ("next month", "2026-12-01"),
        ("next year", "2027-01-01"),
        ("+3d", "2026-11-21"),
        ("3d", "2026-11-21"),
        ("+0d", "2026-11-18"),
        ("-7d", "2026-11-11"),
        ("+2w", "2026-12-02"),
        ("+1m", "2026-12-18"),
        ("+2m", "2027-01-18"),
        ("-11m", "2025-12-18"),
        ("+1y", "2027-11-18"),
        ("+3days", "2026-11-21"),
        ("in 3 days", "2026-11-21"),
        ("in 1 week", "2026-11-25"),
        ("in a week", "2026-11-25"),
        ("in one month", "2026-12-18"),
        ("in 2w", "2026-12-02"),
        ("2 weeks", "2026-12-02"),
        ("eow", "2026-11-22"),
        ("eom", "2026-11-30"),
        ("eoy", "2026-12-31"),
        ("2026-12-01", "2026-12-01"),
        ("2026-1-2", "2026-01-02"),
        ("1999-12-31", "1999-12-31"),
        ("2028-02-29", "2028-02-29"),
        ("12-01", "2026-12-01"),
        ("11-18", "2026-11-18"),
        ("11-17", "2027-11-17"),
        ("02-29", "2028-02-29"),
        ("dec 1", "2026-12-01"),
        ("Dec 1st", "2026-12-01"),
        ("1 dec", "2026-12-01"),
        ("december 24", "2026-12-24"),
        ("3 november", "2027-11-03"),
        ("2nd May", "2027-05-02"),
        ("sept 9", "2027-09-09"),
        ("dec 1 2027", "2027-12-01"),
        ("dec 1, 2027", "2027-12-01"),
        ("29 feb 2028", "2028-02-29"),
    ],
)
def test_words_become_the_day_they_mean(text: str, day: str) -> None:
    assert parse_due(text, today=WEDNESDAY) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "soon",
        "fr",
        "next",
        "next soon",
        "+d",
        "+3x",
        "+-3d",
        "+³d",
        "in",
        "in days",
        "in soon days",
        "15",
        "12/01/2026",
        "1-2-26",
        "2026-12",
        "2026-12-01-02",
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "0000-01-01",
        "13-01",
        "12-00",
        "4-31",
        "02-30",
        "dec",
        "dec 32",
        "dec 1 27",
        "1 1 2027",
        "dec 1 2027 now",
        "+99999y",
        "-3000y",
        "+999999d",
        "+" + "9" * 6000 + "d",
        "may may",
        "2026-12-0१",
        "fri\x00",
        "next next monday",
    ],
)
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_due(text, today=WEDNESDAY)
    assert EXAMPLES in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("today", "text", "day"),
    [
        (date(2026, 11, 20), "fri", "2026-11-27"),  # on a Friday: the one after
        (date(2026, 11, 22), "mon", "2026-11-23"),  # a Sunday
        (date(2026, 11, 22), "next mon", "2026-11-23"),
        (date(2026, 11, 22), "eow", "2026-11-22"),
        (date(2026, 11, 23), "eow", "2026-11-29"),  # a Monday
        (date(2026, 1, 31), "+1m", "2026-02-28"),
        (date(2028, 1, 31), "+1m", "2028-02-29"),
        (date(2026, 3, 31), "-1m", "2026-02-28"),
        (date(2026, 12, 31), "+2m", "2027-02-28"),
        (date(2028, 2, 29), "+1y", "2029-02-28"),
        (date(2028, 2, 29), "+4y", "2032-02-29"),
        (date(2026, 1, 31), "next month", "2026-02-01"),
        (date(2026, 12, 31), "tomorrow", "2027-01-01"),
        (date(2028, 2, 10), "eom", "2028-02-29"),
        (date(2026, 2, 10), "eom", "2026-02-28"),
        (date(2000, 2, 1), "eom", "2000-02-29"),
        (date(2100, 2, 1), "eom", "2100-02-28"),
        (date(2028, 2, 29), "02-29", "2028-02-29"),
        (date(2028, 3, 1), "feb 29", "2032-02-29"),
        (date(2028, 3, 2), "feb 29", "2032-02-29"),
        (date(2027, 3, 2), "feb 29", "2028-02-29"),
        (date(2096, 3, 2), "feb 29", "2104-02-29"),
        (date(2028, 2, 29), "02-28", "2029-02-28"),
        (date(2026, 12, 31), "01-01", "2027-01-01"),
        (date(9999, 12, 30), "tomorrow", "9999-12-31"),
    ],
)
def test_edges_of_weeks_months_and_leap_years(today: date, text: str, day: str) -> None:
    assert parse_due(text, today=today) == day


@pytest.mark.parametrize("text", ["tomorrow", "+1m", "fri", "01-01", "feb 29"])
def test_the_end_of_the_calendar_is_an_error_and_no_crash(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_due(text, today=date(9999, 12, 31))


@given(st.dates(date(1900, 1, 1), date(9000, 1, 1)), st.integers(-9999, 9999))
def test_days_and_weeks_are_plain_arithmetic(today: date, amount: int) -> None:
    sign = f"{amount:+}"
    assert parse_due(f"{sign}d", today=today) == str(today + timedelta(amount))
    if abs(amount) < 5000:
        assert parse_due(f"{sign}w", today=today) == str(today + timedelta(7 * amount))


@given(st.dates(date(1900, 1, 1), date(9000, 1, 1)), st.integers(0, 6))
def test_a_weekday_is_one_to_seven_days_ahead(today: date, weekday: int) -> None:
    name = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][weekday]
    found = date.fromisoformat(parse_due(name, today=today))
    assert found.weekday() == weekday
    assert 1 <= (found - today).days <= 7


@given(st.text(max_size=40), st.dates())
def test_any_text_is_a_day_or_the_one_error(text: str, today: date) -> None:
    try:
        found = parse_due(text, today=today)
    except InvalidValue:
        return
    assert str(date.fromisoformat(found)) == found


def test_the_module_loads_neither_datetime_nor_re() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "import sys, paso.commands.dates;"
            "print(*{'datetime', 're', 'typing', 'pathlib'} & set(sys.modules))",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == ""
