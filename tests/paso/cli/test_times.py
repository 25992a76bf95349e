"""Times in the words of people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from paso.cli.times import ago, due_in, moment
from paso.errors import InvalidValue

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (-5, "now"),
        (30, "30 s ago"),
        (90, "1 min ago"),
        (3 * 3600, "3 h ago"),
        (86400, "1 day ago"),
        (5 * 86400, "5 days ago"),
        (70 * 86400, "2 months ago"),
        (800 * 86400, "2 years ago"),
    ],
)
def test_a_time_is_told_by_how_long_ago_it_was(seconds: int, words: str) -> None:
    stamp = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert ago(stamp, NOW) == words


def test_a_time_of_another_program_is_shown_as_it_is() -> None:
    assert ago("lately", NOW) == "lately"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (-1, "yesterday, overdue"),
        (3, "in 3 days"),
        (-4, "4 days overdue"),
    ],
)
def test_a_day_is_told_by_its_distance(days: int, words: str) -> None:
    today = date(2026, 11, 20)
    assert due_in(str(today + timedelta(days=days)), today) == words


@pytest.mark.parametrize(
    ("text", "back"), [("90s", 90), ("30m", 1800), ("2 h", 7200), ("1w", 604800)]
)
def test_a_period_counts_back_from_now(text: str, back: int) -> None:
    then = datetime.fromisoformat(moment(text, NOW))
    assert NOW - then == timedelta(seconds=back)


def test_a_written_moment_is_taken_as_it_is() -> None:
    assert moment("2026-11-19T10:00:00Z", NOW) == "2026-11-19T10:00:00.000Z"
    assert moment("2026-11-19T10:00:00+02:00", NOW) == "2026-11-19T08:00:00.000Z"


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "-3h", "2026-13-01"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        moment(text, NOW)
