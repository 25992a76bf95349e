"""From the words of the shell to one command: find it, run it, report how it went.

Never: know what a single command does, or let a traceback reach the terminal.
"""

from __future__ import annotations

import os
import sys

from paso.cli.arguments import (
    GLOBAL_OPTIONS,
    Arguments,
    Command,
    nearest,
    parse,
)
from paso.cli.catalog import WORDS, load
from paso.cli.context import Context
from paso.cli.output import Output, flush
from paso.errors import InvalidValue, OutputLost, PasoError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell shows for a program that SIGPIPE ended (128 + 13)."""

_VALUED = {f for o in GLOBAL_OPTIONS if o.value for f in o.flags.split()}
_SWITCHES = {f for o in GLOBAL_OPTIONS if not o.value for f in o.flags.split()}
_HELP = {"-h", "--help"}
_VERSION = {"--version", "-V"}


def run(words: Sequence[str]) -> int:
    """Run one call of `paso` and return its exit code; nothing is raised."""
    _prepare_streams()
    out = Output(json="--json" in own_words(words))
    try:
        code = _run_safely(out, words)
        flush()
        return code
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OutputLost as error:
        print(f"paso: {error.message}", file=sys.stderr)
        return error.exit_code
    finally:
        _let_go_of_stdout()


def _run_safely(out: Output, words: Sequence[str]) -> int:
    try:
        return dispatch(words)
    except (BrokenPipeError, KeyboardInterrupt, OutputLost):
        raise
    except PasoError as error:
        out.error(error)
        return error.exit_code
    except Exception as error:
        if os.environ.get("PASO_DEBUG"):
            raise
        from paso.cli.crash import report

        unexpected = report(error)
        out.error(unexpected)
        return unexpected.exit_code


def dispatch(words: Sequence[str]) -> int:
    """Find the command that `words` name, and run it.

    Raises:
        PasoError: whatever kept the command from its work.
    """
    leading, rest = split_leading(words)
    _check_encoding(own_words(words) if rest[:1] == ["run"] else words)
    if _VERSION.intersection(leading):
        return _show_version(Output(json="--json" in leading))
    if rest[:1] == ["help"]:
        leading, rest = [*leading, "--help"], rest[1:]
    if not rest:
        return _without_word(leading)
    command, rest = find_command(rest, leading)
    found = parse(command, [*leading, *rest])
    out = make_output(found)
    if found.has("help"):
        from paso.cli.help import show_command

        return show_command(out, command)
    context = Context(out, found.text("project"))
    try:
        code = command.run(context, found) or 0
        flush()
        if not command.name.startswith("_"):
            context.rouse_daemon()
        return code
    finally:
        context.close()


def own_words(words: Sequence[str]) -> Sequence[str]:
    """The words before `--`: what follows may be meant for another program."""
    return words[: words.index("--")] if "--" in words else words


def split_leading(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split off the global options before the first word that is none."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        flag = words[at].partition("=")[0]
        if flag in _VALUED and "=" not in words[at]:
            at += 1
        elif flag not in _VALUED | _SWITCHES | _VERSION:
            raise UsageError(
                f"paso has no option {words[at]}",
                hint="paso -h shows what there is",
                candidates=nearest(flag, (*_VALUED, *_SWITCHES, *_VERSION)),
            )
        at += 1
    return list(words[:at]), list(words[at:])


def _without_word(leading: Sequence[str]) -> int:
    """`paso` alone is the board; `paso -h` the overview."""
    if _HELP.intersection(leading):
        from paso.cli.help import show_overview

        return show_overview(Output(json="--json" in leading))
    return dispatch([*leading, "board"])


def _show_version(out: Output) -> int:
    from paso import __version__

    out.show({"version": __version__}, [__version__], lambda: [f"paso {__version__}"])
    return 0


def make_output(found: Arguments) -> Output:
    color = found.text("color") or "auto"
    if color not in ("auto", "always", "never"):
        raise UsageError(f"--color takes auto, always or never, not {color!r}")
    return Output(json=found.has("json"), quiet=found.has("quiet"), color=color)


def find_command(
    words: Sequence[str], leading: Sequence[str]
) -> tuple[Command, list[str]]:
    """The command that `words` begin with, and what follows its name.

    Arguments:
        leading: the options before them.
    Raises:
        UsageError: there is none; it names what may have been meant.
    """
    noun = words[0]
    if noun not in WORDS:
        raise _unknown_word(noun)
    commands = load(noun)
    if commands[0].name == noun:
        return commands[0], list(words[1:])
    between, rest = split_leading(words[1:])
    if not rest:
        return _noun_without_verb(noun, commands, [*leading, *between])
    for command in commands:
        if command.name == f"{noun} {rest[0]}":
            return command, [*between, *rest[1:]]
    verbs = [command.name.split()[1] for command in commands]
    meant = [f"paso {rest[0]}"] if rest[0] in WORDS else []
    meant += [f"paso {noun} {verb}" for verb in nearest(rest[0], verbs)]
    raise UsageError(
        f"paso {noun} has no command {rest[0]!r}",
        hint=f"paso {noun} {'|'.join(verbs)}",
        candidates=tuple(meant),
    )


def _noun_without_verb(
    noun: str, commands: Sequence[Command], options: Sequence[str]
) -> tuple[Command, list[str]]:
    if _HELP.intersection(options):
        from paso.cli.help import noun_help

        return noun_help(noun, commands), list(options)
    verbs = "|".join(command.name.split()[1] for command in commands)
    raise UsageError(f"paso {noun} needs a command", hint=f"paso {noun} {verbs}")


def _unknown_word(word: str) -> UsageError:
    """Name the commands that may have been meant, `paso task move` for `mov` too."""
    meant: dict[str, str] = {}
    for noun in ("config", "daemon", "label", "column", "project", "task"):
        meant |= {one.name.split()[1]: one.name for one in load(noun)}
    meant |= {one: one for one in WORDS if one[0] != "_"}
    return UsageError(
        f"paso has no command {word!r}",
        hint="paso -h shows what there is",
        candidates=tuple(f"paso {meant[one]}" for one in nearest(word, meant)),
    )


def _check_encoding(words: Sequence[str]) -> None:
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise InvalidValue(f"this argument is not UTF-8: {word!a}") from None


def _prepare_streams() -> None:
    """Show an escape for what an encoding lacks; a closed stream is /dev/null."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # With PYTHONUNBUFFERED it has no buffer: a write would be cut, or fail at once.
    if not hasattr(getattr(sys.stdout, "buffer", None), "raw"):
        _buffer_stdout()


def _buffer_stdout() -> None:
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    sys.stdout = open(  # noqa: SIM115
        number,
        "w",
        encoding=sys.stdout.encoding,
        errors="backslashreplace",
        closefd=False,
    )


def _let_go_of_stdout() -> None:
    """What stdout does not take now, it must not complain of when Python exits."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
