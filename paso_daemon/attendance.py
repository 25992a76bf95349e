"""Who is still there, and under which name: silent clients are asked, then closed.

Never: wait for a client, judge one by what it says.
"""

from __future__ import annotations

import logging

from paso.computer import computer_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso_daemon.connection import Connection
    from paso_daemon.server import Server

logger = logging.getLogger("paso.daemon")


def look_after(server: Server, connection: Connection, now: float) -> None:
    """Ask a client for a sign of life, or let it go; `now` by the loop's clock."""
    settings = server.settings
    outbox = connection.outbox
    silence = now - connection.last_in
    if outbox is not None and now - outbox.last_taken >= settings.slow_s:
        logger.info("closed %s: it takes nothing", connection.client)
        connection.dismiss(server.bye("slow"))
    elif silence >= settings.silence_s:
        connection.finish(server.bye("silent"))
    elif silence >= settings.ping_s * (connection.pings + 1):
        # Also to one that has a backlog: it is closed for its silence as well.
        connection.pings += 1
        connection.say({"type": "ping"})


def look_at_name(server: Server) -> None:
    """`paso computer rename` writes a file; reading it takes some microseconds."""
    name = computer_name(server.paths.home)
    if name != server.directory.own.name:
        server.directory.rename(name)
