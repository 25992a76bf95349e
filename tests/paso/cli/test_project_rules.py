"""`paso project rules`: shown, chosen, refused in words, undone."""

from __future__ import annotations

from tests.paso.cli.conftest import Cli

NOTHING = {"project": "PASO", "start_moves": False, "end_column": None}


def test_no_rule_is_there_by_itself(paso: Cli) -> None:
    assert paso.json("project", "rules") == NOTHING
    out = paso("project", "rules", "PASO").out
    assert out.count("moves nothing") == 2


def test_rules_are_chosen_one_by_one(paso: Cli) -> None:
    paso("column", "create", "Review")
    chosen = paso.json("project", "rules", "PASO", "--on-start", "in-progress")
    assert chosen == NOTHING | {"start_moves": True}
    chosen = paso.json("project", "rules", "--on-end", "review")
    assert chosen["start_moves"] is True
    column = chosen["end_column"]
    assert (column["name"], column["role"]) == ("Review", None)
    out = paso("project", "rules").out
    assert "moves a card that waits to the column in progress" in out
    assert "moves the card to Review" in out
    chosen = paso.json("project", "rules", "--on-start", "None", "--on-end", "none")
    assert chosen == NOTHING


def test_what_cannot_be_chosen_is_refused(paso: Cli) -> None:
    error = paso.fail(5, "project", "rules", "--on-end", "Done")
    assert error["code"] == "invalid_value"
    assert "never completes a task" in error["message"]
    error = paso.fail(5, "project", "rules", "--on-start", "Done")
    assert error["candidates"] == ["in-progress", "none"]
    assert paso.fail(3, "project", "rules", "--on-end", "Nowhere")
    assert paso.fail(3, "project", "rules", "NOPE")
    assert paso.json("project", "rules") == NOTHING


def test_a_rule_that_is_not_followed_any_more_says_so(paso: Cli) -> None:
    paso("column", "create", "Review")
    paso("project", "rules", "--on-end", "Review")
    paso("column", "role", "Review", "completed")
    assert "Review completes tasks by now" in paso("project", "rules").out


def test_the_choice_is_undone(paso: Cli) -> None:
    paso("project", "rules", "--on-start", "in-progress")
    assert "set what sessions do to the cards of PASO" in paso("undo").out
    assert paso.json("project", "rules") == NOTHING


def test_the_log_tells_the_choice_in_words(paso: Cli) -> None:
    paso("column", "create", "Review")
    paso("project", "rules", "--on-start", "in-progress", "--on-end", "Review")
    last = paso("log").out.splitlines()[-1]
    assert "a session's start moves its card" in last
    assert "a session's end moves its card to Review" in last
    paso("project", "rules", "--on-start", "none", "--on-end", "none")
    last = paso("log").out.splitlines()[-1]
    assert "a session's start moves nothing" in last
    assert "a session's end moves nothing" in last
    paso("column", "delete", "Review", "--yes")
    assert "its card to a deleted column" in paso("log").out
