"""Which words there are after `paso`, and the file that knows each.

Help, completion, suggestions and the test of the manual read this table.

Never: import a command's file before its word was typed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from paso.cli.arguments import Command

GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Every day",
        (
            ("board", "board", "open the board; `paso` alone does the same"),
            ("add", "add", "add a task"),
            ("list", "listing", "list tasks over all columns, by a filter"),
            ("search", "listing", "find tasks by words in title and description"),
            ("undo", "undo", "take your last change back"),
            ("redo", "undo", "do again what was undone"),
            ("log", "log", "what changed, when, by whom"),
            ("watch", "watch", "follow events as they happen"),
        ),
    ),
    (
        "The board's things",
        (
            ("task", "task", "create, show, edit, move, link, comment"),
            ("project", "project", "create, choose, show, archive, export"),
            ("column", "column", "create, order, roles, limits"),
            ("label", "label", "create, colour, attach, detach"),
        ),
    ),
    (
        "Sessions and computers",
        (
            ("run", "run", "run a command in this terminal, as a session"),
            ("session", "session", "start, list, attach, send, end; reports of agents"),
            ("computer", "computer", "list, name, forget; a look at another's board"),
            ("peers", "peers", "join this computer to others, or leave"),
        ),
    ),
    (
        "In and out",
        (
            ("import", "transfer", "bring in tasks from JSON or from Go Paso"),
            ("export", "transfer", "write JSON, Markdown or CSV"),
            ("backup", "transfer", "copy the database while it is in use"),
        ),
    ),
    (
        "The program",
        (
            ("daemon", "daemon", "start, stop, look at, install the daemon"),
            ("config", "config", "show, edit, check the configuration"),
            ("doctor", "doctor", "look for problems and name the repair"),
            ("info", "doctor", "every path, version and count"),
            ("completion", "completion", "the script for bash, zsh or fish"),
            ("agent-guide", "guide", "how an agent works with this board"),
            ("demo", "demo", "a board with sample data in a throw-away home"),
        ),
    ),
)
"""Title of a group to its words: the word, its file in `paso.cli`, what it does."""

WORDS: dict[str, str] = {
    word: module for _, group in GROUPS for word, module, _ in group
} | {"__complete": "complete"}


def load(word: str) -> Sequence[Command]:
    """The commands that begin with `word`.

    Raises:
        KeyError: there is no such word.
    """
    from importlib import import_module

    module = import_module(f"paso.cli.{WORDS[word]}")
    commands: Sequence[Command] = module.COMMANDS
    return [one for one in commands if one.name.split()[0] == word]


def every_command() -> list[Command]:
    """All commands but the hidden ones, in the order of the help."""
    return [
        command for _, group in GROUPS for word, _, _ in group for command in load(word)
    ]
