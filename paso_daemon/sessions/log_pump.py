"""From the log of sessions to everybody who looks: each change, once and in order.

Rung by whatever rings the pump of the change log, for both logs lie in one file. The
announced head decides what is told, so a bell may be lost, late or doubled.

    bell, poll ---> look ---> rows after head ---> directory (clients, other computers)
                                             \\--> keeper (looks after what lives)

Never: write to the database, wait for it.
"""

from __future__ import annotations

import sqlite3
from typing import Protocol

from paso.events.backoff import Backoff
from paso.model import to_json
from paso_daemon.change_pump import RETRY_S
from paso_daemon.sessions.log_reader import LogReader, Reading, Seen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso_daemon.directory import Directory
    from paso_daemon.tasks import Health

ROWS_PER_TURN = 100
"""Some milliseconds of the loop, with the records."""

NAME = "session log"


class Listener(Protocol):
    """What hears of sessions, after the clients."""

    def changed(self, seen: Seen) -> None:
        """A session is new, or is not as it was."""

    def removed(self, session_id: str) -> None:
        """A session is not in the database any more."""

    def replaced(self, all_seen: list[Seen]) -> None:
        """These are all there are; forget any other."""


class LogPump:
    """Tells of sessions.

    Arguments:
        computer: our id.
        directory: takes each record, and tells clients.
        listener: hears of each session that changed or was removed.
        health: where a log that cannot be read is shown.
    """

    def __init__(
        self,
        path: str,
        loop: asyncio.AbstractEventLoop,
        *,
        computer: str,
        directory: Directory,
        listener: Listener,
        health: Health,
    ) -> None:
        self._reader = LogReader(path, computer)
        self._loop = loop
        self._computer = computer
        self._directory = directory
        self._listener = listener
        self._health = health
        self._backoff = Backoff(*RETRY_S)
        self._waiting: asyncio.Handle | None = None
        self._closed = False

    def ring(self) -> None:
        """Look, as soon as this turn of the loop is over."""
        if self._waiting is None:
            self._waiting = self._loop.call_soon(self._run)

    def look(self) -> None:
        """Look now."""
        self._cancel()
        self._run()

    def close(self) -> None:
        """Tell of nothing any more, whoever still rings."""
        self._closed = True
        self._cancel()
        self._reader.close()

    def _cancel(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _run(self) -> None:
        self._waiting = None
        if self._closed:
            return
        try:
            reading = self._reader.read(ROWS_PER_TURN)
        except sqlite3.Error as error:
            self._health.degraded(NAME, str(error))
            self._waiting = self._loop.call_later(self._backoff.wait(), self._run)
            return
        self._backoff.reset()
        self._health.recovered(NAME)
        self._tell(reading)
        if reading.more:
            self.ring()

    def _tell(self, reading: Reading) -> None:
        if reading.replaced:
            self._replace(reading.seen)
            return
        for session_id, version in reading.removed:
            self._directory.remove_session(self._computer, session_id, version)
            self._listener.removed(session_id)
        for seen in reading.seen:
            record, version = to_json(seen.session), seen.session.version
            self._directory.put_session(self._computer, record, version)
            self._listener.changed(seen)

    def _replace(self, all_seen: list[Seen]) -> None:
        records = [to_json(seen.session) for seen in all_seen]
        self._directory.replace_sessions(self._computer, records, anew=True)
        self._listener.replaced(all_seen)
