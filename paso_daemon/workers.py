"""Work that blocks, in a few threads beside the loop, each with its deadline.

A thread that does not come back keeps its place until it does; it never keeps the
daemon from ending, for whatever it writes is one transaction.

Never: touch what belongs to the loop from a thread, queue work without a bound.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any, TypeVar

from paso.errors import Refused, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


class Workers:
    """At most `limit` threads, each for one piece of work."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int = 8) -> None:
        self._loop = loop
        self._limit = limit
        self.busy = 0

    async def run(
        self, what: str, work: Callable[[], Found], timeout_s: float
    ) -> Found:
        """Return what `work` returns; it raises what that raises.

        Arguments:
            what: names it in errors.
        Raises:
            Refused: all threads are at work, or there can be no more.
            TimedOut: it is not done within `timeout_s` seconds; it goes on.
        """
        if self.busy >= self._limit:
            raise Refused(f"{what}: too much is under way, try again")
        done: asyncio.Future[Found] = self._loop.create_future()
        thread = threading.Thread(
            target=self._work, args=(work, done), name=what, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            raise Refused(f"{what}: {error}") from None
        self.busy += 1
        try:
            async with asyncio.timeout(timeout_s):
                return await done
        except TimeoutError:
            raise TimedOut(f"{what} is not done within {timeout_s:g} s") from None

    def _work(self, work: Callable[[], Found], done: asyncio.Future[Found]) -> None:
        error: BaseException | None = None
        result: Found | None = None
        try:
            result = work()
        except BaseException as raised:  # it belongs to who waits for the work
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._done, done, result, error)

    def _done(
        self,
        done: asyncio.Future[Any],
        result: object,
        error: BaseException | None,
    ) -> None:
        self.busy -= 1
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)
