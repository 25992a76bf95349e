"""What a connection needs of the server that holds it.

Never: hold code.
"""

from __future__ import annotations

from typing import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso_daemon.connection import Connection
    from paso_daemon.outbox import Missed
    from paso_daemon.pressure import Pressure
    from paso_daemon.settings import Settings


class Desk(Protocol):
    """What a connection needs of the server that holds it."""

    loop: asyncio.AbstractEventLoop
    settings: Settings
    pressure: Pressure
    leaving: bool

    def receive(self, connection: Connection, line: bytes) -> None:
        """Act on a line."""

    def flush(self) -> None:
        """Send what was published in this turn."""

    def flush_first(self, now: float) -> None:
        """Send what was published, if nothing was sent for a while."""

    def eased(self) -> None:
        """A client took something while producers wait."""

    def fell_behind(self, connection: Connection) -> None:
        """Events are withheld from it, from now on."""

    def recovered(self, connection: Connection, missed: Missed) -> None:
        """Say `resync`: all that was queued is taken."""

    def forget(self, connection: Connection) -> None:
        """It gets no more events; when it is closed, it is gone."""
