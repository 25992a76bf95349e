"""Opens another program's SQLite file so that neither it nor its folder changes.

    no -wal file, or an empty one   immutable: no lock, no file made
    -wal and -shm files             mode=ro, the writer may be alive
    -wal without -shm               copies of both in a private folder

SQLite would make the `-shm` file that a `-wal` file needs, even for a reader
(https://www.sqlite.org/wal.html#readonly), hence the copies.

Never: know what is in the file.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_go_paso(path: str) -> Iterator[sqlite3.Connection]:
    """Give a connection that reads one state of the file.

    Raises:
        sqlite3.Error: it is no database, or cannot be read.
    """
    if not _has_content(path + "-wal"):
        with _reading(_uri(path, "mode=ro&immutable=1")) as conn:
            yield conn
    elif os.path.exists(path + "-shm"):
        with _reading(_uri(path, "mode=ro")) as conn:
            yield conn
    else:
        with _copied(path) as copy, _reading(_uri(copy, "mode=rw")) as conn:
            yield conn


@contextmanager
def _reading(uri: str) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(uri, uri=True, isolation_level=None)
    # Text that is not UTF-8 shall not end the import.
    conn.text_factory = _text
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.text_factory = _text
    try:
        conn.backup(memory)
        yield memory
    finally:
        memory.close()
        conn.close()


def _text(raw: Any) -> str:
    return bytes(raw).decode("utf-8", "replace")


@contextmanager
def _copied(path: str) -> Iterator[str]:
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="paso-") as folder:
        copy = os.path.join(folder, "copy.db")
        shutil.copyfile(path, copy)
        shutil.copyfile(path + "-wal", copy + "-wal")
        yield copy


def _has_content(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


def _uri(path: str, options: str) -> str:
    # Only these three mean something in the path of a file URI.
    for mark in "%?#":
        path = path.replace(mark, f"%{ord(mark):02x}")
    return f"file:{path}?{options}"
