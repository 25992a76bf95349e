"""One connection to the board's database: snapshots, and writes that are announced.

A write is one transaction and one batch of the change log, which is one step of undo.
It is announced after its COMMIT; a write that failed, was rolled back or changed
nothing is not announced.

    write() --- BEGIN IMMEDIATE, bounded wait
       |          a batch, named in current_batch for the triggers
       |          ... the caller's statements, nested write() = savepoint ...
       |          COMMIT
       +------> on_commit(Commit)       its failure is logged, the write stands

Never: know a rule of the board, a task or a column; talk to the daemon itself.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress

from paso.database import sqlite_file
from paso.database.failures import typed
from paso.database.sqlite_file import POLL_MS, WAIT_S, connect, wait_for_lock
from paso.errors import StoreError
from paso.events.types import Commit, Entity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


class Database:
    """A connection for one thread at a time. `open_database` is how to get one.

    Arguments:
        path: the file; it exists and has the schema of this version.
        actor: who writes, for the change log and for undo.
        client: what writes (`cli`, `tui`, `python`, …).
        on_commit: called after each COMMIT that changed the board.
        wait_s: seconds to wait for another writer's lock.
    Raises:
        StoreError: one of its leaves, when the file cannot be used.
    """

    def __init__(
        self,
        path: str,
        *,
        actor: str = "",
        client: str = "python",
        on_commit: Callable[[Commit], object] | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        self.path = path
        self.actor = actor
        self.client = client
        self.on_commit = on_commit
        self.wait_s = wait_s
        self.last_commit: Commit | None = None
        self._batch = 0
        self._summary = ""
        self._sessions = 0
        self.conn = connect(path, wait_s)

    # reading

    def rows(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query, as tuples."""
        try:
            return self.conn.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise typed(error, self.path) from error

    def row(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Return the first row of a query, or None."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def value(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Return the first field of the first row, or None."""
        found = self.row(sql, params)
        return found[0] if found else None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """See one state of the board in all queries of the block."""
        if self.conn.in_transaction:
            yield self.conn
            return
        self.run("BEGIN")
        try:
            yield self.conn
        finally:
            with suppress(sqlite3.Error):
                self.conn.execute("ROLLBACK")

    def data_version(self) -> int:
        """Return a number that another connection's commit changes."""
        return int(self.value("PRAGMA data_version"))

    def change_head(self) -> int:
        """Return the number of the newest change, 0 when there is none."""
        return int(self.value("SELECT coalesce(max(id), 0) FROM change_log"))

    # writing

    @contextmanager
    def write(
        self, summary: str = "", *, kind: str = "write", target: int | None = None
    ) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction and one undo step.

        Inside another write it is a savepoint of that one, whose summary wins.

        Arguments:
            summary: what is done, in words for the log and for undo.
            kind: `write`, `undo`, `redo` or `setup`.
            target: the batch that is undone or redone.
        Raises:
            StoreBusy: others held the lock for `wait_s`.
            StoreError: or another of its leaves; nothing was written.
        """
        if self._batch:
            with self._savepoint():
                self.describe(summary)
                yield self.conn
            return
        commit = None
        self._begin()
        try:
            self._open_batch(summary, kind, target)
            yield self.conn
            commit = self._close_batch()
        except BaseException as error:
            self._rollback()
            if isinstance(error, sqlite3.Error):
                raise typed(error, self.path) from error
            raise
        finally:
            self._batch = 0
        if commit:
            self.last_commit = commit
            self._after(commit, "announced", self._announce)
            self._after(commit, "copied into the database", self._checkpoint)

    def describe(self, summary: str) -> None:
        """Name the write under way, unless it has a name."""
        self._summary = self._summary or summary

    def run(
        self, sql: str, params: Sequence[Any] | dict[str, Any] = ()
    ) -> sqlite3.Cursor:
        """Execute a statement of the write under way."""
        try:
            return self.conn.execute(sql, params)
        except sqlite3.Error as error:
            raise typed(error, self.path) from error

    def close(self) -> None:
        self.conn.close()

    def _begin(self) -> None:
        self.conn.execute(f"PRAGMA busy_timeout={POLL_MS}")
        try:
            wait_for_lock(self.conn, "BEGIN IMMEDIATE", self.path, self.wait_s)
        finally:
            self.conn.execute(f"PRAGMA busy_timeout={int(self.wait_s * 1000)}")

    def _open_batch(self, summary: str, kind: str, target: int | None) -> None:
        values = (self.actor, self.client, os.getpid(), kind, target)
        cursor = self.conn.execute(
            "INSERT INTO batches (actor, client, pid, kind, target)"
            " VALUES (?, ?, ?, ?, ?)",
            values,
        )
        self._batch = cursor.lastrowid or 0
        self._summary = summary
        self.conn.execute("UPDATE current_batch SET batch = ?", (self._batch,))
        self._sessions = self._session_head()
        self._untouched = self.conn.total_changes

    def _close_batch(self) -> Commit | None:
        if not self.conn.in_transaction:
            raise StoreError("the transaction was lost, nothing was written")
        if self.conn.total_changes == self._untouched:
            self._rollback()
            return None
        commit = self._committed_rows()
        if commit:
            self.conn.execute(
                "UPDATE batches SET summary = ? WHERE id = ?",
                (self._summary, self._batch),
            )
        else:
            self.conn.execute("DELETE FROM batches WHERE id = ?", (self._batch,))
            commit = self._bell_for_sessions()
        self.conn.execute("UPDATE current_batch SET batch = NULL")
        self.conn.execute("COMMIT")
        return commit

    def _session_head(self) -> int:
        sql = "SELECT seq FROM sqlite_sequence WHERE name = 'session_log'"
        found = self.conn.execute(sql).fetchone()
        return found[0] if found else 0

    def _bell_for_sessions(self) -> Commit | None:
        """A bell that names no new change: the daemon looks at both logs by it."""
        if self._session_head() == self._sessions:
            return None
        head = max(self.change_head(), 1)
        return Commit(head, head, 0, ())

    def _committed_rows(self) -> Commit | None:
        rows = self.conn.execute(
            "SELECT id, project_id, entity, op, entity_id, uid FROM change_log"
            " WHERE batch = ? ORDER BY id",
            (self._batch,),
        ).fetchall()
        if not rows:
            return None
        projects = {row[1] for row in rows}
        return Commit(
            first=rows[0][0],
            last=rows[-1][0],
            project_id=projects.pop() if len(projects) == 1 else 0,
            entities=tuple(Entity._make(row[2:]) for row in rows),
        )

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self.run("SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            with suppress(sqlite3.Error):
                self.conn.execute("ROLLBACK TO part")
                self.conn.execute("RELEASE part")
            if isinstance(error, sqlite3.Error):
                raise typed(error, self.path) from error
            raise
        self.run("RELEASE part")

    def _rollback(self) -> None:
        # SQLite itself has rolled back after some errors (a full disk); the error
        # under way is the one to tell.
        with suppress(sqlite3.Error):
            self.conn.execute("ROLLBACK")

    def _after(
        self, commit: Commit, what: str, act: Callable[[Commit], object]
    ) -> None:
        try:
            act(commit)
        except Exception:
            # The write stands; whoever asked for it is not to be told it failed.
            import logging

            logging.getLogger("paso.database").warning(
                "change %d is written, but not %s", commit.last, what, exc_info=True
            )

    def _announce(self, commit: Commit) -> None:
        if self.on_commit:
            self.on_commit(commit)

    def _checkpoint(self, commit: Commit) -> None:
        if sqlite_file.wal_size(self.path) > sqlite_file.WAL_LIMIT:
            sqlite_file.checkpoint(self.path)


def open_database(
    path: str,
    *,
    actor: str = "",
    client: str = "python",
    on_commit: Callable[[Commit], object] | None = None,
    create: bool = True,
    wait_s: float = WAIT_S,
) -> Database:
    """Open the board at `path`; make it on first use, migrate an older one.

    Arguments:
        create: False = an absent file is `NotFound`.
    Raises:
        UnsafePath: the folder or the file is not private, or not ours.
        ForeignDatabase: another program's database is there; it was not touched.
        SchemaTooNew: a newer Paso made it; it was not touched.
        StoreError: or another of its leaves.
    """
    from paso.database.identity import CURRENT, identify

    if identify(path, create=create) != CURRENT:
        from paso.database.migrate import bring_up_to_date

        bring_up_to_date(path, wait_s)
    return Database(
        path, actor=actor, client=client, on_commit=on_commit, wait_s=wait_s
    )
