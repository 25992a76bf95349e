from __future__ import annotations

import pytest

from paso.from_json import session_from
from paso.tui.session_book import LIVE, OFFLINE, STALE, SessionBook
from tests.paso.tui.sessions import FAR, OWN, record, session

MID = "a" * 16


def book() -> SessionBook:
    made = SessionBook(OWN, "here")
    made.take_local([session(1)])
    computers = [
        {"id": OWN, "name": "here", "state": "live", "this": True},
        {"id": FAR, "name": "far", "state": "live", "age_s": 2.0},
        {"id": MID, "name": "mid", "state": "live"},
    ]
    made.take({"type": "computers_initial", "data": computers}, 100.0)
    return made


def initial(*records: object, **sources: str) -> dict[str, object]:
    told = {owner: {"state": state, "age_s": 9} for owner, state in sources.items()}
    return {"type": "sessions_initial", "data": list(records), "sources": told}


def ids(found: SessionBook) -> set[str]:
    return {session.id[-1] for session in found.sessions()}


def test_sessions_of_all_computers_stand_together() -> None:
    made = book()
    far, mid = session(2, FAR), session(3, MID)
    made.take(initial(record(far), record(mid), record(session(9))), 100.0)
    assert ids(made) == {"1", "2", "3"}
    assert [computer.name for computer in made.others()] == ["far", "mid"]


def test_a_snapshot_of_one_computer_leaves_the_others_as_they_are() -> None:
    made = book()
    made.take(initial(record(session(2, FAR)), record(session(3, MID))), 100.0)
    made.take(initial(record(session(4, FAR)), **{FAR: "fresh"}), 101.0)
    assert ids(made) == {"1", "3", "4"}


def test_a_source_that_cannot_be_reached_takes_nothing_away() -> None:
    made = book()
    made.take(initial(record(session(2, FAR)), **{FAR: "fresh"}), 100.0)
    made.take(initial(**{FAR: "unreachable", MID: "fresh"}), 101.0)
    assert ids(made) == {"1", "2"}
    assert made.computer(FAR).state == OFFLINE
    made.take(initial(**{FAR: "fresh"}), 102.0)
    assert ids(made) == {"1"}


def test_events_start_update_and_remove() -> None:
    made = book()
    body = record(session(2, FAR))
    assert made.take({"type": "session_started", "session": body}, 1.0)
    newer = body | {"version": 3, "phase": "ended", "attention": "finished"}
    assert made.take({"type": "session_updated", "session": newer}, 1.0)
    assert not made.take({"type": "session_updated", "session": body}, 1.0)
    assert made.remote_needs() == 1
    gone = {"id": body["id"], "computer": FAR}
    assert made.take({"type": "session_removed", "session": gone}, 1.0)
    assert not made.take({"type": "session_removed", "session": gone}, 1.0)
    assert ids(made) == {"1"}


def test_activity_changes_only_what_it_names() -> None:
    made = book()
    made.take({"type": "session_started", "session": record(session(2, FAR))}, 1.0)
    body = {"id": session(2).id, "computer": FAR, "activity": "working"}
    assert made.take({"type": "session_activity", "session": body}, 1.0)
    found = made.get(FAR, session(2).id)
    assert found is not None
    assert (found.activity, found.title) == ("working", "session 2")
    own = {"id": session(1).id, "preview": "42 passed"}
    assert made.take({"type": "session_activity", "session": own}, 1.0)
    assert made.local[session(1).id].preview == "42 passed"


def test_events_of_this_computer_change_nothing_the_database_is_right() -> None:
    made = book()
    body = record(session(7))
    assert not made.take({"type": "session_started", "session": body}, 1.0)
    gone = {"id": session(1).id, "computer": OWN}
    assert not made.take({"type": "session_removed", "session": gone}, 1.0)
    assert ids(made) == {"1"}


def test_a_computer_that_goes_takes_its_sessions_along() -> None:
    made = book()
    made.take({"type": "session_started", "session": record(session(2, FAR))}, 1.0)
    assert made.take({"type": "computer_removed", "computer": {"id": FAR}}, 1.0)
    assert ids(made) == {"1"}


def test_without_a_daemon_what_others_told_grows_old_and_stays() -> None:
    made = book()
    made.take({"type": "session_started", "session": record(session(2, FAR))}, 1.0)
    made.forget_others()
    assert ids(made) == {"1", "2"}
    assert made.computer(FAR).state == STALE
    assert made.computer(OWN).state == LIVE


def test_the_way_to_other_computers_in_words() -> None:
    made = book()
    assert made.peers_words() == ""
    made.take_peers({"state": "live"})
    assert made.peers_words() == "⇄ 2"
    made.take_peers({"state": "unreachable"})
    assert made.peers_words() == "⇄ redis unreachable"
    made.take_peers({"state": "off"})
    assert made.peers_words() == ""


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        {"id": 3},
        {"phase": "dancing"},
        {"activity": ["working"]},
        {"attention": None},
        {"computer": ""},
    ],
)
def test_a_record_that_is_none_is_left_out(broken: object) -> None:
    whole = record(session(2, FAR))
    made = whole | broken if isinstance(broken, dict) and broken else broken
    assert session_from(made) is None
    found = book()
    assert not found.take({"type": "session_started", "session": made}, 1.0)
    found.take(initial(made, whole), 1.0)
    assert ids(found) == {"1", "2"}


def test_fields_of_a_wrong_kind_are_empty() -> None:
    body = record(session(2, FAR), title=7, exit_code="x", argv="ls", task=[1])
    found = session_from(body)
    assert found is not None
    assert (found.title, found.exit_code, found.argv, found.task) == (
        "",
        None,
        (),
        None,
    )


@pytest.mark.parametrize("kind", ["sessions_initial", "computers_initial"])
def test_frames_of_a_wrong_shape_harm_nothing(kind: str) -> None:
    made = book()
    shapes: list[object] = [None, 3, {}, [None, 3, {"id": 5}]]
    for data in shapes:
        made.take({"type": kind, "data": data, "sources": 4}, 1.0)
    bodies: list[object] = [
        3,
        None,
        {"id": [], "computer": {}},
        {"id": {}, "activity": []},
    ]
    for event in ("session_activity", "session_removed", "computer_updated"):
        for body in bodies:
            made.take({"type": event, "session": body, "computer": body}, 1.0)
    assert ids(made) == {"1"}
