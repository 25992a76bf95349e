"""Which process the PID file names, told so that a reused pid is not mistaken.

A process is its pid, the clock tick it started at (field 22 of /proc/PID/stat) and
the boot it started in; wall clocks play no part (proc(5)). Linux only.

Never: start a process, take a lock, or trust a pid alone.
"""

from __future__ import annotations

import errno
import os

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.paths import Paths


NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What says nothing of a process: we may open no file."""

_boot = ""
"""A process sees one boot only."""


class DaemonProcess(NamedTuple):
    """What a daemon writes into its PID file."""

    pid: int
    start_ticks: int
    boot_id: str
    version: str
    socket: str

    def to_text(self) -> str:
        return (
            f"{self.pid} {self.start_ticks} {self.boot_id} {self.version} "
            f"{self.socket}\n"
        )


def read_pid_file(paths: Paths) -> DaemonProcess | None:
    """Return the running daemon that the PID file names; None without one."""
    found = parse_pid_file(paths.pid_file)
    return found if found is not None and is_alive(found) else None


def parse_pid_file(path: str) -> DaemonProcess | None:
    """Return what the file says, whether or not that process still runs."""
    try:
        # Not blocking: what stands there may be a FIFO, planted by another program.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(fd, encoding="utf-8", errors="surrogateescape") as file:
            pid, ticks, boot_id, version, socket = file.read(4096).split(maxsplit=4)
        return DaemonProcess(
            int(pid), int(ticks), boot_id, version, socket.rstrip("\n")
        )
    except (OSError, ValueError):
        return None


def is_alive(process: DaemonProcess) -> bool:
    """True when that very process runs, not another with its pid."""
    return (
        process.boot_id == boot_id() and start_ticks(process.pid) == process.start_ticks
    )


def start_ticks(pid: int) -> int | None:
    """Return the clock tick `pid` started at; None for no process, or a zombie.

    Raises:
        OSError: it cannot be told now, as without a free descriptor.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        return None
    except (ValueError, IndexError):
        return None


def boot_id() -> str:
    """Return the id of this boot of the kernel, "-" where there is none.

    Raises:
        OSError: it cannot be told now, as without a free descriptor.
    """
    return _boot or _read_boot_id()


def _read_boot_id() -> str:
    global _boot
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            _boot = file.read().strip()
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        return "-"
    return _boot


def send_signal(process: DaemonProcess, sign: int) -> bool:
    """Signal that very process; False when it is gone. Never hits another one."""
    import signal

    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(handle, sign)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True
