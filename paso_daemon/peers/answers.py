"""What Redis answers: that it did not do a command, the newest entry of a stream.

Never: import redis, for whoever reads an answer needs no driver; trust an entry for
more than its id.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from paso.errors import BadEvent
from paso_daemon.peers.log import Position, position_of


class Failed(NamedTuple):
    """Redis refused one command, for a reason that concerns no other."""

    text: str


def is_older_id(answer: object) -> bool:
    """True when XADD found this number, or a later one, in the stream already."""
    return isinstance(answer, Failed) and "equal or smaller" in answer.text


def last_id(answer: Any) -> bytes | None:
    """Return the id that XREVRANGE found of the newest entry; None without one."""
    if not isinstance(answer, list) or not answer:
        return None
    found = answer[0][0]
    return found if isinstance(found, bytes) else None


def last_place(answer: Any) -> Position | None:
    """Return the newest entry's place in a log; None without one.

    Raises:
        BadEvent: no number of ours can be later; somebody spoilt the stream.
    """
    found = last_id(answer)
    if found is None:
        return None
    place = position_of(found)
    if place.gen >= 1 << 62:
        raise BadEvent("no later number is left")
    return place
