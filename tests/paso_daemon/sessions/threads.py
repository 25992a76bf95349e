"""Threads of the daemon's sessions, in a test: kept busy, waited for.

Never: know what a session is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paso_daemon.sessions.writer import Writer

LIMIT_S = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread or process makes true."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def settled(writer: Writer) -> None:
    """Wait until all that was queued has been done, and told in the loop."""
    told = asyncio.Event()
    writer.run("last", lambda: None, lambda _: told.set())
    async with asyncio.timeout(LIMIT_S):
        await told.wait()


@contextmanager
def held(writer: Writer) -> Iterator[None]:
    """Keep the thread from its work in the block: what is queued waits."""
    began, gate = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        gate.wait(LIMIT_S)

    writer.run("held", hold, lambda _: None)
    assert began.wait(LIMIT_S)
    try:
        yield
    finally:
        gate.set()
