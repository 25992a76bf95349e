"""A terminal as its user has it: a pty, with a program in it, typed into and read.

Never: know tmux, or what the program is.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PASO = [sys.executable, "-m", "paso"]
RUN = [*PASO, "run", "--"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a program of a test needs, without a daemon."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMUX_TMPDIR")}
    return kept | {
        "PASO_HOME": str(home),
        "PASO_ACTOR": "ann",
        "PASO_AUTO_START": "0",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PS1": "$ ",
        **more,
    }


class Screen:
    """A program in a terminal of 80 columns and 24 rows, until the end of the block.

    The program leads the session of the terminal, as a shell does.
    """

    def __init__(self, argv: list[str], env: Mapping[str, str], cwd: Path) -> None:
        self.seen = b""
        self._from = 0
        # The pty is held open here: its mode can be looked at when all have left it.
        self.fd, self.slave = os.openpty()
        self.resize(80, 24)
        self.mode: list[Any] = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                os.close(self.fd)
                os.login_tty(self.slave)
                os.execve(argv[0], argv, dict(env))
            finally:
                os._exit(99)
        self.status: int | None = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for fd in (self.fd, self.slave):
            if fd >= 0:
                os.close(fd)

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def type(self, data: bytes | str) -> None:
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def wait_for(self, text: bytes | str, timeout_s: float = 20) -> bytes:
        """Read until `text` comes that was not waited for before; return up to it."""
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + timeout_s
        while (at := self.seen.find(wanted, self._from)) < 0:
            assert time.monotonic() < deadline, self.seen[self._from :]
            self.read(0.1)
        before, self._from = self._from, at + len(wanted)
        return self.seen[before : self._from]

    def read(self, timeout_s: float) -> None:
        if select.select([self.fd], (), (), timeout_s)[0]:
            self.seen += os.read(self.fd, 65536)

    def end(self, timeout_s: float = 20) -> int:
        """Read until the program has ended; return its exit code, -9 for a signal."""
        deadline = time.monotonic() + timeout_s
        while self.status is None:
            assert time.monotonic() < deadline, self.seen[self._from :]
            self.read(0.01)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        while select.select([self.fd], (), (), 0.05)[0]:
            self.seen += os.read(self.fd, 65536)
        return os.waitstatus_to_exitcode(self.status)

    def is_as_before(self) -> bool:
        """True when the mode of the terminal is that of the beginning."""
        return termios.tcgetattr(self.slave) == self.mode

    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def close(self) -> None:
        """Close the terminal, as a window is closed."""
        os.close(self.slave)
        os.close(self.fd)
        self.fd = self.slave = -1


__all__ = ["PASO", "ROOT", "RUN", "Screen", "environment"]
