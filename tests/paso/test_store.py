"""The store as every face opens it: writes are announced, and never wait for it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.commands import projects, tasks
from paso.config import load_config
from paso.database.connection import Database
from paso.events.launcher import call
from paso.paths import Paths
from paso.store import Announcer, close_store, open_store


def store(paths: Paths, *, auto_start: bool) -> Database:
    config = load_config(paths)._replace(actor="ann", auto_start=auto_start)
    return open_store(paths, config, "cli")


def write(db: Database, title: str) -> None:
    tasks.create_task(db, projects.find_project(db, "PASO").id, title)


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths(str(paso_home))


@pytest.fixture
def deaf(paths: Paths) -> Iterator[socket.socket]:
    """A listener that never accepts, never reads: a daemon that hangs."""
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o077)
    listener.bind(paths.socket)
    os.umask(before)
    listener.listen(0)
    yield listener
    listener.close()


def test_who_writes_and_with_what_is_in_the_log(paths: Paths) -> None:
    db = store(paths, auto_start=False)
    write(db, "x")
    last = "SELECT actor, client FROM batches ORDER BY id DESC LIMIT 1"
    assert db.row(last) == ("ann", "cli")
    close_store(db)


def test_reading_loads_no_publisher(paths: Paths) -> None:
    db = store(paths, auto_start=True)
    tasks.list_tasks(db, None)
    assert isinstance(db.on_commit, Announcer)
    assert db.on_commit.publisher is None
    assert not os.path.lexists(paths.socket)
    close_store(db)


def test_without_a_daemon_a_write_stands(paths: Paths) -> None:
    db = store(paths, auto_start=False)
    write(db, "alone")
    assert [task.title for task in tasks.list_tasks(db, None)] == ["alone"]
    assert isinstance(db.on_commit, Announcer)
    assert db.on_commit.publisher is not None
    assert db.on_commit.publisher.last_error
    close_store(db)


def test_a_daemon_that_hangs_loses_nothing_and_holds_nobody(
    paths: Paths, deaf: socket.socket
) -> None:
    db = store(paths, auto_start=True)
    start = time.monotonic()
    for number in range(5):
        write(db, f"task {number}")
    assert time.monotonic() - start < 10
    assert len(tasks.list_tasks(db, None)) == 5
    close_store(db)


def test_the_first_write_starts_the_daemon_and_it_knows_the_change(
    paths: Paths,
) -> None:
    db = store(paths, auto_start=True)
    write(db, "wake up")
    deadline = time.monotonic() + 30
    while not os.path.exists(paths.socket):
        assert time.monotonic() < deadline, "no daemon was started"
        time.sleep(0.02)
    status = call(paths, "status", {}, timeout_s=30)
    assert status["change"] == db.change_head()
    close_store(db)


def test_a_write_that_failed_is_not_announced(paths: Paths) -> None:
    db = store(paths, auto_start=False)
    heard: list[object] = []
    db.on_commit = heard.append
    with pytest.raises(ZeroDivisionError), db.write("half"):
        write(db, "never was")
        raise ZeroDivisionError
    assert heard == []
    assert tasks.list_tasks(db, None) == []
    close_store(db)
