"""Copies the database while others use it, and proves the copy.

    copy by SQLite's backup API (one snapshot, -wal included) -> hidden file, 0600
    quick_check -> fsync -> link to the final name (never over another file)

Never: open the database's own file by hand: closing that descriptor would drop the
locks of every SQLite connection of this process
(https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import suppress

from paso.database.failures import typed
from paso.errors import Conflict, PasoError, StoreDamaged, StoreFull, StoreReadOnly
from paso.paths import ensure_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database


def backup(db: Database, target: str | None = None) -> str:
    """Copy the database as it is now and return the path of the copy.

    The copy is one file, readable by its owner only; to restore it, stop Paso and
    move it to the place of the database.

    Arguments:
        target: file to make, or folder to make it in; absent = `backups` beside the
            database, under a name with the time (UTC).
    Raises:
        Conflict: the file exists; backups never overwrite.
        StoreFull, StoreReadOnly: the copy cannot be written there.
        StoreDamaged: the copy did not pass `PRAGMA quick_check`; it was removed.
    """
    path = _target(db, target)
    folder, name = os.path.split(path)
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        _make_private(part)
        try:
            _copy(db, part)
            _flush(part)
            _publish(part, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
        _flush(folder)
    except OSError as error:
        raise _store_error(error, path) from error
    return path


def _target(db: Database, target: str | None) -> str:
    stamp = time.strftime("paso-%Y%m%dT%H%M%SZ", time.gmtime())
    if target is None:
        folder = os.path.join(os.path.dirname(db.path), "backups")
        ensure_private_dir(folder)
        return _free_name(folder, stamp)
    path = os.path.abspath(os.path.expanduser(target))
    if os.path.isdir(path):
        return _free_name(path, stamp)
    if os.path.lexists(path):
        raise _taken(path)
    return path


def _free_name(folder: str, stamp: str) -> str:
    path, number = os.path.join(folder, f"{stamp}.db"), 1
    while os.path.lexists(path):
        number += 1
        path = os.path.join(folder, f"{stamp}-{number}.db")
    return path


def _make_private(path: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(path, flags, 0o600))


def _copy(db: Database, path: str) -> None:
    try:
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            db.conn.backup(copy)
            # Without its -wal file a copy in WAL mode could not be read from a
            # folder that is read-only.
            copy.execute("PRAGMA journal_mode=DELETE")
            answer = copy.execute("PRAGMA quick_check").fetchone()[0]
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise typed(error, path) from error
    if answer != "ok":
        raise StoreDamaged(
            f"the copy of {db.path} is damaged: {answer}", hint="run `paso doctor`"
        )


def _flush(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _publish(part: str, path: str) -> None:
    """Give the finished copy its name, unless somebody took it meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise _taken(path) from None
    except OSError:
        # The file system knows no second names (FAT); the moment between look and
        # rename remains.
        if os.path.lexists(path):
            raise _taken(path) from None
        os.rename(part, path)


def _taken(path: str) -> Conflict:
    return Conflict(
        f"{path} exists, and a backup never overwrites", hint="name another file"
    )


def _store_error(error: OSError, path: str) -> PasoError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(f"the disk is full, there is no backup at {path}")
    return StoreReadOnly(
        f"cannot write {path}: {error.strerror}", hint="name a folder you can write"
    )
