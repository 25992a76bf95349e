"""From the change log to every client: each row once, in order, whoever wrote it.

A doorbell only says "look". It may be lost, late, doubled: the announced head decides
what is sent, and `PRAGMA data_version` is looked at while anybody is connected.

    doorbell --\\
                 +--> run (once a turn) --> rows after head --> db_changed, grouped
    poll ------/                                                by project and writer

Never: write to the database, wait for it, hold what it has sent.
"""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime
from typing import Any

from paso.events.backoff import Backoff
from paso.events.change_reader import ChangeReader, Reading
from paso.events.types import db_changed
from paso.events.wire import encode_part

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from paso_daemon.hub import Hub
    from paso_daemon.tasks import Health

ROWS_PER_TURN = 500
"""About a millisecond of the loop."""
RETRY_S = (0.02, 0.5)
"""First and longest wait before a database that cannot be read is looked at again."""

logger = logging.getLogger("paso.daemon")


class ChangePump:
    """Announces the change log through the hub.

    Arguments:
        computer: our id, for the origin of each event.
        resync: tells everybody to read again, given a reason.
        flush: sends what was published.
        may_send: False while clients are too far behind for more.
        health: where a database that cannot be read is shown.
    """

    def __init__(
        self,
        reader: ChangeReader,
        hub: Hub[Any],
        loop: asyncio.AbstractEventLoop,
        *,
        computer: str,
        resync: Callable[[str], None],
        flush: Callable[[], None],
        may_send: Callable[[], bool],
        health: Health,
    ) -> None:
        self._reader = reader
        self._hub = hub
        self._loop = loop
        self._computer = computer
        self._resync = resync
        self._flush = flush
        self._may_send = may_send
        self._health = health
        self._backoff = Backoff(*RETRY_S)
        self._waiting: asyncio.Handle | None = None
        self.followers: list[Callable[[], None]] = []
        """Called after each look that could be made: others read the same file."""
        self.on_rows: list[Callable[[int, int, int], None]] = []
        """Told project, first and last number of each stretch that is announced."""

    @property
    def head(self) -> int | None:
        """The announced head of the change log; None without a database."""
        return self._reader.head

    def ring(self) -> None:
        """Look, as soon as this turn of the loop is over."""
        if self._waiting is None:
            self._waiting = self._loop.call_soon(self._run)

    def poll(self) -> None:
        """Look if SQLite says that anybody wrote."""
        try:
            news = self._reader.has_news()
        except sqlite3.Error:
            news = True  # the reading says what is wrong
        if news:
            self.look()

    def look(self) -> None:
        """Look now; what is found is published, not yet sent."""
        self._cancel()
        self._run()

    def drain(self) -> None:
        """Publish all there is, in one go: the daemon stops."""
        self._cancel()
        while self._read_some():
            pass

    def has_sessions(self) -> bool:
        """True when the database has a session; it was looked at before."""
        return self._reader.has_sessions()

    def close(self) -> None:
        self._cancel()
        self._reader.close()

    def _run(self) -> None:
        self._waiting = None
        if not self._may_send():
            self._again(0.005)
            return
        if self._read_some():
            self._again(0.0)
        self._flush()

    def _again(self, delay: float) -> None:
        if self._waiting is None:
            self._waiting = self._loop.call_later(delay, self._run)

    def _cancel(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _read_some(self) -> bool:
        """Publish some rows; True when there are more."""
        try:
            reading = self._reader.read(ROWS_PER_TURN)
        except sqlite3.Error as error:
            self._degraded(error)
            return False
        self._backoff.reset()
        self._health.recovered("database")
        if reading.replaced:
            logger.warning("the database was replaced: every client reads again")
            self._resync("database_replaced")
        self._publish(reading)
        for follower in self.followers:
            follower()
        return reading.more

    def _degraded(self, error: sqlite3.Error) -> None:
        self._health.degraded("database", str(error))
        self._again(self._backoff.wait())

    def _publish(self, reading: Reading) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for part in reading.stretches():
            origin = {"client": part.client, "pid": part.pid}
            origin["computer"] = self._computer
            event = db_changed(
                part.project_id,
                now,
                first=part.first,
                last=part.last,
                entities=part.entities,
            )
            address = ("db", part.project_id, "")
            self._hub.publish(address, encode_part(origin), encode_part(event))
            for listener in self.on_rows:
                listener(part.project_id, part.first, part.last)
