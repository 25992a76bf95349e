"""The body of `db_changed`, as docs/protocol.md has it."""

from __future__ import annotations

from paso.events.types import MAX_ENTITIES, TOPIC_OF_EVENT, TOPICS, Entity, db_changed

NOW = "2026-01-01T00:00:00.000000Z"


def test_an_announcement_without_change_names_only_the_project() -> None:
    assert db_changed(3, NOW) == {
        "type": "db_changed",
        "project_id": 3,
        "timestamp": NOW,
    }


def test_a_change_names_its_numbers_and_rows() -> None:
    event = db_changed(
        3, NOW, first=7, last=8, entities=[Entity("task", "insert", 1, "u")]
    )
    assert event["change"] == {"first": 7, "last": 8}
    assert event["entities"] == [
        {"entity": "task", "op": "insert", "id": 1, "uid": "u"}
    ]
    assert "truncated" not in event


def test_more_rows_than_fit_are_said_to_be_cut() -> None:
    rows = [Entity("task", "update", number, "u") for number in range(MAX_ENTITIES + 1)]
    event = db_changed(0, NOW, first=1, last=51, entities=rows)
    assert len(event["entities"]) == MAX_ENTITIES
    assert event["truncated"] is True


def test_every_event_belongs_to_a_topic() -> None:
    assert set(TOPIC_OF_EVENT.values()) == set(TOPICS)
