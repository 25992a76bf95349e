"""Frames and readings become the same notices."""

from __future__ import annotations

from paso.events.change_reader import Stretch
from paso.events.notices import Changed, Resync, changed_by, changed_in, resync_of
from paso.events.types import MAX_ENTITIES, Entity, db_changed

ROW = Entity("task", "update", 1, "u")
ORIGIN = {"client": "cli", "pid": 5, "computer": "c"}


def test_an_event_and_the_rows_it_tells_of_are_the_same_notice() -> None:
    event = db_changed(3, "now", first=7, last=8, entities=(ROW, ROW))
    told = changed_by({"type": "event", "seq": 1, "origin": ORIGIN, "event": event})
    assert told == Changed(3, 7, 8, (ROW, ROW), False, ORIGIN)
    read = changed_in(Stretch(3, "cli", 5, 7, 8, (ROW, ROW)))
    assert read == told._replace(origin={**ORIGIN, "computer": None})


def test_an_announcement_has_no_numbers() -> None:
    frame = {"origin": ORIGIN, "event": db_changed(0, "now")}
    assert changed_by(frame) == Changed(0, None, None, (), False, ORIGIN)


def test_many_rows_are_cut_in_the_same_way() -> None:
    rows = (ROW,) * (MAX_ENTITIES + 1)
    read = changed_in(Stretch(3, "cli", 5, 1, 51, rows))
    frame = {
        "origin": ORIGIN,
        "event": db_changed(3, "now", first=1, last=51, entities=rows),
    }
    assert read.entities == changed_by(frame).entities
    assert read.truncated and changed_by(frame).truncated


def test_a_resync_names_what_is_followed() -> None:
    frame = {
        "reason": "slow_client",
        "topics": ["db", "tasks"],
        "project_ids": [1, 2],
        "change": 9,
        "seq": 4,
    }
    assert resync_of(frame, ("db",)) == Resync("slow_client", ("db",), (1, 2), 9)
    del frame["project_ids"]
    assert resync_of(frame, ("tasks",)).project_ids is None
