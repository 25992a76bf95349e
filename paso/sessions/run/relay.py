"""Carries bytes between descriptors, and never waits for one while another could go on.

Never: look into the bytes, know what the descriptors are.
"""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 65536
"""Bytes of one read."""
SHORT = 4095
"""A terminal gives no more at once; with less, it has no more now."""
ROOM = 65536
"""Bytes that wait to be written before nothing more is read."""


class Poller:
    """Calls who waits for a descriptor; one that waits for nothing is not looked at."""

    __slots__ = ("_calls", "_poll", "_wanted")

    def __init__(self) -> None:
        self._poll = select.poll()
        self._calls: dict[int, Callable[[int], object]] = {}
        self._wanted: dict[int, int] = {}

    def call(self, fd: int, act: Callable[[int], object]) -> None:
        """Let `act` be called with what is ready of `fd`, from now on for reading."""
        self._calls[fd] = act
        self.want(fd, select.POLLIN)

    def want(self, fd: int, events: int) -> None:
        """Wait for these events of `fd`; 0 = for none, not even its end."""
        before = self._wanted.get(fd, 0)
        if events == before:
            return
        self._wanted[fd] = events
        if events:
            self._poll.register(fd, events)
        else:
            self._poll.unregister(fd)

    def turn(self, timeout_s: float | None = None) -> bool:
        """Wait for something, and call who waited for it; False: nothing came."""
        ready = self._poll.poll(None if timeout_s is None else timeout_s * 1000)
        for fd, events in ready:
            if self._wanted.get(fd):
                self._calls[fd](events)
        return bool(ready)


class Flow:
    """One direction: what is read from `source` is written to `sink`.

    Arguments:
        seen: called with each piece that was read.
    """

    __slots__ = ("ended", "refused", "sink", "source", "_seen", "_waiting")

    def __init__(self, source: int, sink: int, seen: Callable[[bytes], object]) -> None:
        self.source = source
        self.sink = sink
        self.ended = False
        """The source has no more."""
        self.refused = False
        """The sink takes no more; what is read is dropped."""
        self._seen = seen
        self._waiting = b""

    @property
    def has_room(self) -> bool:
        return not self.ended and len(self._waiting) < ROOM

    @property
    def is_waiting(self) -> bool:
        """Something was read that is not written yet."""
        return bool(self._waiting)

    def carry(self) -> bool:
        """Read what there is, up to `PIECE`, and write it as far as it is taken.

        Returns:
            False where there was nothing.
        """
        data = self._read()
        if not data:
            return False
        self._seen(data)
        if not self.refused:
            self._waiting = self._waiting + data if self._waiting else data
            self.write()
        return True

    def _read(self) -> bytes:
        data = b""
        while len(data) < PIECE:
            try:
                piece = os.read(self.source, PIECE)
            except BlockingIOError:
                break
            except OSError:
                piece = b""  # the other end of a terminal is closed
            if not piece:
                self.ended = True
                break
            data = data + piece if data else piece
            if len(piece) < SHORT:
                break
        return data

    def write(self) -> None:
        """Write what waits, as far as it is taken."""
        try:
            written = os.write(self.sink, self._waiting)
        except BlockingIOError:
            return
        except OSError:
            self.refuse()
            return
        self._waiting = self._waiting[written:]

    def on_source(self, events: int) -> None:
        """For a poller: the source has something, or has ended."""
        self.carry()

    def on_sink(self, events: int) -> None:
        """For a poller: the sink takes something, or nothing any more."""
        self.write()

    def refuse(self) -> None:
        """Drop what waits and what comes."""
        self.refused, self._waiting = True, b""
