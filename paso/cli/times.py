"""Times and days in the words of a person: `3 h ago`, `in 2 days`.

Never: print, or take part in what is stored.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from paso.cli.arguments import is_number
from paso.errors import InvalidValue

STEPS = (
    (60, 1, "s"),
    (3600, 60, "min"),
    (86400, 3600, "h"),
    (86400 * 60, 86400, "days"),
    (86400 * 365 * 2, 86400 * 30, "months"),
)
"""Below so many seconds, counted in units of so many, named so."""


def ago(stamp: str, now: datetime | None = None) -> str:
    """Tell how long ago an RFC 3339 time was; the text itself when it is none."""
    try:
        then = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    seconds = int(((now or datetime.now(UTC)) - then).total_seconds())
    return "now" if seconds < 5 else f"{period(seconds)} ago"


def period(seconds: int) -> str:
    """Tell a length of time: `40 s`, `3 min`, `2 days`."""
    for limit, unit, name in STEPS:
        if seconds < limit:
            return f"{seconds // unit} {_singular(seconds // unit, name)}"
    return f"{seconds // (86400 * 365)} years"


def _singular(count: int, name: str) -> str:
    return name[:-1] if count == 1 and name in ("days", "months") else name


def due_in(day: str, today: date | None = None) -> str:
    """Tell how far a due date is: `today`, `in 3 days`, `2 days overdue`."""
    left = (date.fromisoformat(day) - (today or date.today())).days
    if abs(left) <= 1:
        return {0: "today", 1: "tomorrow", -1: "yesterday, overdue"}[left]
    return f"in {left} days" if left > 0 else f"{-left} days overdue"


PERIODS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
"""Units of `--since 2h` to seconds."""


def moment(text: str, now: datetime | None = None) -> str:
    """Turn `2h`, `yesterday`, `2026-12-01` or a time into RFC 3339, UTC.

    Raises:
        InvalidValue: it is none of these.
    """
    now = (now or datetime.now(UTC)).astimezone()
    count = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = text[len(count) :].strip()
    if is_number(count) and unit in PERIODS:
        then = _before(now, int(count) * PERIODS[unit])
    elif text in ("today", "yesterday"):
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        then = day - timedelta(days=int(text == "yesterday"))
    else:
        then = _written_moment(text)
    return then.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _before(now: datetime, seconds: int) -> datetime:
    """So long ago, or 1970: nothing on a board is older."""
    return now - timedelta(seconds=min(seconds, int(now.timestamp())))


def _written_moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            f"{text!r} is no moment",
            hint="2h, 30m, 3d, today, yesterday, 2026-12-01, or a change number",
        ) from error
