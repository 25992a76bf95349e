"""Versions, tombstones, indexes, room: the records of one computer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from paso.model import ATTENTIONS, FINAL_PHASES, PHASES
from paso_daemon.shelf import TOMBSTONE_S, Changes, Entry, Item, Limits, Shelf, places

ROOMY = Limits(1000, 10_000, 1_000_000)


def shelf(limits: Limits = ROOMY) -> tuple[Shelf, list[str]]:
    gone: list[str] = []
    return Shelf(limits, lambda key, entry: gone.append(key)), gone


def session(phase: str = "running", **more: Any) -> dict[str, Any]:
    return {"phase": phase, "attention": "none", **more}


def put(
    held: Shelf, key: str, version: int, now: float = 0.0, phase: str = "running"
) -> bool:
    return held.put(Item(key, session(phase, v=version), version), now)


def test_only_a_newer_version_is_taken() -> None:
    held, _ = shelf()
    assert put(held, "a", 2)
    assert not put(held, "a", 1)
    assert not put(held, "a", 2)
    assert json.loads(held.entries["a"].data)["v"] == 2
    assert put(held, "a", 3)


def test_without_versions_what_differs_is_newer() -> None:
    held, _ = shelf()
    assert held.put(Item("a", {"name": "x"}), 0.0)
    assert not held.put(Item("a", {"name": "x"}), 1.0)
    assert held.put(Item("a", {"name": "y"}), 2.0)


def test_a_late_update_never_revives_what_was_removed() -> None:
    held, _ = shelf()
    put(held, "a", 3)
    assert held.remove("a", 4, 10.0)
    for version in (1, 3, 4):
        assert not put(held, "a", version, 11.0)
    assert not held.entries
    assert put(held, "a", 5, 12.0)


def test_a_removal_may_come_before_the_record() -> None:
    held, _ = shelf()
    assert not held.remove("a", 4, 0.0)
    assert not put(held, "a", 3, 1.0)


def test_a_removal_that_is_older_than_the_record_is_ignored() -> None:
    held, _ = shelf()
    put(held, "a", 5)
    assert not held.remove("a", 4, 0.0)
    assert "a" in held.entries


def test_a_tombstone_ends_after_its_time_and_not_before() -> None:
    held, _ = shelf()
    held.remove("a", 4, 0.0)
    assert not put(held, "a", 3, TOMBSTONE_S)
    assert put(held, "a", 3, TOMBSTONE_S + 1)


def test_what_has_no_version_may_come_back() -> None:
    held, _ = shelf()
    held.put(Item("p", {"uid": "p"}), 0.0)
    held.remove("p", None, 1.0)
    assert held.put(Item("p", {"uid": "p"}), 2.0)


def test_a_snapshot_removes_what_is_missing_and_says_what_it_did() -> None:
    held, _ = shelf()
    for key in "abc":
        put(held, key, 1)
    items = [Item("a", session(v=1), 1), Item("b", session(v=2), 2)]
    items.append(Item("d", session(v=1), 1))
    assert held.replace(items, 5.0) == Changes(("d",), ("b",), ("c",))
    assert set(held.entries) == {"a", "b", "d"}
    assert not put(held, "c", 1, 6.0), "the missing one is gone for good"
    assert held.replace(items, 7.0) == Changes((), (), ())


def test_an_older_snapshot_takes_nothing_back() -> None:
    held, _ = shelf()
    put(held, "a", 5)
    assert held.replace([Item("a", session(v=4), 4)], 1.0) == Changes((), (), ())
    assert held.entries["a"].version == 5


def test_a_snapshot_may_change_what_has_no_version_of_its_own() -> None:
    held, _ = shelf()
    held.put(Item("a", session(preview="old"), 1), 0.0)
    found = held.replace([Item("a", session(preview="new"), 1)], 1.0)
    assert found.changed == ("a",)


def test_records_are_found_by_their_group() -> None:
    held, _ = shelf()
    held.put(Item("a", {"uid": "a"}), 0.0, "one")
    held.put(Item("b", {"uid": "b"}), 0.0, "two")
    held.put(Item("c", {"uid": "c"}), 1.0, "one")
    assert held.keys("group", "one") == ("a", "c")
    held.remove("a", None, 1.0)
    assert held.keys("group", "one") == ("c",)
    assert held.keys("group", "two") == ("b",)


def test_activity_changes_without_a_version() -> None:
    held, _ = shelf()
    held.put(Item("a", session(activity="idle"), 3), 0.0)
    assert held.patch("a", {"activity": "working"})
    assert not held.patch("a", {"activity": "working"})
    assert not held.patch("b", {"activity": "working"})
    assert json.loads(held.entries["a"].data)["activity"] == "working"
    assert held.entries["a"].version == 3


def test_the_oldest_final_records_make_room() -> None:
    held, gone = shelf(Limits(3, 1000, 10_000))
    put(held, "old", 1, phase="ended")
    put(held, "lives", 1)
    put(held, "newer", 1, phase="failed")
    assert put(held, "one more", 1)
    assert put(held, "another", 1)
    assert gone == ["old", "newer"]
    assert not put(held, "too many", 1), "nothing that lives makes room"
    assert len(held.entries) == 3
    assert put(held, "lives", 2), "what is known may change"


def test_the_bytes_are_bounded_as_well() -> None:
    held, gone = shelf(Limits(100, 400, 1000))
    for number in range(10):
        item = Item(f"k{number}", session("ended", pad="x" * 200), 1)
        assert held.put(item, 0.0)
        assert held.size <= 1000
    assert gone == [f"k{number}" for number in range(len(gone))]
    assert not held.put(Item("large", session(pad="x" * 400), 1), 0.0)


def test_what_is_no_json_changes_nothing() -> None:
    held, _ = shelf()
    put(held, "a", 1)
    for wrong in ("\ud800", {1, 2}, 2**70):
        with pytest.raises(TypeError):
            held.put(Item("a", session(text=wrong), 2), 0.0)
    assert held.entries["a"].version == 1


class Shelves(RuleBasedStateMachine):
    """Any operations in any order, beside the plainest model there is."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf(Limits(6, 10_000, 1_000_000), self.evicted)
        self.known: dict[str, tuple[int, dict[str, Any]]] = {}
        self.buried: dict[str, int] = {}
        self.now = 0.0

    def evicted(self, key: str, entry: Entry) -> None:
        assert self.known.pop(key)[1]["phase"] in FINAL_PHASES

    keys = st.sampled_from("abcdefgh")
    records = st.fixed_dictionaries(
        {
            "phase": st.sampled_from(PHASES),
            "attention": st.sampled_from(ATTENTIONS),
            "task_uid": st.sampled_from(["", "t", "u"]),
            "project_id": st.sampled_from([None, 1, 2]),
        }
    )
    versions = st.integers(1, 6)

    @rule(key=keys, record=records, version=versions)
    def put(self, key: str, record: dict[str, Any], version: int) -> None:
        taken = self.shelf.put(Item(key, record, version), self.now)
        if taken:
            assert version > self.known.get(key, (0, {}))[0]
            assert version > self.buried.get(key, 0)
            self.known[key] = version, record

    @rule(key=keys, version=versions)
    def remove(self, key: str, version: int) -> None:
        known = self.known.get(key)
        removed = self.shelf.remove(key, version, self.now)
        assert removed == (known is not None and known[0] <= version)
        if known is None or removed:
            self.known.pop(key, None)
            self.buried[key] = version

    @rule(key=keys, phase=st.sampled_from(PHASES))
    def patch(self, key: str, phase: str) -> None:
        if self.shelf.patch(key, {"phase": phase}):
            self.known[key][1]["phase"] = phase

    @rule(items=st.dictionaries(keys, st.tuples(versions, records), max_size=6))
    def replace(self, items: dict[str, tuple[int, dict[str, Any]]]) -> None:
        before = set(self.known)
        given = [Item(key, record, v) for key, (v, record) in items.items()]
        found = self.shelf.replace(given, self.now)
        for key in found.added + found.changed:
            self.known[key] = items[key]
        assert set(found.removed) <= before - set(items)
        for key in found.removed:
            self.buried[key] = self.known.pop(key)[0]

    @invariant()
    def what_is_known_is_there(self) -> None:
        held = self.shelf.entries
        assert set(held) == set(self.known)
        for key, (version, record) in self.known.items():
            assert held[key].version == version
            assert json.loads(held[key].data) == record

    @invariant()
    def indexes_and_size_equal_those_made_anew(self) -> None:
        anew: dict[tuple[str, str], set[str]] = {}
        for key, entry in self.shelf.entries.items():
            for place in places(entry):
                anew.setdefault(place, set()).add(key)
        assert {p: set(keys) for p, keys in self.shelf.index.items()} == anew
        assert self.shelf.size == sum(len(e.data) for e in self.shelf.entries.values())
        assert len(self.shelf.entries) <= 6


TestShelves = Shelves.TestCase
TestShelves.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
