"""Follow a board: an async iterator of notices that outlives every daemon.

    connect --> welcome --> catch up from the change log --> events
       ^                                                       |
       +------- back off, look at the database each second <---+

It runs no task of its own: everything happens while the caller waits for the next
notice, and that waiting may be cancelled at any point and taken up again.

Never: raise for what the daemon does, hold what the database knows, start a task.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from contextlib import suppress

from paso.errors import PasoError
from paso.events import greeting
from paso.events.backoff import Backoff
from paso.events.change_reader import ChangeReader, Reading
from paso.events.launcher import call
from paso.events.link import Dialling, Link
from paso.events.notices import (
    Changed,
    Notice,
    Other,
    Resync,
    State,
    changed_by,
    changed_in,
    resync_of,
)
from paso.events.types import SNAPSHOT_TOPICS, TOPICS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable
    from typing import Any

    from paso.events.wire import Frame
    from paso.paths import Paths

POLL_S = 1.0
"""Between two looks at the database while no daemon answers."""

WELCOME_S = 5.0
"""For the daemon to welcome us; one that hangs is left and tried again."""

IDLE_S, PONG_S = 15.0, 10.0
"""Silence before the daemon is pinged, and for its answer."""

AFTER_BYE_S = 2.0
"""A daemon that took its leave is expected back; only then another is started."""

RECONNECTING_S = 3.0
"""After a connection that worked: until then a daemon is on its way back."""

ROWS_AT_ONCE = 500
"""About a millisecond of the caller's loop."""

__all__ = ["Changed", "EventClient", "Notice", "Other", "Resync", "State"]


class EventClient:
    """Yields notices until `aclose`.

    Arguments:
        client: what we are (`tui`, `watch`, …).
        topics: what to hear of; None = everything.
        project_id: 0 = all.
        computer: whose sessions, projects and tasks; empty = of all.
        auto_start: whether a daemon is started where none runs.
        last_change: the last change number that was handled; None = whatever is
            newest at the first look.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        client: str,
        topics: Iterable[str] | None = None,
        project_id: int = 0,
        computer: str = "",
        auto_start: bool = True,
        last_change: int | None = None,
    ) -> None:
        self._paths = paths
        self._client = client
        self._want(topics, project_id, computer)
        self._snapshots = greeting.Snapshots()
        self._auto_start = auto_start
        self._reader = ChangeReader(paths.database, last_change)
        self._notices: deque[Notice] = deque()
        self._backoff = Backoff(0.05, 5.0)
        self._link: Link | None = None
        self._dialling = Dialling(paths)
        self._welcomed = False
        self._catching_up = False
        self._state = ""
        self._epoch: str | None = None
        self._seq = 0
        self._welcome_by = self._pinged_at = self._expected_by = 0.0
        self._poll_at = self._try_at = self._start_at = 0.0
        self._leaving = asyncio.Event()

    async def __aenter__(self) -> EventClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> EventClient:
        return self

    async def __anext__(self) -> Notice:
        while not self._notices:
            if self._leaving.is_set():
                raise StopAsyncIteration
            await self._step()
        return self._notices.popleft()

    @property
    def last_change(self) -> int | None:
        """The last change number that was yielded, or is about to be."""
        return self._reader.head

    async def subscribe(
        self,
        topics: Iterable[str] | None = None,
        project_id: int = 0,
        computer: str = "",
    ) -> None:
        """Hear of something else, from now on and after each reconnection."""
        self._want(topics, project_id, computer)
        self._say(self._subscription)

    def _want(
        self, topics: Iterable[str] | None, project_id: int, computer: str
    ) -> None:
        self._topics = tuple(TOPICS if topics is None else topics)
        self._project_id = project_id
        self._subscription = greeting.subscription(self._topics, project_id, computer)

    def refresh(self, topic: str | None = None, computer: str | None = None) -> None:
        """Ask for the snapshots again, or for that of one topic or computer."""
        self._say(greeting.refresh(topic, computer))

    async def request(
        self, method: str, params: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Ask the daemon (docs/protocol.md, "Methods").

        Raises:
            DaemonUnreachable: no daemon, or no answer in `timeout_s` seconds.
            PasoError: it refused; of the class that its code names.
        """
        return await asyncio.to_thread(
            call, self._paths, method, params, timeout_s=timeout_s
        )

    async def aclose(self) -> None:
        """Leave the daemon; an iteration under way ends."""
        self.close()

    def close(self) -> None:
        """Do what `aclose` does; needs no loop that runs."""
        self._leaving.set()
        if self._link is not None:
            self._link.close()
            self._link = None
        self._dialling.close()
        self._reader.close()

    # One step at a time -------------------------------------------------------

    async def _step(self) -> None:
        """Go on by one thing; waits at most until the next look at the database."""
        if self._state == "":
            self._begin()
        elif self._catching_up:
            self._catch_up()
            # A long way is told in pieces; others have their turn between them.
            await asyncio.sleep(0)
        elif self._link is None:
            await self._step_away()
        elif (frame := self._link.take()) is not None:
            self._on_frame(frame)
        elif self._link.ended is not None:
            self._lost(self._link.ended)
        else:
            await self._step_connected(self._link)

    async def _step_away(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._try_at:
            await self._wait_away(self._try_at - now)
            return
        try:
            sock = await self._dialling.attempt(
                may_start=self._auto_start and now >= self._start_at, wait_s=POLL_S
            )
        except (PasoError, OSError) as error:
            self._failed(str(error))
            return
        if sock is not None:
            self._introduce(sock)
        else:
            self._look(asyncio.get_running_loop().time())

    async def _wait_away(self, wait_s: float) -> None:
        now = asyncio.get_running_loop().time()
        self._look(now)
        if not self._notices:
            await self._sleep(min(wait_s, self._poll_at - now))

    async def _sleep(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(max(wait_s, 0.0)):
                await self._leaving.wait()
        except TimeoutError:
            return

    def _introduce(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._link, self._welcomed = Link(sock, loop), False
        self._welcome_by = loop.time() + WELCOME_S
        self._snapshots.forget()
        seen = self._epoch, self._seq, self._reader.head
        self._say(greeting.hello(self._client, *seen))
        self._say(self._subscription)

    def _say(self, frame: Frame) -> None:
        if self._link is not None:
            self._link.say(frame)

    async def _step_connected(self, link: Link) -> None:
        now = asyncio.get_running_loop().time()
        if not self._welcomed:
            self._look(now)
            deadline, until = self._welcome_by, min(self._welcome_by, self._poll_at)
        elif self._pinged_at > link.heard_at:
            deadline = until = self._pinged_at + PONG_S
        else:
            deadline, until = now + PONG_S, link.heard_at + IDLE_S
            if now >= until:
                link.say({"type": "ping"})
                self._pinged_at, until = now, deadline
        if now >= deadline:
            self._lost("the daemon does not answer")
        elif not self._notices:
            await link.wait(max(until - now, 0.0))

    # What the daemon says -----------------------------------------------------

    def _on_frame(self, frame: Frame) -> None:
        kind = frame.get("type")
        if kind == "event":
            # Before the welcome it would be taken for the end of what was missed.
            if self._welcomed:
                self._on_event(frame)
        elif kind == "welcome":
            self._on_welcome(frame)
        elif kind == "ping":
            self._say({"type": "pong"})
        elif kind == "resync":
            self._on_resync(frame)
        elif kind == "bye" or (kind == "error" and frame.get("fatal")):
            self._on_bye(frame)
        elif kind is not None and kind.endswith("_initial"):
            self._notices += map(Other, self._snapshots.add(frame))

    def _on_welcome(self, frame: Frame) -> None:
        self._welcomed = True
        self._backoff.reset()
        self._epoch, self._seq = frame["epoch"], frame["seq"]
        self._enter("live", "")
        self._catching_up = "db" in self._topics

    def _on_event(self, frame: Frame) -> None:
        self._seq = frame["seq"]
        if frame["event"]["type"] != "db_changed":
            self._notices.append(Other(frame["event"]))
            return
        notice = changed_by(frame)
        if notice.first is None or notice.last is None:
            self._notices.append(notice)
            return
        handled = self._reader.head or 0
        if notice.first > handled + 1 and self._project_id == 0:
            self._catching_up = True  # nothing of ours is missing in what is sent
        elif notice.last > handled:
            self._reader.move_to(notice.last)
            first = max(notice.first, handled + 1)
            self._notices.append(notice._replace(first=first))

    def _on_resync(self, frame: Frame) -> None:
        """After another daemon came, we catch up with the change log by ourselves."""
        by_hand = frame["reason"] == "epoch"  # snapshots come with the subscription
        wanted = tuple(t for t in self._topics if not (by_hand and t == "db"))
        notice = resync_of(frame, wanted)
        if "db" in notice.topics:
            self._reader.close()
            self._reader = ChangeReader(self._paths.database, notice.change)
        if notice.topics:
            self._notices.append(notice)
        for topic in notice.topics:
            if topic in SNAPSHOT_TOPICS and not by_hand:
                self.refresh(topic)

    def _on_bye(self, frame: Frame) -> None:
        now = asyncio.get_running_loop().time()
        reason = frame.get("reason") or frame.get("message") or "the daemon left"
        self._start_at = now + AFTER_BYE_S
        self._lost(str(reason))
        self._try_at = max(self._try_at, now + frame.get("retry_ms", 0) / 1000)

    # Coming and going ---------------------------------------------------------

    def _lost(self, reason: str) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        self._catching_up = False
        if self._welcomed:
            self._welcomed = False
            self._later()
            now = asyncio.get_running_loop().time()
            self._expected_by = now + RECONNECTING_S
            self._enter("reconnecting", reason)
        else:
            self._failed(reason)

    def _failed(self, reason: str) -> None:
        """Not back at once is no news; for `RECONNECTING_S` it is expected."""
        self._later()
        if asyncio.get_running_loop().time() >= self._expected_by:
            self._enter("offline", reason)

    def _later(self) -> None:
        now = asyncio.get_running_loop().time()
        self._try_at = now + self._backoff.wait()

    def _enter(self, state: str, reason: str) -> None:
        """Tell of a new state once."""
        if state != self._state:
            self._state = state
            self._notices.append(State(state, reason))

    # The change log -----------------------------------------------------------

    def _begin(self) -> None:
        """Take the position before anything is told, so that nothing falls between."""
        self._state = "new"
        if self._reader.head is None and "db" in self._topics:
            with suppress(sqlite3.Error):  # locked, or being made: see `_look`
                self._reader.read(ROWS_AT_ONCE)

    def _look(self, now: float) -> None:
        """See by ourselves whether anybody wrote, at most once in `POLL_S`."""
        if now < self._poll_at:
            return
        self._poll_at = now + POLL_S
        if "db" not in self._topics:
            return
        try:
            if self._reader.has_news():
                reading = self._reader.read(ROWS_AT_ONCE)
                self._catching_up = reading.more
                self._tell(reading)
                if not reading.rows and "sessions" in self._topics:
                    self._notices.append(Resync("looked", ("sessions",), None, None))
        except sqlite3.Error:
            return  # locked, or being made: the next look tries again

    def _catch_up(self) -> None:
        """Read what was missed, a piece in each step."""
        try:
            reading = self._reader.read(ROWS_AT_ONCE)
        except sqlite3.Error as error:
            self._catching_up = False
            self._notices.append(Resync(str(error), ("db",), None, None))
            return
        self._catching_up = reading.more
        self._tell(reading)
        if not reading.more:
            self._reader.close()

    def _tell(self, reading: Reading) -> None:
        if reading.replaced:
            self._notices.append(
                Resync("database_replaced", ("db",), None, self._reader.head)
            )
        for part in reading.stretches():
            if self._project_id in (0, part.project_id):
                self._notices.append(changed_in(part))
