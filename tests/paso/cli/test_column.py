"""`paso column`: every verb."""

from __future__ import annotations

import pytest

from paso.model import Column
from tests.paso.cli.conftest import Cli


def names(paso: Cli) -> list[str]:
    return [column["name"] for column in paso.json("column", "list")]


def test_the_starter_columns_have_their_roles(paso: Cli) -> None:
    columns = paso.json("column", "list")
    assert [(one["name"], one["role"]) for one in columns] == [
        ("To do", "ready"), ("In progress", "in-progress"), ("Done", "completed"),
    ]  # fmt: skip
    assert list(columns[0]) == list(Column._fields)
    assert paso("column", "list", "--quiet").out == "To do\nIn progress\nDone\n"


def test_a_column_is_created_where_it_is_wanted(paso: Cli) -> None:
    made = paso.json(
        "column", "create", "Review", "--after", "In progress", "--wip", "3"
    )
    assert (made["name"], made["wip_limit"], made["position"]) == ("Review", 3, 3)
    paso("column", "create", "Last")
    assert names(paso) == ["To do", "In progress", "Review", "Done", "Last"]
    assert "3" in paso("column", "list").out


def test_columns_are_renamed_and_moved(paso: Cli) -> None:
    assert paso.json("column", "rename", "done", "Shipped")["name"] == "Shipped"
    assert paso.json("column", "move", "Shipped", "--before", "To do")["position"] == 1
    assert names(paso) == ["Shipped", "To do", "In progress"]
    paso("column", "move", "Shipped", "--after", "In progress")
    assert names(paso) == ["To do", "In progress", "Shipped"]


def test_a_role_is_taken_from_the_column_that_has_it(paso: Cli) -> None:
    paso("column", "create", "Shipped")
    assert paso.json("column", "role", "Shipped", "completed")["role"] == "completed"
    roles = {one["name"]: one["role"] for one in paso.json("column", "list")}
    assert roles["Done"] is None
    assert paso.json("column", "role", "Shipped", "none")["role"] is None


def test_a_limit_is_set_and_taken_away(paso: Cli) -> None:
    assert paso.json("column", "wip", "To do", "2")["wip_limit"] == 2
    assert paso.json("column", "wip", "To do", "none")["wip_limit"] is None


def test_a_column_with_cards_is_deleted_only_with_a_target(paso: Cli) -> None:
    paso("add", "x")
    assert paso.fail(4, "column", "delete", "To do", "--yes")["code"] == "not_empty"
    words = ("column", "delete", "To do", "--move-to", "Done")
    assert paso.fail(2, *words)["code"] == "usage"
    assert paso.json(*words, "--yes")["name"] == "To do"
    assert names(paso) == ["In progress", "Done"]
    assert paso.json("list")[0]["column"]["name"] == "Done"
    paso("undo")
    assert names(paso) == ["To do", "In progress", "Done"]
    assert paso.json("list")[0]["column"]["name"] == "To do"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, ("rename", "Nowhere", "x")),
        (4, ("create", "done")),
        (5, ("create", "")),
        (5, ("create", "x", "--role", "boss")),
        (5, ("role", "Done", "boss")),
        (2, ("wip", "Done", "many")),
        (2, ("move", "Done")),
        (2, ("move", "Done", "--before", "To do", "--after", "To do")),
        (3, ("move", "Done", "--before", "Nowhere")),
    ],
)
def test_what_is_wrong_is_refused(paso: Cli, code: int, words: tuple[str, ...]) -> None:
    paso.fail(code, "column", *words)
    assert names(paso) == ["To do", "In progress", "Done"]
