"""`paso add` makes tasks as its options say."""

from __future__ import annotations

import pytest

from tests.paso.cli.conftest import Cli


def test_a_title_is_enough(paso: Cli) -> None:
    shown = paso("add", "Fix the login")
    assert (shown.code, shown.out) == (0, "PASO-1  Fix the login  (To do)\n")
    task = paso.json("list")[0]
    assert task["title"] == "Fix the login"
    assert task["column"] == {"id": 1, "name": "To do", "role": "ready"}
    assert (task["type"], task["priority"]) == ("task", "medium")


def test_every_option_says_its_part(paso: Cli) -> None:
    for title in ("blocker", "blocked", "parent"):
        paso("add", title)
    task = paso.json(
        *("add", "whole", "-d", "two\nlines", "-t", "bug", "-p", "critical"),
        *("-l", "bug", "-l", "brand new", "-c", "In progress", "--parent", "3"),
        *("--blocked-by", "1", "--blocks", "blocked", "--due", "2026-12-01"),
        *("--assign", "me", "--top"),
    )
    assert task["description"] == "two\nlines"
    assert (task["type"], task["priority"]) == ("bug", "critical")
    assert [label["name"] for label in task["labels"]] == ["brand new", "bug"]
    assert task["column"]["name"] == "In progress"
    assert (task["parent"], task["blocked_by"]) == ("PASO-3", ["PASO-1"])
    assert task["blocks"] == ["PASO-2"]
    assert (task["due"], task["assignee"]) == ("2026-12-01", "ann")
    assert task["blocked"] is True


def test_task_create_is_the_same_command(paso: Cli) -> None:
    assert paso.json("task", "create", "x", "-p", "high")["priority"] == "high"


def test_quiet_prints_the_key_alone(paso: Cli) -> None:
    shown = paso("add", "x", "--quiet")
    assert (shown.out, shown.err) == ("PASO-1\n", "")


def test_a_new_label_is_said_on_stderr(paso: Cli) -> None:
    shown = paso("add", "x", "-l", "fresh")
    assert "the label 'fresh' is new" in shown.err
    assert paso("add", "y", "-l", "fresh").err == ""


def test_a_task_with_a_new_label_is_one_step_of_undo(paso: Cli) -> None:
    paso("add", "x", "-l", "fresh")
    assert paso.json("undo")[0]["summary"] == "created PASO-1"
    assert paso.json("list") == []
    assert "fresh" not in [label["name"] for label in paso.json("label", "list")]


def test_the_description_comes_from_stdin(paso: Cli) -> None:
    task = paso.json("add", "x", "-d", "-", stdin="first\n\nlast\n")
    assert task["description"] == "first\n\nlast"


def test_titles_come_from_stdin_as_one_step(paso: Cli) -> None:
    tasks = paso.json("add", "-", "-p", "low", stdin="one\n\n two \nthree\n")
    assert [task["title"] for task in tasks] == ["one", "two", "three"]
    assert {task["priority"] for task in tasks} == {"low"}
    assert paso.json("undo")[0]["summary"] == "added 3 tasks"
    assert paso.json("list") == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (5, ("add", "")),
        (5, ("add", "x" * 256)),
        (5, ("add", "x", "-p", "urgent")),
        (5, ("add", "x", "-t", "epic")),
        (5, ("add", "x", "--due", "someday")),
        (3, ("add", "x", "--parent", "99")),
        (3, ("add", "x", "-c", "Nowhere")),
        (3, ("add", "x", "--project", "NONE")),
        (2, ("add", "-")),
        (2, ("add", "-", "-d", "-")),
    ],
)
def test_what_is_wrong_leaves_no_task(
    paso: Cli, code: int, words: tuple[str, ...]
) -> None:
    paso.fail(code, *words)
    assert paso.json("list") == []


def test_stdin_that_is_not_utf8_is_refused(paso: Cli) -> None:
    error = paso.fail(5, "add", "x", "-d", "-", stdin=b"ab\xff")
    assert "byte 2" in error["message"]


def test_a_full_column_is_a_conflict_unless_forced(paso: Cli) -> None:
    paso("column", "wip", "To do", "1")
    paso("add", "fits")
    assert paso.fail(4, "add", "too much")["code"] == "wip_limit"
    assert paso("add", "too much", "--force").code == 0


def test_a_relation_that_closes_a_circle_is_a_conflict(paso: Cli) -> None:
    paso("add", "x")
    error = paso.fail(4, "add", "y", "--blocks", "1", "--blocked-by", "1")
    assert error["code"] == "cycle"
    assert len(paso.json("list")) == 1


HOSTILE = "\x1b]0;owned\x07 \x1b[31m \u202e txt.exe \x9b2J"


def test_a_hostile_title_is_shown_and_not_obeyed(paso: Cli) -> None:
    paso("add", HOSTILE)
    paso("task", "comment", "1", f"{HOSTILE}\nsecond line")
    paso("task", "edit", "1", "-d", HOSTILE)
    for words in ("list", "task show 1", "task comment 1", "board", "log",
                  "project tree", "task history 1", "undo", "redo"):  # fmt: skip
        shown = paso(*words.split())
        for stream in (shown.out, shown.err):
            bad = [c for c in stream if not c.isprintable() and c not in "\n"]
            assert bad == [], (words, bad)
    for words in ("list", "task show 1"):
        assert paso(*words.split(), "--json").out.isascii()
    assert paso.json("task", "show", "1")["description"] == HOSTILE


def test_an_error_shows_a_hostile_candidate_escaped(paso: Cli) -> None:
    paso("add", f"a {HOSTILE}")
    paso("add", f"b {HOSTILE}")
    shown = paso("task", "show", "owned")
    assert shown.code == 3
    assert "\x1b" not in shown.err
    assert "\\x1b" in shown.err
