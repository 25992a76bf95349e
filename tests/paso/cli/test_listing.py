"""`paso list` and `paso search` show what passes the filter, as it fits."""

from __future__ import annotations

import pytest

from paso.text import cell_width
from tests.paso.cli.conftest import Cli


@pytest.fixture
def board(paso: Cli) -> Cli:
    paso("add", "Fix the login", "-t", "bug", "-p", "high", "-l", "auth",
         "--due", "+3d", "--assign", "me")  # fmt: skip
    paso("add", "Write the docs", "-p", "low")
    paso("add", "Translate 日本語", "-d", "login page", "--blocked-by", "1")
    return paso


def numbers(paso: Cli, *words: str) -> list[int]:
    return [task["number"] for task in paso.json("list", *words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1, 2, 3]),
        (("login",), [1, 3]),
        (("label:auth",), [1]),
        (("-label:auth",), [2, 3]),
        (("type:bug", "prio>=high"), [1]),
        (("is:blocked",), [3]),
        (("is:ready", "-type:bug"), [2]),
        (("assignee:me",), [1]),
        (("due<+7d",), [1]),
        (("col:done",), []),
        (("login -type:bug",), [3]),
    ],
)
def test_a_filter_chooses(board: Cli, words: tuple[str, ...], found: list[int]) -> None:
    assert numbers(board, *words) == found
    assert [t["number"] for t in board.json("task", "list", *words)] == found


def test_a_filter_that_cannot_be_read_is_an_invalid_value(board: Cli) -> None:
    error = board.fail(5, "list", "colour:red")
    assert error["code"] == "invalid_value"


def test_the_table_shows_what_there_is_and_fits_80_columns(board: Cli) -> None:
    lines = board("list", COLUMNS="80").out.splitlines()
    assert lines[0].split()[:4] == ["KEY", "TITLE", "COLUMN", "PRIORITY"]
    assert all(cell_width(line) <= 80 for line in lines)
    assert "blocked" in lines[3]
    assert "ann" in lines[1]


@pytest.mark.parametrize("columns", ["40", "60", "200"])
def test_the_table_fits_any_terminal(board: Cli, columns: str) -> None:
    board("add", "a title that is " + "very " * 40 + "long")
    lines = board("list", "-label:auth", COLUMNS=columns).out.splitlines()
    assert all(cell_width(line) <= int(columns) for line in lines)


def test_colours_come_when_asked_for_and_only_then(board: Cli) -> None:
    assert "\x1b" not in board("list").out
    assert "\x1b" not in board("list", COLORTERM="truecolor").out
    shown = board("list", "--color", "always", COLORTERM="truecolor").out
    assert "\x1b[38;2;249;115;22mhigh" in shown
    shown = board("list", "--color", "always").out
    assert "\x1b[33mhigh" in shown
    assert "38;2" not in shown


def test_quiet_lists_keys_for_other_commands(board: Cli) -> None:
    keys = board("list", "is:ready", "--quiet").out
    assert keys == "PASO-1\nPASO-2\n"
    assert len(board.json("task", "done", "-", stdin=keys)) == 2


def test_nothing_found_is_an_empty_list_and_a_next_step(paso: Cli) -> None:
    assert paso.json("list") == []
    shown = paso("list")
    assert (shown.code, shown.out) == (0, "")
    assert "paso add" in shown.err
    assert paso("list", "is:blocked").err == "no task passes this filter\n"
    assert paso("list", "--quiet") == (0, "", "")


def test_all_projects_are_listed_when_asked_for(board: Cli) -> None:
    board("project", "create", "Web", "--key", "WEB")
    board("add", "elsewhere", "--project", "WEB")
    assert board.fail(2, "list")["code"] == "no_project"
    keys = {task["key"] for task in board.json("list", "--all")}
    assert "WEB-1" in keys
    assert "PASO-1" in keys
    assert [t["key"] for t in board.json("list", "project:WEB")] == ["WEB-1"]
    assert [t["key"] for t in board.json("list", "--project", "WEB")] == ["WEB-1"]


def test_search_looks_everywhere_for_all_words(board: Cli) -> None:
    board("project", "create", "Web", "--key", "WEB")
    board("add", "login again", "--project", "WEB")
    found = {task["key"] for task in board.json("search", "login")}
    assert found == {"PASO-1", "PASO-3", "WEB-1"}
    assert [t["key"] for t in board.json("search", "login", "again")] == ["WEB-1"]
    only = board.json("search", "login", "--project", "WEB")
    assert [t["key"] for t in only] == ["WEB-1"]


def test_search_takes_words_as_they_are(board: Cli) -> None:
    board("add", 'say "label:auth" is:ready -x', "--project", "PASO")
    assert len(board.json("search", "label:auth")) == 1
    assert len(board.json("search", "-x")) == 1
    assert board.json("search", "no such words") == []
    assert board.fail(2, "search", " ")["code"] == "usage"


@pytest.mark.parametrize("option", ["-l", "-p", "-t", "-c", "-q"])
def test_an_option_of_other_commands_is_no_filter(board: Cli, option: str) -> None:
    assert board.fail(2, "list", option, "bug")["code"] == "usage"
    assert board("task", "list", f"{option}x").code == 0


def test_without_archived_tasks_the_next_step_is_not_to_add_one(paso: Cli) -> None:
    assert paso("list", "--archived").err == "no task is archived\n"
