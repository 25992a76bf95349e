"""Following a board: live, through crashes and restarts, and without any daemon."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from paso.database.connection import Database
from paso.errors import NotFound
from paso.events import client as module
from paso.events.client import Changed, EventClient, Notice, Other, Resync, State
from paso.events.process import read_pid_file
from paso.paths import Paths
from tests.conftest import daemon_pids
from tests.support.daemon import (
    RunningDaemon,
    foreign_write,
    new_board,
    rename_project,
    wait_for,
)

PATIENCE_S = 20.0


@pytest.fixture
def board(paso_home: Path) -> Iterator[Database]:
    with closing(new_board(paso_home)) as db:
        yield db


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths()


def follow(paths: Paths, **more: Any) -> EventClient:
    chosen: dict[str, Any] = {"topics": ["db"], "auto_start": False, **more}
    return EventClient(paths, client="test", **chosen)


async def until(
    client: EventClient, wanted: Callable[[Notice], bool]
) -> tuple[Notice, list[Notice]]:
    """The first notice that is wanted, and all that came before it."""
    before: list[Notice] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            notice = await anext(client)
            if wanted(notice):
                return notice, before
            before.append(notice)


async def state(client: EventClient, name: str) -> list[Notice]:
    """What came until that state."""
    return (await until(client, lambda n: isinstance(n, State) and n.name == name))[1]


async def change(client: EventClient, last: int) -> list[Changed]:
    """The changes up to number `last`."""
    notice, before = await until(
        client, lambda n: isinstance(n, Changed) and n.last == last
    )
    assert isinstance(notice, Changed)
    return [n for n in before if isinstance(n, Changed)] + [notice]


def assert_whole(changes: list[Changed], first: int, last: int) -> None:
    assert changes[0].first == first
    assert changes[-1].last == last
    assert all(b.first == (a.last or 0) + 1 for a, b in pairwise(changes))


async def test_a_change_is_told_while_a_daemon_runs(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    with RunningDaemon(paso_home, poll_s=0.05):
        async with follow(paths) as client:
            assert await anext(client) == State("live", "")
            last = rename_project(board, "new")
            [told] = await change(client, last)
            assert told.project_id == 1
            assert told.entities[0].entity == "project"
            assert not told.truncated
            assert told.origin is not None
            assert told.origin["client"] == "test"
            assert client.last_change == last


async def test_the_first_client_starts_the_daemon(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    async with follow(paths, auto_start=True) as client:
        await state(client, "live")
        assert len(daemon_pids(paso_home)) == 1
        last = rename_project(board, "new")
        assert_whole(await change(client, last), last, last)


async def test_what_was_missed_before_is_told_first(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    start = board.change_head()
    for number in range(5):
        last = rename_project(board, str(number))
    with RunningDaemon(paso_home):
        async with follow(paths, last_change=start) as client:
            assert_whole(await change(client, last), start + 1, last)


async def test_more_than_one_piece_is_caught_up_with(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    start = board.change_head()
    with board.write("many") as conn:
        conn.executemany(
            "INSERT INTO labels (project_id, name) VALUES (1, ?)",
            [(str(number),) for number in range(module.ROWS_AT_ONCE * 2 + 7)],
        )
    with RunningDaemon(paso_home):
        async with follow(paths, last_change=start) as client:
            changes = await change(client, board.change_head())
            assert_whole(changes, start + 1, board.change_head())
            assert all(c.truncated and len(c.entities) == 50 for c in changes[:2])


async def test_without_a_daemon_it_looks_by_itself(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    async with follow(paths) as client:
        offline, before = await until(client, lambda n: isinstance(n, State))
        assert offline == State("offline", "the daemon does not run")
        assert before == []
        for name in ("a", "b"):
            foreign_write(paso_home, name)
            begin = time.monotonic()
            last = board.change_head()
            assert_whole(await change(client, last), last, last)
            assert time.monotonic() - begin < 5
        with RunningDaemon(paso_home, poll_s=0.05):
            assert await state(client, "live") == []
            last = rename_project(board, "c")
            assert_whole(await change(client, last), last, last)


def write_many(board: Database, pieces: int) -> None:
    with board.write("many") as conn:
        conn.executemany(
            "INSERT INTO labels (project_id, name) VALUES (1, ?)",
            [(str(number),) for number in range(module.ROWS_AT_ONCE * pieces)],
        )


async def test_without_a_daemon_a_big_write_costs_one_look(
    paths: Paths, board: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_S", 4.0)
    async with follow(paths) as client:
        await state(client, "offline")
        start = board.change_head()
        write_many(board, 6)
        # A look for each piece would take six times as long as the patience.
        assert_whole(
            await change(client, board.change_head()), start + 1, board.change_head()
        )


async def test_a_long_catch_up_leaves_the_loop_its_turns(
    paths: Paths, board: Database
) -> None:
    start = board.change_head()
    write_many(board, 6)
    seen: list[int] = []
    async with follow(paths, last_change=start) as client:

        async def watch() -> None:
            while True:
                seen.append(client.last_change or 0)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(watch())
            await change(client, board.change_head())
            watcher.cancel()
    assert all(b - a <= 2 * module.ROWS_AT_ONCE for a, b in pairwise(seen))


async def test_a_killed_daemon_is_started_again_and_nothing_is_missed(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    async with follow(paths, auto_start=True) as client:
        await state(client, "live")
        start, seen = board.change_head(), list[Changed]()
        for round_ in range(3):
            process = read_pid_file(paths)
            assert process is not None
            rename_project(board, f"before {round_}")
            os.kill(process.pid, signal.SIGKILL)
            last = rename_project(board, f"after {round_}")
            # The PID file names the dead one until another daemon has taken it.
            while (
                not seen
                or seen[-1].last != last
                or read_pid_file(paths) in (process, None)
            ):
                async with asyncio.timeout(PATIENCE_S):
                    notice = await anext(client)
                assert not isinstance(notice, Resync)
                if isinstance(notice, Changed):
                    seen.append(notice)
        assert_whole(seen, start + 1, last)
        assert len(daemon_pids(paso_home)) == 1


async def test_a_daemon_that_took_its_leave_is_expected_back(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    async with follow(paths, auto_start=True) as client:
        with RunningDaemon(paso_home) as first:
            await state(client, "live")
            first.process.terminate()
            lost, _ = await until(client, lambda n: isinstance(n, State))
            assert lost == State("reconnecting", "stopping")
            first.process.wait(10)
            last = rename_project(board, "between")
        with RunningDaemon(paso_home) as second:
            told = await change(client, last)
            assert_whole(told, last, last)
            wait_for(lambda: len(daemon_pids(paso_home)) == 1)
            assert daemon_pids(paso_home) == [second.pid], "no third one was started"


async def test_a_daemon_that_hangs_is_noticed_and_the_board_stays_live(
    paths: Paths, board: Database, paso_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.3)
    monkeypatch.setattr(module, "PONG_S", 0.5)
    monkeypatch.setattr(module, "WELCOME_S", 0.5)
    monkeypatch.setattr(module, "RECONNECTING_S", 0.5)
    with RunningDaemon(paso_home) as daemon:
        async with follow(paths, auto_start=True) as client:
            await state(client, "live")
            os.kill(daemon.pid, signal.SIGSTOP)
            last = rename_project(board, "meanwhile")
            before = await state(client, "reconnecting")
            if not before:
                await change(client, last)
            await state(client, "offline")
            assert daemon_pids(paso_home) == [daemon.pid], "no second one"
            os.kill(daemon.pid, signal.SIGCONT)
            await state(client, "live")
            last = rename_project(board, "after")
            await change(client, last)


async def test_silence_is_answered_and_no_reason_to_leave(
    paths: Paths, board: Database, paso_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.1)
    with RunningDaemon(paso_home, silence_s=1, tick_s=0.1) as daemon:
        async with follow(paths) as client:
            await state(client, "live")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await anext(client)
            assert daemon.status()["clients"] == 2


async def test_waiting_may_be_given_up_at_any_time_and_loses_nothing(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    start = board.change_head()
    with RunningDaemon(paso_home, poll_s=0.02):
        async with follow(paths, last_change=start) as client:
            seen: list[Changed] = []
            for number in range(60):
                last = rename_project(board, str(number))
                try:
                    async with asyncio.timeout(0.001 * (number % 7)):
                        notice = await anext(client)
                except TimeoutError:
                    continue
                if isinstance(notice, Changed):
                    seen.append(notice)
            if not seen or seen[-1].last != last:
                seen += await change(client, last)
            assert_whole(seen, start + 1, last)


async def test_a_filter_is_kept_across_daemons_and_can_be_changed(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    with board.write("another") as conn:
        conn.execute("INSERT INTO projects (key, name) VALUES ('NEW', 'new')")

    def rename_second(name: str) -> int:
        with board.write("x") as conn:
            conn.execute("UPDATE projects SET name = ? WHERE id = 2", (name,))
        return board.change_head()

    async with follow(paths, project_id=2) as client:
        for round_ in range(2):
            with RunningDaemon(paso_home, poll_s=0.02):
                await state(client, "live")
                rename_project(board, f"not this {round_}")
                last = rename_second(f"this {round_}")
                [told] = await change(client, last)
                assert told.project_id == 2
        with RunningDaemon(paso_home, poll_s=0.02) as daemon:
            await state(client, "live")
            await client.subscribe(["db"], 1)
            wait_for(
                lambda: any(entry["project_id"] == 1 for entry in _clients(daemon))
            )
            rename_second("not this")
            last = rename_project(board, "this")
            [told] = await change(client, last)
            assert told.project_id == 1


def _clients(daemon: RunningDaemon) -> list[dict[str, Any]]:
    with daemon.client() as asker:
        asker.subscribe([])
        found: list[dict[str, Any]] = asker.request("clients")["result"]
        return found


async def test_other_topics_and_foreign_announcements_come_as_they_are(
    paths: Paths, paso_home: Path
) -> None:
    with RunningDaemon(paso_home) as daemon, daemon.client() as speaker:
        async with follow(paths, topics=None) as client:
            await state(client, "live")
            _, before = await until(
                client,
                lambda n: isinstance(n, Other) and n.event["type"] == "tasks_initial",
            )
            assert len(before) == 3
            speaker.announce(5)
            told, _ = await until(client, lambda n: isinstance(n, Changed))
            assert told == Changed(5, None, None, (), False, told.origin)  # type: ignore[union-attr]
            session = {"id": "s", "title": "t"}
            speaker.send(
                {
                    "type": "event",
                    "event": {"type": "session_started", "session": session},
                }
            )
            other, _ = await until(client, lambda n: isinstance(n, Other))
            assert isinstance(other, Other)
            assert other.event["session"] == session


async def test_a_replaced_database_is_a_resync(
    paths: Paths, board: Database, paso_home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    new_board(folder).close()
    with RunningDaemon(paso_home, poll_s=0.05):
        async with follow(paths) as client:
            await state(client, "live")
            rename_project(board, "x")
            board.close()
            for suffix in ("-wal", "-shm"):
                (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
            os.rename(folder / "tasks.db", paso_home / "tasks.db")
            notice, _ = await until(client, lambda n: isinstance(n, Resync))
            assert isinstance(notice, Resync)
            assert (notice.reason, notice.topics) == ("database_replaced", ("db",))
            foreign_write(paso_home, "after")
            # The daemon may see the new file later than we, and this change with it.
            await until(client, lambda n: isinstance(n, Changed | Resync))


async def test_a_replaced_database_is_a_resync_without_a_daemon_too(
    paths: Paths, board: Database, paso_home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    new_board(folder).close()
    async with follow(paths) as client:
        foreign_write(paso_home, "x")
        await state(client, "offline")
        foreign_write(paso_home, "y")
        await until(client, lambda n: isinstance(n, Changed))
        board.close()
        for suffix in ("-wal", "-shm"):
            (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
        os.rename(folder / "tasks.db", paso_home / "tasks.db")
        notice, _ = await until(client, lambda n: isinstance(n, Resync))
        assert isinstance(notice, Resync)
        assert notice.reason == "database_replaced"


async def test_a_request_is_answered_beside_the_notices(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    with RunningDaemon(paso_home) as daemon:
        async with follow(paths) as client:
            status = await client.request("status", {}, 5)
            assert status["pid"] == daemon.pid
            with pytest.raises(NotFound):
                await client.request("session", {"id": "x"}, 5)


async def test_closing_ends_an_iteration_under_way(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    client = follow(paths)

    async def close_soon() -> None:
        await asyncio.sleep(0.2)
        await client.aclose()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(close_soon())
        seen = [notice async for notice in client]
    assert seen == [State("offline", "the daemon does not run")]


async def test_leaving_while_a_daemon_is_started_leaves_nothing_open(
    paths: Paths, board: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection that comes too late is closed; warnings are errors here."""
    monkeypatch.setenv("PASO_START_DELAY_S", "0.3")
    client = follow(paths, auto_start=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), aclosing(client):
            await anext(client)
    await asyncio.sleep(0.6)


async def test_a_home_that_cannot_hold_a_daemon_is_said_and_the_board_followed(
    paths: Paths, board: Database, paso_home: Path
) -> None:
    (paso_home / "spawn.lock").mkdir()
    async with follow(paths, auto_start=True) as client:
        notice, _ = await until(client, lambda n: isinstance(n, State))
        assert isinstance(notice, State)
        assert notice.name == "offline"
        assert "spawn.lock" in notice.reason
        foreign_write(paso_home, "x")
        await until(client, lambda n: isinstance(n, Changed))
