"""What SQLite's result codes mean to a person: one table, code to typed error.

Never: catch, retry or log anything; the callers decide.
"""

from __future__ import annotations

import errno
import sqlite3

from paso.errors import (
    Conflict,
    PasoError,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
)

BUSY, LOCKED, READONLY, CORRUPT, FULL, CANTOPEN, CONSTRAINT, NOTADB = (
    *(5, 6, 8, 11, 13, 14, 19, 26),
)
"""Primary result codes (https://www.sqlite.org/rescode.html)."""

_WORDS: dict[int, tuple[type[PasoError], str, str]] = {
    BUSY: (StoreBusy, "another program holds {path} locked", "try again"),
    LOCKED: (StoreBusy, "another program holds {path} locked", "try again"),
    READONLY: (
        StoreReadOnly,
        "{path} cannot be written",
        "make the file and its folder writable, or set PASO_HOME elsewhere",
    ),
    CANTOPEN: (
        StoreReadOnly,
        "{path} cannot be opened",
        "make the file and its folder writable, or set PASO_HOME elsewhere",
    ),
    FULL: (
        StoreFull,
        "the disk is full, nothing was written to {path}",
        "free some space, then try again",
    ),
    CORRUPT: (
        StoreDamaged,
        "{path} is damaged",
        "keep a copy, then `sqlite3 FILE .recover`, or restore a backup",
    ),
    NOTADB: (
        StoreDamaged,
        "{path} is not a database",
        "move it away, or restore a backup over it",
    ),
    CONSTRAINT: (Conflict, "the board does not allow it: {detail}", ""),
}


def typed_os(error: OSError, path: str) -> PasoError:
    """Return the error of `paso.errors` for a file beside the database."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        words = f"{path}: {error.strerror}, nothing was changed"
        return StoreFull(words, hint="free some space, then try again")
    return StoreReadOnly(
        f"{path} cannot be written: {error.strerror}",
        hint="make the file and its folder writable, or set PASO_HOME elsewhere",
    )


def primary_code(error: sqlite3.Error) -> int:
    """Return the primary result code; 0 for an error of the Python module itself."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    return primary_code(error) in (BUSY, LOCKED)


def typed(error: sqlite3.Error, path: str) -> PasoError:
    """Return the error of `paso.errors` that says what `error` means for `path`."""
    kind, words, hint = _WORDS.get(
        primary_code(error), (StoreError, "{path}: {detail}", "")
    )
    return kind(words.format(path=path, detail=error), hint=hint or None)
