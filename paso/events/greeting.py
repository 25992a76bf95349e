"""What a client says, and the lists it is shown: frames made, and pieces joined.

Never: do I/O, know a notice.
"""

from __future__ import annotations

import os

from paso.events.types import PROTOCOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.events.wire import Frame


def hello(client: str, epoch: str | None, seq: int, change: int | None) -> Frame:
    """Return who we are and what we saw last."""
    frame: Frame = {"type": "hello", "v": PROTOCOL, "client": client}
    frame["pid"] = os.getpid()
    if epoch is not None:
        frame |= {"epoch": epoch, "seq": seq}
    if change is not None:
        frame["change"] = change
    return frame


def subscription(topics: Iterable[str], project_id: int, computer: str) -> Frame:
    """Return what we want to hear of."""
    frame: Frame = {"type": "subscribe", "topics": list(topics)}
    frame["project_id"] = project_id
    return frame | ({"computer": computer} if computer else {})


def refresh(topic: str | None, computer: str | None) -> Frame:
    """Return what asks for a snapshot again."""
    named = {"topic": topic, "computer": computer}
    return {"type": "refresh", **{k: v for k, v in named.items() if v}}


class Snapshots:
    """Joins the frames of a snapshot that came in several."""

    def __init__(self) -> None:
        self._parts: dict[str, Frame] = {}

    def add(self, frame: Frame) -> tuple[Frame, ...]:
        """Return the whole snapshot, alone, once its last frame is there."""
        begun = self._parts.pop(frame["type"], None)
        if begun is not None:
            begun["data"] += frame["data"]
            frame = {**frame, "data": begun["data"]}
        if frame.pop("more", False):
            self._parts[frame["type"]] = frame
            return ()
        return (frame,)

    def forget(self) -> None:
        """Drop what is not complete: the connection is another one."""
        self._parts.clear()
