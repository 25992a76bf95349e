"""Sessions in the database: rows in, records out; their log, their last output.

What the daemon reads takes its own read-only connection; all else takes a Database.

Never: check a rule, begin a transaction.
"""

from __future__ import annotations

import os

from paso.database.repository import NOW
from paso.database.task_sessions import LIVE
from paso.model import Session, SessionEvent
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from typing import Any

    from paso.database.connection import Database

_SELECT = """
SELECT s.id, s.title, p.id, p.key, s.project_uid, t.id, tp.key || '-' || t.number,
  s.task_uid, t.title, s.argv, s.cwd, s.backend, s.adopted, s.created_by, s.pid,
  s.phase, s.activity, s.attention, s.exit_code, s.signal, s.reason,
  coalesce(o.preview, ''), s.version, s.created_at, s.started_at, o.at, s.ended_at,
  s.updated_at
FROM sessions s LEFT JOIN session_output o ON o.session_id = s.id
LEFT JOIN projects p ON p.uid = s.project_uid
LEFT JOIN tasks t ON t.uid = s.task_uid LEFT JOIN projects tp ON tp.id = t.project_id
"""

URGENT_FIRST = (
    f"ORDER BY s.attention = 'none', s.{LIVE} = 0, s.created_at DESC, s.id DESC"
)
"""Those that need the user, then those that live, then the newest."""


class BackendRef(NamedTuple):
    """Where a session runs; None where its kind has no such thing.

    A process is a pid, the clock tick it started at (field 22 of /proc/PID/stat,
    proc(5)), and the boot: a pid alone is given out again.
    """

    pid: int | None = None
    pid_ticks: int | None = None
    boot_id: str | None = None
    keeper: int | None = None
    """The process that holds the terminal of a pty session."""
    keeper_ticks: int | None = None
    tmux_socket: str | None = None
    tmux_server: int | None = None
    """Pid of the server."""
    tmux_server_ticks: int | None = None
    tmux_session: str | None = None
    """As `$3`."""
    tmux_pane: str | None = None
    """As `%7`; a server never gives it out twice."""


class LogRow(NamedTuple):
    """One row of the log, for who announces it."""

    id: int
    session_id: str
    op: str
    version: int


def records(
    conn: sqlite3.Connection,
    computer: str,
    where: str = "1",
    params: Sequence[Any] | dict[str, Any] = (),
    *,
    order: str = URGENT_FIRST,
    limit: int = -1,
) -> list[Session]:
    """Return the sessions that `where` picks.

    Arguments:
        computer: id of this computer.
        where: SQL on the aliases s (sessions), o (session_output), t (tasks) and p
            (projects).
        limit: at most that many; -1 = all.
    """
    sql = f"{_SELECT} WHERE {where} {order} LIMIT {int(limit)}"
    return _records(conn.execute(sql, params).fetchall(), computer)


def select(
    db: Database,
    where: str = "1",
    params: Sequence[Any] | dict[str, Any] = (),
    *,
    order: str = URGENT_FIRST,
    limit: int = -1,
) -> list[Session]:
    """Return what `records` does, with the identity of the database's own home."""
    rows = db.rows(f"{_SELECT} WHERE {where} {order} LIMIT {int(limit)}", params)
    return _records(rows, computer_of(db)) if rows else []


def by_id(db: Database, session_id: str) -> Session | None:
    found = select(db, "s.id = ?", (session_id,))
    return found[0] if found else None


def computer_of(db: Database) -> str:
    """Return the id of the computer that this database belongs to."""
    from paso.computer import this_computer

    return this_computer(os.path.dirname(db.path)).id


def names(db: Database) -> list[tuple[str, str, str]]:
    """Return (id, title, phase) of every session, newest first."""
    return db.rows(
        "SELECT id, title, phase FROM sessions ORDER BY created_at DESC, id DESC"
    )


def one_of(ids: Iterable[str]) -> tuple[str, tuple[str]]:
    """Return what `records` takes to pick these ids."""
    named = ",".join(f'"{one}"' for one in ids if one.isalnum())
    return "s.id IN (SELECT value FROM json_each(?))", (f"[{named}]",)


def _records(rows: Sequence[tuple[Any, ...]], computer: str) -> list[Session]:
    from json import loads

    commands = loads(f"[{','.join(row[9] for row in rows)}]")
    return [
        Session._make(
            (
                row[0],
                computer,
                *row[1:9],
                tuple(argv),
                *row[10:12],
                bool(row[12]),
                *row[13:],
            )
        )
        for row, argv in zip(rows, commands, strict=True)
    ]


# writing


def insert(db: Database, session_id: str, **values: Any) -> None:
    names = ", ".join(["id", *values])
    marks = ", ".join("?" * (len(values) + 1))
    sql = f"INSERT INTO sessions ({names}) VALUES ({marks})"
    db.run(sql, (session_id, *values.values()))


def update(db: Database, session_id: str, **values: Any) -> None:
    """Set some fields; a field that has the value already makes no new version."""
    names = ", ".join(f"{name} = ?" for name in values)
    sql = f"UPDATE sessions SET {names} WHERE id = ?"
    db.run(sql, (*values.values(), session_id))


def delete(db: Database, session_id: str) -> None:
    db.run("DELETE FROM sessions WHERE id = ?", (session_id,))


def save_output(
    db: Database, session_id: str, preview: str | None, tail: str | None, seen: bool
) -> None:
    """Keep the last output.

    Arguments:
        seen: it was seen just now.
    """
    db.run(
        "INSERT INTO session_output (session_id, preview, tail)"
        " VALUES (:id, coalesce(:preview, ''), coalesce(:tail, ''))"
        " ON CONFLICT (session_id) DO UPDATE SET preview = coalesce(:preview, preview),"
        f" tail = coalesce(:tail, tail), at = iif(:seen, {NOW}, at)",
        {"id": session_id, "preview": preview, "tail": tail, "seen": seen},
    )


def trim_log(db: Database, session_id: str, most: int) -> None:
    """Forget all but the newest `most` events of a session."""
    db.run(
        "DELETE FROM session_log WHERE session_id = :id AND id <= (SELECT id FROM"
        " session_log WHERE session_id = :id ORDER BY id DESC LIMIT 1 OFFSET :most)",
        {"id": session_id, "most": most},
    )


def old_ones(db: Database, age: str, keep: int) -> list[str]:
    """Return the ids of those over for longer than `age`, but for the newest `keep`.

    Arguments:
        age: a modifier of SQLite's dates, as `-30 days`.
    """
    rows = db.rows(
        "SELECT id FROM (SELECT id, ended_at FROM sessions WHERE"
        " phase IN ('ended', 'failed', 'lost') ORDER BY ended_at DESC, id"
        " LIMIT -1 OFFSET ?)"
        " WHERE ended_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)",
        (keep, age),
    )
    return [row[0] for row in rows]


def forget_removed(db: Database, age: str) -> None:
    """Drop what is left in the log of sessions that were removed long ago."""
    db.run(
        "DELETE FROM session_log WHERE op = 'delete'"
        " AND at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)"
        " AND at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 days')",
        (age,),
    )


def reports(db: Database, session_id: str) -> bool:
    """Return True when the command tells its activity by itself."""
    sql = "SELECT reported FROM sessions WHERE id = ?"
    return bool(db.value(sql, (session_id,)))


# what hangs on a session


def backend_of(db: Database, session_id: str) -> BackendRef | None:
    names = ", ".join(BackendRef._fields)
    row = db.row(f"SELECT {names} FROM sessions WHERE id = ?", (session_id,))
    return BackendRef._make(row) if row else None


def backends(db: Database, ids: Iterable[str]) -> dict[str, BackendRef]:
    where, params = one_of(ids)
    return dict(_backend(row) for row in db.rows(_BACKENDS + where, params))


def backends_of(conn: sqlite3.Connection, ids: Iterable[str]) -> dict[str, BackendRef]:
    """Return what `backends` does, for who has a connection only."""
    where, params = one_of(ids)
    return dict(_backend(row) for row in conn.execute(_BACKENDS + where, params))


_BACKENDS = f"SELECT s.id, {', '.join(BackendRef._fields)} FROM sessions s WHERE "


def _backend(row: tuple[Any, ...]) -> tuple[str, BackendRef]:
    return row[0], BackendRef._make(row[1:])


def tail_of(db: Database, session_id: str) -> str:
    sql = "SELECT tail FROM session_output WHERE session_id = ?"
    return db.value(sql, (session_id,)) or ""


def events_of(db: Database, session_id: str) -> list[SessionEvent]:
    """Return the history of a session, oldest first."""
    rows = db.rows(
        "SELECT at, op, version, phase, activity, attention, reason FROM session_log"
        " WHERE session_id = ? ORDER BY id",
        (session_id,),
    )
    return [SessionEvent._make(row) for row in rows]


def head(conn: sqlite3.Connection) -> int:
    """Return the number of the newest event there ever was, 0 when there is none."""
    sql = "SELECT seq FROM sqlite_sequence WHERE name = 'session_log'"
    found = conn.execute(sql).fetchone()
    return int(found[0]) if found else 0


def log_rows(conn: sqlite3.Connection, since: int, limit: int) -> list[LogRow]:
    """Return the events above `since`, oldest first; some may be gone by now."""
    rows = conn.execute(
        "SELECT id, session_id, op, version FROM session_log WHERE id > ?"
        " ORDER BY id LIMIT ?",
        (since, limit),
    )
    return [LogRow._make(row) for row in rows]
