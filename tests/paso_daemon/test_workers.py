"""Work that blocks, beside the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from paso.errors import NotFound, Refused, TimedOut
from paso_daemon.workers import Workers


async def test_it_returns_and_raises_what_the_work_does() -> None:
    workers = Workers(asyncio.get_running_loop())
    here = threading.get_ident()
    assert await workers.run("look", threading.get_ident, 10.0) != here

    def fails() -> None:
        raise NotFound("nothing")

    with pytest.raises(NotFound):
        await workers.run("fail", fails, 10.0)
    assert workers.busy == 0


async def test_a_deadline_frees_who_waits_and_not_the_thread() -> None:
    workers = Workers(asyncio.get_running_loop(), limit=1)
    go_on = threading.Event()
    with pytest.raises(TimedOut):
        await workers.run("hang", go_on.wait, 0.05)
    with pytest.raises(Refused):
        await workers.run("more", lambda: None, 1.0)
    go_on.set()
    async with asyncio.timeout(10):
        while workers.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await workers.run("again", lambda: 5, 10.0) == 5


async def test_who_stops_waiting_hears_no_more_of_it() -> None:
    workers = Workers(asyncio.get_running_loop())
    go_on = threading.Event()
    waiting = asyncio.ensure_future(workers.run("slow", go_on.wait, 10.0))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    async with asyncio.timeout(10):
        while workers.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_thread_that_cannot_start_keeps_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers = Workers(asyncio.get_running_loop(), limit=1)

    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        with pytest.raises(Refused, match="can't start new thread"):
            await workers.run("look", lambda: 5, 10.0)
    assert workers.busy == 0
    assert await workers.run("look", lambda: 5, 10.0) == 5
