"""Runs a command in the current terminal as a session: `paso run`.

The command starts first, the record of it is written beside it; neither the database
nor the daemon can keep it from running, change its screen, or hold a byte.

Never: let an error of the record reach the command, print.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

from paso.records import NamedTuple
from paso.sessions.activity import Activity
from paso.sessions.run.child import code_of
from paso.sessions.run.signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paso.database.connection import Database
    from paso.sessions.run.draft import Draft, End
    from paso.sessions.run.on_terminal import Pty
    from paso.sessions.run.plain import Pipes
    from paso.sessions.run.wrapped import Wrapped

SWITCH_S = 0.0005
"""Seconds after which the thread that records lets the one that carries bytes go on."""


class Outcome(NamedTuple):
    """How a run went."""

    exit_code: int
    """That of the command; 128 and the signal's number where a signal ended it."""
    failure: str
    """Why the command could not be run; empty when it was."""
    unrecorded: str
    """What of it is not recorded, and why; empty when all is."""


def run(
    draft: Draft,
    env: Mapping[str, str],
    open_board: Callable[[Activity], Database],
) -> Outcome:
    """Run the command of `draft` to its end.

    With a terminal at both ends it gets a pty of its own; else our own descriptors.

    Arguments:
        env: its whole environment.
        open_board: opens the database, called in a thread; may set how long a
            silence makes the command idle.
    """
    means = _means()
    try:
        with Signals() as signals:
            child = means.start(draft.argv, env)
            from paso.sessions.run.recorder import Recorder

            activity = Activity(now=time.monotonic())
            recorder = Recorder(draft, lambda: open_board(activity), activity)
            sys.setswitchinterval(SWITCH_S)
            recorder.start()
            wrapped = means.wrap(child, signals, activity, recorder)
            wrapped.follow()
            means.close()
            end, failure = _end_of(wrapped)
            recorder.finish(end)
            wrapped.leave_rest()
    finally:
        means.close()
    return Outcome(end.exit_code, failure, recorder.lacks())


def _means() -> Pty | Pipes:
    """What stands between us and the command."""
    if os.isatty(0) and os.isatty(1):
        from paso.sessions.run.on_terminal import Pty

        with suppress(OSError):  # no pty to be had; then it goes without
            return Pty()
    from paso.sessions.run.plain import Pipes

    return Pipes()


def _end_of(wrapped: Wrapped) -> tuple[End, str]:
    from paso.sessions.run.draft import End

    if wrapped.errno:
        failure = os.strerror(wrapped.errno)
        reason = f"it cannot be run: {failure}"
        return End(code_of(wrapped.errno), None, reason, "none"), failure
    code = os.waitstatus_to_exitcode(wrapped.status or 0)
    if code < 0:
        return End(128 - code, -code, _by_signal(-code, wrapped.reason), None), ""
    return End(code, None, wrapped.reason, None), ""


def _by_signal(number: int, reason: str) -> str:
    return reason or f"ended by {signal.Signals(number).name}"
