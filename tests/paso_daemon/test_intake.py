"""Each frame of a client, right and wrong, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import BadEvent, UnsupportedVersion, WireError
from paso.events.types import TOPICS
from paso_daemon import intake
from paso_daemon.hub import Subscription

NOW = "2026-11-20T19:05:00.123456Z"
ROW = {"entity": "task", "op": "update", "id": 1, "uid": "u"}


def change(**more: Any) -> dict[str, Any]:
    return {"event": {"type": "db_changed", "project_id": 3, "timestamp": NOW, **more}}


def test_hello_tells_who_and_where() -> None:
    said = intake.hello(
        {"v": 1, "client": "tui", "pid": 5, "epoch": "e", "seq": 3, "change": 9}
    )
    assert said == ("tui", 5, "e", 9)


def test_hello_needs_no_more_than_a_version() -> None:
    assert intake.hello({"v": 1}) == ("anonymous", None, None, None)


def test_another_version_is_the_end() -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        intake.hello({"v": 2})
    assert caught.value.fatal


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"v": "1"},
        {"v": True},
        {"v": 1.0},
        {"v": 1, "client": 5},
        {"v": 1, "client": ""},
        {"v": 1, "client": "x" * 101},
        {"v": 1, "pid": -1},
        {"v": 1, "pid": "5"},
        {"v": 1, "epoch": 5},
        {"v": 1, "seq": []},
        {"v": 1, "change": {}},
    ],
)
def test_a_wrong_hello_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        intake.hello(frame)


def test_subscribe_without_words_is_everything() -> None:
    assert intake.subscription({}) == Subscription(frozenset(TOPICS), 0, "")


def test_subscribe_names_topics_project_and_computer() -> None:
    frame = {"topics": ["db", "db"], "project_id": 4, "computer": "c"}
    assert intake.subscription(frame) == Subscription(frozenset({"db"}), 4, "c")
    assert intake.subscription({"topics": []}).topics == frozenset()


@pytest.mark.parametrize(
    "frame",
    [
        {"topics": "db"},
        {"topics": ["dB"]},
        {"topics": [1]},
        {"topics": [["db"]]},
        {"project_id": -1},
        {"project_id": "1"},
        {"project_id": 1.5},
        {"project_id": False},
        {"computer": 1},
    ],
)
def test_a_wrong_subscription_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        intake.subscription(frame)


def test_refresh_names_a_topic_or_means_all() -> None:
    assert intake.refresh({}) == TOPICS
    assert intake.refresh({"topic": "tasks"}) == ("tasks",)
    for wrong in ("nothing", 5, ["db"]):
        with pytest.raises(WireError):
            intake.refresh({"topic": wrong})


def test_a_request_has_an_id_and_a_method() -> None:
    assert intake.request({"id": 0, "method": "status"}) == (0, "status", {})
    asked = intake.request({"id": "a", "method": "session", "params": {"id": "s"}})
    assert asked == ("a", "session", {"id": "s"})


@pytest.mark.parametrize(
    "frame",
    [
        {"method": "status"},
        {"id": None, "method": "status"},
        {"id": -1, "method": "status"},
        {"id": "", "method": "status"},
        {"id": [], "method": "status"},
        {"id": 1},
        {"id": 1, "method": 5},
        {"id": 1, "method": "status", "params": []},
    ],
)
def test_a_wrong_request_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        intake.request(frame)


def test_an_announcement_is_passed_on_in_its_own_words() -> None:
    frame = change(mine="too")
    body, address, is_doorbell = intake.event(frame)
    assert body is frame["event"]
    assert address == ("db", 3, "")
    assert not is_doorbell


def test_with_change_numbers_it_is_a_doorbell() -> None:
    frame = change(change={"first": 1, "last": 2}, entities=[ROW], truncated=True)
    assert intake.event(frame)[2]


@pytest.mark.parametrize(
    "stamp",
    [None, NOW, "2026-11-20T19:05:00Z", "2026-11-20t19:05:00.5+00:00"],
)
def test_a_timestamp_is_utc_or_absent(stamp: str | None) -> None:
    intake.event(change(timestamp=stamp))


@pytest.mark.parametrize(
    "stamp",
    ["", "now", 5, [], "2026-11-20", "2026-13-20T19:05:00Z", "2026-11-20T19:05:00",
     "2026-11-20T19:05:00+02:00", "2026-11-20 19:05:00Z", "x" * 5000],
    ids=lambda stamp: repr(stamp)[:30],
)  # fmt: skip
def test_another_timestamp_is_refused(stamp: Any) -> None:
    with pytest.raises(BadEvent):
        intake.event(change(timestamp=stamp))


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"event": None},
        {"event": []},
        {"event": {}},
        {"event": {"type": 5}},
        {"event": {"type": ["db_changed"]}},
        {"event": {"type": "nothing"}},
        {"event": {"type": "db_changed"}},
        {"event": {"type": "db_changed", "project_id": "1"}},
        {"event": {"type": "db_changed", "project_id": -1}},
        {"event": {"type": "db_changed", "project_id": True}},
        change(change=5),
        change(change={}),
        change(change={"first": 2, "last": 1}),
        change(change={"first": 0, "last": 1}),
        change(change={"first": "1", "last": 1}),
        change(entities={}),
        change(entities=[5]),
        change(entities=[{**ROW, "op": "drop"}]),
        change(entities=[{**ROW, "id": "1"}]),
        change(entities=[ROW] * 51),
        {"event": {"type": "session_started"}},
        {"event": {"type": "session_started", "session": {}}},
        {"event": {"type": "session_activity", "session": {"id": "s"}}},
        {
            "event": {
                "type": "session_activity",
                "session": {"id": "s", "activity": "idle", "preview": 5},
            }
        },
        change(truncated="yes"),
        {"event": {"type": "computer_updated", "computer": "c"}},
        {"event": {"type": "projects_updated"}},
        {"event": {"type": "tasks_updated", "computer": "c", "project_uid": 5}},
    ],
    ids=lambda frame: str(frame)[:40],
)
def test_what_is_no_event_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        intake.event(frame)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ({"type": "session_started", "session": {"id": "s"}}, ("sessions", 0, "")),
        (
            {
                "type": "session_updated",
                "session": {"id": "s", "project_id": 3, "computer": "c"},
            },
            ("sessions", 3, "c"),
        ),
        ({"type": "session_removed", "session": {"id": "s"}}, ("sessions", 0, "")),
        (
            {"type": "session_activity", "session": {"id": "s", "activity": "idle"}},
            ("sessions", 0, ""),
        ),
        ({"type": "computer_updated", "computer": {"id": "c"}}, ("computers", 0, "c")),
        ({"type": "computer_removed", "computer": {"id": "c"}}, ("computers", 0, "c")),
        ({"type": "projects_updated", "computer": "c"}, ("projects", 0, "c")),
        (
            {"type": "tasks_updated", "computer": "c", "project_uid": "u"},
            ("tasks", 0, "c"),
        ),
    ],
)
def test_each_event_goes_to_its_topic(body: dict[str, Any], address: object) -> None:
    assert intake.event({"event": body}) == (body, address, False)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
names = st.sampled_from(
    ["v", "client", "pid", "topics", "project_id", "computer", "topic", "id", "method",
     "params", "event", "epoch", "seq", "change"]
)  # fmt: skip


@given(st.dictionaries(names, values))
def test_any_fields_are_understood_or_refused_in_words(frame: dict[str, Any]) -> None:
    for read in (
        intake.hello,
        intake.subscription,
        intake.refresh,
        intake.request,
        intake.event,
    ):
        try:
            read(frame)
        except WireError as error:
            assert 0 < len(error.message) < 300
