"""`peers.db`: where we stand with the others, kept over restarts.

    positions in their logs, with their records as they were there (one transaction)
    the last number heard from each, so that nothing is heard twice
    outcomes of what they asked, for a day

It is no truth: whoever deletes it costs a snapshot of each computer. What comes is
collected and written four times a second at most, by one thread of its own.

Of a computer that is forgotten only the last numbers stay, so that what somebody
recorded of it is old for ever: `MAX_HEARD` of them, those heard last.

Never: run on the loop, hold the board's database, be waited for by a client.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

from paso_daemon.peers.log import Position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from paso_daemon.tasks import Health

    Found = TypeVar("Found")

WRITE_AFTER_S = 0.25
RESULTS_S = 24 * 3600
MAX_RESULTS = 10_000
MAX_HEARD = 2048
"""Two for each computer: of its messages and of its signs of life."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS heard (sender TEXT PRIMARY KEY, gen INTEGER, n INTEGER);
CREATE TABLE IF NOT EXISTS computers (id TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS positions (owner TEXT PRIMARY KEY, gen INTEGER, n INTEGER);
CREATE TABLE IF NOT EXISTS records (
  owner TEXT, id TEXT, version INTEGER, body BLOB, PRIMARY KEY (owner, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
  idem TEXT PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL
);
"""

BEAT = "here:"
"""In the table `heard`, before the id of a computer whose sign of life it is."""

CLEAR = (
    "DELETE FROM records WHERE owner = ?",
    "DELETE FROM positions WHERE owner = ?",
    "DELETE FROM notes WHERE name = 'true ' || ?",
)

logger = logging.getLogger("paso.daemon")


class Saved(NamedTuple):
    """What an earlier run left."""

    notes: dict[str, str]
    heard: dict[str, Position]
    """Sender to its last message, in the order in which they came."""
    beats: dict[str, Position]
    """Computer to its last sign of life."""
    computers: dict[str, dict[str, Any]]
    positions: dict[str, Position]
    records: dict[str, list[tuple[str, bytes]]]
    """Owner to id and record, as it was written, of its sessions."""

    def age_s(self, owner: str) -> float:
        """Return how long ago the records of `owner` were all there was.

        By the wall clock, for nothing else goes on while we do not run; it is only
        shown.
        """
        now = time.time()
        return max(0.0, now - float(self.notes.get(f"true {owner}", now)))


NOTHING = Saved({}, {}, {}, {}, {}, {})


class _Batch:
    """What was collected since the last writing; the last word on a key counts."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}
        self.heard: dict[str, Position] = {}
        self.computers: dict[str, bytes | None] = {}
        self.cleared: set[str] = set()
        self.positions: dict[str, Position] = {}
        self.whole: dict[str, list[tuple[str, int, bytes]]] = {}
        self.records: dict[tuple[str, str], tuple[int, bytes] | None] = {}

    def write(self, conn: sqlite3.Connection) -> None:
        with conn:
            self._write_records(conn)
            conn.executemany(
                "INSERT OR REPLACE INTO notes VALUES (?, ?)", self.notes.items()
            )
            for table, found in (("heard", self.heard), ("positions", self.positions)):
                conn.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)",
                    [(key, *position) for key, position in found.items()],
                )
            for computer, record in self.computers.items():
                conn.execute("DELETE FROM computers WHERE id = ?", (computer,))
                if record is not None:
                    row = (computer, record.decode())
                    conn.execute("INSERT INTO computers VALUES (?, ?)", row)

    def _write_records(self, conn: sqlite3.Connection) -> None:
        for statement in CLEAR:
            conn.executemany(statement, [(owner,) for owner in self.cleared])
        insert = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)"
        for owner, rows in self.whole.items():
            conn.executemany(insert, ((owner, *row) for row in rows))
        for (owner, key), found in self.records.items():
            if found is None:
                statement = "DELETE FROM records WHERE owner = ? AND id = ?"
                conn.execute(statement, (owner, key))
            else:
                conn.execute(insert, (owner, key, *found))


class PeerStore:
    """The file and its thread.

    Arguments:
        home: folder that it lies in.
        health: where a file that cannot be written is shown.
    """

    def __init__(self, home: str, health: Health) -> None:
        self._path = os.path.join(home, "peers.db")
        self._health = health
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "paso-peers-db")
        self._conn: sqlite3.Connection | None = None
        self._batch = _Batch()
        self._timer: asyncio.Handle | None = None
        self._closed = False

    async def open(self) -> Saved:
        """Return what was kept; a damaged file is put aside, it holds no truth."""
        return await self._in_thread(self._open)

    async def close(self) -> None:
        """Write what is left and close; what comes later is not kept."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        batch, self._batch = self._batch, _Batch()
        writing = self._loop.run_in_executor(self._thread, self._write_last, batch)
        self._thread.shutdown(wait=False)
        await writing

    async def flush(self) -> None:
        """Return when all that was collected is written.

        Raises:
            sqlite3.OperationalError: it is closed.
        """
        batch, self._batch = self._batch, _Batch()
        await self._in_thread(self._write_batch, batch)

    # Collected ----------------------------------------------------------------

    def note(self, name: str, value: str) -> None:
        """Keep a value of our own."""
        self._batch.notes[name] = value
        self._soon()

    def heard(self, sender: str, position: Position) -> None:
        """Keep the last message of `sender`."""
        self._batch.heard[sender] = position
        self._soon()

    def beat(self, computer: str, position: Position) -> None:
        """Keep the last sign of life of a computer."""
        self.heard(f"{BEAT}{computer}", position)

    def computer(self, computer: str, record: dict[str, Any] | None) -> None:
        """Keep what a computer said of itself; None = forget all but its numbers."""
        found = None if record is None else orjson.dumps(record)
        self._batch.computers[computer] = found
        if found is None:
            self.clear(computer)
        self._soon()

    def position(self, owner: str, position: Position) -> None:
        """Keep how far we read `owner`, with the records that go with it."""
        self._batch.positions[owner] = position
        self.still_true(owner)

    def still_true(self, owner: str) -> None:
        """Note that what is kept of `owner` is all there is, at this moment."""
        self.note(f"true {owner}", f"{time.time():.0f}")

    def record(
        self, owner: str, key: str, version: int, record: dict[str, Any] | None
    ) -> None:
        """Keep a record of `owner`; None = removed."""
        body = None if record is None else (version, orjson.dumps(record))
        self._batch.records[owner, key] = body
        self._soon()

    def replace(
        self, owner: str, position: Position, rows: list[tuple[str, int, bytes]]
    ) -> None:
        """Keep a snapshot: id, version and record of all sessions of `owner`."""
        self.clear(owner)
        self._batch.whole[owner] = rows
        self.position(owner, position)

    def clear(self, owner: str) -> None:
        """Forget all records of `owner` and how far we read it."""
        batch = self._batch
        batch.cleared.add(owner)
        batch.positions.pop(owner, None)
        batch.whole.pop(owner, None)
        batch.notes.pop(f"true {owner}", None)
        for key in [key for key in batch.records if key[0] == owner]:
            del batch.records[key]
        self._soon()

    def _soon(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = self._loop.call_later(WRITE_AFTER_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        batch, self._batch = self._batch, _Batch()
        self._loop.run_in_executor(self._thread, self._write_batch, batch)

    # Outcomes -----------------------------------------------------------------

    async def result(self, idem: str) -> dict[str, Any] | None:
        """Return the outcome kept under `idem`. Raises sqlite3.Error."""
        return await self._in_thread(self._result, idem)

    async def keep_result(self, idem: str, result: dict[str, Any]) -> None:
        """Return when the outcome is on the disk. Raises sqlite3.Error."""
        await self._in_thread(self._keep_result, idem, orjson.dumps(result).decode())

    # In the thread ------------------------------------------------------------

    def _in_thread(
        self, work: Callable[..., Found], *arguments: Any
    ) -> asyncio.Future[Found]:
        if self._closed:
            raise sqlite3.OperationalError(f"{self._path} is closed")
        return self._loop.run_in_executor(self._thread, work, *arguments)

    def _open(self) -> Saved:
        try:
            return self._load_or_begin()
        except (sqlite3.OperationalError, OSError) as error:
            # Locked, read-only or full: do without, and leave it as it is.
            self._tell(f"{self._path}: {error}")
            self._close()
            return NOTHING

    def _load_or_begin(self) -> Saved:
        try:
            return self._load(self._connect())
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            logger.warning("%s is damaged, begun anew: %s", self._path, error)
            self._put_aside()
            return self._load(self._connect())

    def _connect(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
        self._conn = conn
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = NORMAL")
        conn.executescript(SCHEMA)
        return conn

    def _put_aside(self) -> None:
        self._close()
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{self._path}{end}", f"{self._path}.damaged{end}")

    def _load(self, conn: sqlite3.Connection) -> Saved:
        def rows(table: str) -> list[tuple[Any, ...]]:
            return conn.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()

        records: dict[str, list[tuple[str, bytes]]] = {}
        for owner, key, _version, body in conn.execute("SELECT * FROM records"):
            if type(orjson.loads(body)) is not dict:
                raise ValueError(f"the record {key} is no object")
            records.setdefault(owner, []).append((key, body))
        numbers = self._numbers(conn)
        return Saved(
            notes=dict(rows("notes")),
            heard={who: at for who, at in numbers.items() if not who.startswith(BEAT)},
            beats={
                who.removeprefix(BEAT): at
                for who, at in numbers.items()
                if who.startswith(BEAT)
            },
            computers={key: orjson.loads(text) for key, text in rows("computers")},
            positions={owner: Position(gen, n) for owner, gen, n in rows("positions")},
            records=records,
        )

    def _numbers(self, conn: sqlite3.Connection) -> dict[str, Position]:
        """Those that were written last have the highest rowids."""
        found = conn.execute("SELECT rowid, * FROM heard ORDER BY rowid").fetchall()
        kept = found[-MAX_HEARD:]
        if len(kept) < len(found):
            with conn:
                conn.execute("DELETE FROM heard WHERE rowid < ?", (kept[0][0],))
        return {who: Position(gen, n) for _, who, gen, n in kept}

    def _write_batch(self, batch: _Batch) -> None:
        try:
            if self._conn is None:
                return
            batch.write(self._conn)
        except sqlite3.Error as error:
            self._tell(f"{self._path}: {error}")
        else:
            self._tell("")

    def _tell(self, problem: str) -> None:
        with suppress(RuntimeError):  # the loop is closed already
            if problem:
                tell = self._health.degraded
                self._loop.call_soon_threadsafe(tell, "peers.db", problem)
            else:
                self._loop.call_soon_threadsafe(self._health.recovered, "peers.db")

    def _write_last(self, batch: _Batch) -> None:
        self._write_batch(batch)
        self._close()

    def _result(self, idem: str) -> dict[str, Any] | None:
        if self._conn is None:
            return None
        row = self._conn.execute(
            "SELECT body FROM results WHERE idem = ?", (idem,)
        ).fetchone()
        return None if row is None else orjson.loads(row[0])

    def _keep_result(self, idem: str, body: str) -> None:
        if self._conn is None:
            raise sqlite3.OperationalError(f"{self._path} is closed")
        now = time.time()
        with self._conn as conn:
            row = (idem, now, body)
            conn.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", row)
            # Whatever a clock that jumped says, the newest ones stay.
            conn.execute(
                "DELETE FROM results WHERE abs(? - at) > ? AND idem <> ?",
                (now, RESULTS_S, idem),
            )
            conn.execute(
                "DELETE FROM results WHERE rowid <= "
                "(SELECT max(rowid) FROM results) - ?",
                (MAX_RESULTS,),
            )

    def _close(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
