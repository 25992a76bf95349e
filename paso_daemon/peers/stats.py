"""How busy this computer is: processor, memory, disk, load.

psutil is loaded and asked in a thread: its first look takes 10 ms, and a disk that
hangs would hold the loop up for as long.

Never: be asked on the loop, remember more than the last sample.
"""

from __future__ import annotations

import os
from typing import Any


class Sampler:
    """Asks psutil.

    Arguments:
        home: folder whose disk is looked at.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self._primed = False

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
