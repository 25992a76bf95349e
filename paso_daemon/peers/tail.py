"""The newest entry of a stream, as XREVRANGE answers it.

Never: do I/O, trust an entry for more than its id.
"""

from __future__ import annotations

from typing import Any

from paso.errors import BadEvent
from paso_daemon.peers.log import Position, position_of


def last_id(answer: Any) -> bytes | None:
    """Return the id of the newest entry; None without one."""
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
