"""Ends the command of a session: asked, told, killed, each with its time.

A process is known by pid, start tick and boot (proc(5)); its children by the process
group that it leads. The number of a group is not given out again while a process is
in it, and each signal is sent only after a look that it is still that one.

Never: touch the database or tmux, signal what might be another's process.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress

from paso.events.process import boot_id, start_ticks
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paso.database.sessions import BackendRef

KILLED_S = 5.0
"""How long what was killed may take to be gone, in seconds. Longer takes only what
the kernel holds, as on a network disk that does not answer."""
_LOOK_S = (0.005, 0.1)
"""Between two looks for children, the first and the longest, in seconds."""


class Command(NamedTuple):
    """One process, and none that comes after it with its pid."""

    pid: int
    ticks: int
    boot_id: str

    def lives(self) -> bool:
        """True while it runs; a zombie does not."""
        return self.boot_id == boot_id() and start_ticks(self.pid) == self.ticks


def command_of(ref: BackendRef) -> Command | None:
    """Return the command that runs at `ref`; None when that was never known."""
    if ref.pid is None or ref.pid_ticks is None or ref.boot_id is None:
        return None
    return Command(ref.pid, ref.pid_ticks, ref.boot_id)


def end_command(command: Command, grace_s: float, *, children: bool = True) -> bool:
    """Hang up, after a third of `grace_s` terminate, after all of it kill.

    Arguments:
        grace_s: in seconds; 0 = kill at once.
        children: those of its process group too, also when it is gone already before
            them.

    Returns:
        False when something is still there, held by the kernel or not ours to end.
    """
    try:
        handle = os.pidfd_open(command.pid)
    except ProcessLookupError:
        return True
    try:
        if not command.lives():
            return True
        target = _Target(command, handle, children)
        began = time.monotonic()
        for sign, until in (
            (signal.SIGHUP, began + grace_s / 3),
            (signal.SIGTERM, began + grace_s),
            (signal.SIGKILL, began + grace_s + KILLED_S),
        ):
            target.signal(sign)
            if target.wait_until(until):
                return True
        return False
    finally:
        os.close(handle)


class _Target:
    """A process that was alive when its handle was opened, and its group."""

    __slots__ = ("command", "handle", "leads")

    def __init__(self, command: Command, handle: int, children: bool) -> None:
        self.command = command
        self.handle = handle
        self.leads = children and _group_of(command.pid) == command.pid

    def signal(self, sign: int) -> None:
        if self._gone(0.0):
            for pid in self._left() if self.leads else ():
                self._signal_child(pid, sign)
        elif self.leads:
            # What is stopped takes a signal only when it goes on.
            for one in (sign, signal.SIGCONT):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.command.pid, one)
        else:
            self._signal_handle(self.handle, sign)

    def _signal_child(self, pid: int, sign: int) -> None:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if _group_of(pid) == self.command.pid:
                self._signal_handle(handle, sign)
        finally:
            os.close(handle)

    @staticmethod
    def _signal_handle(handle: int, sign: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, sign)
            signal.pidfd_send_signal(handle, signal.SIGCONT)

    def wait_until(self, deadline: float) -> bool:
        """True when nothing is left before `deadline`, by `time.monotonic`."""
        if not self._gone(deadline - time.monotonic()):
            return False
        pause, longest = _LOOK_S
        while self.leads and any(self._left()):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(pause * 2, longest)
        return True

    def _gone(self, timeout_s: float) -> bool:
        """True when the process itself has ended; the kernel wakes us."""
        poller = select.poll()
        poller.register(self.handle, select.POLLIN)
        return bool(poller.poll(max(timeout_s, 0.0) * 1000))

    def _left(self) -> Iterator[int]:
        """Pids of the group, without the process itself."""
        leader = self.command.pid
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            if pid != leader and _group_of(pid) == leader:
                yield pid


def _group_of(pid: int) -> int | None:
    """Return the process group of a process that runs; None for none, or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state, _, group, *_ = file.read().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else int(group)
