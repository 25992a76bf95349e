"""What a client says first, and snapshots that come in pieces."""

from __future__ import annotations

import os
from typing import Any

from paso.events import greeting


def piece(*data: int, more: bool = False, topic: str = "sessions") -> dict[str, Any]:
    frame: dict[str, Any] = {"type": f"{topic}_initial", "data": [*data], "seq": 1}
    return frame | ({"more": True} if more else {})


def test_hello_says_only_what_is_known() -> None:
    bare = {"type": "hello", "v": 1, "client": "tui", "pid": os.getpid()}
    assert greeting.hello("tui", None, 0, None) == bare
    known = bare | {"epoch": "e", "seq": 0, "change": 7}
    assert greeting.hello("tui", "e", 0, 7) == known


def test_a_subscription_names_a_computer_only_if_there_is_one() -> None:
    wanted = greeting.subscription(["tasks"], 3, "")
    assert wanted == {"type": "subscribe", "topics": ["tasks"], "project_id": 3}
    assert greeting.subscription(["tasks"], 3, "c") == wanted | {"computer": "c"}


def test_refresh_is_of_everything_or_of_what_is_named() -> None:
    assert greeting.refresh(None, None) == {"type": "refresh"}
    named = {"type": "refresh", "topic": "sessions", "computer": "c"}
    assert greeting.refresh("sessions", "c") == named


def test_a_snapshot_in_pieces_is_one_list_at_its_end() -> None:
    snapshots = greeting.Snapshots()
    assert snapshots.add(piece(1, 2, more=True)) == ()
    assert snapshots.add(piece(9, topic="computers")) == (piece(9, topic="computers"),)
    assert snapshots.add(piece(3, more=True)) == ()
    assert snapshots.add(piece(4)) == (piece(1, 2, 3, 4),)
    assert snapshots.add(piece(5)) == (piece(5),)


def test_what_was_begun_on_another_connection_is_dropped() -> None:
    snapshots = greeting.Snapshots()
    snapshots.add(piece(1, more=True))
    snapshots.forget()
    assert snapshots.add(piece(2)) == (piece(2),)
