"""Background tasks: held, named, their failures told once, all ended on stop."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from paso_daemon.tasks import Health, TaskRegistry


async def test_a_task_is_held_under_its_name_until_it_ends() -> None:
    registry = TaskRegistry(Health())
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()

    registry.start("work", work())
    gc.collect()
    await asyncio.sleep(0)
    assert registry.names == ["work"]
    gate.set()
    await asyncio.sleep(0.01)
    assert registry.names == []


async def test_a_failure_is_logged_once_with_its_trace_and_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health()
    registry = TaskRegistry(health)

    async def fail() -> None:
        raise ValueError("broken")

    registry.start("watch", fail())
    await asyncio.sleep(0.01)
    assert health.told() == [
        {"name": "watch", "reason": "failed: ValueError('broken')"}
    ]
    [error] = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert "the task watch failed" in error.getMessage()
    assert error.exc_info is not None


async def test_stop_cancels_every_task_and_waits_for_its_end() -> None:
    registry = TaskRegistry(Health())
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(name)

    for name in ("a", "b"):
        registry.start(name, work(name))
    await asyncio.sleep(0)
    await registry.stop()
    assert sorted(ended) == ["a", "b"]
    assert registry.names == []


def test_a_fault_is_logged_when_it_is_new_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    health = Health()
    for _ in range(3):
        health.degraded("database", "locked")
    health.degraded("database", "damaged")
    assert health.told() == [{"name": "database", "reason": "damaged"}]
    health.recovered("database")
    health.recovered("database")
    assert health.told() == []
    assert [r.getMessage() for r in caplog.records] == [
        "database: locked",
        "database: damaged",
        "database: works again",
    ]
