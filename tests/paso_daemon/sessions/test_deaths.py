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
from tests.paso_daemon.sessions.threads import until

pytestmark = both_loops

Body = Callable[[Deaths, list[str]], Coroutine[Any, Any, None]]
Run = Callable[..., None]


@pytest.fixture
def run(loop: str) -> Run:
    """Runs a coroutine on a loop of this kind, with one who watches; what that told
    goes into the list. In the end it holds nothing."""
    make = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop

    async def watching(body: Body, fds: int) -> None:
        watch = Deaths(asyncio.get_running_loop(), fds)
        await body(watch, [])
        watch.close()
        assert (len(watch), watch.fds) == (0, 0)

    def run_it(body: Body, fds: int = 5) -> None:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(watching(body, fds))

    return run_it


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def of(process: subprocess.Popen[bytes]) -> Process:
    return Process(process.pid, start_ticks(process.pid))


@pytest.mark.parametrize("fds", [5, 0])
def test_an_end_is_told_once_to_each_who_asked(
    run: Run,
    sleeper: subprocess.Popen[bytes],
    fds: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deaths, "LOOK_S", 0.05)

    async def body(watch: Deaths, told: list[str]) -> None:
        watch.watch(of(sleeper), "a", lambda: told.append("a"))
        watch.watch(of(sleeper), "b", lambda: told.append("b"))
        assert (len(watch), watch.fds) == (1, min(fds, 1))
        sleeper.kill()
        await until(lambda: len(told) == 2)
        await asyncio.sleep(0.1)
        assert sorted(told) == ["a", "b"]
        assert (len(watch), watch.fds) == (0, 0)

    run(body, fds)


def test_a_process_that_is_gone_already_is_told_in_a_later_turn(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    gone = Process(of(sleeper).pid, 1)  # its pid is another one's by now

    async def body(watch: Deaths, told: list[str]) -> None:
        watch.watch(gone, "a", lambda: told.append("a"))
        assert told == []
        await until(lambda: told)
        assert (len(watch), watch.fds) == (0, 0)

    run(body)


def test_what_is_forgotten_is_not_told_and_holds_nothing(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    async def body(watch: Deaths, told: list[str]) -> None:
        before = len(os.listdir("/proc/self/fd"))
        for key in range(100):
            watch.watch(of(sleeper), key, lambda: told.append("x"))
        assert watch.fds == 1
        for key in range(99):
            watch.forget(of(sleeper), key)
        watch.forget(of(sleeper), "nobody")
        assert (len(watch), watch.fds) == (1, 1)
        watch.forget(of(sleeper), 99)
        assert len(os.listdir("/proc/self/fd")) == before
        sleeper.kill()
        await asyncio.sleep(0.1)
        assert told == []

    run(body)


def test_a_listener_may_watch_another_one(
    run: Run, sleeper: subprocess.Popen[bytes]
) -> None:
    own = Process(os.getpid(), start_ticks(os.getpid()))

    async def body(watch: Deaths, told: list[str]) -> None:
        def ended() -> None:
            told.append("first")
            watch.watch(own, "a", lambda: told.append("never"))

        watch.watch(of(sleeper), "a", ended)
        sleeper.kill()
        await until(lambda: told)
        assert (len(watch), told) == (1, ["first"])

    run(body)
