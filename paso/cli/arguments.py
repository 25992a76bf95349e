"""Command lines as data: what a command takes, and reading the words against it.

One table serves the parser, the help, the completion and the test of the manual.
Not argparse: its import alone costs as much as a bare interpreter (10 ms of the 50
that `paso add` may take), it has no global options after the noun, and it reads the
filter `-label:x` as an option.

Never: print, open anything, or know what a command does.
"""

from __future__ import annotations

from paso.errors import UsageError
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from paso.cli.context import Context

    Handler = Callable[[Context, "Arguments"], int | None]


class Option(NamedTuple):
    """An option of a command.

    `value` is how help names its value; empty for a switch. `complete` says what a
    shell offers: a kind that `paso.cli.complete` knows, or words with bars between.
    """

    flags: str
    """`-p --priority`; the last one, without dashes, is its name."""
    help: str
    value: str = ""
    many: bool = False
    complete: str = ""

    @property
    def name(self) -> str:
        return self.flags.split()[-1].lstrip("-")


class Argument(NamedTuple):
    """A word or several words that stand without an option."""

    name: str
    help: str
    number: str = "1"
    """`1`, `?` (at most one), `*` (any number) or `+` (at least one)."""
    complete: str = ""


class Command(NamedTuple):
    """One verb. `name` is all its words: `task move`."""

    name: str
    run: Handler
    summary: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    notes: str = ""
    takes_dashes: bool = False
    """Words such as `-label:x` are arguments, not misspelt options."""
    takes_command: bool = False
    """From the first word that is no option on, all is another program's."""


GLOBAL_OPTIONS = (
    Option("--json", "one JSON document on stdout, errors too"),
    Option("--quiet", "ids only"),
    Option("--project", "key, name or id of the project", "P", complete="project"),
    Option("--color", "auto, always or never", "WHEN", complete="auto|always|never"),
    Option("-h --help", "show this help"),
)


class Arguments:
    """The words of one call, by the names of the table."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        self._values.setdefault(name, []).append(value)

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str | None:
        """The last value given, or None."""
        values = self._values.get(name)
        return values[-1] if values else None

    def word(self, name: str) -> str:
        """The value of an argument that the table demands."""
        return self._values[name][-1]

    def words(self, name: str) -> list[str]:
        return list(self._values.get(name, ()))

    def number(self, name: str, *, least: int = 0) -> int | None:
        """The value as a whole number.

        Raises:
            UsageError: it is none, or below `least`.
        """
        text = self.text(name)
        if text is None:
            return None
        if not is_number(text) or int(text) < least:
            option = name if name.isupper() else f"--{name}"
            raise UsageError(
                f"{option} takes a whole number from {least}, not {text[:40]!r}"
            )
        return int(text)


def is_number(text: str) -> bool:
    """True for a whole number that SQLite can hold: 15 digits at most."""
    return text.isascii() and text.isdigit() and len(text) <= 15


def parse(command: Command, words: Sequence[str]) -> Arguments:
    """Read `words`, what follows the command's name, global options included.

    Raises:
        UsageError: an unknown option, a value or argument too few or too many.
    """
    found, free = Arguments(), list[str]()
    flags = _flag_table(command)
    rest = list(reversed(words))
    while rest:
        word = rest.pop()
        if word == "--":
            free.extend(reversed(rest))
            break
        if len(word) < 2 or word[0] != "-":
            free.append(word)
            if command.takes_command:
                free.extend(reversed(rest))
                break
        elif not _take_option(flags, word, rest, found):
            if not command.takes_dashes or word.startswith("--"):
                raise _unknown_option(command, word)
            free.append(word)
    if not found.has("help"):
        _place(command, free, found)
    return found


def _flag_table(command: Command) -> dict[str, Option]:
    options = (*GLOBAL_OPTIONS, *command.options)
    return {flag: option for option in options for flag in option.flags.split()}


def _take_option(
    flags: dict[str, Option], word: str, rest: list[str], found: Arguments
) -> bool:
    """Read an option, its value too, into `found`; False when there is no such."""
    flag, given, value = word.partition("=")
    if flag not in flags and word[1] != "-":
        flag, given, value = word[:2], word[2:], word[2:]
    option = flags.get(flag)
    if option is None or (given and not option.value and word[1] != "-"):
        return False
    if not option.value:
        if given:
            raise UsageError(f"{flag} takes no value")
    elif not given:
        if not rest:
            raise UsageError(f"{flag} needs a value: {flag} {option.value}")
        value = rest.pop()
    found.add(option.name, value)
    return True


def _unknown_option(command: Command, word: str) -> UsageError:
    near = nearest(word.partition("=")[0], _flag_table(command))
    return UsageError(
        f"paso {command.name} has no option {word.partition('=')[0]}",
        hint=f"paso {command.name} -h lists them; -- goes before a text with a dash",
        candidates=near,
    )


def _place(command: Command, free: list[str], found: Arguments) -> None:
    """Give the free words to the command's arguments, left to right."""
    for index, argument in enumerate(command.arguments):
        if argument.number in "*+":
            kept = sum(a.number == "1" for a in command.arguments[index + 1 :])
            least = 1 if argument.number == "+" else 0
            taken = free[: max(len(free) - kept, least)]
        else:
            kept = sum(a.number in "1+" for a in command.arguments[index + 1 :])
            spare = argument.number == "1" or len(free) > kept
            taken = free[:1] if spare else []
        if not taken and argument.number in "1+":
            raise UsageError(
                f"{argument.name} is missing", hint=f"paso {usage(command)}"
            )
        for word in taken:
            found.add(argument.name, word)
        del free[: len(taken)]
    if free:
        raise UsageError(
            f"paso {command.name} takes no further argument: {free[0]!r}",
            hint=f"paso {usage(command)}",
        )


def usage(command: Command) -> str:
    """The command in one line, as help shows it, without `paso`."""
    shapes = {"1": "{}", "?": "[{}]", "*": "[{}…]", "+": "{}…"}
    words = [shapes[a.number].format(a.name) for a in command.arguments]
    optional = ["[OPTIONS]"] if command.options else []
    return " ".join([command.name, *words, *optional])


def nearest(word: str, choices: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The choices that `word` may be a misspelling of, best first."""
    from difflib import get_close_matches

    return tuple(get_close_matches(word, list(choices), most, 0.6))
