"""The part of docs/cli.md that is made from the tables of the commands.

    python -m tests.paso.cli.manual         writes it anew

Never: know a command.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paso.cli.arguments import GLOBAL_OPTIONS, Command, Option, usage
from paso.cli.catalog import GROUPS, load

MANUAL = Path(__file__).parents[3] / "docs" / "cli.md"
BEGIN, END = "<!-- commands: made from the code -->\n", "<!-- end of commands -->\n"


def reference() -> str:
    """The reference of all commands as Markdown."""
    lines: list[str] = []
    for title, group in GROUPS:
        lines += ["", f"### {title}"]
        for word, _, _ in group:
            for command in load(word):
                lines += _entry(command)
    lines += ["", "### Everywhere", "", *map(_option, GLOBAL_OPTIONS)]
    return "\n".join(lines) + "\n\n"


def _entry(command: Command) -> Iterator[str]:
    yield from ("", f"#### `paso {usage(command)}`", "", command.summary)
    rows = [f"- `{one.name}`: {one.help}" for one in command.arguments]
    rows += map(_option, command.options)
    if rows:
        yield from ("", *rows)
    if command.notes:
        yield from ("", command.notes)
    if command.examples:
        yield from ("", "```sh", *command.examples, "```")


def _option(option: Option) -> str:
    flags = ", ".join(f"`{flag}`" for flag in option.flags.split())
    value = f" `{option.value}`" if option.value else ""
    many = " (may be repeated)" if option.many else ""
    return f"- {flags}{value}: {option.help}{many}"


def split() -> tuple[str, str, str]:
    """The manual: before, the reference, after."""
    text = MANUAL.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


if __name__ == "__main__":
    head, _, tail = split()
    MANUAL.write_text(f"{head}{BEGIN}{reference()}{END}{tail}", encoding="utf-8")
