"""A loop that stands still ends the daemon: the next client starts another one.

The kernel frees its locks. systemd's watchdog does the same where it supervises.
Time is counted in the guard's own steps and not by the clock, so a daemon that was
stopped (SIGSTOP, a suspended machine) and goes on is not mistaken for a hung one.

Never: touch the loop or any state of the daemon.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading

STEPS = 6


class HangGuard:
    """Watches from a thread of its own.

    Arguments:
        limit_s: seconds without a beat after which the process ends.
    """

    def __init__(self, limit_s: float) -> None:
        self._step_s = limit_s / STEPS
        self._beats = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hang", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def beat(self) -> None:
        """Say that the loop turns."""
        self._beats += 1

    def stop(self) -> None:
        """Watch no more; nothing happens when it never began."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        seen, missed = -1, 0
        while not self._stopped.wait(self._step_s):
            missed = missed + 1 if seen == self._beats else 0
            seen = self._beats
            if missed >= STEPS:
                self._end()

    def _end(self) -> None:
        sys.stderr.write("the loop stands still; the daemon ends here:\n")
        faulthandler.dump_traceback(all_threads=True)
        os._exit(70)
