"""How busy this computer is: processor, memory, disk, load.

psutil is loaded and asked in a thread: its first look takes 10 ms, and a disk that
hangs would hold the loop up for as long.

Never: hold the loop up, wait for a disk, remember more than the last sample.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

ANSWER_S = 1.0


class Sampler:
    """Asks psutil.

    Arguments:
        home: folder whose disk is looked at.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self._primed = False
        self._last: dict[str, Any] = {}
        self._under_way: asyncio.Future[dict[str, Any]] | None = None

    async def ask(self) -> dict[str, Any]:
        """Return a sample; the last one again while a disk does not answer."""
        if self._under_way is None:
            loop = asyncio.get_running_loop()
            self._under_way = loop.run_in_executor(None, self.sample)
        done, _ = await asyncio.wait((self._under_way,), timeout=ANSWER_S)
        if done:
            self._last, self._under_way = self._under_way.result(), None
        return self._last

    def sample(self) -> dict[str, Any]:
        """Return percentages and loads; what cannot be told is left out.

        The first sample has no `cpu_percent`: it is counted since the one before.
        """
        import psutil

        found: dict[str, Any] = {"load": [round(one, 2) for one in os.getloadavg()]}
        busy = psutil.cpu_percent(interval=None)
        if self._primed:
            found["cpu_percent"] = busy
        self._primed = True
        memory = psutil.virtual_memory()
        found["memory_percent"] = memory.percent
        found["memory_bytes"] = memory.total
        try:
            disk = psutil.disk_usage(self._home)
        except OSError:
            return found
        return found | {"disk_percent": disk.percent, "disk_bytes": disk.total}
