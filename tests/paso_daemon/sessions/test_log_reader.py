"""The log of sessions, followed: what is new, what is gone, what begins anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.commands import sessions as store
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso_daemon.sessions.log_reader import LogReader, Reading

OWN = "ab" * 8


@pytest.fixture
def reader(db: Database) -> Iterator[LogReader]:
    made = LogReader(db.path, OWN)
    yield made
    made.close()


def new(db: Database, title: str = "one") -> str:
    return store.create_session(
        db, argv=["make", "all"], cwd="/", backend="pty", title=title
    ).id


def ids(reading: Reading) -> list[str]:
    return [seen.session.id for seen in reading.seen]


def test_the_first_reading_has_all_that_matter(db: Database, reader: LogReader) -> None:
    live, old = new(db), new(db)
    store.session_start_failed(db, old, "no")
    store.acknowledge(db, old)
    with db.write() as conn:
        sql = "UPDATE sessions SET ended_at = '2020-01-01T00:00:00.000Z' WHERE id = ?"
        conn.execute(sql, (old,))
    first = reader.read(100)
    assert (ids(first), first.replaced) == ([live], True)
    assert first.seen[0].session.computer == OWN
    assert first.seen[0].ref == BackendRef()


def test_each_change_is_read_once(db: Database, reader: LogReader) -> None:
    reader.read(100)
    one = new(db)
    store.session_running(db, one, BackendRef(pid=7))
    news = reader.read(100)
    assert (ids(news), news.replaced) == ([one], False)
    assert news.seen[0].session.version == 2
    assert reader.read(100) == Reading([], [])
    store.session_ended(db, one, exit_code=0)
    ended = reader.read(100).seen[0]
    assert (ended.session.phase, ended.ref) == ("ended", None)


def test_a_removed_session_is_told_with_the_version_after_its_last(
    db: Database, reader: LogReader
) -> None:
    one = new(db)
    store.session_start_failed(db, one, "no")
    version = store.get_session(db, one).version
    reader.read(100)
    store.remove_session(db, one)
    assert reader.read(100).removed == [(one, version + 1)]


def test_what_came_and_went_between_two_readings_is_only_gone(
    db: Database, reader: LogReader
) -> None:
    reader.read(100)
    one = new(db)
    store.session_start_failed(db, one, "no")
    store.remove_session(db, one)
    news = reader.read(100)
    assert news.seen == []
    assert [gone for gone, _ in news.removed] == [one]


def test_a_long_log_is_read_in_pieces(db: Database, reader: LogReader) -> None:
    reader.read(100)
    made = [new(db) for _ in range(25)]
    found: list[str] = []
    while (reading := reader.read(10)).seen:
        found += ids(reading)
    assert sorted(found) == sorted(made)


def test_another_file_is_read_from_the_start(db: Database, reader: LogReader) -> None:
    kept = new(db)
    backup = f"{db.path}.backup"
    db.conn.execute("VACUUM INTO ?", (backup,))
    new(db)
    assert len(reader.read(100).seen) == 2
    shutil.move(backup, db.path)
    for suffix in ("-wal", "-shm"):
        Path(db.path + suffix).unlink(missing_ok=True)
    reading = reader.read(100)
    assert (ids(reading), reading.replaced) == ([kept], True)


def test_a_backup_put_back_into_the_same_file_is_noticed(
    db: Database, reader: LogReader, tmp_path: Path
) -> None:
    kept = new(db)
    copy = sqlite3.connect(tmp_path / "copy.db")
    db.conn.backup(copy)
    new(db)
    new(db)
    reader.read(100)
    copy.backup(db.conn)
    copy.close()
    reading = reader.read(100)
    assert (ids(reading), reading.replaced) == ([kept], True)


def test_another_row_at_the_head_is_noticed(
    db: Database, reader: LogReader, tmp_path: Path
) -> None:
    reader.read(100)
    copy = sqlite3.connect(tmp_path / "copy.db")
    db.conn.backup(copy)
    new(db)
    reader.read(100)
    copy.backup(db.conn)
    copy.close()
    other, later = new(db), new(db)
    reading = reader.read(100)
    assert reading.replaced
    assert sorted(ids(reading)) == sorted([other, later])


def test_no_file_is_no_session(tmp_path: Path) -> None:
    reader = LogReader(str(tmp_path / "none.db"), OWN)
    assert reader.read(100) == Reading([], [], replaced=True)


def test_a_damaged_file_is_told_and_read_when_it_is_mended(
    db: Database, reader: LogReader
) -> None:
    one = new(db)
    good = Path(db.path).with_suffix(".good")
    db.conn.execute("VACUUM INTO ?", (str(good),))
    broken = Path(db.path).with_suffix(".broken")
    broken.write_bytes(b"no database" * 1000)
    broken.rename(db.path)
    with pytest.raises(sqlite3.Error):
        reader.read(100)
    for suffix in ("-wal", "-shm"):
        Path(db.path + suffix).unlink(missing_ok=True)
    good.rename(db.path)
    assert ids(reader.read(100)) == [one]


def test_a_record_that_is_none_hides_no_other(db: Database, reader: LogReader) -> None:
    good, bad = new(db), new(db)
    with db.write() as conn:
        conn.execute("UPDATE sessions SET argv = 'no list' WHERE id = ?", (bad,))
    assert ids(reader.read(100)) == [good]
    with db.write() as conn:
        conn.execute("UPDATE sessions SET argv = '[' WHERE id = ?", (bad,))
        conn.execute("UPDATE sessions SET title = 'x' WHERE id = ?", (good,))
    assert ids(reader.read(100)) == [good]


def test_text_that_is_no_utf8_is_shown_and_stops_nothing(
    db: Database, reader: LogReader
) -> None:
    one = new(db)
    with db.write() as conn:
        conn.execute("UPDATE sessions SET cwd = CAST(X'2FFF' AS TEXT)")
    assert ids(reader.read(100)) == [one]
