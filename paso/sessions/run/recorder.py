"""Writes what becomes of a `paso run` into the database, beside it, in a thread.

The command neither waits for the database nor hears of its troubles: what cannot be
written is tried again until the command has ended and a little longer, and is told
then. Writes are at least a second apart, and each tells all that is new.

Never: touch the terminal; hold the database while the process is stopped.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager

from paso.errors import PasoError, StoreBusy, StoreFull
from paso.events.backoff import Backoff
from paso.events.process import start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paso.database.connection import Database
    from paso.sessions.activity import Activity
    from paso.sessions.run.draft import Draft, End

    Told = tuple[str, str]

APART_S = 1.0
"""Least seconds between two writes about a session that goes on."""
PREVIEW_S = 2.0
"""Least seconds between two writes that only tell the last line."""
WAIT_S = 0.5
"""Seconds that one try waits for others' writes."""
AGAIN_S = (0.2, 5.0)
"""First and longest wait after a write that failed."""
SETTLE_S = 0.3
"""Seconds that a stop of the process waits for the last news to be written."""
FINISH_S = 3.0
"""Seconds after the command's end in which its record must be written."""


class Recorder:
    """The record of one session.

    Arguments:
        open_board: opens the database; called in the thread.
        activity: what the command does, fed by another thread.
    """

    def __init__(
        self, draft: Draft, open_board: Callable[[], Database], activity: Activity
    ) -> None:
        self.problem = ""
        """What keeps the record from being whole, in words; empty = nothing."""
        self._draft = draft
        self._open = open_board
        self._activity = activity
        self._process: tuple[int, int | None] | None = None
        self._end: End | None = None
        self._limit = 0.0
        self._created = self._running = self._over = False
        self._told: Told = ("", "")
        self._news, self._hurry = threading.Event(), threading.Event()
        self._written = threading.Event()
        self._at_work = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        # All signals are for the thread that has the terminal.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def started(self, pid: int) -> None:
        """Note that the command runs."""
        self._process = (pid, start_ticks(pid))
        self._news.set()

    def stir(self) -> None:
        """Say that the activity has something new; cheap."""
        if not self._news.is_set():
            self._news.set()

    def finish(self, end: End) -> None:
        """Note the end, and wait until it is written, for `FINISH_S` at most."""
        self._limit = time.monotonic() + FINISH_S
        self._end = end
        self._hurry.set()
        self._news.set()
        self._thread.join(FINISH_S + WAIT_S)
        if not self._over and not self.problem:
            self.problem = "the database does not answer"

    def lacks(self) -> str:
        """Say after the end what is not recorded, and why; empty = nothing."""
        if self._over:
            return ""
        what = "the end of this run" if self._created else "this run"
        return f"{what} is not recorded: {self.problem}"

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keep from writing in the block: stopped in a write, it would lock out all.

        What is new is written first, if that is quick.
        """
        self._written.clear()
        self._hurry.set()
        self._news.set()
        self._written.wait(SETTLE_S)
        got = self._at_work.acquire(timeout=2 * WAIT_S)
        try:
            yield
        finally:
            if got:
                self._at_work.release()

    # in the thread

    def _run(self) -> None:
        try:
            self._keep_record()
        except Exception as error:
            # It is told when the command has ended; its terminal is not to suffer.
            self.problem = _words(error)

    def _keep_record(self) -> None:
        backoff = Backoff(*AGAIN_S)
        while not self._over:
            self._hurry.clear()
            try:
                self._follow(backoff)
            except (StoreBusy, StoreFull) as error:
                self.problem = _words(error)
                if self._end is None:
                    self._hurry.wait(backoff.wait())
                elif time.monotonic() > self._limit:
                    return
                else:
                    time.sleep(AGAIN_S[0])

    def _follow(self, backoff: Backoff) -> None:
        """Write what is new whenever there is something, until the end is written."""
        from paso.store import close_store

        with self._at_work:
            db = self._open()
        try:
            while not self._over:
                self._hurry.clear()
                with self._at_work:
                    self._write(db)
                backoff.reset()
                self._written.set()
                if self._end is None:
                    self._wait()
        finally:
            close_store(db)

    def _wait(self) -> None:
        """Sleep until there is something to write, and it is time to."""
        if self._hurry.wait(APART_S):
            return
        fresh = self._news.is_set()
        self._news.clear()
        now = time.monotonic()
        if self._activity.state(now) == self._told[0]:
            if not fresh:
                self._news.wait(self._activity.idle_in(now))
            if self._activity.state(time.monotonic()) == self._told[0]:
                self._hurry.wait(PREVIEW_S - APART_S)

    def _write(self, db: Database) -> None:
        """Write what is not written yet: all of it, or the start before the end."""
        from paso.sessions.run.record import Facts, write

        end, process = self._end, self._process
        facts = Facts(process, end, self._activity, self._created, self._running)
        self._told, self._over = write(db, self._draft, facts, self._told)
        self._created, self._running = True, process is not None
        self.problem = ""


def _words(error: Exception) -> str:
    if not isinstance(error, PasoError):
        return f"{type(error).__name__}: {error}"
    return f"{error.message} ({error.hint})" if error.hint else error.message
