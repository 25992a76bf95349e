"""paso/sessions/run, recorder.py and record.py: what is written, and when."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paso.commands import columns, projects, tasks, undo
from paso.commands.session_rules import set_rules
from paso.commands.sessions import get_session, saved_tail, session_history
from paso.database.connection import Database, open_database
from paso.errors import NotFound, StoreBusy, StoreDamaged
from paso.events.types import Commit
from paso.sessions.activity import Activity
from paso.sessions.run.draft import Draft, End
from paso.sessions.run.recorder import FINISH_S, Recorder
from tests.support.daemon import wait_for

ID = "0123456789abcdef"
DRAFT = Draft(ID, ("make", "all"), "/", "build", lambda db: (None, None))
WELL = End(0, None, "", None)


@pytest.fixture
def path(paso_home: Path) -> str:
    return str(paso_home / "tasks.db")


@pytest.fixture
def db(path: str) -> Iterator[Database]:
    opened = open_database(path)
    yield opened
    opened.close()


def recorder(
    path: str, activity: Activity, open_it: Callable[[], Database] | None = None
) -> Recorder:
    made = Recorder(DRAFT, open_it or (lambda: open_database(path)), activity)
    made.start()
    return made


def is_there(db: Database) -> bool:
    try:
        get_session(db, ID)
    except NotFound:
        return False
    return True


def transactions_of_a_run_that_is_over_at_once(
    path: str, draft: Draft, end: End
) -> int:
    """Nothing can be written before its end."""
    activity = Activity(now=time.monotonic())
    ready = threading.Event()
    heard: list[Commit] = []

    def open_when_it_is_over() -> Database:
        ready.wait(10)
        return open_database(path, on_commit=heard.append)

    made = Recorder(draft, open_when_it_is_over, activity)
    made.start()
    made.started(os.getpid())
    activity.feed(b"one\ntwo\n", time.monotonic())
    threading.Timer(0.1, ready.set).start()
    made.finish(end)
    assert made.lacks() == ""
    return len(heard)


def test_a_short_run_is_one_transaction(path: str, db: Database) -> None:
    end = End(3, None, "", None)
    assert transactions_of_a_run_that_is_over_at_once(path, DRAFT, end) == 1
    session = get_session(db, ID)
    assert (session.phase, session.exit_code, session.preview) == ("failed", 3, "two")
    assert saved_tail(db, ID).split() == ["one", "two"]
    phases = [event.phase for event in session_history(db, ID)]
    assert list(dict.fromkeys(phases)) == ["starting", "running", "failed"]


def test_a_short_run_that_moves_its_card_twice_is_two_steps_of_undo(
    path: str, db: Database
) -> None:
    project = projects.create_project(db, "Web").id
    review = columns.create_column(db, project, "Review").id
    task = tasks.create_task(db, project, "Fix login").id
    set_rules(db, project, start_moves=True, end_column_id=review)
    ready = tasks.get_task(db, task).column
    draft = DRAFT._replace(work=lambda db: (task, None))
    assert transactions_of_a_run_that_is_over_at_once(path, draft, WELL) == 2
    assert get_session(db, ID).phase == "ended"
    assert tasks.get_task(db, task).column.name == "Review"
    undo.undo(db)
    assert tasks.get_task(db, task).column.name == "In progress"
    undo.undo(db)
    assert tasks.get_task(db, task).column == ready


def test_what_is_written_waits_for_nobody_and_tells_all_that_is_new(
    path: str, db: Database
) -> None:
    activity = Activity(now=time.monotonic())
    made = recorder(path, activity)
    wait_for(lambda: is_there(db))
    made.started(os.getpid())
    for number in range(1000):
        activity.feed(b"line %d\n" % number, time.monotonic())
        made.stir()
    wait_for(lambda: get_session(db, ID).preview == "line 999")
    made.finish(WELL)
    assert len(session_history(db, ID)) <= 5


def test_a_busy_database_is_tried_again_and_a_damaged_one_is_not(
    path: str, db: Database
) -> None:
    tries: list[float] = []

    def busy_at_first() -> Database:
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise StoreBusy("another process writes")
        return open_database(path)

    made = recorder(path, Activity(), busy_at_first)
    wait_for(lambda: is_there(db))
    made.finish(WELL)
    assert (len(tries), made.lacks()) == (3, "")

    def damaged() -> Database:
        raise StoreDamaged("it is damaged", hint="restore it")

    began = time.monotonic()
    other = recorder(path, Activity(), damaged)
    other.finish(WELL)
    assert time.monotonic() - began < FINISH_S
    assert other.lacks() == "this run is not recorded: it is damaged (restore it)"


def test_an_end_that_cannot_be_written_is_told_as_that(path: str, db: Database) -> None:
    made = recorder(path, Activity())
    wait_for(lambda: is_there(db))
    with db.write():
        made.finish(WELL)
    assert made.lacks().startswith("the end of this run is not recorded: ")


def test_nothing_is_written_while_it_rests(path: str, db: Database) -> None:
    activity = Activity(now=time.monotonic())
    made = recorder(path, activity)
    made.started(os.getpid())
    wait_for(lambda: is_there(db))
    with made.at_rest():
        version = db.data_version()
        activity.feed(b"news\n", time.monotonic())
        made.stir()
        time.sleep(1.5)
        assert db.data_version() == version
    wait_for(lambda: get_session(db, ID).preview == "news")
    made.finish(WELL)
