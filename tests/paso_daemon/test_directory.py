"""What is kept, and what clients and peers are told of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from paso.computer import Computer
from paso.errors import NotFound
from paso_daemon import cache as caches
from paso_daemon import replacing
from paso_daemon.announcer import OwnChange
from paso_daemon.cache import Cache
from paso_daemon.directory import Directory
from paso_daemon.hub import Hub, Subscription
from paso_daemon.replacing import ids_of, in_parts
from tests.paso_daemon.lists import take_tasks

Event = dict[str, Any]
SESSIONS = Subscription(frozenset({"sessions"}))


class Place:
    """A directory with its hub; what each member of the hub was sent."""

    def __init__(self, max_frame: int = 1 << 20) -> None:
        self.hub: Hub[str] = Hub("e")
        self.sent: dict[str, list[Event]] = {}
        self.own: list[OwnChange] = []
        self.directory = Directory(
            Cache("me"),
            self.hub,
            Computer("me", "desk"),
            asyncio.get_running_loop(),
            flush=self._flush,
            max_frame=max_frame,
        )
        self.directory.own_listeners.append(self.own.append)
        self.hub.join("all")

    def _flush(self) -> None:
        for members, batch in self.hub.take():
            for line in batch.data.splitlines():
                for member in members:
                    self.sent.setdefault(member, []).append(json.loads(line))

    def put(self, owner: str, id: str, version: int = 1, **more: Any) -> bool:
        return self.directory.put_session(owner, session(id, version, **more), version)

    async def told(self, member: str = "all") -> list[Event]:
        """The events since the last call, when no more are waiting."""
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
            while len(self.directory._news):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return [frame["event"] for frame in self.sent.pop(member, [])]

    def shown(self, topic: str, wanted: Subscription = SESSIONS) -> list[Event]:
        frames = map(json.loads, self.directory.snapshot(topic, wanted))
        return [record for frame in frames for record in frame["data"]]


def session(id: str, version: int = 1, **more: Any) -> Event:
    return {"id": id, "phase": "running", "activity": "idle", "version": version} | more


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


async def test_a_session_is_started_updated_and_removed() -> None:
    place = Place()
    assert place.put("me", "s", 1)
    (event,) = await place.told()
    assert event["type"] == "session_started"
    assert (event["session"]["id"], event["session"]["computer"]) == ("s", "me")
    assert event["timestamp"].endswith("Z")
    assert place.put("me", "s", 2, phase="ended")
    (event,) = await place.told()
    assert (event["type"], event["session"]["phase"]) == ("session_updated", "ended")
    assert place.directory.remove_session("me", "s", 3)
    (event,) = await place.told()
    assert event["type"] == "session_removed"
    assert event["session"] == {"id": "s", "computer": "me"}


async def test_what_is_no_news_is_no_event() -> None:
    place = Place()
    place.put("me", "s", 2)
    await place.told()
    assert not place.put("me", "s", 2)
    assert not place.put("me", "s", 1)
    assert not place.directory.remove_session("me", "s", 1)
    assert not place.directory.activity("me", "s", "idle")
    assert await place.told() == []
    assert place.own == place.own[:1]


async def test_a_late_update_does_not_bring_a_removed_session_back() -> None:
    place = Place()
    place.put("b", "s", 3)
    place.directory.remove_session("b", "s", 4)
    assert not place.put("b", "s", 4)
    assert kinds(await place.told()) == ["session_removed"]
    assert place.shown("sessions") == []


async def test_changes_of_two_sessions_are_both_told() -> None:
    place = Place()
    for version in range(1, 50):
        place.put("b", "s", version)
        place.put("c", "s", version)
    events = await place.told()
    assert [(e["session"]["computer"], e["session"]["version"]) for e in events] == [
        ("b", 49),
        ("c", 49),
    ]


async def test_activity_is_an_event_of_its_own_and_shown_in_snapshots() -> None:
    place = Place()
    place.put("b", "s", 4)
    await place.told()
    place.directory.activity("b", "s", "working", "compiling")
    place.directory.activity("b", "s", "working", "linking")
    (event,) = await place.told()
    activity = {"id": "s", "computer": "b", "activity": "working", "preview": "linking"}
    assert (event["type"], event["session"]) == ("session_activity", activity)
    (record,) = place.shown("sessions")
    assert (record["preview"], record["version"]) == ("linking", 4)
    assert not place.directory.activity("b", "nobody", "working")


async def test_a_snapshot_of_an_owner_removes_what_it_misses_with_events() -> None:
    place = Place()
    for id in "abc":
        place.put("b", id)
    place.put("c", "a")
    await place.told()
    place.directory.replace_sessions("b", [session("a"), session("b", 2), session("d")])
    events = await place.told()
    assert {(e["type"], e["session"]["id"]) for e in events} == {
        ("session_updated", "b"),
        ("session_started", "d"),
        ("session_removed", "c"),
    }
    assert len(place.shown("sessions")) == 4
    place.directory.replace_sessions("b", [session("a"), session("b", 2), session("d")])
    assert await place.told() == []


async def test_a_snapshot_of_another_database_counts_anew() -> None:
    place = Place()
    place.put("me", "s", 9)
    await place.told()
    place.directory.replace_sessions("me", [session("s", 1)], anew=True)
    (event,) = await place.told()
    assert (event["type"], event["session"]["version"]) == ("session_updated", 1)


def parts_of(place: Place, *records: Event, anew: bool = False) -> Iterator[None]:
    return in_parts(place.directory, "b", ids_of(records), records, anew=anew)


def versions(place: Place) -> dict[str, int]:
    return {record["id"]: record["version"] for record in place.shown("sessions")}


@pytest.fixture
def parts_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "PART", 2)


@pytest.mark.usefixtures("parts_of_two")
async def test_a_snapshot_in_parts_is_true_only_when_all_of_it_is_there() -> None:
    place = Place()
    place.directory.set_link("b", "live")
    parts = parts_of(place, *(session(id) for id in "abcde"))
    for count in (2, 4, 5):
        next(parts)
        assert len(versions(place)) == count
        assert place.directory.sources("sessions", "b")["b"]["age_s"] is None
    assert list(parts) == []
    assert place.directory.sources("sessions", "b")["b"]["age_s"] is not None
    assert len(await place.told()) == 5


@pytest.mark.usefixtures("parts_of_two")
async def test_a_snapshot_that_is_left_in_the_middle_is_made_up_for() -> None:
    place = Place()
    for id in "abcdef":
        place.put("b", id, 9)
    abandoned = parts_of(place, *(session(id, 1) for id in "abcd"), anew=True)
    next(abandoned)
    next(abandoned)
    assert versions(place) == {"a": 1, "b": 1, "c": 9, "d": 9}
    again = [session("a", 2), session("c", 1), session("f", 1)]
    for _ in parts_of(place, *again, anew=True):
        pass
    assert versions(place) == {"a": 2, "c": 1, "f": 1}


@pytest.mark.usefixtures("parts_of_two")
async def test_an_older_snapshot_of_the_same_count_leads_nothing_back() -> None:
    place = Place()
    place.put("b", "new", 9)
    place.put("b", "gone", 4)
    place.directory.remove_session("b", "gone", 5)
    for _ in parts_of(place, session("new", 8), session("gone", 4), session("x")):
        pass
    assert versions(place) == {"new": 9, "x": 1}


@pytest.mark.usefixtures("parts_of_two")
async def test_what_stays_as_it_was_is_no_event_though_versions_begin_anew() -> None:
    place = Place()
    for id in "abc":
        place.put("b", id, 3)
    await place.told()
    for _ in parts_of(place, session("a", 3), session("b", 1), anew=True):
        pass
    told = {(e["type"], e["session"]["id"]) for e in await place.told()}
    assert told == {("session_updated", "b"), ("session_removed", "c")}
    assert place.put("b", "a", 4), "and counts on from there"
    assert not place.put("b", "b", 1)


async def test_peers_hear_the_version_of_what_a_database_that_begins_anew_lacks() -> (
    None
):
    place = Place()
    place.put("me", "s", 9)
    await place.told()
    place.own.clear()
    place.directory.replace_sessions("me", [], anew=True)
    await place.told()
    assert [(one.kind, one.version) for one in place.own] == [("session_removed", 9)]


@pytest.mark.usefixtures("parts_of_two")
async def test_who_is_gone_makes_room_for_who_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = caches.LIMITS["sessions"]._replace(records=4)
    monkeypatch.setitem(caches.LIMITS, "sessions", few)
    place = Place()
    for id in "abcd":
        place.put("b", id)
    for _ in parts_of(place, *(session(id) for id in "wxyz")):
        pass
    assert set(versions(place)) == set("wxyz")


async def test_a_wrong_record_of_a_snapshot_leaves_no_older_one_in_its_place() -> None:
    place = Place()
    place.put("b", "s")
    place.directory.replace_sessions("b", [session("s", 2, phase="flying")])
    assert versions(place) == {}


async def test_wrong_and_large_records_are_refused_and_counted() -> None:
    place = Place()
    directory = place.directory
    assert not place.put("b", "s", computer="c"), "it speaks of another computer"
    assert not place.put("b", "s", phase="flying")
    assert not directory.put_session("b", session("s"), -1)
    assert not place.put("b", "s", text="\ud800")
    assert not directory.activity("b", "s", "dreaming")
    directory.replace_sessions("b", [session("good"), {"id": 5}, session("x", -1)])
    assert directory.refused == 7
    assert not place.put("b", "s", pad="x" * 100_000)
    assert [e["session"]["id"] for e in await place.told()] == ["good"]
    assert [record["id"] for record in place.shown("sessions")] == ["good"]


async def test_an_event_longer_than_a_frame_is_not_sent() -> None:
    place = Place(max_frame=2000)
    place.put("b", "s", pad="x" * 3000)
    place.put("b", "t")
    assert [e["session"]["id"] for e in await place.told()] == ["t"]


async def test_sessions_go_to_who_wants_their_project_or_computer() -> None:
    place = Place()
    place.hub.join("of 3", Subscription(frozenset({"sessions"}), 3))
    place.hub.join("of b", Subscription(frozenset({"sessions"}), 0, "b"))
    place.put("me", "three", project_id=3)
    place.put("me", "four", project_id=4)
    place.put("b", "theirs", project_id=3)
    await place.told()
    told = {
        name: [frame["event"]["session"]["id"] for frame in place.sent[name]]
        for name in ("of 3", "of b")
    }
    assert told == {"of 3": ["three", "theirs"], "of b": ["theirs"]}
    ids = [
        {record["id"] for record in place.shown("sessions", place_wanted)}
        for place_wanted in (
            Subscription(frozenset({"sessions"}), 3),
            Subscription(frozenset({"sessions"}), 0, "b"),
        )
    ]
    assert ids == [{"three", "theirs"}, {"theirs"}]
    take_tasks(place.directory, "b", "p", "t", project_id=9)
    of_three = Subscription(frozenset({"tasks"}), 3)
    assert len(place.shown("tasks", of_three)) == 1, "their 9 is none of ours"


async def test_who_follows_the_project_that_a_session_left_hears_of_it() -> None:
    place = Place()
    place.hub.join("of 3", Subscription(frozenset({"sessions"}), 3))
    place.put("me", "s", 1, project_id=3)
    await place.told()
    place.sent.clear()
    place.put("me", "s", 2, project_id=4)
    (event,) = await place.told("of 3")
    assert event["session"]["project_id"] == 4


async def test_only_our_own_changes_are_told_to_peers() -> None:
    place = Place()
    place.put("me", "s", 5)
    place.put("b", "s", 5)
    await place.told()
    place.directory.activity("me", "s", "working", "x")
    place.directory.activity("b", "s", "working", "x")
    await place.told()
    place.directory.remove_session("me", "s", 6)
    place.directory.remove_session("b", "s", 6)
    await place.told()
    place.directory.board_changed(3, 7, 9)
    told = [(change.kind, change.id, change.version) for change in place.own]
    assert told == [
        ("session", "s", 5),
        ("activity", "s", 0),
        ("session_removed", "s", 6),
        ("db", "3", 9),
    ]
    assert place.own[0].body["computer"] == "me"
    assert place.own[1].body["activity"] == "working"
    assert place.own[3].body == {"project_id": 3, "first": 7, "last": 9}


async def test_a_computer_is_told_of_when_it_changes() -> None:
    place = Place()
    record = {"id": "b", "name": "box", "state": "live"}
    assert place.directory.put_computer(record)
    assert not place.directory.put_computer(record)
    (event,) = await place.told()
    shown = record | {"following": False}
    assert (event["type"], event["computer"]) == ("computer_updated", shown)
    place.directory.follow("b", True)
    (event,) = await place.told()
    assert event["computer"] == record | {"following": True}
    place.directory.remove_computer("b")
    place.directory.put_computer(record)
    assert kinds(await place.told()) == ["computer_updated"]
    assert {r["id"] for r in place.shown("computers")} == {"me", "b"}


async def test_with_a_computer_goes_all_that_was_known_of_it() -> None:
    place = Place()
    place.directory.put_computer({"id": "b", "name": "box"})
    place.put("b", "s")
    place.directory.put_projects("b", [{"uid": "p"}])
    take_tasks(place.directory, "b", "p", "t")
    await place.told()
    place.directory.remove_computer("b")
    assert sorted(kinds(await place.told())) == [
        "computer_removed",
        "projects_updated",
        "session_removed",
        "tasks_updated",
    ]
    everything = Subscription()
    for topic in ("sessions", "projects", "tasks"):
        assert place.shown(topic, everything) == []
    assert not place.directory.is_known("b")


async def test_lists_replace_one_another_whole_and_by_project() -> None:
    place = Place()
    directory, everything = place.directory, Subscription()
    directory.set_link("b", "live")
    directory.put_projects("b", [{"uid": "p"}, {"uid": "q"}])
    take_tasks(directory, "b", "p", "1", "2")
    take_tasks(directory, "b", "q", "3")
    events = await place.told()
    assert [(e["type"], e.get("project_uid")) for e in events] == [
        ("projects_updated", None),
        ("tasks_updated", "p"),
        ("tasks_updated", "q"),
    ]
    assert {e["computer"] for e in events} == {"b"}
    take_tasks(directory, "b", "p", "2")
    assert {r["uid"] for r in place.shown("tasks", everything)} == {"2", "3"}
    await place.told()
    take_tasks(directory, "b", "p", "2")
    directory.put_projects("b", [{"uid": "q"}, {"uid": "p"}])
    assert await place.told() == [], "an equal list is no news"


async def test_a_snapshot_says_how_each_computer_can_be_reached() -> None:
    place = Place()
    place.directory.set_link("b", "live")
    place.directory.replace_sessions("b", [session("s")], age_s=5.0)
    assert place.directory.sources("sessions", "b")["b"]["state"] == "stale"
    place.directory.follow("b", True)
    place.directory.set_link("c", "offline")
    sources = place.directory.sources("sessions")
    assert sources["me"] == sources["b"] == {"state": "fresh"}
    assert sources["c"]["state"] == "unreachable"
    place.directory.set_link("b", "offline")
    assert place.directory.sources("sessions", "b")["b"]["state"] == "unreachable"
    assert [record["id"] for record in place.shown("sessions")] == ["s"]
    place.directory.set_link("me", "offline")
    assert place.directory.sources("sessions", "me") == {"me": {"state": "fresh"}}


async def test_sessions_that_came_and_went_leave_nothing() -> None:
    place = Place()
    for number in range(1000):
        place.put("me", f"s{number}", 1)
        place.directory.activity("me", f"s{number}", "working", "x")
        place.directory.remove_session("me", f"s{number}", 2)
        if number % 100 == 0:
            await asyncio.sleep(0)
    await place.told()
    assert place.directory.cache.size("sessions") == 0
    assert place.directory.cache.count("phase", "running") == 0
    assert place.shown("sessions") == []
    async with asyncio.timeout(10):
        while place.directory._news._told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# Interest --------------------------------------------------------------------------


def watch(place: Place) -> list[frozenset[tuple[str, str]]]:
    seen: list[frozenset[tuple[str, str]]] = []
    place.directory.on_interest.append(seen.append)
    return seen


async def test_interest_is_what_was_asked_for_and_ends_with_who_asked() -> None:
    place = Place()
    seen = watch(place)
    assert place.directory.interest() == frozenset(), "`all` never subscribed"
    one = Subscription(frozenset({"db", "sessions"}), 0, "b")
    place.hub.join("x", one)
    place.hub.join("y", Subscription(frozenset({"computers"})))
    place.hub.leave("x")
    assert seen == [
        frozenset({("b", "sessions")}),
        frozenset({("b", "sessions"), ("", "computers")}),
        frozenset({("", "computers")}),
    ], "the interest of one ends at once though another stays"


async def test_interest_is_told_once_when_it_moves_and_never_twice() -> None:
    place = Place()
    seen = watch(place)
    both = Subscription(frozenset({"sessions"}), 0, "b")
    place.hub.join("x", both)
    place.hub.join("y", both)
    place.hub.leave("x")
    assert len(seen) == 1
    place.hub.join("y", Subscription(frozenset({"sessions"}), 0, "c"))
    assert seen[1:] == [frozenset({("c", "sessions")})], "no moment without any"
    place.hub.join("y", Subscription(frozenset({"db"})))
    assert seen[-1] == frozenset()


async def test_refresh_is_passed_on_to_who_can_look() -> None:
    place = Place()
    asked: list[tuple[str, str]] = []
    listener: Callable[[str, str], None] = lambda topic, computer: asked.append(  # noqa: E731
        (topic, computer)
    )
    place.directory.on_refresh.append(listener)
    place.directory.refresh("tasks", "b")
    assert asked == [("tasks", "b")]


# Finding ---------------------------------------------------------------------------


async def test_a_session_is_found_on_its_computer_and_never_on_another() -> None:
    place = Place()
    find = place.directory.find_session
    place.put("b", "only")
    place.put("me", "two")
    place.put("b", "two")
    place.put("b", "far")
    place.put("c", "far")
    assert find("only").owner == "b"
    assert find("two").owner == "me"
    assert find("two", "b").owner == "b"
    assert find("far", "c").owner == "c"
    for id, computer in (("far", ""), ("only", "c"), ("only", "me"), ("nothing", "")):
        with pytest.raises(NotFound):
            find(id, computer)
