"""`peers.db`: what was collected is there after a restart; losing it is no harm."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from paso_daemon.peers import store as module
from paso_daemon.peers.log import Position
from paso_daemon.peers.store import PeerStore
from paso_daemon.tasks import Health
from tests.paso_daemon.peers.node import until


async def opened(home: Path, health: Health | None = None) -> PeerStore:
    store = PeerStore(str(home), health or Health())
    await store.open()
    return store


async def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    store.note("gen", "7")
    store.heard("a", Position(1, 2))
    store.heard("a", Position(1, 3))
    store.computer("a", {"name": "there"})
    store.record("a", "one", 1, {"id": "one"})
    store.record("a", "two", 1, {"id": "two"})
    store.position("a", Position(5, 6))
    store.record("a", "one", 2, None)
    await store.close()
    again = PeerStore(str(tmp_path), Health())
    saved = await again.open()
    assert saved.notes["gen"] == "7"
    assert saved.age_s("a") < 60
    assert saved.age_s("never heard of") == 0
    old = saved._replace(notes={"true a": f"{time.time() - 3600:.0f}"})
    assert 3599 <= old.age_s("a") < 3660
    assert saved.heard == {"a": Position(1, 3)}
    assert saved.computers == {"a": {"name": "there"}}
    assert saved.positions == {"a": Position(5, 6)}
    assert saved.records == {"a": [("two", b'{"id":"two"}')]}
    again.clear("a")
    again.record("a", "three", 1, {"id": "three"})
    await again.close()
    last = PeerStore(str(tmp_path), Health())
    saved = await last.open()
    assert saved.positions == {}
    assert [key for key, _ in saved.records["a"]] == ["three"]
    last.computer("a", None)
    await last.flush()
    await last.close()


async def test_of_a_computer_that_is_forgotten_only_the_numbers_stay(
    tmp_path: Path,
) -> None:
    store = await opened(tmp_path)
    for who in ("a", "b"):
        store.heard(who, Position(1, 2))
        store.beat(who, Position(1, 9))
        store.computer(who, {"name": who})
        store.record(who, "one", 1, {"id": "one"})
        store.position(who, Position(5, 6))
    await store.flush()
    store.still_true("a")
    store.computer("a", None)
    await store.close()
    again = PeerStore(str(tmp_path), Health())
    saved = await again.open()
    assert saved.heard == {"a": Position(1, 2), "b": Position(1, 2)}
    assert saved.beats == {"a": Position(1, 9), "b": Position(1, 9)}
    assert set(saved.notes) == {"true b"}
    for known in (saved.computers, saved.positions, saved.records):
        assert set(known) == {"b"}
    await again.close()


async def test_the_numbers_heard_last_are_kept_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HEARD", 3)
    store = await opened(tmp_path)
    for n, who in enumerate("abcdea", 1):
        store.heard(who, Position(1, n))
        await store.flush()
    await store.close()
    for _ in range(2):
        again = PeerStore(str(tmp_path), Health())
        found = (await again.open()).heard
        assert found == {who: Position(1, "-bcdea".index(who) + 1) for who in "dea"}
        await again.close()


async def test_a_snapshot_is_kept_whole_with_its_position(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    store.record("a", "old", 1, {"id": "old"})
    store.record("b", "other", 1, {"id": "other"})
    await store.flush()
    store.record("a", "lost", 2, {"id": "lost"})
    store.replace("a", Position(5, 6), [("s", 3, b'{"id":"s"}'), ("t", 1, b"{}")])
    store.record("a", "t", 2, None)
    await store.close()
    again = PeerStore(str(tmp_path), Health())
    saved = await again.open()
    assert saved.records["a"] == [("s", b'{"id":"s"}')]
    assert set(saved.records) == {"a", "b"}
    assert saved.positions == {"a": Position(5, 6)}
    again.replace("a", Position(5, 7), [("u", 1, b"{}")])
    again.computer("a", None)
    await again.close()
    last = PeerStore(str(tmp_path), Health())
    saved = await last.open()
    assert set(saved.records) == {"b"}
    await last.close()


async def test_it_writes_by_itself_and_seldom(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    for n in range(1000):
        store.position("a", Position(1, n))
    conn = sqlite3.connect(tmp_path / "peers.db")
    await until(lambda: conn.execute("SELECT n FROM positions").fetchall() == [(999,)])
    conn.close()
    await store.close()


async def test_what_comes_after_the_end_is_not_kept_and_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITE_AFTER_S", 0.0)
    faults: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, fault: faults.append(fault))
    store = await opened(tmp_path)
    store.note("before", "1")
    closing = asyncio.gather(store.close())
    await asyncio.sleep(0)
    store.note("meanwhile", "2")
    await closing
    store.note("after", "3")
    for _ in range(5):
        await asyncio.sleep(0)
    await store.close()
    assert faults == []
    for late in (store.flush(), store.result("a"), store.keep_result("a", {})):
        with pytest.raises(sqlite3.Error):
            await late
    again = PeerStore(str(tmp_path), Health())
    assert (await again.open()).notes == {"before": "1"}
    await again.close()


async def test_outcomes_are_kept_for_a_day_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RESULTS", 5)
    store = await opened(tmp_path)
    assert await store.result("1") is None
    for number in range(8):
        await store.keep_result(str(number), {"state": number})
    assert await store.result("7") == {"state": 7}
    assert await store.result("1") is None
    monkeypatch.setattr("time.time", lambda: 4e9)
    await store.keep_result("later", {})
    assert await store.result("7") is None
    assert await store.result("later") == {}
    await store.close()


async def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "peers.db").write_bytes(b"x" * 5000)
    store = await opened(tmp_path)
    await store.keep_result("a", {"state": "done"})
    assert await store.result("a") == {"state": "done"}
    assert (tmp_path / "peers.db.damaged").exists()
    await store.close()


async def test_a_damaged_file_that_cannot_be_put_aside_is_done_without(
    tmp_path: Path,
) -> None:
    (tmp_path / "peers.db").write_bytes(b"x" * 5000)
    (tmp_path / "peers.db.damaged").mkdir()
    health = Health()
    store = await opened(tmp_path, health)
    assert await store.result("a") is None
    await until(lambda: [one["name"] for one in health.told()] == ["peers.db"])
    await store.close()


async def test_a_file_that_cannot_be_written_is_told_and_held_against_nobody(
    tmp_path: Path,
) -> None:
    health = Health()
    store = await opened(tmp_path, health)
    other = sqlite3.connect(tmp_path / "peers.db", isolation_level=None)
    other.execute("DROP TABLE notes")
    store.note("a", "b")
    await until(lambda: [one["name"] for one in health.told()] == ["peers.db"])
    other.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT)")
    other.close()
    store.note("a", "c")
    await until(lambda: not health.told())
    await store.close()


async def test_a_file_that_another_one_holds_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health()
    await (await opened(tmp_path)).close()
    other = sqlite3.connect(tmp_path / "peers.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    connect = sqlite3.connect
    monkeypatch.setattr(
        "sqlite3.connect", lambda path, **more: connect(path, timeout=0.01)
    )
    store = await opened(tmp_path, health)
    store.note("a", "b")
    await store.flush()
    assert await store.result("a") is None
    assert [one["name"] for one in health.told()] == ["peers.db"]
    await store.close()
    other.close()
    assert not (tmp_path / "peers.db.damaged").exists()


async def test_nothing_of_it_runs_on_the_loop(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    seen: list[threading.Thread] = []
    write = store._write_batch

    def noted(batch: Any) -> None:
        seen.append(threading.current_thread())
        write(batch)

    store._write_batch = noted  # type: ignore[method-assign]
    store.note("a", "b")
    await store.flush()
    await store.close()
    assert seen and threading.main_thread() not in seen
