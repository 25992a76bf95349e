"""What is known of every computer, and how fresh it is. The clock is a number."""

from __future__ import annotations

import json
from typing import Any

from paso_daemon import cache as caches
from paso_daemon.cache import LIVE, MAX_COMPUTERS, OFFLINE, STALE, TTL_S, Cache
from paso_daemon.shelf import Changes, Item

FRESH = {"state": "fresh"}


def put(
    cache: Cache, owner: str, id: str, version: int = 1, phase: str = "running"
) -> bool:
    record = {"id": id, "computer": owner, "phase": phase, "version": version}
    return cache.put("sessions", owner, id, record, version, 0.0)


def items(*ids: str, version: int = 1) -> list[Item]:
    return [Item(id, {"id": id, "phase": "running"}, version) for id in ids]


def test_the_same_id_on_two_computers_is_two_sessions() -> None:
    cache = Cache("me")
    put(cache, "me", "s")
    put(cache, "b", "s", phase="ended")
    assert set(cache.owners_of("sessions", "s")) == {"me", "b"}
    assert (cache.get("sessions", "b", "s") or {})["phase"] == "ended"
    assert [one[:2] for one in cache.having("phase", "running")] == [("me", "s")]
    assert list(cache.having("phase", "ended", "me")) == []
    cache.remove("sessions", "b", "s", 2, 0.0)
    assert cache.owners_of("sessions", "s") == ("me",)


def test_what_is_read_out_is_a_copy() -> None:
    cache = Cache("me")
    put(cache, "me", "s")
    found: dict[str, Any] = cache.get("sessions", "me", "s") or {}
    found["phase"] = "changed"
    assert (cache.get("sessions", "me", "s") or {})["phase"] == "running"
    assert cache.get("sessions", "me", "t") is None
    assert cache.get("sessions", "nobody", "s") is None


def test_known_are_all_records_or_those_of_one_computer() -> None:
    cache = Cache("me")
    for owner in ("me", "b"):
        for id in ("s", "t"):
            put(cache, owner, id)
    known = [(one.owner, one.key) for one in cache.known("sessions")]
    assert known == [("me", "s"), ("me", "t"), ("b", "s"), ("b", "t")]
    theirs = [json.loads(one.entry.data) for one in cache.known("sessions", "b")]
    assert [(one["computer"], one["id"]) for one in theirs] == known[2:]
    assert list(cache.known("sessions", "nobody")) == []


def test_a_snapshot_is_of_its_owner_alone() -> None:
    cache = Cache("me")
    put(cache, "b", "gone")
    put(cache, "c", "stays")
    found = cache.replace("sessions", "b", items("new"), 1.0)
    assert found == Changes(("new",), (), ("gone",))
    assert cache.of_computer("sessions", "c") == ("stays",)


def test_an_owner_that_begins_anew_has_its_versions_forgotten() -> None:
    cache = Cache("me")
    put(cache, "b", "s", version=9)
    put(cache, "b", "gone", version=9)
    cache.remove("sessions", "b", "back", 9, 0.0)
    fresh = items("s", "back", version=1)
    assert cache.replace("sessions", "b", fresh, 1.0).changed == ()
    cache.begin_anew("sessions", "b")
    found = cache.replace("sessions", "b", fresh, 1.0)
    assert found == Changes(("back",), ("s",), ())
    assert set(cache.of_computer("sessions", "b")) == {"s", "back"}


def test_to_forget_a_computer_leaves_nothing() -> None:
    cache = Cache("me")
    put(cache, "b", "s")
    cache.replace("projects", "b", [Item("p", {"uid": "p"})], 0.0)
    cache.link("b", LIVE, 0.0)
    assert set(cache.forget("b")) == {("sessions", "s"), ("projects", "p")}
    assert not cache.knows("b")
    assert cache.size("sessions") == cache.size("projects") == 0
    assert cache.freshness("sessions", "b", 1.0) == {"state": "unreachable"}


def test_what_was_read_is_fresh_up_to_its_time_and_then_stale_with_its_age() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 0.0)
    for kind in ("projects", "tasks"):
        assert cache.freshness(kind, "b", 0.0) == {"state": "stale", "age_s": None}
        cache.replace(kind, "b", [], 10.0)
        assert cache.freshness(kind, "b", 10.0 + TTL_S[kind]) == FRESH
        old = cache.freshness(kind, "b", 11.0 + TTL_S[kind])
        assert old == {"state": "stale", "age_s": 1.0 + TTL_S[kind]}


def test_an_equal_snapshot_renews_how_fresh_it_is() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 0.0)
    cache.replace("projects", "b", [Item("p", {"uid": "p"})], 0.0)
    later = TTL_S["projects"] + 100.0
    found = cache.replace("projects", "b", [Item("p", {"uid": "p"})], later)
    assert found == Changes((), (), ())
    assert cache.freshness("projects", "b", later) == FRESH


def test_stale_and_unreachable_records_are_shown_with_their_age() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 5.0)
    cache.replace("sessions", "b", items("s"), 5.0)
    assert cache.follow("b", True, 5.0)
    assert cache.freshness("sessions", "b", 500.0) == FRESH, "as long as b is live"
    cache.link("b", LIVE, 500.0)
    cache.link("b", STALE, 560.0)
    assert cache.freshness("sessions", "b", 560.0) == {"state": "stale", "age_s": 60.0}
    cache.link("b", OFFLINE, 570.0)
    gone = cache.freshness("sessions", "b", 600.0)
    assert gone == {"state": "unreachable", "age_s": 100.0}
    assert len(list(cache.known("sessions", "b"))) == 1


def test_sessions_are_fresh_only_while_their_owner_is_followed() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 0.0)
    cache.replace("sessions", "b", items("s"), 0.0)
    assert cache.freshness("sessions", "b", 1.0) == {"state": "stale", "age_s": 1.0}
    assert cache.follow("b", True, 1.0)
    assert not cache.follow("b", True, 2.0), "that is no news"
    assert cache.freshness("sessions", "b", 90.0) == FRESH
    assert cache.follow("b", False, 100.0)
    cache.link("b", LIVE, 130.0)
    assert cache.freshness("sessions", "b", 130.0) == {"state": "stale", "age_s": 30.0}
    cache.follow("b", True, 140.0)
    cache.forget("b")
    assert not cache.follows("b")


def test_a_computer_that_was_never_heard_of_is_unreachable() -> None:
    cache = Cache("me")
    assert cache.sources("tasks", "b", 0.0) == {"b": {"state": "unreachable"}}


def test_sources_name_each_computer_that_a_list_speaks_of() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 0.0)
    cache.replace("sessions", "b", [], 0.0)
    cache.follow("b", True, 0.0)
    put(cache, "kept", "s")
    assert cache.sources("sessions", "", 1.0) == {
        "me": FRESH,
        "b": FRESH,
        "kept": {"state": "unreachable"},
    }
    assert set(cache.sources("projects", "", 1.0)) == {"b"}
    assert cache.sources("projects", "me", 1.0) == {}
    assert cache.sources("sessions", "me", 1.0) == {"me": FRESH}


def test_a_session_alone_says_nothing_of_the_others() -> None:
    cache = Cache("me")
    cache.link("b", LIVE, 0.0)
    put(cache, "b", "s")
    assert cache.freshness("sessions", "b", 0.0)["state"] == "stale"


def test_counts_come_from_the_indexes() -> None:
    cache = Cache("me")
    for owner in ("me", "b"):
        record = {"id": "s", "phase": "running", "attention": "input", "task_uid": "t"}
        cache.put("sessions", owner, "s", record, 1, 0.0)
    assert cache.count("attention") == 2
    assert cache.count("attention", owner="b") == 1
    assert cache.count("phase", "running") == 2
    assert [one[:2] for one in cache.having("task", "t", "b")] == [("b", "s")]


def test_computers_are_bounded() -> None:
    cache = Cache("me")
    for number in range(MAX_COMPUTERS + 50):
        name = f"c{number}"
        taken = cache.put("computers", name, name, {"id": name}, 0, 0.0)
        assert taken == (number < MAX_COMPUTERS)
        cache.link(name, LIVE, 0.0)
    assert cache.size("computers") == MAX_COMPUTERS
    assert cache.live_peers() <= MAX_COMPUTERS


def test_what_made_room_is_told() -> None:
    cache = Cache("me")
    gone: list[tuple[str, str, str]] = []
    cache.on_evict = lambda kind, owner, key, _: gone.append((kind, owner, key))
    most = caches.LIMITS["sessions"].records
    for number in range(most + 1):
        put(cache, "b", f"s{number}", phase="ended")
    assert gone == [("sessions", "b", "s0")]
    assert cache.size("sessions", "b") == most
