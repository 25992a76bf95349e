"""paso/commands/relations.py: links inside a project, no cycle, one parent."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paso.commands import projects, relations, tasks
from paso.database.connection import Database
from paso.errors import Conflict, CycleRefused, InvalidValue, NotFound

KINDS = ("blocks", "parent", "related")


@pytest.fixture
def four(db: Database) -> list[int]:
    return [tasks.create_task(db, 1, word).id for word in "abcd"]


def seen(db: Database, task_id: int) -> list[tuple[str, str]]:
    return [(r.kind, r.key) for r in relations.list_relations(db, task_id)]


def test_both_ends_see_a_link(db: Database, four: list[int]) -> None:
    a, b, c, d = four
    assert relations.link(db, a, b, "blocks")
    assert relations.link(db, a, c, "parent")
    assert relations.link(db, d, a, "related")
    assert seen(db, a) == [
        ("blocks", "PASO-2"),
        ("child", "PASO-3"),
        ("related", "PASO-4"),
    ]
    assert seen(db, b) == [("blocked_by", "PASO-1")]
    assert seen(db, c) == [("parent", "PASO-1")]
    assert seen(db, d) == [("related", "PASO-1")]


def test_a_link_that_is_there_is_not_made_again(db: Database, four: list[int]) -> None:
    a, b, *_ = four
    for kind in KINDS:
        assert relations.link(db, a, b, kind)
        head = db.change_head()
        assert not relations.link(db, a, b, kind)
        assert db.change_head() == head
    assert not relations.link(db, b, a, "related")
    assert len(seen(db, a)) == 3


def test_a_link_is_taken_away(db: Database, four: list[int]) -> None:
    a, b, *_ = four
    for kind in KINDS:
        relations.link(db, a, b, kind)
        assert relations.unlink(db, a, b, kind)
        assert not relations.unlink(db, a, b, kind)
    relations.link(db, a, b, "related")
    assert relations.unlink(db, b, a, "related")
    assert seen(db, a) == []


@pytest.mark.parametrize("kind", ["blocks", "parent"])
def test_a_cycle_of_any_length_is_refused(
    db: Database, four: list[int], kind: str
) -> None:
    for one, other in itertools.pairwise(four):
        relations.link(db, one, other, kind)
    for late in four[1:]:
        with pytest.raises(CycleRefused, match="would close a cycle"):
            relations.link(db, late, four[0], kind)
    assert relations.link(db, four[3], four[0], "related")


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_not_linked_to_itself(
    db: Database, four: list[int], kind: str
) -> None:
    with pytest.raises(CycleRefused, match="linked to itself"):
        relations.link(db, four[0], four[0], kind)


def test_cycles_of_different_kinds_are_none(db: Database, four: list[int]) -> None:
    a, b, *_ = four
    assert relations.link(db, a, b, "blocks")
    assert relations.link(db, b, a, "parent")


def test_a_child_has_one_parent(db: Database, four: list[int]) -> None:
    a, b, c, _ = four
    relations.link(db, a, c, "parent")
    with pytest.raises(Conflict, match="PASO-3 has the parent PASO-1") as caught:
        relations.link(db, b, c, "parent")
    assert caught.value.hint == "paso task unlink PASO-1 --child PASO-3"


def test_tasks_of_two_projects_are_not_linked(db: Database, four: list[int]) -> None:
    other = projects.create_project(db, "Other")
    there = tasks.create_task(db, other.id, "there")
    with pytest.raises(InvalidValue, match="two projects"):
        relations.link(db, four[0], there.id, "related")


def test_what_is_not_there_is_told(db: Database, four: list[int]) -> None:
    with pytest.raises(NotFound):
        relations.link(db, four[0], 99, "blocks")
    with pytest.raises(NotFound):
        relations.list_relations(db, 99)
    with pytest.raises(InvalidValue, match="no relation 'loves'"):
        relations.link(db, four[0], four[1], "loves")


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=14))
def test_whatever_is_linked_no_task_waits_for_itself(
    db: Database, pairs: list[tuple[int, int]]
) -> None:
    with db.write("clear"):
        db.run("DELETE FROM tasks")
    ids = [tasks.create_task(db, 1, word).id for word in "abcd"]
    after: dict[int, set[int]] = {task_id: set() for task_id in ids}
    for one, other in pairs:
        start, end = ids[one - 1], ids[other - 1]
        try:
            relations.link(db, start, end, "blocks")
            after[start].add(end)
        except CycleRefused:
            assert start in reach(after, end)
        assert all(task_id not in reach(after, *after[task_id]) for task_id in ids)


def reach(after: dict[int, set[int]], *begin: int) -> set[int]:
    found, waiting = set(begin), list(begin)
    while waiting:
        new = after[waiting.pop()] - found
        found |= new
        waiting += new
    return found
