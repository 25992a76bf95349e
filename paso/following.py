"""Follows a board from a script that knows no asyncio: a plain blocking iterator.

The event client runs in a loop of its own, which turns only while the script waits;
what arrives meanwhile stays in the socket, and a connection that was closed for
silence is made up for from the change log.

Never: be imported before somebody follows; asyncio costs 40 ms.
"""

from __future__ import annotations

import asyncio

from paso.errors import UsageError
from paso.events.client import Changed, EventClient, Resync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paso.paths import Paths


def follow(
    paths: Paths,
    *,
    client: str,
    auto_start: bool,
    project_id: int,
    last_change: int,
    timeout_s: float | None,
) -> Iterator[Changed]:
    """Yield changes after `last_change`; see `Board.follow`.

    Raises:
        UsageError: a loop runs in this thread already.
    """
    if asyncio._get_running_loop() is not None:
        raise UsageError(
            "follow() blocks, and an asyncio loop runs in this thread",
            hint="use paso.events.client.EventClient",
        )
    events = EventClient(
        paths,
        client=client,
        topics=["db"],
        project_id=project_id,
        auto_start=auto_start,
        last_change=last_change,
    )
    return _changes(events, timeout_s)


def _changes(events: EventClient, timeout_s: float | None) -> Iterator[Changed]:
    runner = asyncio.Runner()
    try:
        runner.run(_enter(events))
        while True:
            change = runner.run(_next_change(events, timeout_s))
            if change is None:
                return
            yield change
    finally:
        events.close()
        _close(runner)


def _close(runner: asyncio.Runner) -> None:
    """A generator that nobody closed may be collected while another loop runs."""
    if asyncio._get_running_loop() is None:
        runner.close()
    else:
        runner.get_loop().close()


async def _enter(events: EventClient) -> None:
    await events.__aenter__()


async def _next_change(events: EventClient, timeout_s: float | None) -> Changed | None:
    """The next change; None when none came in time."""
    try:
        async with asyncio.timeout(timeout_s):
            async for notice in events:
                if isinstance(notice, Changed):
                    return notice
                if isinstance(notice, Resync):
                    return _everything(notice)
    except TimeoutError:
        return None
    return None


def _everything(notice: Resync) -> Changed:
    """Frames were withheld: anything may have changed."""
    return Changed(
        project_id=0,
        first=None,
        last=notice.change,
        entities=(),
        truncated=True,
        origin=None,
    )
