"""The daemon's part in sessions, put together: begun when needed, ended whole."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from paso.commands import sessions as store
from paso.computer import Computer
from paso.config import load_config
from paso.database.connection import Database
from paso.paths import Paths
from paso_daemon.cache import Cache
from paso_daemon.directory import Directory
from paso_daemon.hub import Hub
from paso_daemon.sessions import service
from paso_daemon.sessions.service import Sessions
from paso_daemon.tasks import Health
from tests.paso_daemon.sessions.bench import wrapped
from tests.paso_daemon.sessions.threads import until

Make = Callable[[], Sessions]
PAST = "2020-01-01T00:00:00.000Z"


@pytest.fixture
async def make(db: Database) -> AsyncIterator[Make]:
    made: list[Sessions] = []

    def make_it() -> Sessions:
        loop, hub = asyncio.get_running_loop(), Hub[Any]("e")
        one = Sessions(
            db.path,
            load_config(Paths()),
            loop,
            directory=Directory(Cache("me"), hub, Computer("me", "desk"), loop),
            health=Health(),
            ring=lambda: made[0].ring(),
            is_followed=lambda: False,
            fds_limit=100,
        )
        made.append(one)
        return one

    yield make_it
    for one in made:
        await one.stop()
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"session looks", "session writes"}


async def following(db: Database, make: Make) -> tuple[Sessions, str]:
    """The service that looks after a session, which began while it ran."""
    sessions = make()
    sessions.look()
    one = wrapped(db, os.getpid())
    sessions.ring()
    await until(lambda: sessions.lives)
    return sessions, one


def session(db: Database) -> str:
    return store.create_session(db, argv=["x"], cwd="/", backend="pty").id


async def test_what_is_over_has_nobody_who_looks_after_it(
    db: Database, make: Make
) -> None:
    store.session_start_failed(db, session(db), "no")
    sessions = make()
    sessions.look()
    await asyncio.sleep(0.05)
    assert (sessions.lives, sessions.report()) == (False, {})


async def test_the_first_one_that_lives_is_looked_after_until_its_end(
    db: Database, make: Make
) -> None:
    sessions, one = await following(db, make)
    assert sessions.report()["kept"] == 1
    store.session_ended(db, one, exit_code=0)
    sessions.ring()
    await until(lambda: not sessions.lives)
    await until(lambda: not any(sessions.report().values()))


async def test_one_that_ended_before_the_keeper_begins_is_not_looked_after(
    db: Database, make: Make
) -> None:
    one = wrapped(db, os.getpid())
    sessions = make()
    sessions.look()
    with db.write() as conn:
        conn.execute("DELETE FROM sessions WHERE id = ?", (one,))
    sessions.look()
    await until(lambda: "kept" in sessions.report())
    assert not sessions.lives


async def test_old_sessions_are_forgotten_soon_after_the_start(
    db: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PRUNE_FIRST_S", 0.01)
    monkeypatch.setattr(service, "PRUNE_KEEP", 0)
    old, young = session(db), session(db)
    for one in (old, young):
        store.session_start_failed(db, one, "no")
    with db.write() as conn:
        conn.execute("UPDATE sessions SET ended_at = ? WHERE id = ?", (PAST, old))
    make()
    await until(lambda: db.rows("SELECT id FROM sessions") == [(young,)])


async def test_after_the_stop_nothing_is_followed_any_more(
    db: Database, make: Make
) -> None:
    """The pump of the change log rings once more when the daemon takes its leave."""
    sessions, one = await following(db, make)
    await sessions.stop()
    store.set_activity(db, one, "working")
    sessions.ring()
    sessions.look()
    await asyncio.sleep(0.05)
    assert not any(sessions.report().values())
