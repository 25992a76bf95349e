"""`paso task`: every verb, its JSON, its exit codes."""

from __future__ import annotations

from typing import Any

import pytest

from paso.model import Task
from tests.paso.cli.conftest import Cli


@pytest.fixture
def board(paso: Cli) -> Cli:
    """A board with tasks 1 to 4, all to do."""
    paso("add", "-", stdin="alpha\nbeta\ngamma\ndelta\n")
    return paso


def order(paso: Cli, column: str) -> list[int]:
    """Numbers of the tasks of a column, top to bottom."""
    tasks = paso.json("list", f'col:"{column}"')
    return [task["number"] for task in tasks]


def test_a_task_has_the_same_keys_everywhere(board: Cli) -> None:
    fields = list(Task._fields)
    for words in (
        ("task", "edit", "1", "-p", "low"),
        ("task", "move", "1", "next"),
        ("task", "start", "1"),
        ("task", "done", "1"),
        ("task", "ready", "1"),
        ("task", "claim", "1"),
        ("task", "link", "1", "--blocks", "2"),
        ("task", "unlink", "1", "--blocks", "2"),
        ("task", "archive", "1"),
        ("task", "restore", "1"),
        ("task", "delete", "1", "--yes"),
    ):
        answer = board.json(*words)
        one = answer[0] if isinstance(answer, list) else answer
        assert list(one) == fields, words
    assert all(list(task) == fields for task in board.json("task", "list"))


def test_one_reference_answers_a_task_and_several_a_list(board: Cli) -> None:
    assert board.json("task", "start", "1")["number"] == 1
    both = board.json("task", "start", "2", "3")
    assert [task["number"] for task in both] == [2, 3]
    piped = board.json("task", "done", "-", stdin="PASO-1\n")
    assert [task["number"] for task in piped] == [1]


@pytest.mark.parametrize("ref", ["PASO-2", "paso-2", "2", "#2", "bet", "BETA"])
def test_a_task_is_named_in_many_ways(board: Cli, ref: str) -> None:
    assert board.json("task", "show", ref)["number"] == 2


def test_a_task_is_named_by_its_uid(board: Cli) -> None:
    uid = board.json("task", "show", "2")["uid"]
    assert board.json("task", "show", uid)["number"] == 2


def test_a_miss_lists_what_may_be_meant(board: Cli) -> None:
    error = board.fail(3, "task", "show", "a")
    assert error["code"] == "ambiguous"
    assert "PASO-1 alpha" in error["candidates"]
    assert board.fail(3, "task", "show", "PASO-99")["code"] == "not_found"
    shown = board("task", "show", "nothing like it")
    assert (shown.code, shown.out) == (3, "")


def test_a_key_needs_no_current_project(board: Cli) -> None:
    board("project", "create", "Web", "--key", "WEB")
    board("add", "elsewhere", "--project", "WEB")
    assert board.json("task", "show", "WEB-1")["title"] == "elsewhere"
    assert board.fail(2, "task", "show", "1")["code"] == "no_project"


# show ---------------------------------------------------------------------------


def test_show_adds_comments_relations_and_history(board: Cli) -> None:
    board("task", "comment", "1", "hello\nworld")
    board("task", "link", "1", "--blocked-by", "2")
    task = board.json("task", "show", "1")
    assert set(task) == {*Task._fields, "relations", "history"}
    assert task["comments"][0]["body"] == "hello\nworld"
    assert task["comments"][0]["author"] == "ann"
    relation = task["relations"][0]
    assert (relation["kind"], relation["key"]) == ("blocked_by", "PASO-2")
    assert relation["done"] is False
    assert task["history"][-1]["op"] == "insert"


def test_show_in_words_tells_all_of_it(board: Cli) -> None:
    board("task", "edit", "1", "-d", "first line\nsecond line", "--due", "+1d")
    board("task", "comment", "1", "a remark")
    board("task", "link", "1", "--child", "2")
    shown = board("task", "show", "1").out
    for part in ("alpha", "first line\nsecond line", "tomorrow", "a remark",
                 "has part", "PASO-2", "History", "To do", "medium"):  # fmt: skip
        assert part in shown, part


def test_history_is_newest_first(board: Cli) -> None:
    board("task", "move", "1", "Done")
    changes = board.json("task", "history", "1")
    assert changes[0]["fields"]["column_id"] == {"old": 1, "new": 3}
    assert changes[-1]["op"] == "insert"
    assert len(board.json("task", "history", "1", "--limit", "1")) == 1
    assert "moved from To do to Done" in board("task", "history", "1").out


# move ---------------------------------------------------------------------------


def test_move_goes_to_a_column_or_one_on(board: Cli) -> None:
    assert board.json("task", "move", "1", "next")["column"]["name"] == "In progress"
    assert board.json("task", "move", "1", "prev")["column"]["name"] == "To do"
    assert board.json("task", "move", "1", "done")["column"]["name"] == "Done"
    assert board.json("task", "show", "1")["completed_at"]


def test_move_at_the_edge_is_a_conflict(board: Cli) -> None:
    assert board.fail(4, "task", "move", "1", "prev")["code"] == "conflict"


def test_move_reorders_within_a_column(board: Cli) -> None:
    board("task", "move", "3", "--top")
    assert order(board, "To do") == [3, 1, 2, 4]
    board("task", "move", "3", "--after", "2")
    assert order(board, "To do") == [1, 2, 3, 4]
    board("task", "move", "4", "--before", "PASO-1")
    assert order(board, "To do") == [4, 1, 2, 3]
    board("task", "move", "4", "1", "--bottom")
    assert order(board, "To do") == [2, 3, 4, 1]


def test_several_tasks_keep_their_order_wherever_they_go(board: Cli) -> None:
    board("task", "move", "3", "1", "Done", "--top")
    assert order(board, "Done") == [3, 1]
    board("task", "move", "2", "4", "Done", "--after", "3")
    assert order(board, "Done") == [3, 2, 4, 1]
    assert board.json("undo")[0]["summary"] == "moved 2 tasks"
    assert order(board, "Done") == [3, 1]


def test_next_moves_each_task_on_from_where_it_is(board: Cli) -> None:
    board("task", "start", "2")
    moved = board.json("task", "move", "1", "2", "next")
    assert [task["column"]["name"] for task in moved] == ["In progress", "Done"]
    board("undo")
    assert order(board, "In progress") == [2]


def test_move_without_a_target_is_wrong_usage(board: Cli) -> None:
    assert board.fail(2, "task", "move", "1")["code"] == "usage"
    assert board.fail(2, "task", "move", "1", "--top", "--bottom")["code"] == "usage"


def test_move_to_no_column_lists_the_columns(board: Cli) -> None:
    error = board.fail(3, "task", "move", "1", "Nirvana")
    assert {"To do", "In progress", "Done"} <= set(error["candidates"])


def test_no_column_can_hide_the_words_next_and_prev(board: Cli) -> None:
    assert board.fail(5, "column", "create", "next")["code"] == "invalid_value"


def test_a_full_column_is_a_conflict_unless_forced(board: Cli) -> None:
    board("column", "wip", "In progress", "1")
    board("task", "start", "1")
    for words in (("start", "2"), ("move", "2", "In progress"), ("move", "2", "next")):
        assert board.fail(4, "task", *words)["code"] == "wip_limit"
    assert board("task", "start", "2", "--force").code == 0


def test_nothing_moves_when_one_of_several_may_not(board: Cli) -> None:
    board("column", "wip", "In progress", "2")
    board.fail(4, "task", "move", "1", "2", "3", "In progress")
    assert order(board, "In progress") == []


# verbs of roles -----------------------------------------------------------------


def test_ready_alone_lists_and_with_a_task_moves(board: Cli) -> None:
    board("task", "link", "1", "--blocks", "2")
    ready = [task["number"] for task in board.json("task", "ready")]
    assert ready == [1, 3, 4]
    assert [task["number"] for task in board.json("task", "blocked")] == [2]
    board("task", "done", "1")
    assert board.json("task", "blocked") == []
    assert 2 in [task["number"] for task in board.json("task", "ready")]
    assert board.json("task", "ready", "1")["column"]["role"] == "ready"


def test_a_verb_without_its_column_names_the_repair(board: Cli) -> None:
    board("column", "role", "Done", "none")
    error = board.fail(3, "task", "done", "1")
    assert "paso column role" in error["hint"]


def test_doing_it_twice_is_no_error_and_no_change(board: Cli) -> None:
    board("task", "done", "1")
    head = board.json("log")[-1]["id"]
    assert board.json("task", "done", "1")["column"]["name"] == "Done"
    assert board.json("log")[-1]["id"] == head


# claim --------------------------------------------------------------------------


def test_only_one_claims_a_task(board: Cli) -> None:
    assert board.json("task", "claim", "1", "--as", "bob")["assignee"] == "bob"
    for words in (("--as", "bob"), ()):
        error = board.fail(4, "task", "claim", "1", *words)
        assert error["code"] == "already_claimed"
    assert "bob" in error["message"]


# link ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        ("--blocks", "blocks", ["PASO-2"]),
        ("--blocked-by", "blocked_by", ["PASO-2"]),
        ("--child", "children", ["PASO-2"]),
        ("--parent", "parent", "PASO-2"),
    ],
)
def test_link_and_unlink_are_each_others_reverse(
    board: Cli, option: str, field: str, value: Any
) -> None:
    assert board.json("task", "link", "1", option, "2")[field] == value
    again = board("task", "link", "1", option, "2")
    assert again.code == 0
    assert "already linked" in again.err
    assert not board.json("task", "unlink", "1", option, "2")[field]
    assert "not linked" in board("task", "unlink", "1", option, "2").err


def test_several_relations_of_a_pair_stand_together(board: Cli) -> None:
    board("task", "link", "1", "--blocks", "2", "--related", "2", "--child", "2")
    kinds = [one["kind"] for one in board.json("task", "show", "1")["relations"]]
    assert sorted(kinds) == ["blocks", "child", "related"]
    assert board.json("undo")[0]["summary"] == "linked 3 pairs of tasks"
    assert board.json("task", "show", "1")["relations"] == []


def test_a_circle_is_refused(board: Cli) -> None:
    board("task", "link", "1", "--blocks", "2")
    board("task", "link", "2", "--blocks", "3")
    assert board.fail(4, "task", "link", "3", "--blocks", "1")["code"] == "cycle"


def test_link_without_a_relation_is_wrong_usage(board: Cli) -> None:
    assert "--blocks" in board.fail(2, "task", "link", "1")["message"]


# archive, delete ----------------------------------------------------------------


def test_archived_tasks_leave_the_lists_and_come_back(board: Cli) -> None:
    assert board.json("task", "archive", "1")["archived"] is True
    assert [t["number"] for t in board.json("list")] == [2, 3, 4]
    assert [t["number"] for t in board.json("list", "--archived")] == [1]
    assert [t["number"] for t in board.json("list", "is:archived")] == [1]
    assert board.json("task", "restore", "1")["archived"] is False
    assert len(board.json("list")) == 4


def test_deleting_without_a_terminal_needs_yes(board: Cli) -> None:
    error = board.fail(2, "task", "delete", "1")
    assert "--yes" in error["hint"]
    assert board("task", "delete", "1", stdin="y\n").code == 2
    assert len(board.json("list")) == 4


def test_deleting_several_is_one_step_of_undo(board: Cli) -> None:
    board("task", "comment", "1", "kept by undo")
    shown = board("task", "delete", "-", "--yes", stdin="1\nPASO-2 3\n")
    assert shown.out == "deleted PASO-1\ndeleted PASO-2\ndeleted PASO-3\n"
    assert [t["number"] for t in board.json("list")] == [4]
    board("undo")
    assert len(board.json("list")) == 4
    assert board.json("task", "show", "1")["comments"][0]["body"] == "kept by undo"


def test_a_number_is_never_given_out_again(board: Cli) -> None:
    board("task", "delete", "4", "--yes")
    assert board.json("add", "new")["number"] == 5


def test_no_reference_on_stdin_is_wrong_usage(board: Cli) -> None:
    assert board.fail(2, "task", "done", "-")["code"] == "usage"


# edit by options ----------------------------------------------------------------


def test_edit_changes_what_is_named_and_nothing_else(board: Cli) -> None:
    before = board.json("task", "show", "1")
    after = board.json(
        *("task", "edit", "1", "--title", "new", "-t", "feature", "-p", "high"),
        *("--due", "2026-12-24", "--assign", "bob", "-d", "text"),
    )
    assert (after["title"], after["type"], after["priority"]) == (
        "new", "feature", "high")  # fmt: skip
    assert (after["due"], after["assignee"]) == ("2026-12-24", "bob")
    assert after["version"] > before["version"]
    cleared = board.json("task", "edit", "1", "--due", "none", "--assign", "none")
    assert (cleared["due"], cleared["assignee"]) == (None, None)
    assert cleared["title"] == "new"


def test_edit_puts_labels_on_and_takes_them_off(board: Cli) -> None:
    task = board.json("task", "edit", "1", "-l", "bug", "-l", "fresh")
    assert [label["name"] for label in task["labels"]] == ["bug", "fresh"]
    task = board.json("task", "edit", "1", "--unlabel", "bug", "-p", "low")
    assert [label["name"] for label in task["labels"]] == ["fresh"]
    assert board.json("undo")[0]["summary"].startswith("edited PASO-1")
    labels = board.json("task", "show", "1")["labels"]
    assert [label["name"] for label in labels] == ["bug", "fresh"]


def test_a_stale_version_is_a_conflict_that_tells_both_values(board: Cli) -> None:
    version = str(board.json("task", "show", "1")["version"])
    board("task", "edit", "1", "--title", "theirs")
    words = ("task", "edit", "1", "--title", "mine", "--if-version", version)
    error = board.fail(4, *words)
    assert error["code"] == "changed_meanwhile"
    assert error["fields"] == {"title": {"yours": "mine", "theirs": "theirs"}}
    assert error["version"] == int(version) + 1
    in_words = board(*words)
    assert "yours 'mine', theirs 'theirs'" in in_words.err


def test_a_wrong_value_changes_nothing(board: Cli) -> None:
    board.fail(5, "task", "edit", "1", "--title", "new", "-p", "urgent")
    assert board.json("task", "show", "1")["title"] == "alpha"


# comments -----------------------------------------------------------------------


def test_comments_are_added_listed_changed_deleted(board: Cli) -> None:
    assert board.json("task", "comment", "1") == []
    comment = board.json("task", "comment", "1", "-", stdin="from stdin\n")
    assert (comment["body"], comment["author"]) == ("from stdin", "ann")
    number = str(comment["id"])
    other = board.json("task", "comment", "1", "other", "--author", "bob")
    assert other["author"] == "bob"
    edited = board.json("task", "comment", "--edit", number, "better")
    assert edited["body"] == "better"
    assert (
        board.json("task", "comment", "1", "--edit", number, "best")["body"] == "best"
    )
    assert len(board.json("task", "comment", "1")) == 2
    assert board.fail(2, "task", "comment", "--delete", number)["code"] == "usage"
    gone = board.json("task", "comment", "--delete", number, "--yes")
    assert gone == {"id": comment["id"]}
    assert [one["id"] for one in board.json("task", "comment", "1")] == [other["id"]]


def test_a_comment_of_another_task_is_not_found(board: Cli) -> None:
    number = str(board.json("task", "comment", "1", "mine")["id"])
    assert board.fail(3, "task", "comment", "2", "--edit", number, "x")
    assert board.fail(3, "task", "comment", "--edit", "99", "x")
    assert board.fail(5, "task", "comment", "1", "")["code"] == "invalid_value"
    assert board.fail(2, "task", "comment", "--edit", number)["code"] == "usage"
    assert board.fail(2, "task", "comment")["code"] == "usage"
