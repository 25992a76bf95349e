"""What a field of the board may hold: one function for each kind of value.

Each returns the value as it is stored, or raises `InvalidValue` in words.

Never: touch the database.
"""

from __future__ import annotations

from paso.errors import InvalidValue
from paso.model import KEY_MAX, NAME_MAX, TEXT_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS = ("next", "prev", "previous")
"""Words of `paso task move`; a column of that name could not be named there."""


def line(what: str, value: object, most: int = NAME_MAX) -> str:
    """Return a trimmed line of 1 to `most` characters."""
    text = _text(what, value).strip()
    if not text:
        raise InvalidValue(f"the {what} is empty")
    if "\n" in text or "\r" in text:
        raise InvalidValue(f"the {what} must be one line")
    if len(text) > most:
        raise InvalidValue(
            f"the {what} has {len(text)} characters, {most} are the most"
        )
    return text


def prose(what: str, value: object, *, empty: bool = True) -> str:
    """Return a text of any lines, as it came."""
    text = _text(what, value)
    if not empty and not text.strip():
        raise InvalidValue(f"the {what} is empty")
    if len(text) > TEXT_MAX:
        raise InvalidValue(
            f"the {what} has {len(text)} characters, {TEXT_MAX} are the most"
        )
    return text


def one_of(what: str, value: object, choices: Iterable[str]) -> str:
    """Return the one of `choices` that `value` is, whatever its case."""
    text = _text(what, value).strip().lower()
    if text not in choices:
        raise InvalidValue(
            f"there is no {what} {value!r}",
            hint=f"one of {', '.join(choices)}",
            candidates=tuple(choices),
        )
    return text


def color(value: object) -> str:
    """Return `#RRGGBB` in capitals."""
    text = _text("color", value).strip().upper()
    digits = text.removeprefix("#")
    if len(digits) != 6 or set(digits) - set("0123456789ABCDEF"):
        raise InvalidValue(f"{value!r} is no color", hint="write it as #RRGGBB")
    return f"#{digits}"


def day(value: object) -> str | None:
    """Return `YYYY-MM-DD` of a day that exists, or None for none."""
    if value is None or value == "":
        return None
    from datetime import date

    text = _text("due date", value).strip()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidValue(
            f"{text!r} is no day", hint="write it as YYYY-MM-DD"
        ) from None


def person(value: object) -> str | None:
    """Return who it is, or None for nobody."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return line("assignee", value)


def project_key(value: object) -> str:
    """Return a key in capitals."""
    text = _text("key", value).strip().upper()
    plain = text.isascii() and text.isalnum() and text[:1].isalpha()
    if not plain or len(text) > KEY_MAX:
        raise InvalidValue(
            f"{value!r} cannot be a key",
            hint=f"1 to {KEY_MAX} of A to Z and 0 to 9, a letter first",
        )
    return text


def column_name(value: object) -> str:
    text = line("column name", value)
    if text.casefold() in STEPS:
        raise InvalidValue(
            f"a column cannot be named {text!r}: `move` has that word already"
        )
    return text


def limit(value: object) -> int | None:
    """Return the WIP limit; None and 0 are none."""
    if value is None or value == 0:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue(f"{value!r} is no WIP limit", hint="a number, 0 for none")
    if value > 1_000_000:
        raise InvalidValue("the WIP limit is more than a million")
    return value


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"the {what} must be text")
    if "\0" in value:
        raise InvalidValue(f"the {what} contains a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"the {what} is not valid UTF-8") from None
    return value
