"""Every background task: held, named, its failure told once, all awaited at the end.

Never: start a task that nobody holds; no other file of the daemon starts one.
"""

from __future__ import annotations

import asyncio
import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

logger = logging.getLogger("paso.daemon")


class Health:
    """What does not work at the moment, by name; `status` shows it."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def degraded(self, name: str, reason: str) -> None:
        """Note a fault; it is logged when it is new or another one."""
        if self._reasons.get(name) != reason:
            logger.warning("%s: %s", name, reason)
        self._reasons[name] = reason

    def recovered(self, name: str) -> None:
        """Note that `name` works again."""
        if self._reasons.pop(name, None) is not None:
            logger.warning("%s: works again", name)

    def told(self) -> list[dict[str, str]]:
        """Return the faults as `status` shows them."""
        return [{"name": n, "reason": r} for n, r in self._reasons.items()]


class TaskRegistry:
    """Starts tasks and answers for them.

    Arguments:
        health: where a task that failed is shown.
    """

    def __init__(self, health: Health) -> None:
        self._health = health
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """The tasks that run."""
        return sorted(task.get_name() for task in self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` until it ends or `stop` is called."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel every task and wait until each has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            name = task.get_name()
            logger.error("the task %s failed", name, exc_info=error)
            self._health.degraded(name, f"failed: {error!r}")
