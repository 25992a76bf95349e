"""Which records may be told: of the right shape and size, of their owner alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso_daemon import told

GOOD = {"id": "s", "phase": "running", "activity": "idle", "attention": "none"}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_session_of_another_computer_has_none_of_our_local_ids() -> None:
    record = GOOD | {"project_id": 3, "task_id": 4, "task_uid": "t", "new": 1}
    found = told.session("b", record, own=False) or {}
    assert (found["project_id"], found["task_id"]) == (None, None)
    assert (found["computer"], found["task_uid"], found["new"]) == ("b", "t", 1)
    assert (told.session("b", record, own=True) or {})["project_id"] == 3
    assert record["project_id"] == 3, "what was given is left as it is"


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        GOOD | {"id": 5},
        GOOD | {"id": ""},
        GOOD | {"id": "x" * 101},
        GOOD | {"computer": "c"},
        GOOD | {"phase": "flying"},
        GOOD | {"phase": ["running"]},
        GOOD | {"activity": "dreaming"},
        GOOD | {"attention": 1},
        GOOD | {"title": "x" * 256},
        GOOD | {"title": None},
        GOOD | {"more": deep(9)},
        GOOD | {"more": float("nan")},
        GOOD | {"more": {"a set"}},
        GOOD | {"more": {1: 2}},
    ],
    ids=lambda record: str(record)[-40:],
)
def test_what_is_no_session_of_its_owner_is_refused(record: Any) -> None:
    assert told.session("b", record, own=False) is None


def test_long_words_are_cut_so_that_the_session_is_seen() -> None:
    argv = ["sh", "-c", "x" * 1_000_000, "y"]
    found = told.session("me", GOOD | {"argv": argv, "preview": "p" * 9999}, own=True)
    assert found is not None
    assert found["argv"][:2] == ["sh", "-c"]
    assert found["argv_cut"] is True
    assert len(orjson.dumps(found)) < 16 * 1024
    short = told.session("me", GOOD | {"argv": ["ls", ""]}, own=True) or {}
    assert (short["argv"], "argv_cut" in short) == (["ls", ""], False)
    assert (told.session("me", GOOD | {"argv": [1]}, own=True) or {})["argv"] == []


def test_an_activity_is_one_of_three() -> None:
    assert told.activity("working", None) == {"activity": "working"}
    assert told.activity("idle", "x" * 600) == {
        "activity": "idle",
        "preview": "x" * told.PREVIEW_MAX,
    }
    for wrong in ("", "busy", None, 5, ["idle"]):
        assert told.activity(wrong, None) is None


def test_a_computer_has_an_id_and_a_name_of_bounded_length() -> None:
    assert told.computer({"id": "b", "name": "desk"}) == {"id": "b", "name": "desk"}
    wrongs: list[Any] = [5, {}, {"id": ""}, {"id": "b", "name": "x" * 101}]
    wrongs.append({"id": "b", "more": deep(9)})
    for wrong in wrongs:
        assert told.computer(wrong) is None


def test_a_project_or_task_says_whose_it_is() -> None:
    assert told.listed("b", {"uid": "u"}) == {"uid": "u", "computer": "b"}
    for wrong in (None, {}, {"uid": 5}, {"uid": "u", "computer": "c"}):
        assert told.listed("b", wrong) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
fields = st.sampled_from([*GOOD, "computer", "title", "argv", "preview", "more"])


@given(st.dictionaries(fields, values))
def test_any_record_is_told_whole_or_refused(record: dict[str, Any]) -> None:
    found = told.session("b", GOOD | record, own=False)
    if found is not None:
        assert found["computer"] == "b"
        try:
            orjson.dumps(found)
        except TypeError:  # a number or a text beyond JSON: refused when it is kept
            return
