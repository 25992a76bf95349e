"""The tables of sessions: what the daemon reads, what triggers write, what is kept."""

from __future__ import annotations

import sqlite3

import pytest

from paso.commands import sessions as commands
from paso.commands import tasks
from paso.commands.sessions import BackendRef
from paso.database import sessions
from paso.database.connection import Database
from paso.database.sessions import LogRow
from paso.model import Session

HERE = BackendRef(pid=41, pid_ticks=7, boot_id="b", tmux_pane="%2")


def create(db: Database, task_id: int | None = None) -> Session:
    return commands.create_session(
        db, argv=["make"], cwd="/", backend="tmux", task_id=task_id
    )


def read_only(db: Database) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{db.path}?mode=ro", uri=True, isolation_level=None)


def test_the_daemon_reads_the_same_records_by_its_own_connection(db: Database) -> None:
    task = tasks.create_task(db, 1, "x")
    one, two = create(db, task.id), create(db)
    conn = read_only(db)
    computer = sessions.computer_of(db)
    assert sessions.records(conn, computer, *sessions.one_of([one.id])) == [one]
    assert sessions.records(conn, computer) == commands.list_sessions(db)
    assert sessions.records(conn, "far", "s.id = ?", (two.id,))[0].computer == "far"
    assert sessions.records(conn, computer, limit=1) == commands.list_sessions(db)[:1]
    assert sessions.records(conn, computer, *sessions.one_of([])) == []
    named = sessions.one_of([one.id, "x'\"]", "0" * 16])
    assert sessions.select(db, *named) == [one]
    conn.close()


def test_the_log_is_read_from_a_number_on(db: Database) -> None:
    assert sessions.head(db.conn) == 0
    assert sessions.log_rows(db.conn, 0, 10) == []
    session = create(db)
    commands.session_running(db, session.id, HERE)
    assert sessions.head(db.conn) == 2
    assert sessions.log_rows(db.conn, 0, 10) == [
        LogRow(1, session.id, "insert", 1),
        LogRow(2, session.id, "update", 2),
    ]
    assert sessions.log_rows(db.conn, 1, 10) == [LogRow(2, session.id, "update", 2)]
    assert sessions.log_rows(db.conn, 0, 1) == [LogRow(1, session.id, "insert", 1)]


def test_the_head_never_goes_back(db: Database) -> None:
    session = create(db)
    commands.session_lost(db, session.id, "gone")
    commands.remove_session(db, session.id)
    assert sessions.head(db.conn) == 3
    assert sessions.log_rows(db.conn, 0, 10) == [LogRow(3, session.id, "delete", 3)]
    db.conn.execute("DELETE FROM session_log")
    assert sessions.head(db.conn) == 3
    create(db)
    assert sessions.head(db.conn) == 4


def test_versions_only_grow_whoever_writes(db: Database) -> None:
    session = create(db)
    db.conn.execute("UPDATE sessions SET phase = 'lost', version = 1")
    db.conn.execute("UPDATE sessions SET title = 'x', version = 1")
    now = commands.get_session(db, session.id)
    assert (now.phase, now.title, now.version) == ("lost", "x", 3)
    db.conn.execute("UPDATE sessions SET title = 'x', rule_change = 9")
    assert commands.get_session(db, session.id).version == 3


@pytest.mark.parametrize(
    "wrong",
    [
        "phase = 'sleeping'",
        "activity = 'sleeping'",
        "attention = 'all'",
        "backend = 'screen'",
        "title = ''",
        "reported = 2",
        "id = 'short'",
        "id = '0123456789ABCDEF'",
    ],
)
def test_the_schema_refuses_what_no_session_can_be(db: Database, wrong: str) -> None:
    create(db)
    with pytest.raises(sqlite3.IntegrityError):
        db.conn.execute(f"UPDATE sessions SET {wrong}")


def test_places_are_read_one_by_one_and_together(db: Database) -> None:
    one, two = create(db), create(db)
    commands.session_running(db, one.id, HERE)
    assert sessions.backend_of(db, one.id) == HERE
    assert sessions.backend_of(db, "0" * 16) is None
    wanted = {one.id: HERE, two.id: BackendRef()}
    assert sessions.backends(db, [one.id, two.id]) == wanted
    assert sessions.backends_of(db.conn, [one.id, two.id]) == wanted


def test_a_session_that_changes_touches_no_change_log(db: Database) -> None:
    head = db.change_head()
    session = create(db)
    commands.session_ended(db, session.id, exit_code=0)
    assert db.change_head() == head
