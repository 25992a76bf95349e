"""Records of other computers: what is well formed comes back, nothing else harms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.from_json import columns_from, project_from, session_from, task_from
from paso.model import (
    DEFAULT_LABEL_COLOR,
    Column,
    ColumnRef,
    Counts,
    LabelRef,
    Project,
    Session,
    Task,
    to_json,
)

THEN, NOW = "2026-05-05T10:00:00.000Z", "2026-05-05T11:00:00.000Z"
SESSION = Session(
    "0123456789abcdef", "f" * 16, "build", None, "WEB", "p-1", None, "WEB-1", "t-1",
    "Fix login", ("make", "all"), "/src", "tmux", True, "ana", 42, "failed", "idle",
    "failed", 137, 9, "killed", "last line", 3, "2026-05-05T10:00:00.000Z",
    "2026-05-05T10:00:01.000Z", "2026-05-05T10:00:02.000Z", "2026-05-05T10:00:03.000Z",
    "2026-05-05T10:00:04.000Z",
)  # fmt: skip
PROJECT = Project(1, "p-1", "WEB", "Website", "of ours", False, THEN, NOW,
                  Counts(2, 1, 0))  # fmt: skip
COLUMNS = [
    Column(4, "c-4", 1, "To do", "ready", None, 1, 2),
    Column(5, "c-5", 1, "Doing", None, 3, 2, 0),
]
TASK = Task(
    7, "t-1", "WEB-1", 1, 1, ColumnRef(4, "To do", "ready"), 1, "Fix login",
    "on Safari", "bug", "high", (LabelRef(9, "ui", "#EC4899"),), "2026-05-08", "ana",
    True, ("WEB-2",), (), "WEB-3", ("WEB-4",), 2, (), 5, False, THEN, NOW, None,
)  # fmt: skip

TIMES = ("created_at", "started_at", "active_at", "ended_at", "updated_at")
ODD: list[Any] = [None, True, 3, -1, 1e9, "x", "\x1b[31m", [], [3], {}, {"id": "x"}]


def test_what_was_told_comes_back_whole() -> None:
    assert session_from(to_json(SESSION)) == SESSION
    assert project_from(to_json(PROJECT)) == PROJECT
    record = to_json(PROJECT) | {"columns": to_json(COLUMNS)}
    assert columns_from(record, PROJECT.id) == COLUMNS
    assert task_from(to_json(TASK)) == TASK


def test_another_computer_s_ids_of_project_and_task_are_left_out() -> None:
    found = session_from(to_json(SESSION) | {"project_id": 1, "task_id": 7})
    assert found == SESSION


def test_a_session_needs_a_name_and_a_state_and_nothing_else() -> None:
    least = {"id": "s", "computer": "b", "phase": "running"}
    found = session_from(least)
    assert found is not None
    assert (found.activity, found.attention, found.title) == ("idle", "none", "")
    assert (found.argv, found.backend, found.version) == ((), "", 0)
    assert found.started_at is None
    for name in least:
        assert session_from({**least, name: ""}) is None


@pytest.mark.parametrize("wrong", [None, 3, "x", [], {}, [{}], {"id": 1}])
def test_what_is_no_record_is_none(wrong: object) -> None:
    assert session_from(wrong) is None
    assert project_from(wrong) is None
    assert task_from(wrong) is None
    assert columns_from(wrong, 1) == []


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_field_of_any_kind_is_read_or_empty(odd: object) -> None:
    for name in Session._fields:
        found = session_from(to_json(SESSION) | {name: odd})
        assert found is None or found.title in ("build", "x", "\x1b[31m", "")
    for name in Task._fields:
        task = task_from(to_json(TASK) | {name: odd})
        assert task is None or isinstance(hash(task), int)
    for name in Project._fields:
        project = project_from(to_json(PROJECT) | {name: odd})
        assert project is None or isinstance(hash(project), int)
    for name in Column._fields:
        record = {"columns": [to_json(COLUMNS[0]) | {name: odd}]}
        assert len(columns_from(record, 1)) <= 1


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "\u202egnp", ""])
def test_what_is_shown_as_it_is_has_no_character_that_is_obeyed(name: str) -> None:
    for told in ("id", "computer"):
        assert session_from(to_json(SESSION) | {told: name}) is None
    for told in ("uid", "key"):
        assert project_from(to_json(PROJECT) | {told: name}) is None
        assert task_from(to_json(TASK) | {told: name}) is None
    task = task_from(to_json(TASK) | {"parent": name, "children": ["WEB-4", name]})
    assert task is not None
    assert (task.parent, task.children) == (None, ("WEB-4",))


@pytest.mark.parametrize(
    "time",
    ["", "x", "\x1b[31m", "2026-05-05", "2026-05-05T10:00:00", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_a_time_that_cannot_be_counted_with_is_none(time: str) -> None:
    session = session_from(to_json(SESSION) | dict.fromkeys(TIMES, time))
    assert session is not None
    assert [getattr(session, name) for name in TIMES] == ["", None, None, None, ""]
    task = task_from(to_json(TASK) | {"created_at": time, "completed_at": time})
    assert task is not None
    assert (task.created_at, task.completed_at) == ("", None)


@pytest.mark.parametrize("color", ["", "red", "#12345", "#12345g", "@click=app.quit"])
def test_a_label_has_a_colour_and_no_other_look(color: str) -> None:
    label = {"id": 9, "name": "ui", "color": color}
    task = task_from(to_json(TASK) | {"labels": [label]})
    assert task is not None
    assert task.labels == (LabelRef(9, "ui", DEFAULT_LABEL_COLOR),)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(values)
def test_anything_at_all_raises_nothing(value: object) -> None:
    for read in (session_from, project_from, task_from):
        read(value)
    columns_from(value, 1)
    columns_from({"columns": value}, 1)
