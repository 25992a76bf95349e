"""`paso label`: every verb."""

from __future__ import annotations

import pytest

from paso.model import Label
from tests.paso.cli.conftest import Cli


def test_labels_are_created_listed_renamed_coloured(paso: Cli) -> None:
    made = paso.json("label", "create", "auth", "#22c55e")
    assert list(made) == list(Label._fields)
    assert (made["name"], made["color"].upper()) == ("auth", "#22C55E")
    assert paso.json("label", "rename", "auth", "login")["name"] == "login"
    assert paso.json("label", "color", "login", "#112233")["color"] == "#112233"
    assert "login" in paso("label", "list", "--quiet").out.split("\n")
    assert "#112233" in paso("label", "list").out


def test_labels_are_attached_to_and_detached_from_several_tasks(paso: Cli) -> None:
    paso("add", "-", stdin="one\ntwo\n")
    shown = paso("label", "attach", "fresh", "1", "2")
    assert "the label 'fresh' is new" in shown.err
    tasks = paso.json("list", "label:fresh")
    assert [task["number"] for task in tasks] == [1, 2]
    assert paso.json("undo")[0]["summary"] == "attached fresh to PASO-1, PASO-2"
    paso("redo")
    one = paso.json("label", "detach", "fresh", "1")
    assert one["labels"] == []
    assert [task["number"] for task in paso.json("list", "label:fresh")] == [2]
    label = next(x for x in paso.json("label", "list") if x["name"] == "fresh")
    assert label["count"] == 1


def test_a_label_is_deleted_from_its_tasks(paso: Cli) -> None:
    paso("add", "x", "-l", "bug")
    assert paso.fail(2, "label", "delete", "bug")["code"] == "usage"
    assert paso.json("label", "delete", "bug", "--yes")["name"] == "bug"
    assert paso.json("list")[0]["labels"] == []
    paso("undo")
    assert paso.json("list")[0]["labels"][0]["name"] == "bug"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4, ("create", "BUG")),
        (5, ("create", "x", "red")),
        (5, ("create", "")),
        (3, ("rename", "nothing", "x")),
        (4, ("rename", "bug", "question")),
        (5, ("color", "bug", "#12")),
        (3, ("attach", "bug", "99")),
        (3, ("detach", "nothing", "1")),
    ],
)
def test_what_is_wrong_is_refused(paso: Cli, code: int, words: tuple[str, ...]) -> None:
    paso("add", "x")
    paso.fail(code, "label", *words)


def test_no_labels_is_an_empty_list_and_a_next_step(paso: Cli) -> None:
    for label in paso.json("label", "list"):
        paso("label", "delete", label["name"], "--yes")
    assert paso.json("label", "list") == []
    assert "paso label create" in paso("label", "list").err
