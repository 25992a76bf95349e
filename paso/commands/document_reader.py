"""Reads the fields of a document by the rules of the board; errors have a path.

Never: know what the fields mean; `document.py` does.
"""

from __future__ import annotations

from typing import Any

from paso.commands.values import one_of, project_key
from paso.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

UID_PATTERN = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
"""RFC 9562, lower case."""
HEX = frozenset("0123456789abcdef")


class Reader:
    """One object of the document.

    Arguments:
        value: what JSON gave.
        path: where it stands, for errors.
    Raises:
        InvalidValue: it is no object.
    """

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str = "") -> None:
        self.path = path
        if not isinstance(value, dict):
            raise InvalidValue(f"{path or 'the document'}: is no JSON object")
        self.value: dict[str, Any] = value

    def error(self, name: str, problem: str) -> InvalidValue:
        return InvalidValue(f"{self._at(name)}: {problem}")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def parts(self, name: str) -> Iterator[Reader]:
        """The objects of a list; none where it is absent."""
        for place, value in enumerate(self._list(name)):
            yield Reader(value, f"{self._at(name)}[{place}]")

    def part(self, name: str) -> Reader:
        """The object of this name; an empty one where it is absent."""
        value = self.value.get(name)
        return Reader({} if value is None else value, self._at(name))

    def flag(self, name: str) -> bool:
        value = self.value.get(name)
        if not isinstance(value, bool | None):
            raise self.error(name, "is neither true nor false")
        return bool(value)

    def words(self, name: str) -> list[str]:
        found = self._list(name)
        for place, value in enumerate(found):
            if not isinstance(value, str):
                raise self.error(f"{name}[{place}]", "is no text")
        return found

    def _list(self, name: str) -> list[Any]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(name, "is no list")
        return value

    def field(self, name: str, check: Callable[[Any], Any], *, required: bool = False,
              default: Any = None) -> Any:  # fmt: skip
        """A value by a rule of the board; `default` where it is absent or null.

        Arguments:
            check: returns the value as it is stored, or raises `InvalidValue`.
        """
        value = self.value.get(name)
        if value is None:
            if required:
                raise self.error(name, "is absent")
            return default
        try:
            return check(value)
        except InvalidValue as error:
            raise self.error(name, error.message) from error

    def choice(self, name: str, choices: Sequence[str], **rest: Any) -> Any:
        return self.field(name, lambda value: one_of(name, value, choices), **rest)

    def integer(self, name: str, *, least: int = 0) -> int | None:
        value = self.value.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(name, "is no whole number")
        if not least <= value <= 2**53:
            raise self.error(name, f"is not between {least} and 2^53")
        return value

    def uid(self) -> str | None:
        value = self.value.get("uid")
        if value is None:
            return None
        if not isinstance(value, str) or not _is_uid(value):
            raise self.error("uid", f"is no uid ({UID_PATTERN}, lower case)")
        return value

    def key(self) -> str | None:
        found: str | None = self.field("key", project_key)
        return found

    def time(self, name: str) -> str | None:
        """A time with a zone, given back in UTC as the database writes it."""
        value = self.value.get(name)
        if value is None:
            return None
        from datetime import UTC, datetime

        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None:
                raise ValueError
            moment = found.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise self.error(name, f"{value!r} is no time (RFC 3339)") from None
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def place(
        self, name: str, word: str | None, places: Mapping[str, int], default: int
    ) -> int:
        """Where the list of the project has `word`."""
        if word is None:
            return default
        if fold(word) not in places:
            raise self.error(name, f"there is no {word!r} in this project")
        return places[fold(word)]

    def task(self, name: str, places: Mapping[object, int]) -> int:
        """The place of the task that a uid or a number names."""
        value = self.value.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.error(name, "names no task by its uid or number")
        if value not in places:
            raise self.error(name, f"there is no task {value!r} in this project")
        return places[value]

    def distinct(self, name: str, values: Sequence[object]) -> None:
        """Refuse a list in which a value stands twice."""
        seen: set[object] = set()
        for value in values:
            if value in seen:
                raise self.error(name, f"{value!r} is there twice")
            seen.add(value)


def fold(name: str) -> str:
    """Make names alike that the database holds to be alike: the case of ASCII letters
    (https://www.sqlite.org/datatype3.html#collation, NOCASE)."""
    return name.encode("utf-8", "replace").lower().decode().strip()


def _is_uid(text: str) -> bool:
    shape = "".join("x" if char in HEX else char for char in text)
    return shape == UID_PATTERN
