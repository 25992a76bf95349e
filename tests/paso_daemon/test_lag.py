"""The watch on the loop: how late it is, and where it stood still."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from paso_daemon import lag
from paso_daemon.lag import LagWatch
from paso_daemon.tasks import Health
from tests.support.daemon import RunningDaemon, wait_for


def stand_still(daemon: RunningDaemon, seconds: float) -> None:
    os.kill(daemon.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(daemon.pid, signal.SIGCONT)


def told(daemon: RunningDaemon) -> float:
    found: float = daemon.status()["loop_lag"]["max_ms"]
    return found


def faults(daemon: RunningDaemon) -> list[str]:
    return [fault["name"] for fault in daemon.status()["degraded"]]


def test_a_loop_that_stood_still_is_told_with_its_stack_once(
    daemon: RunningDaemon,
) -> None:
    wait_for(lambda: "p99_ms" in daemon.status()["loop_lag"])
    time.sleep(0.6)
    assert faults(daemon) == []
    stand_still(daemon, 1.0)
    wait_for(lambda: told(daemon) >= 500)
    assert faults(daemon) == ["loop lag"]
    said = daemon.said()
    assert "the loop stood still for" in said
    assert said.count("most recent call first") == 1
    assert "in run" in said
    stand_still(daemon, 0.8)
    time.sleep(0.4)
    assert daemon.said().count("most recent call first") == 1, "not again so soon"
    assert daemon.terminate() == 0


async def test_the_fault_is_over_after_a_quiet_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "TICK_S", 0.01)
    monkeypatch.setattr(lag, "LATE_S", 0.1)
    monkeypatch.setattr(lag, "WINDOW_S", 0.2)
    health = Health()
    watch = LagWatch(asyncio.get_running_loop(), health, dumps=False)
    assert watch.told() == {"max_ms": 0.0, "p99_ms": 0.0}
    watch.start()
    await asyncio.sleep(0.05)
    time.sleep(0.15)  # noqa: ASYNC251  what is watched for
    await asyncio.sleep(0.02)
    assert [fault["name"] for fault in health.told()] == ["loop lag"]
    assert watch.told()["max_ms"] >= 100
    while health.told():  # noqa: ASYNC110  time makes it true
        await asyncio.sleep(0.01)
    watch.stop()
    watch.stop()


async def test_what_was_seen_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "TICK_S", 0.001)
    monkeypatch.setattr(lag, "WINDOW_S", 0.01)
    watch = LagWatch(asyncio.get_running_loop(), Health(), dumps=False)
    watch.start()
    await asyncio.sleep(0.1)
    watch.stop()
    assert len(watch._seen) <= 10


async def test_a_busy_machine_is_no_fault_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "TICK_S", 0.01)
    monkeypatch.setattr(lag, "LATE_S", 0.1)
    health = Health()
    watch = LagWatch(asyncio.get_running_loop(), health, dumps=False)
    waited = [0.0]
    monkeypatch.setattr(LagWatch, "_waits", lambda self: waited[0])
    watch.start()
    await asyncio.sleep(0.025)
    waited[0] = 5.0
    time.sleep(0.2)  # noqa: ASYNC251  the kernel says that we waited meanwhile
    await asyncio.sleep(0.03)
    assert watch.told()["max_ms"] >= 100
    assert health.told() == []
    watch.stop()
