"""Sessions of a daemon under test: a board, real terminals, a quick daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from paso.database.connection import Database
from paso_daemon.sessions.writer import Writer
from paso_daemon.tasks import Health
from tests.paso_daemon.sessions.bench import Bench
from tests.support.daemon import RunningDaemon, new_board
from tests.support.programs import needs

Begin = Callable[..., RunningDaemon]

MakeThread = Callable[[str], Writer]


@pytest.fixture
def loop() -> str:
    """The loop of the daemon, where a test does not ask for both of them."""
    return "uvloop"


@pytest.fixture
def db(paso_home: Path) -> Iterator[Database]:
    db = new_board(paso_home)
    yield db
    db.close()


@pytest.fixture
def bench(paso_home: Path, db: Database) -> Bench:
    needs("tmux")
    (paso_home / "config.toml").write_text(
        "[sessions]\npoll_s = 0.1\nidle_after_s = 0.6\n"
    )
    (paso_home / "config.toml").chmod(0o600)
    return Bench(paso_home, db)


@pytest.fixture
def begin(paso_home: Path, loop: str) -> Iterator[Begin]:
    """Starts daemons; what they said has no traceback."""
    with ExitStack() as stack:
        started: list[RunningDaemon] = []

        def start(**settings: object) -> RunningDaemon:
            settings = {"loop": loop, "poll_s": 0.05, **settings}
            daemon = stack.enter_context(RunningDaemon(paso_home, **settings))
            started.append(daemon)
            return daemon

        yield start
        for daemon in started:
            assert "Traceback" not in daemon.said(), daemon.said()


@pytest.fixture
async def thread(db: Database) -> AsyncIterator[MakeThread]:
    """Makes threads on the board of the test; they are stopped at its end."""
    made: list[Writer] = []

    def make(name: str) -> Writer:
        loop = asyncio.get_running_loop()
        one = Writer(
            name, db.path, loop, actor="test", wrote=lambda: None, health=Health()
        )
        made.append(one)
        return one

    yield make
    for one in made:
        await asyncio.to_thread(one.stop)
