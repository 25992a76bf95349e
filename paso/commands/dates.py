"""Due dates in the words people use: `fri`, `+3d`, `dec 1`, turned into a day.

All functions are pure: the day that "today" is comes from the caller.

Never: read the clock, know a time zone, import datetime before it is needed (the
command line pays for every import).
"""

from __future__ import annotations

from paso.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

EXAMPLES = "today, tomorrow, fri, next monday, +3d, in 2 weeks, eom, 2026-12-01, dec 1"

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
            "sunday")  # fmt: skip
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august",
          "september", "october", "november", "december")  # fmt: skip
UNITS = {
    "d": "d", "day": "d", "days": "d",
    "w": "w", "week": "w", "weeks": "w",
    "m": "m", "month": "m", "months": "m",
    "y": "y", "year": "y", "years": "y",
}  # fmt: skip
MAX_DIGITS = 5
"""Of an amount: more would only leave the calendar."""


def parse_due(text: str, *, today: date) -> str:
    """Turn words into the day they mean.

    | words                           | day                                         |
    |---------------------------------|---------------------------------------------|
    | `today` `tomorrow` `yesterday`  |                                             |
    | `fri` `friday`                  | the next one after today, so on a Friday it |
    |                                 | is the one in seven days                    |
    | `next fri`                      | the one of next week; weeks begin on Monday |
    | `next week` `next month`        | its first day                               |
    | `+3d` `3d` `+2w` `+1m` `+1y`    | days, weeks, months, years from today; a day|
    | `in 3 days` `in a week` `-7d`   | the month lacks becomes its last day        |
    | `eow` `eom` `eoy`               | last day of this week (Sunday), month, year |
    | `2026-12-01`                    | that day, past ones too                     |
    | `12-01` `dec 1` `1 december`    | the next such day, today counts             |
    | `dec 1 2027`                    | that day                                    |

    Arguments:
        text: upper and lower case are alike.
        today: the user's own day.

    Returns:
        `YYYY-MM-DD`.

    Raises:
        InvalidValue: the words name no day; the hint lists examples.
    """
    words = text.lower().replace(",", " ").split()
    try:
        day = _named(words, today) or _relative(words, today) or _absolute(words, today)
    except (ValueError, OverflowError) as error:
        raise InvalidValue(
            f"there is no such day: {text.strip()!r}", hint=f"for example {EXAMPLES}"
        ) from error
    if day is None:
        raise InvalidValue(
            f"not a date: {text.strip()!r}", hint=f"for example {EXAMPLES}"
        )
    return day.isoformat()


def _named(words: list[str], today: date) -> date | None:
    """`today`, `fri`, `next monday`, `next week`, `eom`."""
    if words[:1] == ["next"] and len(words) == 2:
        return _next(words[1], today)
    if len(words) != 1:
        return None
    word = words[0]
    shifts = {"today": 0, "tod": 0, "tomorrow": 1, "tom": 1, "yesterday": -1}
    if word in shifts:
        return _shift(today, shifts[word], "d")
    weekday = _index(word, WEEKDAYS)
    if weekday is not None:
        return _shift(today, (weekday - today.weekday() - 1) % 7 + 1, "d")
    return _end_of(word, today)


def _next(word: str, today: date) -> date | None:
    monday = _shift(today, 7 - today.weekday(), "d")
    weekday = _index(word, WEEKDAYS)
    if weekday is not None:
        return _shift(monday, weekday, "d")
    if word == "week":
        return monday
    if word == "month":
        return _shift(today.replace(day=1), 1, "m")
    if word == "year":
        return _shift(today.replace(month=1, day=1), 1, "y")
    return None


def _end_of(word: str, today: date) -> date | None:
    if word == "eow":
        return _shift(today, 6 - today.weekday(), "d")
    if word == "eom":
        return today.replace(day=_month_length(today.year, today.month))
    if word == "eoy":
        return today.replace(month=12, day=31)
    return None


def _relative(words: list[str], today: date) -> date | None:
    """`+3d`, `3 days`, `in a week`, `-1m`."""
    if words[:1] == ["in"]:
        words = words[1:]
    if len(words) == 1:
        words = _split_amount(words[0])
    if len(words) != 2 or words[1] not in UNITS:
        return None
    amount = _amount(words[0])
    return None if amount is None else _shift(today, amount, UNITS[words[1]])


def _split_amount(word: str) -> list[str]:
    number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    return [number, word[len(number) :]]


def _amount(word: str) -> int | None:
    if word in ("a", "an", "one"):
        return 1
    digits = word[1:] if word[:1] in ("+", "-") else word
    if not _is_number(digits):
        return None
    if len(digits) > MAX_DIGITS:
        raise OverflowError
    return -int(digits) if word[0] == "-" else int(digits)


def _absolute(words: list[str], today: date) -> date | None:
    """`2026-12-01`, `12-01`, `dec 1`, `1st december 2027`."""
    if len(words) == 1:
        return _from_numbers(words[0].split("-"), today)
    if len(words) not in (2, 3):
        return None
    first, second = words[0], words[1]
    if _index(first, MONTHS) is None:
        first, second = second, first
    month, day = _index(first, MONTHS), _ordinal(second)
    if month is None or not _is_number(day):
        return None
    if len(words) == 2:
        return _upcoming(month + 1, int(day), today)
    return _day(words[2], month + 1, int(day), today)


def _from_numbers(parts: list[str], today: date) -> date | None:
    if not all(_is_number(part) and len(part) <= 4 for part in parts):
        return None
    if len(parts) == 2:
        return _upcoming(int(parts[0]), int(parts[1]), today)
    if len(parts) == 3:
        return _day(parts[0], int(parts[1]), int(parts[2]), today)
    return None


def _day(year: str, month: int, day: int, today: date) -> date | None:
    """None unless the year has four digits: `1-2-26` could mean anything."""
    if len(year) != 4 or not _is_number(year):
        return None
    return today.replace(year=int(year), month=month, day=day)


def _upcoming(month: int, day: int, today: date) -> date:
    """The next such day from today on; 29 February may be eight years away."""
    if (month, day) == (2, 29):
        year = today.year + ((today.month, today.day) > (2, 29))
        while _month_length(year, 2) != 29:
            year += 1
        return today.replace(year=year, month=2, day=29)
    found = today.replace(month=month, day=day)
    return found if found >= today else found.replace(year=found.year + 1)


def _shift(day: date, amount: int, unit: str) -> date:
    if unit in ("d", "w"):
        return day.fromordinal(day.toordinal() + amount * (7 if unit == "w" else 1))
    months = day.year * 12 + day.month - 1 + amount * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    return day.replace(
        year=year, month=month, day=min(day.day, _month_length(year, month))
    )


def _month_length(year: int, month: int) -> int:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _index(word: str, names: tuple[str, ...]) -> int | None:
    """Place of the one name that begins with `word`, three letters at least."""
    if len(word) < 3:
        return None
    for place, name in enumerate(names):
        if name.startswith(word):
            return place
    return None


def _ordinal(word: str) -> str:
    """`1st` to `1`."""
    return word[:-2] if word[-2:] in ("st", "nd", "rd", "th") else word


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()
