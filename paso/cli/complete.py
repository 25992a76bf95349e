"""`paso __complete SHELL LINE`: what a shell offers at the end of a command line.

One candidate in each line: for bash the word alone, for zsh and fish the word, a tab
and what it is. `:files` asks the shell for its own file names. The answer must come
within 50 ms, so only what the word needs is loaded, and the daemon is left alone.

Never: write to the board, make one, or fail: no answer is the answer to any trouble.
"""

from __future__ import annotations

import os

from paso.cli.arguments import GLOBAL_OPTIONS, Argument, Command
from paso.cli.catalog import GROUPS, WORDS, load
from paso.cli.output import write
from paso.errors import NotFound, PasoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from paso.cli.arguments import Arguments, Option
    from paso.cli.context import Context
    from paso.database.connection import Database

    Candidates = Iterator[tuple[str, str]]

FILES = ":files"
BREAKS = "=:"
"""Characters at which bash begins a new word (COMP_WORDBREAKS)."""
MOST = 200
"""Tasks that are offered; more would not be read."""


def run(context: Context, found: Arguments) -> int:
    """Print the candidates for the last word of the line."""
    words = split_line(found.word("LINE"))
    try:
        lines = list(answer(context, found.word("SHELL"), words[1:] or [""]))
    except PasoError:
        return 1
    if lines:
        write("\n".join(lines) + "\n")
    return 0


def split_line(line: str) -> list[str]:
    """Cut a command line into words, the last one open: it may be empty.

    Understands quotes and backslashes as far as one word needs it.
    """
    words, word, quote, escaped, open_word = [], "", "", False, False
    for char in line:
        if escaped:
            word, escaped = word + char, False
        elif char == "\\" and quote != "'":
            escaped, open_word = True, True
        elif quote:
            word, quote = (word, "") if char == quote else (word + char, quote)
        elif char in "'\"":
            quote, open_word = char, True
        elif char.isspace():
            if word or open_word:
                words.append(word)
            word, open_word = "", False
        else:
            word, open_word = word + char, True
    return [*words, word]


def answer(context: Context, shell: str, words: Sequence[str]) -> Iterator[str]:
    """The lines for a shell: candidates that begin with the last word."""
    *before, current = words
    wanted = current.lower().replace('"', "")
    for value, about in candidates(context, before, current):
        if value == FILES:
            yield FILES
        elif _fits(value, wanted):
            yield _line(shell, current, value, about)


def _fits(value: str, wanted: str) -> bool:
    """True for a candidate that begins as wanted, quotes of a filter aside."""
    return value.isprintable() and value.lower().replace('"', "").startswith(wanted)


def _line(shell: str, current: str, value: str, about: str) -> str:
    from paso.text import cut, escape

    if shell == "bash":
        return _quoted(value[_last_break(current) :])
    return f"{value}\t{cut(escape(about), 50)}"


def _last_break(current: str) -> int:
    return max(current.rfind(char) for char in BREAKS) + 1


def _quoted(value: str) -> str:
    """Quote for bash what it would split or expand."""
    if all(char.isalnum() or char in "-_.,:=<>+@%/!#~" for char in value):
        return value.replace("<", "\\<").replace(">", "\\>").replace("!", "\\!")
    from shlex import quote

    return quote(value)


def candidates(context: Context, before: Sequence[str], current: str) -> Candidates:
    """What can stand after the words before."""
    rest = list(_without_globals(context, before))
    if before and before[-1] in ("--project", "--color"):
        option = next(o for o in GLOBAL_OPTIONS if o.flags == before[-1])
        yield from offer(context, option.complete, current)
        return
    if not rest:
        yield from _words(current)
        return
    if rest[0] not in WORDS:
        return
    commands = load(rest[0])
    if commands[0].name == rest[0]:
        yield from _after(context, commands[0], rest[1:], current)
    elif len(rest) == 1:
        yield from ((one.name.split()[1], one.summary) for one in commands)
        yield from _options((), current)
    else:
        for one in commands:
            if one.name == f"{rest[0]} {rest[1]}":
                yield from _after(context, one, rest[2:], current)


def _without_globals(context: Context, before: Sequence[str]) -> Iterator[str]:
    """The words but for global options; --project is taken to heart."""
    words = iter(before)
    for word in words:
        flag, _, value = word.partition("=")
        if flag in ("--project", "--color"):
            value = value or next(words, "")
            if flag == "--project" and value:
                context.explicit_project = value
        elif word not in ("--json", "--quiet"):
            yield word


def _words(current: str) -> Candidates:
    if current.startswith("-"):
        yield from _options((), current)
        yield "--version", "the version of Paso"
        return
    for _, group in GROUPS:
        yield from ((word, about) for word, _, about in group)


def _options(options: Sequence[Option], current: str) -> Candidates:
    """Options, once a dash was typed."""
    if not current.startswith("-"):
        return
    for option in (*options, *GLOBAL_OPTIONS):
        for flag in option.flags.split():
            if flag.startswith("--") or current == "-":
                yield flag, option.help


def _after(
    context: Context, command: Command, words: Sequence[str], current: str
) -> Candidates:
    """What fits after the words of a command: an option's value, or an argument."""
    flags = {flag: o for o in command.options for flag in o.flags.split()}
    if words and words[-1] in flags and flags[words[-1]].value:
        yield from offer(context, flags[words[-1]].complete, current)
        return
    flag, equals, value = current.partition("=")
    if equals and flag in flags:
        for text, about in offer(context, flags[flag].complete, value):
            yield f"{flag}={text}", about
        return
    yield from _options(command.options, current)
    free = _free_words(words, flags)
    place = _place(command, free)
    if place is not None and (not current.startswith("-") or command.takes_dashes):
        kind = place.complete if free else place.complete.partition("+")[0]
        yield from offer(context, kind, current)


def _free_words(words: Sequence[str], flags: dict[str, Option]) -> int:
    """How many words are neither options nor their values."""
    free, skip = 0, False
    for word in words:
        if skip:
            skip = False
        elif word in flags:
            skip = bool(flags[word].value)
        elif not word.startswith("-") or word == "-":
            free += 1
    return free


def _place(command: Command, free: int) -> Argument | None:
    """The argument that the next free word would be."""
    for argument in command.arguments:
        if argument.number in "*+" or free == 0:
            return argument
        free -= 1
    return None


def offer(context: Context, kind: str, current: str) -> Candidates:
    """Candidates of a kind: words with bars between, or something of the board.

    `task+target` stands for an argument whose first word is a task, and the next a
    task or a target.
    """
    if kind == "file":
        yield FILES, ""
    elif "|" in kind:
        yield from ((word, "") for word in kind.split("|"))
    elif kind:
        for one in kind.split("+"):
            yield from _KINDS[one](context, current)


def _board(context: Context) -> Database:
    """The board, if there is one.

    Raises:
        NotFound: there is none, and asking for words must not make it.
    """
    if not os.path.lexists(context.paths.database):
        raise NotFound("there is no board")
    return context.db


def _tasks(context: Context, current: str) -> Candidates:
    from paso.commands.tasks import board_cards

    db, project = _board(context), context.project
    offered = 0
    for card in board_cards(db, project.id):
        key = f"{project.key}-{card.number}"
        if offered < MOST and key.lower().startswith(current.lower()):
            offered += 1
            yield key, card.title


def _projects(context: Context, current: str) -> Candidates:
    from paso.commands.projects import list_projects

    for project in list_projects(_board(context)):
        yield project.key, project.name


def _sessions(context: Context, current: str) -> Candidates:
    from paso.commands.sessions import list_sessions
    from paso.model import SHORT_ID

    for session in list_sessions(_board(context), limit=MOST):
        yield session.id[:SHORT_ID], session.title


def _columns(context: Context, current: str) -> Candidates:
    from paso.commands.columns import list_columns

    for column in list_columns(_board(context), context.project.id):
        yield column.name, column.role or "column"


def _targets(context: Context, current: str) -> Candidates:
    yield "next", "one column to the right"
    yield "prev", "one column to the left"
    yield from _columns(context, current)


def _labels(context: Context, current: str) -> Candidates:
    from paso.commands.labels import list_labels

    for label in list_labels(_board(context), context.project.id):
        yield label.name, f"{label.count} tasks"


def _filters(context: Context, current: str) -> Candidates:
    """Fields of the filter, and after one its values."""
    from paso.commands.filter_terms import FIELDS

    sign = "-" if current.startswith("-") else ""
    field, colon, _ = current.removeprefix("-").partition(":")
    if not colon:
        yield from ((f"{sign}{name}:", "filter") for name in FIELDS if name != "word")
        return
    named: dict[str, Callable[[Context, str], Candidates]] = {
        "label": _labels,
        "col": _columns,
        "project": _projects,
        "key": _tasks,
    }
    for value in FIELDS.get(field, ()):
        yield f"{sign}{field}:{value}", ""
    if field in named:
        for value, about in named[field](context, ""):
            text = f'"{value}"' if " " in value else value
            yield f"{sign}{field}:{text}", about


_KINDS: dict[str, Callable[[Context, str], Candidates]] = {
    "task": _tasks,
    "session": _sessions,
    "project": _projects,
    "column": _columns,
    "target": _targets,
    "label": _labels,
    "filter": _filters,
}

COMMANDS = (
    Command(
        "__complete",
        run,
        "Answer a shell that completes a command line.",
        (Argument("SHELL", "bash, zsh or fish"), Argument("LINE", "up to the cursor")),
        takes_dashes=True,
    ),
)
