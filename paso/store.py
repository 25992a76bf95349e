"""Puts the store together: the database, and the publisher that tells of its writes.

Every face of Paso opens its board here, so a write is announced whoever makes it.

Never: import the publisher before the first write; a command that reads needs none.
"""

from __future__ import annotations

from paso.database.connection import open_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.config import Config
    from paso.database.connection import Database
    from paso.events.publisher import Publisher
    from paso.events.types import Commit
    from paso.paths import Paths


class Announcer:
    """Tells the daemon of each commit; makes its publisher at the first one.

    A daemon that is absent, dead or hung costs a writer 100 ms at most and loses
    nothing: the daemon reads the change log from where it was.

    Arguments:
        client: what writes (`cli`, `tui`, `python`, …).
        auto_start: whether the first commit may start the daemon.
    """

    __slots__ = ("auto_start", "client", "paths", "publisher")

    def __init__(self, paths: Paths, client: str, auto_start: bool) -> None:
        self.paths = paths
        self.client = client
        self.auto_start = auto_start
        self.publisher: Publisher | None = None

    def __call__(self, commit: Commit) -> bool:
        if self.publisher is None:
            from paso.events.publisher import Publisher

            self.publisher = Publisher(
                self.paths, client=self.client, auto_start=self.auto_start
            )
        return self.publisher.announce(commit)

    def close(self) -> None:
        if self.publisher is not None:
            self.publisher.close()
            self.publisher = None


def open_store(paths: Paths, config: Config, client: str) -> Database:
    """Open the board of a home, made on first use; its writes are announced.

    Arguments:
        config: who writes, and whether the daemon may be started.
        client: what writes; the origin of the events.
    Raises:
        StoreError: one of its leaves, when the database cannot be used.
        UnsafePath: the home is not private.
    """
    return open_database(
        paths.database,
        actor=config.actor,
        client=client,
        on_commit=Announcer(paths, client, config.auto_start),
    )


def close_store(db: Database) -> None:
    """Close the database and the connection to the daemon; twice does no harm."""
    if isinstance(db.on_commit, Announcer):
        db.on_commit.close()
    db.close()
