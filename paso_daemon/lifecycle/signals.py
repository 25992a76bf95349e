"""What signals mean: SIGTERM, SIGINT stop; SIGHUP opens the log anew.

Never: do work inside a signal handler of the interpreter; the loop calls these.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

STOPPING = (signal.SIGTERM, signal.SIGINT)


def stop_while_starting() -> None:
    """Until the loop runs: leave through `SystemExit`, so that locks are cleaned up."""
    for sign in STOPPING:
        signal.signal(sign, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def watch(
    loop: asyncio.AbstractEventLoop, stop: Callable[[str], None], log: str | None
) -> None:
    """Stop on SIGTERM and SIGINT; on SIGHUP open `log` anew, or stop without one.

    Without a log of our own we run in somebody's terminal, and that is gone.
    """
    for sign in STOPPING:
        loop.add_signal_handler(sign, stop, sign.name)
    if log is None:
        loop.add_signal_handler(signal.SIGHUP, stop, "SIGHUP")
    else:
        loop.add_signal_handler(signal.SIGHUP, reopen, log)


def reopen(log: str) -> None:
    """Let standard error lead to the file that is at `log` now; made if need be."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(OSError):  # a log that cannot be opened leaves us the old one
        fd = os.open(log, flags, 0o600)
        os.dup2(fd, 2)
        os.close(fd)
