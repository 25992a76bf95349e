"""A program in a pseudo-terminal: what it paints, when, and what that costs it.

Never: interpret the escape codes; a title is found in the raw bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from benchmarks.processes import cpu_s, rss_kib


class Terminal:
    """`argv` running in a terminal of its own. Times are of `time.monotonic`.

    Arguments:
        size: columns and rows.
    """

    def __init__(
        self, argv: list[str], env: dict[str, str], size: tuple[int, int] = (120, 40)
    ) -> None:
        env = {**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            _become(argv, env, size)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, _window(size))
        self.output = bytearray()
        """What was painted since the last `forget`."""

    def forget(self) -> None:
        self.output.clear()

    def press(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def wait_for(self, wanted: bytes, timeout_s: float = 20.0) -> float:
        """When `wanted` was painted. Raises `TimeoutError`."""
        deadline = time.monotonic() + timeout_s
        while self._read(deadline):
            if wanted in self.output:
                return time.monotonic()
        raise TimeoutError(f"{wanted!r} not painted: {bytes(self.output[-2000:])!r}")

    def settle(self, quiet_s: float, timeout_s: float = 20.0) -> None:
        """Read until nothing was painted for `quiet_s`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self._read(time.monotonic() + quiet_s):
                return

    def _read(self, deadline: float) -> bool:
        """Take what comes before `deadline`; False when nothing did."""
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.fd], [], [], left)[0]:
            return False
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            chunk = b""
        self.output += chunk
        return bool(chunk)

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    @property
    def rss_mib(self) -> float:
        return rss_kib(self.pid) / 1024

    def kill(self) -> None:
        """End it at once and reap it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)


def _become(argv: list[str], env: dict[str, str], size: tuple[int, int]) -> None:
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, _window(size))
        os.execve(argv[0], argv, env)
    finally:
        os._exit(127)


def _window(size: tuple[int, int]) -> bytes:
    return struct.pack("HHHH", size[1], size[0], 0, 0)
