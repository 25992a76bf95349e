"""The thread that writes: never waited for, patient with a locked database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paso.database.connection import Database
from paso_daemon.sessions import writer
from paso_daemon.sessions.writer import Writer
from paso_daemon.tasks import Health
from tests.paso_daemon.sessions.bench import locked
from tests.paso_daemon.sessions.threads import held, settled, until
from tests.support.daemon import rename_project


class Bench:
    """A writer on the board of the test, and what it told."""

    def __init__(self, path: str) -> None:
        self.health = Health()
        self.rung = 0
        self.results: list[object] = []
        self.writer = Writer(
            "writes",
            path,
            asyncio.get_running_loop(),
            actor="test",
            wrote=self._wrote,
            health=self.health,
        )

    def _wrote(self) -> None:
        self.rung += 1

    def rename(self, name: str, key: object = "name") -> bool:
        return self.writer.submit(
            key, lambda db: rename_project(db, name), self.results.append
        )

    async def wait(self, count: int) -> None:
        await until(lambda: len(self.results) >= count)


@pytest.fixture
async def bench(paso_home: Path, db: Database) -> AsyncIterator[Bench]:
    made = Bench(db.path)
    yield made
    await asyncio.to_thread(made.writer.stop)
    assert not [one for one in threading.enumerate() if one.name == "writes"]


async def test_work_is_done_in_order_and_rings(bench: Bench, db: Database) -> None:
    for number in range(20):
        assert bench.rename(f"name {number}", key=number)
    await bench.wait(20)
    numbers = [int(str(result)) for result in bench.results]
    assert (numbers, bench.rung) == (sorted(numbers), 20)
    assert db.value("SELECT name FROM projects WHERE id = 1") == "name 19"
    assert len(bench.writer) == 0


async def test_work_that_waits_is_replaced_by_newer_of_its_key(
    bench: Bench, db: Database
) -> None:
    with held(bench.writer):
        for number in range(500):
            bench.rename(f"name {number}")
        assert len(bench.writer) == 1
    await settled(bench.writer)
    assert (bench.rung, len(bench.results)) == (1, 1)
    assert db.value("SELECT name FROM projects WHERE id = 1") == "name 499"


async def test_work_that_finds_no_room_has_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 1)
    with held(bench.writer):
        assert bench.rename("waits", key=1)
        assert not bench.rename("no room", key=2)
        await bench.wait(1)
        assert bench.results == [None]
    await bench.wait(2)


async def test_work_of_a_session_that_is_over_is_forgotten(bench: Bench) -> None:
    with held(bench.writer):
        bench.rename("never", key="gone")
        bench.rename("kept", key="kept")
        bench.writer.forget("gone")
    await settled(bench.writer)
    assert (bench.rung, len(bench.results)) == (1, 1)


async def test_a_locked_database_is_tried_again_until_it_is_free(
    bench: Bench, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LOCK_WAIT_S", 0.05)
    with locked(db.path):
        bench.rename("late")
        await until(bench.health.told)
        assert bench.health.told()[0]["name"] == "writes"
    await bench.wait(1)
    assert bench.health.told() == []


async def test_work_that_fails_is_told_and_the_next_goes_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(db: Database) -> None:
        raise ZeroDivisionError("nothing to divide by")

    bench.writer.submit("wrong", fail, bench.results.append)
    await bench.wait(1)
    assert bench.results == [None]
    assert "nothing to divide by" in bench.health.told()[0]["reason"]
    assert "Traceback" in caplog.text
    bench.rename("right")
    await bench.wait(2)
    assert bench.health.told() == []


async def test_a_stop_ends_the_work_that_waits(bench: Bench, db: Database) -> None:
    for number in range(10):
        bench.rename(f"name {number}", key=number)
    await asyncio.to_thread(bench.writer.stop)
    assert db.value("SELECT name FROM projects WHERE id = 1") == "name 9"
    assert not bench.rename("too late")


async def test_a_stop_does_not_wait_for_a_locked_database(
    bench: Bench, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LOCK_WAIT_S", 0.05)
    with locked(db.path):
        bench.rename("never")
        await until(bench.health.told)
        await asyncio.to_thread(bench.writer.stop)
        assert "writes" not in {one.name for one in threading.enumerate()}
    assert bench.results == []


async def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    bench = Bench(str(tmp_path / "none.db"))
    bench.rename("never")
    await bench.wait(1)
    assert bench.health.told()
    await asyncio.to_thread(bench.writer.stop)
