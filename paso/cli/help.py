"""The help texts, made from the tables of the commands.

Never: hold a fact about a command that its table lacks.
"""

from __future__ import annotations

from paso.cli.arguments import GLOBAL_OPTIONS, Argument, Command, Option, usage
from paso.cli.catalog import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output

WIDTH = 80

INTRODUCTION = """\
paso - a live kanban board for terminals

  paso                          open the board
  paso add "Fix the login"      add a task
  paso list is:ready            what can be started
  paso task move WEB-12 next    move a card one column to the right
"""

CLOSING = """\
`paso COMMAND -h` explains one. A task is named by its key (WEB-12), its number in the
current project (12), the beginning of its uid, or a part of its title.
Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 invalid value,
6 daemon unreachable, 130 interrupted."""


def show_overview(out: Output) -> int:
    """Print what there is, or as JSON what every command takes."""
    if out.json:
        from paso.cli.catalog import every_command

        out.document([describe(command) for command in every_command()])
    else:
        out.lines(_overview_lines())
    return 0


def _overview_lines() -> Iterator[str]:
    yield INTRODUCTION
    for title, group in GROUPS:
        yield f"{title}:"
        yield from _pairs((word, text) for word, _, text in group)
        yield ""
    yield "Everywhere:"
    version = ("--version", "the version of Paso")
    yield from _pairs([*map(_option_pair, GLOBAL_OPTIONS), version])
    yield ""
    yield CLOSING


def show_command(out: Output, command: Command) -> int:
    """Print the help of one command, examples first."""
    if out.json:
        out.document(describe(command))
    else:
        out.lines(_command_lines(command))
    return 0


def _command_lines(command: Command) -> Iterator[str]:
    yield f"paso {usage(command)}"
    yield from _wrap(command.summary)
    if command.examples:
        yield ""
        yield from (f"  {example}" for example in command.examples)
    arguments = [(one.name, one.help) for one in command.arguments]
    for title, pairs in (
        ("Arguments", arguments),
        ("Options", [_option_pair(one) for one in command.options]),
        ("Everywhere", [_option_pair(one) for one in GLOBAL_OPTIONS]),
    ):
        if pairs:
            yield ""
            yield f"{title}:"
            yield from _pairs(pairs)
    if command.notes:
        yield ""
        yield command.notes


def noun_help(noun: str, commands: Sequence[Command]) -> Command:
    """A command that stands for a noun without verb, to show its verbs."""
    summary = next(
        text for _, group in GROUPS for word, _, text in group if word == noun
    )
    pairs = _pairs((usage(command), command.summary) for command in commands)
    return Command(
        f"{noun} COMMAND",
        _show_nothing,
        summary,
        notes="\n".join(["Commands:", *pairs]),
    )


def _show_nothing(context: Context, arguments: Arguments) -> int:
    return 0


def describe(command: Command) -> dict[str, Any]:
    """The table of a command as JSON, for agents and for the test of the manual."""
    return {
        "command": command.name,
        "usage": f"paso {usage(command)}",
        "summary": command.summary,
        "arguments": [_describe_argument(one) for one in command.arguments],
        "options": [_describe_option(one) for one in command.options],
        "examples": list(command.examples),
        "notes": command.notes,
    }


def _describe_argument(argument: Argument) -> dict[str, str]:
    return {"name": argument.name, "help": argument.help, "number": argument.number}


def _describe_option(option: Option) -> dict[str, Any]:
    return {
        "flags": option.flags.split(),
        "help": option.help,
        "value": option.value or None,
        "many": option.many,
    }


def _option_pair(option: Option) -> tuple[str, str]:
    flags = ", ".join(option.flags.split())
    return f"{flags} {option.value}".rstrip(), option.help


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Two columns; a long left side has the line to itself."""
    pairs = list(pairs)
    left = min(max((len(name) for name, _ in pairs), default=0), 30)
    for name, text in pairs:
        first, *more = _wrap(text, WIDTH - left - 4) or [""]
        if len(name) > left:
            yield f"  {name}"
            yield f"  {'':{left}}  {first}"
        else:
            yield f"  {name:{left}}  {first}".rstrip()
        yield from (f"  {'':{left}}  {line}" for line in more)


def _wrap(text: str, width: int = WIDTH) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines
