"""The log of sessions, followed: which sessions are new, changed or gone.

Like the reader of the change log it opens the database for reading only, never waits,
and notices that the path leads to another file or that the row at its head is another
one; then everything is read anew.

The head is read before the records. So a record may be newer than the row that names
it, never older, and its version tells when it comes a second time.

Never: write, wait for a lock, know who is told.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import NamedTuple

from paso.database import sessions
from paso.database.sessions import BackendRef
from paso.database.task_sessions import LIVE
from paso.events.change_reader import file_identity, is_busy, read_only
from paso.model import LIVE_PHASES, LOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.model import Session

RECENT = "-48 hours"
"""What ended longer ago is shown by who reads the database, and no more by us."""
SESSIONS_MAX = 1_000
"""Read at the start; those that need the user and those that live come first."""

_SHOWN = (
    f"s.{LIVE} OR s.attention <> 'none'"
    f" OR s.ended_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '{RECENT}')"
)

logger = logging.getLogger("paso.daemon")


class Seen(NamedTuple):
    """A session, and where it runs when it still may."""

    session: Session
    ref: BackendRef | None


class Reading(NamedTuple):
    seen: list[Seen]
    removed: list[tuple[str, int]]
    """Id and version of each session that was removed."""
    replaced: bool = False
    """These are all sessions: forget what was read before."""
    more: bool = False


class LogReader:
    """Follows the sessions of the database at `path`.

    Arguments:
        computer: our id, for the records.
    """

    def __init__(self, path: str, computer: str) -> None:
        self._path = path
        self._computer = computer
        self._conn: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._at_head: tuple[str, int] | None = None
        self.head: int | None = None

    def read(self, limit: int) -> Reading:
        """Return what became of sessions since the last reading.

        Arguments:
            limit: rows of the log, at most.
        Raises:
            sqlite3.Error: it cannot be read now.
        """
        try:
            return self._read(limit)
        except sqlite3.Error as error:
            if not is_busy(error):
                self.close()
            raise

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._conn is not None:
            with suppress(sqlite3.Error):
                self._conn.close()
        self._conn = None

    def _read(self, limit: int) -> Reading:
        identity = file_identity(self._path)
        if identity != self._identity:
            self.close()
            self._identity, self.head = identity, None
        if identity is None:
            return Reading([], [], replaced=True)
        if self._conn is None:
            self._conn = read_only(self._path)
            self._conn.text_factory = _text
        if self.head is None or not self._is_the_same(self._conn):
            return self._everything(self._conn)
        return self._news(self._conn, self.head, limit)

    def _is_the_same(self, conn: sqlite3.Connection) -> bool:
        """False when a backup was put back into the file that we know."""
        assert self.head is not None
        if sessions.head(conn) < self.head:
            return False
        found = sessions.log_rows(conn, self.head - 1, 1)
        at_head = [
            (row.session_id, row.version) for row in found if row.id == self.head
        ]
        return not at_head or self._at_head in (None, at_head[0])

    def _everything(self, conn: sqlite3.Connection) -> Reading:
        head = sessions.head(conn)
        seen = self._seen(conn, _SHOWN, ())
        self.head, self._at_head = head, None
        return Reading(seen, [], replaced=True)

    def _news(self, conn: sqlite3.Connection, head: int, limit: int) -> Reading:
        rows = sessions.log_rows(conn, head, limit)
        if not rows:
            return Reading([], [])
        last = {row.session_id: row for row in rows}
        removed = [(row.session_id, row.version) for row in rows if row.op == "delete"]
        wanted = [one for one, row in last.items() if row.op != "delete"]
        seen = self._seen(conn, *sessions.one_of(wanted)) if wanted else []
        self.head = rows[-1].id
        self._at_head = (rows[-1].session_id, rows[-1].version)
        return Reading(seen, removed, more=len(rows) == limit)

    def _seen(
        self, conn: sqlite3.Connection, where: str, params: tuple[str, ...]
    ) -> list[Seen]:
        found = self._records(conn, where, params)
        alive = [one.id for one in found if one.phase in (*LIVE_PHASES, LOST)]
        refs = sessions.backends_of(conn, alive) if alive else {}
        return [Seen(one, refs.get(one.id)) for one in found]

    def _records(
        self, conn: sqlite3.Connection, where: str, params: tuple[str, ...]
    ) -> list[Session]:
        """Any program may write here: a record that is none hides no other."""
        try:
            return sessions.records(
                conn, self._computer, where, params, limit=SESSIONS_MAX
            )
        except (TypeError, ValueError):
            logger.warning("a session in the database is no record; it is not shown")
        return self._one_by_one(conn, where, params)

    def _one_by_one(
        self, conn: sqlite3.Connection, where: str, params: tuple[str, ...]
    ) -> list[Session]:
        sql = f"SELECT s.id FROM sessions s WHERE {where} LIMIT {SESSIONS_MAX}"
        found: list[Session] = []
        for (one,) in conn.execute(sql, params).fetchall():
            with suppress(TypeError, ValueError):
                found += sessions.records(conn, self._computer, "s.id = ?", (one,))
        return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
