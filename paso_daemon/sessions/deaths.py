"""Notices the end of processes: the kernel wakes the loop, nobody polls.

A process is watched through a descriptor of its own (pidfd_open(2)), which becomes
readable when it ends and cannot come to mean another one. Where there are too many, or
no descriptor is free, processes are looked at each second by pid and clock tick.

Never: signal a process, reap one, know whose it is.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from paso.events.process import boot_id, start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

LOOK_S = 1.0
"""Between two looks at those without a descriptor."""


class Process(NamedTuple):
    """A process that is not mistaken for another one: its pid is given out again."""

    pid: int
    ticks: int | None
    """The clock tick it started at; None = unknown, then the pid must do."""


class Deaths:
    """Tells of the end of each process that is watched, once, and then forgets it.

    Arguments:
        fds_max: descriptors that may be used.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, fds_max: int) -> None:
        self._loop = loop
        self._fds_max = fds_max
        self._calls: dict[Process, dict[object, Callable[[], None]]] = {}
        self._fds: dict[Process, int] = {}
        self._looked_at: set[Process] = set()
        self._timer: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def fds(self) -> int:
        """Descriptors in use."""
        return len(self._fds)

    def watch(self, process: Process, key: object, ended: Callable[[], None]) -> None:
        """Call `ended` when the process is gone; in a later turn if it is already.

        Arguments:
            key: names the call; another one under the same key takes its place.
        """
        calls = self._calls.setdefault(process, {})
        calls[key] = ended
        if len(calls) == 1 and process not in self._fds:
            self._begin(process)

    def forget(self, process: Process, key: object) -> None:
        """Call nobody under `key` any more; nothing happens when nobody would be."""
        calls = self._calls.get(process)
        if calls is None:
            return
        calls.pop(key, None)
        if not calls:
            del self._calls[process]
            self._end(process)

    def close(self) -> None:
        """Forget all."""
        for process in list(self._calls):
            self._end(process)
        self._calls.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self, process: Process) -> None:
        fd = self._open(process)
        if fd is not None:
            self._fds[process] = fd
            self._loop.add_reader(fd, self._gone, process)
        else:
            self._looked_at.add(process)
        # It may have ended, and its pid been given out again, before we opened it.
        if not is_alive(process):
            self._loop.call_soon(self._gone, process)
        elif fd is None and self._timer is None:
            self._timer = self._loop.call_later(LOOK_S, self._look)

    def _open(self, process: Process) -> int | None:
        if len(self._fds) >= self._fds_max:
            return None
        try:
            return os.pidfd_open(process.pid)
        except OSError:
            return None

    def _end(self, process: Process) -> None:
        self._looked_at.discard(process)
        fd = self._fds.pop(process, None)
        if fd is not None:
            self._loop.remove_reader(fd)
            os.close(fd)

    def _gone(self, process: Process) -> None:
        self._end(process)
        for ended in self._calls.pop(process, {}).values():
            ended()

    def _look(self) -> None:
        self._timer = None
        for process in list(self._looked_at):
            if not is_alive(process):
                self._gone(process)
        if self._looked_at:
            self._timer = self._loop.call_later(LOOK_S, self._look)


def is_alive(process: Process) -> bool:
    """True while that very process runs; a zombie does not.

    Also while it cannot be told, as without a free descriptor.
    """
    try:
        found = start_ticks(process.pid)
    except OSError:
        return True
    return found is not None and process.ticks in (None, found)


def this_boot(boot: str | None) -> bool:
    """True when what is known of a process can be of this boot of the machine."""
    return boot is None or boot == boot_id()
