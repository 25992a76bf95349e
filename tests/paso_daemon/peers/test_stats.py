"""Statistics: sampled off the loop, and never waited for."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from paso_daemon.peers import stats
from paso_daemon.peers.stats import Sampler


async def test_the_processor_is_counted_from_the_second_sample_on(
    tmp_path: Path,
) -> None:
    sampler = Sampler(str(tmp_path))
    first = await sampler.ask()
    assert "cpu_percent" not in first
    assert len(first["load"]) == 3
    assert 0 < first["memory_percent"] <= 100
    assert 0 < first["disk_percent"] <= 100
    assert 0 <= (await sampler.ask())["cpu_percent"] <= 100


async def test_a_home_that_is_gone_has_no_disk(tmp_path: Path) -> None:
    found = await Sampler(str(tmp_path / "gone")).ask()
    assert "disk_percent" not in found
    assert "memory_percent" in found


async def test_a_disk_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "ANSWER_S", 0.05)
    sampler, go_on = Sampler(str(tmp_path)), threading.Event()
    threads: list[threading.Thread] = []

    def hang() -> dict[str, Any]:
        threads.append(threading.current_thread())
        go_on.wait(20)
        return {"load": []}

    monkeypatch.setattr(sampler, "sample", hang)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert [await sampler.ask() for _ in range(3)] == [{}, {}, {}]
    assert loop.time() - begun < 5
    assert len(threads) == 1, "one look at a time"
    assert threads[0] is not threading.main_thread()
    go_on.set()
    monkeypatch.setattr(stats, "ANSWER_S", 10)
    assert await sampler.ask() == {"load": []}
