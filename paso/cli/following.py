"""Follow the board until the user or the reader of the output ends it.

Never: print an event; that is the caller's.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from paso.cli.context import Context
    from paso.events.notices import Changed, Other, Resync

    Handle = Callable[[Changed | Resync | Other], Awaitable[None] | None]


def follow(
    context: Context,
    handle: Handle,
    *,
    topics: Sequence[str] | None,
    project_id: int,
    last: int | None = None,
) -> None:
    """Call `handle` with each notice of the board, for ever.

    Arguments:
        last: the number of the last change that is known already.
    Raises:
        BrokenPipeError: nobody reads stdout any more.
        KeyboardInterrupt: the user ended it.
    """
    import asyncio

    asyncio.run(_follow(context, handle, topics, project_id, last))


async def _follow(
    context: Context,
    handle: Handle,
    topics: Sequence[str] | None,
    project_id: int,
    last: int | None,
) -> None:
    from asyncio import CancelledError

    from paso.events.client import EventClient, State

    teller = StateTeller(context)
    client = EventClient(
        context.paths,
        client="watch",
        topics=topics,
        project_id=project_id,
        auto_start=context.config.auto_start,
        last_change=last,
    )
    reader = Reader()
    try:
        async with client:
            async for notice in client:
                if isinstance(notice, State):
                    teller.tell(notice.name, notice.reason)
                    continue
                done = handle(notice)
                if done is not None:
                    await done
    except CancelledError:
        if reader.gone:
            raise BrokenPipeError from None
        raise


class StateTeller:
    """Says once that there is no daemon, and when that ends."""

    def __init__(self, context: Context) -> None:
        self._out = context.out
        self._away = False

    def tell(self, state: str, reason: str) -> None:
        if state == "offline" and not self._away:
            self._away = True
            why = f" ({reason})" if reason else ""
            self._out.warn(f"no daemon{why}; looking each second")
        elif state == "live" and self._away:
            self._away = False
            self._out.warn("the daemon is back")


class Reader:
    """Ends the task that made it when the reader of our pipe has gone.

    A pipe without a reader is in error (poll(2), POLLERR), which wakes the loop;
    else it would be noticed at the next line only, which may be tomorrow's.
    """

    def __init__(self) -> None:
        import asyncio

        self.gone = False
        self._fd = sys.stdout.fileno()
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if stat.S_ISFIFO(os.fstat(self._fd).st_mode):
            self._loop.add_reader(self._fd, self._on_error)

    def _on_error(self) -> None:
        self.gone = True
        self._loop.remove_reader(self._fd)
        if self._task is not None:
            self._task.cancel()
