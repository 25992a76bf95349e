"""What a client has not taken yet, and what it has missed meanwhile.

    open --- above the limit ---> missing --- all taken ---> open, after one `resync`

A long list waits as what it is made of: its frames are made as the client takes them.

Never: do I/O, read a clock; blocks of other clients are shared, never copied.
"""

from __future__ import annotations

from collections import deque

from paso_daemon.hub import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIECES = 64
"""Blocks given to one sendmsg; the kernel takes up to 1,024 (IOV_MAX)."""


class Outbox:
    """The queue of one client that does not take everything at once.

    Arguments:
        limit: bytes above which events are withheld.
        now: seconds of the loop's clock, here and below.
    """

    __slots__ = ("_limit", "_pieces", "last_taken", "lists", "missed", "size")

    def __init__(self, limit: int, now: float) -> None:
        self._limit = limit
        self._pieces: deque[memoryview | Iterator[bytes]] = deque()
        self.size = 0
        self.lists = 0
        self.last_taken = now
        self.missed: Missed | None = None

    def offer(self, batch: Batch) -> bool:
        """Queue the events, or note what is withheld; False when withheld."""
        if self.missed is None and self.size + len(batch.data) > self._limit:
            self.missed = Missed()
        if self.missed is not None:
            self.missed.add(batch)
            return False
        self.put(memoryview(batch.data))
        return True

    def put(self, data: memoryview) -> None:
        """Queue what must not be withheld: an answer, or the rest of a block."""
        self._pieces.append(data)
        self.size += len(data)

    def put_list(self, frames: Iterator[bytes]) -> None:
        """Queue frames that are made one by one, when the client has taken the rest.

        They count against no limit: what is not made yet takes no room.
        """
        self._pieces.append(frames)
        self.lists += 1
        self._unfold()

    def pieces(self) -> list[memoryview]:
        """Return what is to be sent next."""
        self._unfold()
        found: list[memoryview] = []
        for piece in self._pieces:
            if not isinstance(piece, memoryview) or len(found) == MAX_PIECES:
                break
            found.append(piece)
        return found

    def took(self, count: int, now: float) -> None:
        """Note that the client took `count` bytes."""
        if count:
            self.last_taken = now
        self.size -= count
        while count:
            first = self._pieces[0]
            assert isinstance(first, memoryview)
            if len(first) > count:
                self._pieces[0] = first[count:]
                return
            count -= len(first)
            self._pieces.popleft()
        self._unfold()

    def _unfold(self) -> None:
        """Make the next frame of the list whose turn it is."""
        while self._pieces and not isinstance(first := self._pieces[0], memoryview):
            frame = next(first, None)
            if frame is None:
                self._pieces.popleft()
                self.lists -= 1
            else:
                self._pieces.appendleft(memoryview(frame))
                self.size += len(frame)

    def rest_of_frame(self) -> bytes:
        """Return what completes the frame under way; the stream ends well after it."""
        rest = bytearray()
        for piece in self._pieces:
            if not isinstance(piece, memoryview):
                break  # begins with a frame of its own
            end = bytes(piece).find(b"\n")
            if end >= 0:
                return bytes(rest + piece[: end + 1])
            rest += piece
        return bytes(rest)


class Missed:
    """Which topics and projects a client was not told of."""

    __slots__ = ("project_ids", "topics")

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.project_ids: set[int] = set()

    def add(self, batch: Batch) -> None:
        for topic, project_id, _computer in batch.addresses:
            self.topics.add(topic)
            self.project_ids.add(project_id)

    def told(self) -> dict[str, object]:
        """Return the fields of the `resync`; no project is named when any may be."""
        fields: dict[str, object] = {"topics": sorted(self.topics)}
        if 0 not in self.project_ids:
            fields["project_ids"] = sorted(self.project_ids)
        return fields
