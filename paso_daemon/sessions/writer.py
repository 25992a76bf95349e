"""One thread that looks at and writes sessions, so that the loop never waits for it.

Work has a key: what waits already under the same key is replaced, so the queue is as
long as there are sessions, at most. A database that is locked or full is tried again,
the wait doubling to a few seconds and starting anew once it works; what waits behind
needs the same database. What failed in any other way is logged and told by `status`.

    loop: submit(key, work, done) ---> thread: work(db) ---> loop: done(result)

Never: be waited for by the loop, keep work that its session does not need any more.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import Any, NamedTuple

from paso.database.connection import Database, open_database
from paso.errors import PasoError, StoreError
from paso.events.backoff import Backoff
from paso.events.process import NO_ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from paso_daemon.tasks import Health

QUEUE_MAX = 10_000
"""Pieces of work that may wait; more than this many sessions never live."""

RETRY_FIRST_S, RETRY_MOST_S = 0.1, 5.0
STOP_S = 2.0
"""For the work that waits when the daemon stops; the next daemon finds the rest."""

LOCK_WAIT_S = 1.0
"""For the lock in one try: a stop must not wait longer for the thread."""

logger = logging.getLogger("paso.daemon")


class Work(NamedTuple):
    """What is to be done, and who hears of it in the loop."""

    do: Callable[[], Any]
    done: Callable[[Any], None]


class Writer:
    """The thread with its own connection; it begins with the first work.

    Arguments:
        name: of the thread, and of its faults in `status`.
        path: the database.
        actor: who writes, in the change log.
        wrote: called in the loop after each commit.
        health: where it is shown that nothing can be written.
    """

    def __init__(
        self,
        name: str,
        path: str,
        loop: asyncio.AbstractEventLoop,
        *,
        actor: str,
        wrote: Callable[[], None],
        health: Health,
    ) -> None:
        self._name = name
        self._path = path
        self._loop = loop
        self._actor = actor
        self._wrote = wrote
        self._health = health
        self._queue: OrderedDict[object, Work] = OrderedDict()
        self._bell = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._db: Database | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def submit(
        self, key: object, do: Callable[[Database], Any], done: Callable[[Any], None]
    ) -> bool:
        """Queue work, in place of what waits under `key`; False when it is refused.

        What finds no room has failed: `done` hears of it.

        Arguments:
            do: runs in the thread; again, later, after a `StoreError`.
            done: runs in the loop with what `do` gave; with None when that failed.
        """
        return self._put(key, Work(lambda: do(self._database()), done))

    def _put(self, key: object, work: Work) -> bool:
        with self._bell:
            if self._stopping.is_set():
                return False
            if len(self._queue) >= QUEUE_MAX and key not in self._queue:
                self._loop.call_soon(work.done, None)
                return False
            self._queue[key] = work
            self._bell.notify()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name=self._name, daemon=True
            )
            self._thread.start()
        return True

    def run(
        self, key: object, do: Callable[[], Any], done: Callable[[Any], None]
    ) -> bool:
        """Queue work that needs no database, as `submit` does."""
        return self._put(key, Work(do, done))

    def forget(self, key: object) -> None:
        """Drop what waits under `key`."""
        with self._bell:
            self._queue.pop(key, None)

    def stop(self) -> None:
        """End after the work that waits, or after `STOP_S`. Waits for the thread."""
        with self._bell:
            self._stopping.set()
            self._bell.notify()
        if self._thread is not None:
            self._thread.join(STOP_S)

    # In the thread ------------------------------------------------------------

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            self._carry_out(taken)
        if self._db is not None:
            self._db.close()

    def _take(self) -> Work | None:
        with self._bell:
            while not self._queue and not self._stopping.is_set():
                self._bell.wait()
            return self._queue.popitem(last=False)[1] if self._queue else None

    def _carry_out(self, work: Work) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        while True:
            try:
                result = work.do()
            except Exception as error:
                if not _may_work_later(error):
                    self._failed(error, work.done)
                    return
                self._in_loop(self._health.degraded, self._name, _reason(error))
                self._close()
                if self._stopping.wait(backoff.wait()):
                    return
            else:
                self._in_loop(self._worked, work.done, result)
                return

    def _failed(self, error: Exception, done: Callable[[Any], None]) -> None:
        reason = _reason(error)
        logger.error("%s: %s", self._name, reason, exc_info=error)
        self._in_loop(self._health.degraded, self._name, f"failed: {reason}")
        self._in_loop(done, None)

    def _worked(self, done: Callable[[Any], None], result: Any) -> None:
        self._health.recovered(self._name)
        done(result)

    def _database(self) -> Database:
        if self._db is None:
            self._db = open_database(
                self._path,
                actor=self._actor,
                client="daemon",
                on_commit=lambda _commit: self._in_loop(self._wrote),
                create=False,
                wait_s=LOCK_WAIT_S,
            )
        return self._db

    def _close(self) -> None:
        """The file may have been replaced or healed: open it anew."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _in_loop(self, call: Callable[..., object], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(call, *values)


def _may_work_later(error: Exception) -> bool:
    """True for a database that is locked or full, and for a lack of descriptors."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return isinstance(error, StoreError)


def _reason(error: Exception) -> str:
    if isinstance(error, PasoError):
        return error.message
    return str(error) if isinstance(error, OSError) else repr(error)
