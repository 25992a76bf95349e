"""Ends of processes: told once, by the kernel or by looking."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop

from paso.events.process import start_ticks
from paso_daemon.sessions import deaths
from paso_daemon.sessions.deaths import Deaths, Process
from tests.paso_daemon.sessions.bench import both_loops

pytestmark = both_loops

Body = Callable[[], Coroutine[Any, Any, None]]
Run = Callable[[Body], None]


@pytest.fixture
def run(loop: str) -> Run:
    """Runs a coroutine to its end on a loop of this kind."""
    make = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop

    def run_it(body: Body) -> None:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(asyncio.wait_for(body(), 20))

    return run_it


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def of(process: subprocess.Popen[bytes]) -> Process:
    return Process(process.pid, start_ticks(process.pid))


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  another process makes it true
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("fds", [5, 0])
def test_an_end_is_told_once_to_each_who_asked(
    run: Run,
    sleeper: subprocess.Popen[bytes],
    fds: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deaths, "LOOK_S", 0.05)

    async def body() -> None:
        told: list[str] = []
        watch = Deaths(asyncio.get_running_loop(), fds)
        watch.watch(of(sleeper), "a", lambda: told.append("a"))
        watch.watch(of(sleeper), "b", lambda: told.append("b"))
        assert (len(watch), watch.fds) == (1, min(fds, 1))
        sleeper.kill()
        await until(lambda: len(told) == 2)
        await asyncio.sleep(0.1)
        assert sorted(told) == ["a", "b"]
        assert (len(watch), watch.fds) == (0, 0)
        watch.close()

    run(body)


def test_a_process_that_is_gone_already_is_told_in_a_later_turn(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    async def body() -> None:
        told: list[str] = []
        gone = Process(of(sleeper).pid, 1)  # its pid is another one's by now
        watch = Deaths(asyncio.get_running_loop(), 5)
        watch.watch(gone, "a", lambda: told.append("a"))
        assert told == []
        await until(lambda: told)
        assert (len(watch), watch.fds) == (0, 0)

    run(body)


def test_what_is_forgotten_is_not_told_and_holds_nothing(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    async def body() -> None:
        told: list[str] = []
        before = len(os.listdir("/proc/self/fd"))
        watch = Deaths(asyncio.get_running_loop(), 5)
        for key in range(100):
            watch.watch(of(sleeper), key, lambda: told.append("x"))
        assert watch.fds == 1
        for key in range(100):
            watch.forget(of(sleeper), key)
        watch.forget(of(sleeper), "nobody")
        assert len(os.listdir("/proc/self/fd")) == before
        sleeper.kill()
        await asyncio.sleep(0.1)
        assert told == []

    run(body)


def test_a_listener_may_watch_another_one(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    async def body() -> None:
        told: list[str] = []
        watch = Deaths(asyncio.get_running_loop(), 5)
        own = Process(os.getpid(), start_ticks(os.getpid()))

        def ended() -> None:
            told.append("first")
            watch.watch(own, "a", lambda: told.append("never"))

        watch.watch(of(sleeper), "a", ended)
        sleeper.kill()
        await until(lambda: told)
        assert len(watch) == 1
        watch.close()
        assert (len(watch), watch.fds) == (0, 0)

    run(body)
