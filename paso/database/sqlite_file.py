"""The database as a file of SQLite: pragmas, waiting for its lock, its log.

Never: know a table of the board.
"""

from __future__ import annotations

import os
import sqlite3
import time

from paso.database.failures import is_busy, typed
from paso.errors import StoreError

WAIT_S = 5.0
"""Seconds a write waits for other writers before `StoreBusy`."""

POLL_MS = 50
"""SQLite's own waiting grows to 100 ms between looks, and a writer that looks seldom
starves beside sixteen busy ones; short waits in a loop look often."""

WAL_LIMIT = 4 * 1024 * 1024
"""Bytes of the write-ahead log after which a writer copies it into the database."""

PRAGMAS = (
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("mmap_size", "0"),
    ("temp_store", "MEMORY"),
    ("wal_autocheckpoint", "0"),
    ("journal_size_limit", str(WAL_LIMIT)),
)


def connect(path: str, wait_s: float = WAIT_S) -> sqlite3.Connection:
    """Open the file and set every pragma, the answer of `journal_mode` checked."""
    try:
        conn = sqlite3.connect(
            path, timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        try:
            wait_for_lock(conn, "PRAGMA journal_mode=WAL", path, wait_s, answer="wal")
            for name, value in PRAGMAS:
                conn.execute(f"PRAGMA {name}={value}")
        except BaseException:
            conn.close()
            raise
    except sqlite3.Error as error:
        raise typed(error, path) from error
    return conn


def wait_for_lock(
    conn: sqlite3.Connection, sql: str, path: str, wait_s: float, answer: str = ""
) -> None:
    """Execute `sql`, again while another process is in the way, for `wait_s` at most.

    SQLite answers some conflicts at once, without its own waiting (recovery of the
    log, the change of the journal mode), so its `busy_timeout` alone is not enough.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            given = conn.execute(sql).fetchone()
            break
        except sqlite3.Error as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise typed(error, path) from error
        time.sleep(0.001 + time.monotonic_ns() % 4_000 / 1e6)  # spread the waiters
    if answer and (not given or given[0] != answer):
        raise StoreError(
            f"{path} cannot be shared: its journal mode stays {given and given[0]}",
            hint="move PASO_HOME to a local disk",
        )


def wal_size(path: str) -> int:
    """Return the bytes of the write-ahead log, 0 without one."""
    try:
        return os.stat(path + "-wal").st_size
    except OSError:
        return 0


def checkpoint(path: str) -> None:
    """Copy the write-ahead log into the database, unless a writer is at work.

    Holds the write lock by a second connection meanwhile: in SQLite 3.7.0 to 3.51.2
    a checkpoint beside a commit that resets the log can damage the database
    (https://www.sqlite.org/wal.html#walresetbug).
    """
    lock = sqlite3.connect(path, timeout=0, isolation_level=None)
    worker = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN IMMEDIATE")
        worker.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        lock.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
    finally:
        worker.close()
        lock.close()
