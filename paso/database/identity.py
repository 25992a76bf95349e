"""What lies at the path of the database: nothing, ours, older, newer, a stranger's.

It looks through a read-only connection, so that a stranger's file stays as it is, to
the last byte, and leaves nothing beside it.

Never: write to a database, open its file by hand: closing such a descriptor drops
the locks of every SQLite connection of this process
(https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress

from paso.database.failures import typed
from paso.errors import (
    ForeignDatabase,
    NotFound,
    SchemaTooNew,
    StoreError,
    StoreReadOnly,
    UnsafePath,
)
from paso.paths import ensure_private_dir

APPLICATION_ID = 0x5061736F
"""`Paso` in ASCII, at byte 68 of the file (https://www.sqlite.org/fileformat.html)."""

SCHEMA = 2
"""The number of the newest file in migrations/."""

NEW, OLDER, CURRENT = "new", "older", "current"

OLDEST_SQLITE = (3, 37, 0)
"""STRICT tables came with it (https://www.sqlite.org/stricttables.html)."""

GO_PASO_TABLES = {"goose_db_version", "project_counters", "task_subtasks"}


def identify(path: str, *, create: bool) -> str:
    """Return `NEW`, `OLDER` or `CURRENT`; make an absent file, empty and private.

    Raises:
        UnsafePath: the folder or the file is not private, or not ours.
        ForeignDatabase, SchemaTooNew, StoreDamaged: it is not for this Paso.
        NotFound: it is absent and `create` is False.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old, Paso needs 3.37 or newer",
            hint="use a Python built with a newer SQLite",
        )
    if not create and not os.path.lexists(path):
        raise NotFound(f"there is no database at {path}", hint="paso list makes one")
    ensure_private_dir(os.path.dirname(path))
    if not _check_file(path):
        _make_file(path)
        return NEW
    return _look_inside(path)


def _check_file(path: str) -> bool:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreReadOnly(f"cannot look at {path}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no regular file"
        raise UnsafePath(f"{path} is {kind}", hint=f"move it away: {path}")
    if found.st_uid != os.geteuid():
        raise UnsafePath(
            f"{path} belongs to uid {found.st_uid}, not to you (uid {os.geteuid()})",
            hint="set PASO_HOME to a folder of your own",
        )
    if found.st_mode & 0o077:
        # A file system that is read-only keeps the mode; its folder is private.
        with suppress(OSError):
            os.chmod(path, 0o600)
    return True


def _make_file(path: str) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        _check_file(path)
    except OSError as error:
        raise StoreReadOnly(
            f"cannot make {path}: {error.strerror}",
            hint="make the folder writable, or set PASO_HOME elsewhere",
        ) from error


def _look_inside(path: str) -> str:
    try:
        conn = sqlite3.connect(_quiet_uri(path), uri=True, isolation_level=None)
        try:
            return _judge(path, conn)
        finally:
            conn.close()
    except sqlite3.Error as error:
        raise typed(error, path) from error


def _quiet_uri(path: str) -> str:
    # Nobody has the file open when it has no log, so it can be read without locks;
    # else reading it would make an empty log.
    logs = (path + "-wal", path + "-journal")
    way = "mode=ro" if any(map(os.path.lexists, logs)) else "immutable=1"
    # Only these three mean something in the path of a file URI.
    for mark in "%?#":
        path = path.replace(mark, f"%{ord(mark):02x}")
    return f"file:{path}?{way}"


def _judge(path: str, conn: sqlite3.Connection) -> str:
    (owner,) = conn.execute("PRAGMA application_id").fetchone()
    (schema,) = conn.execute("PRAGMA user_version").fetchone()
    if owner != APPLICATION_ID:
        _refuse_stranger(path, conn)
        return NEW
    if schema > SCHEMA:
        raise SchemaTooNew(
            f"{path} was made by a newer Paso (schema {schema}, this one knows"
            f" {SCHEMA})",
            hint="update Paso; the database was not touched",
        )
    return CURRENT if schema == SCHEMA else OLDER


def _refuse_stranger(path: str, conn: sqlite3.Connection) -> None:
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    if tables >= GO_PASO_TABLES:
        raise ForeignDatabase(
            f"{path} was made by the Go program Paso; it was not touched",
            hint=f"set PASO_HOME to a new folder, then: paso import go-paso {path}",
        )
    if tables:
        raise ForeignDatabase(
            f"{path} is the database of another program; it was not touched",
            hint="move it away, or set PASO_HOME to another folder",
        )
