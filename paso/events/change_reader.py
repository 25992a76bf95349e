"""The change log, followed: the rows after a head, or the news of another file.

The daemon announces what it finds; a client without a daemon finds it by itself.

Opened for reading only, when the database exists, and never waiting: a locked, damaged
or foreign database raises at once, and the next look tries again.

Two ways tell that what was read is not the past any more: the path leads to
another file, or the row at the head is another one. Both happen when a
backup is put back.

Never: write, wait for a lock, open the file by hand (close() would drop the locks
SQLite holds on it in this process, howtocorrupt 2.2), know clients.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

from paso.database.change_log import announced_rows
from paso.events.types import Entity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


TEXT_MAX = 400
"""Bytes of a uid or a writer's name that are told; what Paso writes is shorter."""


class Row(NamedTuple):
    """One change and who made it."""

    id: int
    project_id: int
    entity: str
    op: str
    entity_id: int
    uid: str
    client: str
    pid: int | None


class Stretch(NamedTuple):
    """Consecutive changes of one project by one writer."""

    project_id: int
    client: str
    pid: int | None
    first: int
    last: int
    entities: tuple[Entity, ...]


class Reading(NamedTuple):
    rows: list[Row]
    replaced: bool = False
    """What was read before does not hold: everybody must read again."""
    more: bool = False

    def stretches(self) -> Iterator[Stretch]:
        """Yield the rows as events tell of them."""
        for writer, part in groupby(
            self.rows, lambda row: (row.project_id, row.client, row.pid)
        ):
            rows = list(part)
            entities = tuple(
                Entity(row.entity, row.op, row.entity_id, row.uid) for row in rows
            )
            yield Stretch(*writer, rows[0].id, rows[-1].id, entities)


class ChangeReader:
    """Follows the change log of the database at `path`.

    Arguments:
        head: the change to go on after; None = the newest one at the first look.

    `head` moves on with each reading; None without a database.
    """

    def __init__(self, path: str, head: int | None = None) -> None:
        self._path = path
        self._conn: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._version = 0
        self._head_uid = ""
        self._looked = head is not None
        self._lost = False
        self.head = head

    def has_news(self) -> bool:
        """True when a read may find something; costs some microseconds.

        Raises:
            sqlite3.Error: as `read`.
        """
        identity = file_identity(self._path)
        if self._conn is None or identity != self._identity:
            return identity != self._identity or identity is not None
        return self._data_version(self._conn) != self._version

    def read(self, limit: int) -> Reading:
        """Return at most `limit` rows after the head, and move it.

        Raises:
            sqlite3.Error: it cannot be read now.
        """
        try:
            reading = self._read(limit)
        except sqlite3.Error as error:
            if not is_busy(error):
                self._lost = self._lost or not is_unborn(error)
                self._looked = True
                self.close()
            raise
        self._looked = True
        return reading

    def has_sessions(self) -> bool:
        """True when the database that was read last has a session."""
        if self._conn is None:
            return False
        try:
            sql = "SELECT EXISTS (SELECT 1 FROM sessions)"
            return bool(self._conn.execute(sql).fetchone()[0])
        except sqlite3.Error:
            return False  # of an older Paso, or locked: the next look tells

    def move_to(self, head: int) -> None:
        """Go on after `head`: what comes before it is known from elsewhere."""
        self.head, self._head_uid = head, ""
        self._looked = True

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._conn is not None:
            with suppress(sqlite3.Error):
                self._conn.close()
        self._conn = None

    def _read(self, limit: int) -> Reading:
        identity = file_identity(self._path)
        if identity != self._identity and self._identity is not None:
            self.close()
            self._lost = True
        if identity is None:
            self._identity = self.head = None
            return Reading([])
        if self._conn is None:
            return self._open(identity, limit)
        return self._new_rows(self._conn, limit)

    def _open(self, identity: tuple[int, int], limit: int) -> Reading:
        conn = _connect(self._path)
        try:
            reading = self._first_reading(conn, limit)
        except sqlite3.Error:
            conn.close()
            raise
        self._conn, self._identity, self._lost = conn, identity, False
        return reading

    def _first_reading(self, conn: sqlite3.Connection, limit: int) -> Reading:
        if self._lost or not self._looked:
            self._skip_to(conn, _newest(conn))
            return Reading([], replaced=self._lost)
        # It was not there at our first look: nobody has seen anything of it.
        _newest(conn)
        self.head = self.head or 0
        return self._new_rows(conn, limit)

    def _skip_to(self, conn: sqlite3.Connection, head: int) -> None:
        self._version = self._data_version(conn)
        self.head = head
        found = announced_rows(conn, head - 1, 1)
        self._head_uid = found[0][5] if found else ""

    def _new_rows(self, conn: sqlite3.Connection, limit: int) -> Reading:
        assert self.head is not None
        version = self._data_version(conn)
        found = [Row._make(r) for r in announced_rows(conn, self.head - 1, limit + 1)]
        if self.head and not self._is_same_past(conn, found):
            self._skip_to(conn, _newest(conn))
            return Reading([], replaced=True)
        rows = [row for row in found if row.id > self.head]
        more = len(found) > limit
        if rows:
            self.head, self._head_uid = rows[-1].id, rows[-1].uid
        if not more:
            self._version = version
        return Reading(rows, more=more)

    def _is_same_past(self, conn: sqlite3.Connection, found: list[Row]) -> bool:
        """The row at the head is still the one we saw, or was only trimmed."""
        if found and found[0].id == self.head:
            return self._head_uid in ("", found[0].uid)
        return self.head is not None and _newest(conn) >= self.head

    def _data_version(self, conn: sqlite3.Connection) -> int:
        version: int = conn.execute("PRAGMA data_version").fetchone()[0]
        return version


def read_only(path: str) -> sqlite3.Connection:
    """Open a database that exists, for reading and never waiting.

    Raises:
        sqlite3.Error: it cannot be opened now.
    """
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    conn = sqlite3.connect(
        f"file:{quoted}?mode=ro",
        uri=True,
        timeout=0,
        isolation_level=None,
        cached_statements=8,
    )
    conn.execute("PRAGMA cache_size = -128")
    return conn


def _connect(path: str) -> sqlite3.Connection:
    conn = read_only(path)
    conn.text_factory = _text
    return conn


def _text(data: bytes) -> str:
    """Any program may write here: a text that is none must not stop all that follow,
    and one without end must fit into a frame with 49 others."""
    return data[:TEXT_MAX].decode("utf-8", "replace")


def _newest(conn: sqlite3.Connection) -> int:
    """Return the highest number ever given out, though its row be trimmed."""
    found = conn.execute(
        "SELECT max(seq) FROM sqlite_sequence WHERE name = 'change_log'"
        " UNION ALL SELECT max(id) FROM change_log"
    ).fetchall()
    return max(number or 0 for (number,) in found)


def is_busy(error: sqlite3.Error) -> bool:
    """Return True when another process has it locked: the next look may do."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def is_unborn(error: sqlite3.Error) -> bool:
    """Return True when the file is there and its tables are not: they are coming."""
    return "no such table" in str(error)


def file_identity(path: str) -> tuple[int, int] | None:
    """Return what tells one file from another at the same path; None without one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
