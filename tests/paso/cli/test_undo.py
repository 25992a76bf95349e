"""`paso undo`, `paso redo` and `paso log`: what was done, and back again."""

from __future__ import annotations

import pytest

from paso.commands.undo import Undone
from paso.model import Change
from tests.paso.cli.conftest import Cli


def test_steps_are_undone_and_redone_in_order(paso: Cli) -> None:
    for title in ("one", "two", "three"):
        paso("add", title)
    undone = paso.json("undo", "2")
    assert list(undone[0]) == list(Undone._fields)
    assert [one["summary"] for one in undone] == ["created PASO-3", "created PASO-2"]
    assert [task["title"] for task in paso.json("list")] == ["one"]
    assert [one["summary"] for one in paso.json("redo")] == ["created PASO-2"]
    assert len(paso.json("list")) == 2
    shown = paso("redo")
    assert shown.out.startswith("redone: created PASO-3  (ann, ")


def test_nothing_to_undo_is_a_conflict(paso: Cli) -> None:
    assert paso.fail(4, "undo")["code"] == "conflict"
    assert paso.fail(4, "redo")["code"] == "conflict"
    paso("add", "x")
    error = paso.fail(4, "undo", "3")
    assert error["hint"] == "1 of 3 steps were done before"
    assert paso.json("list") == []


def test_a_step_is_undone_for_its_own_writer(paso: Cli) -> None:
    paso("add", "mine")
    paso("add", "bob's", PASO_ACTOR="bob")
    assert paso.json("undo")[0]["summary"] == "created PASO-1"
    assert [task["title"] for task in paso.json("list")] == ["bob's"]
    assert paso.json("undo", "--by", "bob")[0]["actor"] == "bob"
    assert paso.json("list") == []


def test_a_later_change_of_the_same_is_an_undo_conflict(paso: Cli) -> None:
    paso("add", "first", PASO_ACTOR="bob")
    paso("task", "edit", "1", "--title", "second")
    error = paso("undo", "--by", "bob", "--json").error
    assert error["code"] == "undo_conflict"


def test_undo_stays_in_the_named_project(paso: Cli) -> None:
    paso("add", "here")
    paso("project", "create", "Web", "--key", "WEB")
    paso("add", "there", "--project", "WEB")
    assert paso.json("undo", "--project", "PASO")[0]["summary"] == "created PASO-1"
    assert [task["key"] for task in paso.json("list", "--all")] == ["WEB-1"]


# log ----------------------------------------------------------------------------


def test_the_log_is_oldest_first_with_a_limit(paso: Cli) -> None:
    paso("add", "one")
    paso("task", "edit", "1", "--title", "two")
    changes = paso.json("log", "--limit", "2")
    assert list(changes[0]) == list(Change._fields)
    assert [one["op"] for one in changes] == ["insert", "update"]
    assert changes[1]["fields"]["title"] == {"old": "one", "new": "two"}
    assert (changes[1]["actor"], changes[1]["entity"]) == ("ann", "task")
    lines = paso("log", "--limit", "2").out.splitlines()
    assert "PASO-1 created: one" in lines[0]
    assert "title one → two" in lines[1]


def test_the_log_begins_where_it_is_told_to(paso: Cli) -> None:
    paso("add", "one")
    head = paso.json("log")[-1]["id"]
    paso("add", "two")
    since = paso.json("log", "--since", str(head))
    assert [one["fields"]["title"]["new"] for one in since] == ["two"]
    for moment in ("2h", "30 min", "today", "yesterday", "2020-01-01"):
        assert paso.json("log", "--since", moment)[-1]["id"] == head + 1, moment
    assert paso.json("log", "--since", "2099-01-01") == []
    shown = paso("log", "--since", "2099-01-01")
    assert (shown.out, shown.err) == ("", "no changes\n")
    assert paso.fail(5, "log", "--since", "whenever")["code"] == "invalid_value"


def test_the_log_of_a_task_is_its_own(paso: Cli) -> None:
    paso("add", "one")
    paso("add", "two")
    paso("task", "comment", "2", "hello")
    paso("task", "link", "1", "--blocks", "2")
    entities = [one["entity"] for one in paso.json("log", "--task", "2")]
    assert entities == ["task", "comment", "relation"]


def test_every_kind_of_change_has_words(paso: Cli) -> None:
    paso("add", "one", "-l", "fresh")
    paso("add", "two")
    for words in (
        "task move 1 next", "task move 1 --top", "task edit 1 -d text",
        "task edit 1 -p high --due 2026-12-01", "task archive 2", "task restore 2",
        "task comment 1 hello", "task link 1 --blocks 2", "task link 1 --child 2",
        "task link 1 --related 2", "task unlink 1 --related 2",
        "label detach fresh 1", "label rename fresh stale", "label color stale #112233",
        "column create Extra", "column rename Extra More", "column wip More 4",
        "column move More --before Done", "column delete More --yes",
        "project rename PASO Other", "task delete 1 --yes",
    ):  # fmt: skip
        assert paso(*words.split()).code == 0, words
    shown = paso("log", "--limit", "200").out
    for part in ("moved from To do to In progress", "reordered", "description changed",
                 "priority medium → high", "due nothing → 2026-12-01", "archived",
                 "restored", "comment", "blocks", "parent of", "related to",
                 ": no more", "label fresh attached", "label fresh detached",
                 "name fresh → stale",
                 "column Extra added", "name My board → Other", "deleted"):  # fmt: skip
        assert part in shown or part.replace("fresh", "stale") in shown, part


@pytest.mark.parametrize("number", ["0", "x"])
def test_a_limit_is_a_number(paso: Cli, number: str) -> None:
    paso.fail(2, "log", "--limit", number)


def test_nothing_to_undo_says_whose_steps_were_looked_for(paso: Cli) -> None:
    paso("add", "theirs", PASO_ACTOR="bob")
    error = paso.fail(4, "undo")
    assert error["hint"] == "you are ann; --by WHO is for another writer's steps"
    assert paso("undo", "--by", "bob").code == 0
