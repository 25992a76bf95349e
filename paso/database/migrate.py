"""Brings a database to the newest schema, whole or not at all.

    lock file --- one process at a time migrates
       |            backup of an older board (backups/, by VACUUM INTO)
       |            BEGIN EXCLUSIVE, look again
       |              each pending migrations/NNNN_*.sql and its record
       |              foreign_key_check, user_version, application_id
       |            COMMIT                   killed before it: the old schema stands

Never: know what the tables mean; open an older board without its backup.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import contextmanager, suppress

from paso.database.failures import typed, typed_os
from paso.database.identity import APPLICATION_ID
from paso.database.sqlite_file import connect, wait_for_lock
from paso.errors import StoreBusy, StoreDamaged
from paso.paths import ensure_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = os.path.join(os.path.dirname(__file__), "migrations")

LOCK_WAIT_S = 60.0
"""Seconds to wait for another process that migrates: it copies the whole board."""


def migrations(folder: str = FOLDER) -> list[tuple[int, str, str]]:
    """Return (number, name, path) of each migration, ascending."""
    found = []
    for file in sorted(os.listdir(folder)):
        number, _, name = file.removesuffix(".sql").partition("_")
        if file.endswith(".sql"):
            found.append((int(number), name, os.path.join(folder, file)))
    return found


def statements(script: str) -> Iterator[str]:
    """Split a script into its statements, triggers kept whole."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(text):
            yield text
            text = ""


def bring_up_to_date(path: str, wait_s: float, folder: str = FOLDER) -> None:
    """Make the schema of an empty file, or raise that of an older board.

    Raises:
        StoreBusy: another process migrates, or holds the database locked.
        StoreDamaged: the board breaks its own references; nothing was changed.
        StoreError: or another of its leaves; nothing was changed.
    """
    with _one_at_a_time(path):
        conn = connect(path, wait_s)
        try:
            _migrate(conn, path, wait_s, folder)
        except sqlite3.Error as error:
            raise typed(error, path) from error
        except OSError as error:
            raise typed_os(error, path) from error
        finally:
            conn.close()


def _migrate(conn: sqlite3.Connection, path: str, wait_s: float, folder: str) -> None:
    pending = _pending(conn, folder)
    if pending and _schema(conn):
        _back_up(conn, path)
    # Rebuilding a table drops it for a moment; the check comes before COMMIT.
    conn.execute("PRAGMA foreign_keys=OFF")
    wait_for_lock(conn, "BEGIN EXCLUSIVE", path, wait_s)
    try:
        _apply(conn, path, folder)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _apply(conn: sqlite3.Connection, path: str, folder: str) -> None:
    first_use = _schema(conn) == 0
    for number, name, file in _pending(conn, folder):
        with open(file, encoding="utf-8") as script:
            for statement in statements(script.read()):
                conn.execute(statement)
        conn.execute(
            "INSERT INTO migrations (number, name) VALUES (?, ?)", (number, name)
        )
        conn.execute(f"PRAGMA user_version={number}")
    if first_use:
        from paso.database.starter import fill

        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        fill(conn)
    broken = conn.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise StoreDamaged(
            f"{path}: row {broken[1]} of {broken[0]} refers to nothing",
            hint="run `paso doctor`; the schema was not changed",
        )


def _schema(conn: sqlite3.Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def _pending(conn: sqlite3.Connection, folder: str) -> list[tuple[int, str, str]]:
    schema = _schema(conn)
    return [found for found in migrations(folder) if found[0] > schema]


def _back_up(conn: sqlite3.Connection, path: str) -> str:
    folder = os.path.join(os.path.dirname(path), "backups")
    ensure_private_dir(folder)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = f"tasks-schema{_schema(conn)}-{stamp}-{os.getpid()}.db"
    target = os.path.join(folder, name)
    try:
        conn.execute("VACUUM INTO ?", (target,))
        _flush(target, folder)
    except BaseException:
        # Half a backup must not look like one.
        with suppress(OSError):
            os.unlink(target)
        raise
    return target


def _flush(file: str, folder: str) -> None:
    os.chmod(file, 0o600)
    for path in (file, folder):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


@contextmanager
def _one_at_a_time(path: str) -> Iterator[None]:
    fd = _open_lock(path + ".migrate")
    try:
        _lock(fd, path)
        yield
    finally:
        os.close(fd)


def _open_lock(file: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(file, flags, 0o600)
    except OSError as error:
        raise typed_os(error, file) from error


def _lock(fd: int, path: str) -> None:
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StoreBusy(
                    f"another process is migrating {path}", hint="try again later"
                ) from None
        time.sleep(0.01)
