"""The board's two connections: one to read on the screen's thread, one to write.

Writes run one after another in a thread of their own, so that a database locked by
somebody else never freezes the screen.

Never: know a screen or a card; hold back a commit from the screen for the daemon.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from paso.database.connection import Database, open_database
from paso.errors import PasoError, StoreBusy
from paso.store import Announcer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate

    from paso.config import Config
    from paso.events.types import Commit
    from paso.paths import Paths

P = ParamSpec("P")
T = TypeVar("T")

CLIENT = "tui"
LOCK_WAIT_S = 1.0
"""A write waits that long for other writers before the user is told."""
BUSY_TRIES = 30
"""Times a write is tried while the database stays locked."""


class Store:
    """Reads here and now, writes in the background.

    Arguments:
        paths: where the board is; it is made on first use.
        config: who writes, and whether the daemon is started.
    Raises:
        StoreError: the database cannot be used.
    """

    def __init__(self, paths: Paths, config: Config) -> None:
        self._paths = paths
        self._config = config
        self.db = open_database(paths.database, actor=config.actor, client=CLIENT)
        self._writer: Database | None = None
        self._announcer = Announcer(paths, CLIENT, config.auto_start)
        self._thread: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on_commit: Callable[[], object] | None = None

    async def write(
        self,
        on_busy: Callable[[], object],
        command: Callable[Concatenate[Database, P], T],
        *args: P.args,
        **options: P.kwargs,
    ) -> T:
        """Run a command that writes, after those asked for before it.

        Arguments:
            on_busy: called each time others hold the database locked.
        Raises:
            StoreBusy: they held it for `BUSY_TRIES` times `LOCK_WAIT_S`.
            PasoError: what the command raises.
        """
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="paso-writer")
        for _ in range(BUSY_TRIES - 1):
            try:
                return await self._loop.run_in_executor(
                    self._thread, lambda: command(self._open(), *args, **options)
                )
            except StoreBusy:
                on_busy()
        return await self._loop.run_in_executor(
            self._thread, lambda: command(self._open(), *args, **options)
        )

    async def act(
        self,
        command: Callable[Concatenate[Database, P], T],
        *args: P.args,
        **options: P.kwargs,
    ) -> T:
        """Run what may take some seconds, on a connection of its own.

        Raises:
            PasoError: what the command raises.
        """
        self._loop = asyncio.get_running_loop()
        try:
            return await asyncio.to_thread(
                self._act, lambda db: command(db, *args, **options)
            )
        except OSError as error:  # as where no descriptor is free
            raise PasoError(str(error)) from error

    def reopen(self) -> None:
        """Open the database anew, after the file was replaced.

        Raises:
            StoreError: it cannot be used; the old one stays open.
        """
        fresh = open_database(
            self._paths.database, actor=self._config.actor, client=CLIENT
        )
        self.db.close()
        self.db = fresh
        if self._thread is not None:
            self._thread.submit(self._close_writer)

    def close(self) -> None:
        """Finish the writes under way, then close both connections."""
        if self._thread is not None:
            self._thread.submit(self._close_writer)
            self._thread.shutdown()
        self.db.close()

    # in the writer's thread

    def _open(self) -> Database:
        if self._writer is None:
            self._writer = open_database(
                self._paths.database,
                actor=self._config.actor,
                client=CLIENT,
                on_commit=self._committed,
                wait_s=LOCK_WAIT_S,
            )
        return self._writer

    def _act(self, command: Callable[[Database], T]) -> T:
        announcer = Announcer(self._paths, CLIENT, self._config.auto_start)

        def committed(commit: Commit) -> None:
            self._paint()
            announcer(commit)

        db = open_database(
            self._paths.database,
            actor=self._config.actor,
            client=CLIENT,
            on_commit=committed,
        )
        try:
            return command(db)
        finally:
            announcer.close()
            db.close()

    def _committed(self, commit: Commit) -> None:
        """Paint first, then tell the others."""
        self._paint()
        self._announcer(commit)

    def _paint(self) -> None:
        if self._loop is not None and self.on_commit is not None:
            self._loop.call_soon_threadsafe(self.on_commit)

    def _close_writer(self) -> None:
        self._announcer.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
