"""The signals that a wrapper of a command gets, as bytes of a pipe.

Never: decide what a signal means.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEARD = (
    signal.SIGWINCH,
    signal.SIGCONT,
    signal.SIGCHLD,
    signal.SIGTSTP,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Signals:
    """Hears signals until the end of the `with` block.

    One that our caller ignores (nohup, a job in the background) stays ignored, and the
    command inherits that.
    """

    def __init__(self) -> None:
        self.fd, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for sign in HEARD:
            if sign == signal.SIGCHLD or signal.getsignal(sign) != signal.SIG_IGN:
                self._before[sign] = signal.signal(sign, _note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        for sign, handler in self._before.items():
            signal.signal(sign, handler)
        os.close(self.fd)
        os.close(self._write)

    def read(self) -> bytes:
        """Return the numbers of those that came, a byte each."""
        with suppress(BlockingIOError):
            return os.read(self.fd, 4096)
        return b""


def _note(sign: int, frame: object) -> None:
    """That it came is told by the pipe."""


def stop_our_group(sign: int) -> bool:
    """Stop us and our pipeline, as the terminal does for a job.

    Returns:
        After we were continued: True. At once: False, when nobody could continue us
        (an orphaned group is not stopped).
    """
    came = []
    before = signal.signal(signal.SIGCONT, lambda *_: came.append(True))
    default = signal.signal(sign, signal.SIG_DFL)
    try:
        os.kill(0, sign)
    finally:
        signal.signal(sign, default)
        signal.signal(signal.SIGCONT, before)
    return bool(came)
