"""What a client may ask: the methods of docs/protocol.md, one function for each.

Never: do I/O but for a look at /proc, wait, tell a client's text to another one.
"""

from __future__ import annotations

import os
from typing import Any

from paso import __version__
from paso.errors import NotFound, UnknownMethod, WireError
from paso.events.types import TOPICS

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    """Return the result of a request.

    Raises:
        UnknownMethod, WireError: the request itself is wrong.
        NotFound: what it names is not there.
    """
    found = METHODS.get(method)
    if found is None:
        raise UnknownMethod(f"no method {method!r:.60}")
    return found(server, params)


def listing(server: Server, computer: str = "") -> dict[str, Any]:
    """Return a list as snapshots carry it: its data and how fresh each part is.

    Arguments:
        computer: only its data; empty = of all. We know of none but our own.
    """
    mine = server.computer.id
    state = "fresh" if computer in ("", mine) else "unreachable"
    return {"data": [], "sources": {computer or mine: {"state": state}}}


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
            "peers": 0,
        },
        "degraded": server.health.told(),
        "computer": server.computer._asdict(),
        "loop": type(server.loop).__module__.partition(".")[0],
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


def _lists(server: Server, params: Params) -> dict[str, Any]:
    computer = _text(params, "computer", optional=True)
    if computer not in (None, server.computer.id):
        raise NotFound(f"no computer {computer!r:.60}")
    return listing(server)


def _tasks(server: Server, params: Params) -> dict[str, Any]:
    _text(params, "project_uid", optional=True)
    return _lists(server, params)


def _session(server: Server, params: Params) -> dict[str, Any]:
    raise NotFound(f"no session {_text(params, 'id')!r:.60}")


def _session_end(server: Server, params: Params) -> dict[str, Any]:
    grace = params.get("grace_s", 0)
    if type(grace) not in (int, float) or grace < 0:
        raise WireError("grace_s is a number of seconds")
    return _session(server, params)


def _session_send(server: Server, params: Params) -> dict[str, Any]:
    if type(params.get("text")) is not str:
        raise WireError("text is a text")
    return _session(server, params)


def _session_output(server: Server, params: Params) -> dict[str, Any]:
    lines = params.get("lines")
    if type(lines) is not int or lines < 1:
        raise WireError("lines is a number from 1")
    return _session(server, params)


def _shutdown(server: Server, params: Params) -> dict[str, Any]:
    server.loop.call_soon(server.stop, "shutdown")
    return {"stopping": True, "pid": os.getpid()}


METHODS = {
    "clients": _clients,
    "computers": _lists,
    "projects": _lists,
    "session": _session,
    "session_end": _session_end,
    "session_output": _session_output,
    "session_send": _session_send,
    "sessions": _lists,
    "shutdown": _shutdown,
    "status": _status,
    "tasks": _tasks,
}


def _text(params: Params, name: str, *, optional: bool = False) -> str | None:
    value = params.get(name)
    if value is None and optional:
        return None
    if type(value) is not str or not value:
        raise WireError(f"{name} is a text")
    return value


def _rss_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
