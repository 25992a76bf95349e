"""Words of the shell are read by the table of a command, and only so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.cli.arguments import Argument, Arguments, Command, Option, parse, usage
from paso.cli.catalog import every_command
from paso.cli.context import Context
from paso.errors import UsageError


def nothing(context: Context, found: Arguments) -> int:
    return 0


MOVE = Command(
    "move",
    nothing,
    "Move.",
    (Argument("T", "tasks", "+"), Argument("TO", "where")),
    (
        Option("-p --priority", "how", "P"),
        Option("-l --label", "which", "L", many=True),
        Option("--top", "first"),
    ),
)
LIST = Command("list", nothing, "List.", (Argument("F", "filter", "*"),), (),
               takes_dashes=True)  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["a", "b", "-p", "high", "--top"],
        ["-p", "high", "a", "--top", "b"],
        ["--priority=high", "--top", "a", "b"],
        ["a", "-phigh", "--top", "b"],
        ["--top", "-p", "low", "a", "b", "-p", "high"],
    ],
)
def test_options_stand_anywhere_and_the_last_wins(words: list[str]) -> None:
    found = parse(MOVE, words)
    assert found.words("T") == ["a"]
    assert found.word("TO") == "b"
    assert found.text("priority") == "high"
    assert found.has("top")


def test_several_arguments_leave_room_for_those_after_them() -> None:
    found = parse(MOVE, ["a", "b", "c", "done"])
    assert found.words("T") == ["a", "b", "c"]
    assert found.word("TO") == "done"


def test_an_option_may_be_repeated_where_the_table_says_so() -> None:
    assert parse(MOVE, ["a", "b", "-l", "x", "-ly"]).words("label") == ["x", "y"]


def test_global_options_are_options_of_every_command() -> None:
    found = parse(MOVE, ["a", "--json", "b", "--project", "WEB", "--quiet"])
    assert found.has("json")
    assert found.has("quiet")
    assert found.text("project") == "WEB"


def test_what_follows_two_dashes_is_no_option() -> None:
    found = parse(MOVE, ["--", "--json", "-p"])
    assert found.words("T") == ["--json"]
    assert found.word("TO") == "-p"
    assert not found.has("json")


def test_a_dash_alone_is_an_argument() -> None:
    assert parse(MOVE, ["-", "b"]).words("T") == ["-"]


def test_a_denied_filter_is_no_option() -> None:
    found = parse(LIST, ["-label:x", "is:ready", "-is:done", "--json"])
    assert found.words("F") == ["-label:x", "is:ready", "-is:done"]
    assert found.has("json")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a"], "TO is missing"),
        ([], "T is missing"),
        (["a", "b", "-p"], "-p needs a value"),
        (["a", "b", "--top=1"], "--top takes no value"),
        (["a", "b", "--priorty", "x"], "has no option --priorty"),
        (["a", "b", "-x"], "has no option -x"),
    ],
)
def test_a_wrong_call_is_told_in_words(words: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse(MOVE, words)


def test_a_misspelt_option_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        parse(MOVE, ["a", "b", "--priorty", "x"])
    assert caught.value.candidates[0] == "--priority"


def test_a_filter_command_refuses_long_options_it_lacks() -> None:
    with pytest.raises(UsageError):
        parse(LIST, ["--nonsense"])


def test_too_many_arguments_are_refused() -> None:
    one = Command("one", nothing, "One.", (Argument("A", "it"),))
    with pytest.raises(UsageError, match="'b'"):
        parse(one, ["a", "b"])


def test_help_needs_no_arguments() -> None:
    assert parse(MOVE, ["-h"]).has("help")


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "", "1" * 30 + "x"])
def test_a_number_is_ascii_digits(text: str) -> None:
    found = Arguments()
    found.add("n", text)
    with pytest.raises(UsageError):
        found.number("n")


def test_usage_shows_the_arguments() -> None:
    assert usage(MOVE) == "move T… TO [OPTIONS]"
    assert usage(LIST) == "list [F…]"


@given(st.lists(st.text(max_size=8)))
def test_any_words_give_arguments_or_a_usage_error(words: list[str]) -> None:
    for command in (MOVE, LIST):
        try:
            parse(command, words)
        except UsageError as error:
            assert error.message


def test_no_two_commands_or_flags_are_the_same() -> None:
    commands = every_command()
    names = [command.name for command in commands]
    assert len(names) == len(set(names))
    for command in commands:
        flags = [f for option in command.options for f in option.flags.split()]
        assert len(flags) == len(set(flags)), command.name
        assert not {"--json", "--quiet", "--project", "--color", "-h"} & set(flags)


def test_every_command_and_every_option_has_words_for_the_help() -> None:
    for command in every_command():
        assert command.summary.endswith("."), command.name
        helps = [one.help for one in command.arguments]
        helps += [one.help for one in command.options]
        assert all(helps), command.name
        assert not any(one.endswith(".") for one in helps), command.name
