"""What a client may ask: the methods of docs/protocol.md, one function for each.

A method that has to wait for something returns a coroutine, which is answered later.

Never: do I/O but for a look at /proc, wait, tell a client's text to another one.
"""

from __future__ import annotations

import os
from typing import Any

from paso import __version__
from paso.errors import UnknownMethod
from paso.events.types import TOPICS
from paso.model import LIVE_PHASES
from paso_daemon import listings, session_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.connection import Connection
    from paso_daemon.server import Server

Params = dict[str, Any]


class Counters:
    """What happened since the start."""

    __slots__ = (
        "bad_frames",
        "deliveries",
        "events_in",
        "resyncs",
        "slow_clients",
        "turned_away",
    )

    def __init__(self) -> None:
        self.bad_frames = 0
        self.deliveries = 0
        self.events_in = 0
        self.resyncs = 0
        self.slow_clients = 0
        self.turned_away = 0


def answer(server: Server, method: str, params: Params) -> Any:
    """Return the result of a request, or a coroutine that will.

    Raises:
        UnknownMethod, WireError: the request itself is wrong.
        NotFound: what it names is not there.
    """
    found = METHODS.get(method)
    if found is None:
        raise UnknownMethod(f"no method {method!r:.60}")
    return found(server, params)


def _status(server: Server, params: Params) -> dict[str, Any]:
    counters = server.counters
    return {
        "pid": os.getpid(),
        "version": __version__,
        "uptime_s": round(server.loop.time() - server.started_at, 3),
        "epoch": server.hub.epoch,
        "seq": server.hub.seq,
        "change": server.pump.head,
        "clients": len(server.hub),
        "rss_bytes": _rss_bytes(),
        "counters": {
            "events_in": counters.events_in,
            "events_out": server.hub.seq,
            "deliveries": counters.deliveries,
            "resyncs": counters.resyncs,
            "slow_clients": counters.slow_clients,
            "bad_frames": counters.bad_frames,
            "turned_away": counters.turned_away,
            "strangers": server.reception.strangers,
            "peers": server.directory.cache.live_peers(),
        },
        "sessions": _sessions(server),
        "peers": server.directory.peers_status(),
        "degraded": server.health.told(),
        "computer": server.directory.own._asdict(),
        "loop": type(server.loop).__module__.partition(".")[0],
        **{name: told() for name, told in server.reports.items()},
    }


def _sessions(server: Server) -> dict[str, int]:
    cache = server.directory.cache
    return {
        "known": cache.size("sessions"),
        "live": sum(cache.count("phase", phase) for phase in LIVE_PHASES),
        "needs_user": cache.count("attention"),
        "refused": server.directory.refused,
    }


def _clients(server: Server, params: Params) -> list[dict[str, Any]]:
    return [_client(server, connection) for connection in server.hub.subscriptions]


def _client(server: Server, connection: Connection) -> dict[str, Any]:
    now = server.loop.time()
    subscription = server.hub.subscriptions[connection]
    outbox = connection.outbox
    return {
        "client": connection.client,
        "pid": connection.pid,
        "topics": [topic for topic in TOPICS if topic in subscription.topics],
        "project_id": subscription.project_id,
        "connected_s": round(now - connection.connected_at, 3),
        "silent_s": round(now - connection.last_in, 3),
        "queued_bytes": outbox.size if outbox is not None else 0,
        "slow": outbox is not None and outbox.missed is not None,
    }


def _shutdown(server: Server, params: Params) -> dict[str, Any]:
    server.loop.call_soon(server.stop, "shutdown")
    return {"stopping": True, "pid": os.getpid()}


METHODS: dict[str, Callable[[Server, Params], Any]] = {
    "clients": _clients,
    "computer_forget": listings.computer_forget,
    "computers": listings.computers,
    "projects": listings.projects,
    "session": session_methods.session,
    "session_end": session_methods.end,
    "session_output": session_methods.output,
    "session_send": session_methods.send,
    "sessions": listings.sessions,
    "shutdown": _shutdown,
    "status": _status,
    "tasks": listings.tasks,
}


def _rss_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
