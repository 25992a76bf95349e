"""The daemon's core: takes clients, acts on their frames, sends each turn's events.

    readable -> Connection -> receive -> handler --> hub.publish --\\
                                          \\-> pump.ring            flush, once a turn
                                           \\-> Connection.say

Never: open the database, bind a socket, start a task outside the registry.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress

from paso import __version__
from paso.errors import BadEvent, UnknownType, WireError
from paso.events.types import PROTOCOL, SNAPSHOT_TOPICS, TOPICS
from paso.events.wire import Frame, decode, encode_part
from paso_daemon import intake, methods
from paso_daemon.attendance import look_after, look_at_name
from paso_daemon.cache import Cache
from paso_daemon.connection import Connection
from paso_daemon.directory import Directory
from paso_daemon.hub import ENVELOPE, Hub, Subscription
from paso_daemon.outbox import Missed
from paso_daemon.own_actions import OwnActions
from paso_daemon.own_board import OwnBoard
from paso_daemon.pressure import Pressure
from paso_daemon.reception import Reception
from paso_daemon.replies import Replies
from paso_daemon.tasks import Health, TaskRegistry
from paso_daemon.workers import Workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from paso.computer import Computer
    from paso.paths import Paths
    from paso_daemon.change_pump import ChangePump
    from paso_daemon.settings import Settings

FEATURES = ("change", "entities", "filters", "requests", "resync", "sessions")
QUIET_S = 0.001
"""Seconds without an event after which the next does not wait for its turn to end."""

HOLD_LOOK_S = 0.005
"""Between two looks whether a hold of producers has become too long."""

logger = logging.getLogger("paso.daemon")


class Server:
    """Everything connected.

    Arguments:
        max_fds: descriptors that clients may use; further ones wait in the backlog.
        stop: ends the daemon, given a reason.

    `reports` adds members to what the method `status` tells.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: Settings,
        computer: Computer,
        paths: Paths,
        *,
        max_fds: int,
        stop: Callable[[str], None],
        health: Health,
        tasks: TaskRegistry,
    ) -> None:
        self.loop = loop
        self.settings = settings
        self.paths = paths
        self.tasks = tasks
        self.health = health
        self.stop = stop
        self.leaving = False
        self.counters = methods.Counters()
        self.started_at = loop.time()
        self.hub: Hub[Connection] = Hub(os.urandom(8).hex())
        self.pressure = Pressure(
            settings.send_buffer // 4, min(settings.send_buffer // 16, 65536)
        )
        self.directory = Directory(
            Cache(computer.id),
            self.hub,
            computer,
            loop,
            flush=self.flush,
            may_send=lambda: not self.pressure.holding,
            max_frame=settings.max_frame,
            health=health,
        )
        self.workers = Workers(loop)
        self.actions = OwnActions(paths, self.workers, self._ring_from_thread)
        self.own_board = OwnBoard(paths, self.workers, computer.id)
        self.replies = Replies(self)
        self.reports: dict[str, Callable[[], object]] = {}
        self.pump: ChangePump
        self.connections: set[Connection] = set()
        self.all_closed = asyncio.Event()
        self.all_closed.set()
        self._max_fds = max_fds
        self.reception = Reception(loop, self._admit, self._has_room, health)
        self._flushing: asyncio.Handle | None = None
        self._flushed_at = 0.0
        self._handlers = {
            "event": self._event,
            "hello": self._hello,
            "ping": self._ping,
            "pong": self._pong,
            "refresh": self._refresh,
            "request": self._request,
            "subscribe": self._subscribe,
        }

    # Clients come and go ------------------------------------------------------

    def _has_room(self) -> bool:
        return len(self.connections) < self._max_fds

    def _admit(self, sock: socket.socket, pid: int) -> None:
        connection = Connection(self, sock, pid)
        self.connections.add(connection)
        self.all_closed.clear()
        if len(self.hub) >= self.settings.max_clients:
            self.counters.turned_away += 1
            connection.finish(self._busy())
            return
        self._name(connection, connection.client, pid)
        self.flush()
        self.hub.join(connection)

    def _busy(self) -> Frame:
        return {
            "type": "error",
            "code": "busy",
            "message": f"{self.settings.max_clients} clients are connected",
            "fatal": True,
            "retry_ms": self.settings.retry_ms,
        }

    def forget(self, connection: Connection) -> None:
        self.hub.leave(connection)
        if connection.closed:
            self.connections.discard(connection)
            self.reception.resume()
            if not self.connections:
                self.all_closed.set()

    def fell_behind(self, connection: Connection) -> None:
        self.counters.slow_clients += 1

    def recovered(self, connection: Connection, missed: Missed) -> None:
        self.flush()
        connection.open_again()
        self._resync(connection, "slow_client", missed.told())

    # Events out ---------------------------------------------------------------

    def flush(self) -> None:
        """Send what was published in this turn."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        self._flushed_at = self.loop.time()
        counters = self.counters
        for members, batch in self.hub.take():
            counters.deliveries += Connection.broadcast(members, batch) * batch.events
        if self.pressure.behind:
            self._hold_producers()

    def flush_first(self, now: float) -> None:
        """Send the first event after a quiet while at once: nothing is to be joined.

        Another turn of the loop costs a tenth of the time to the last of 100 clients.
        """
        if self._flushing is not None and now - self._flushed_at > QUIET_S:
            self.flush()

    def _hold_producers(self) -> None:
        if self.pressure.begin(len(self.hub), self.loop.time()):
            self.loop.call_later(HOLD_LOOK_S, self._look_at_hold)

    def _look_at_hold(self) -> None:
        if self.pressure.end(len(self.hub), self.loop.time()):
            self._let_go()
        elif self.pressure.holding:
            self.loop.call_later(HOLD_LOOK_S, self._look_at_hold)

    def eased(self) -> None:
        """A client took something while producers wait: maybe they need not."""
        if self.pressure.is_over(len(self.hub)):
            self.pressure.end(len(self.hub), self.loop.time())
            self._let_go()

    def _let_go(self) -> None:
        for connection in list(self.connections):
            connection.go_on()

    def resync_all(self, reason: str) -> None:
        """Tell every client that what it knows of the board may be wrong."""
        self.flush()
        for connection, subscription in list(self.hub.subscriptions.items()):
            if "db" in subscription.topics:
                self._resync(connection, reason, {"topics": ["db"]})

    def _resync(
        self, connection: Connection, reason: str, fields: dict[str, object]
    ) -> None:
        self.counters.resyncs += 1
        connection.say(
            {
                "type": "resync",
                "reason": reason,
                **fields,
                "change": self.pump.head,
                "seq": self.hub.seq,
            }
        )

    # Frames in ----------------------------------------------------------------

    def receive(self, connection: Connection, line: bytes) -> None:
        """Act on a line; a mistake is told to its sender and to nobody else."""
        try:
            frame = decode(line)
            kind = frame.get("type")
            if type(kind) is not str:
                raise WireError("a frame has a type, which is a text")
            handler = self._handlers.get(kind)
            if handler is None:
                raise UnknownType(f"no frame of the type {kind!r:.60}")
            handler(connection, frame)
        except WireError as error:
            self.counters.bad_frames += 1
            connection.refuse(error)
        except Exception:
            logger.exception("a frame of %s could not be handled", connection.client)
            self.health.degraded("frames", "a frame could not be handled, see the log")
            connection.finish(
                {
                    "type": "error",
                    "code": "internal",
                    "message": "the daemon could not handle this frame",
                    "fatal": True,
                }
            )

    def _event(self, connection: Connection, frame: Frame) -> None:
        event, address, is_doorbell = intake.event(frame)
        if is_doorbell:
            self.counters.events_in += 1
            self.pump.ring()
            return
        connection.produces = True
        body = encode_part(event)
        if len(body) + len(connection.origin) + ENVELOPE > self.settings.max_frame:
            raise BadEvent("with origin and seq, the event is longer than a frame")
        self.counters.events_in += 1
        self.hub.publish(address, connection.origin, body)
        if self._flushing is None:
            self._flushing = self.loop.call_soon(self.flush)

    def _hello(self, connection: Connection, frame: Frame) -> None:
        said = intake.hello(frame)
        self._name(connection, said.client, said.pid)
        self.pump.poll()
        self.flush()
        connection.say(self._welcome())
        if said.epoch is not None and said.epoch != self.hub.epoch:
            # Who told its change number reads what it missed of `db` by numbers.
            lost = TOPICS if said.change is None else SNAPSHOT_TOPICS
            self._resync(connection, "epoch", {"topics": list(lost)})
        if said.change is not None and said.change > (self.pump.head or 0):
            self._resync(connection, "database_replaced", {"topics": ["db"]})

    def _name(self, connection: Connection, client: str, pid: int | None) -> None:
        connection.client = client
        if pid is not None:
            connection.pid = pid
        connection.origin = encode_part(
            {"client": client, "pid": connection.pid, "computer": self.directory.own.id}
        )

    def _welcome(self) -> Frame:
        return {
            "type": "welcome",
            "v": PROTOCOL,
            "daemon": __version__,
            "pid": os.getpid(),
            "computer": self.directory.own._asdict(),
            "epoch": self.hub.epoch,
            "seq": self.hub.seq,
            "change": self.pump.head,
            "features": FEATURES,
            "limits": {
                "max_frame": self.settings.max_frame,
                "max_clients": self.settings.max_clients,
                "send_buffer": self.settings.send_buffer,
            },
        }

    def _subscribe(self, connection: Connection, frame: Frame) -> None:
        wanted = intake.subscription(frame)
        self.flush()
        self.hub.join(connection, wanted)
        connection.say(
            {
                "type": "subscribed",
                "topics": [topic for topic in TOPICS if topic in wanted.topics],
                "project_id": wanted.project_id,
                "seq": self.hub.seq,
            }
        )
        self._show(connection, wanted.topics, wanted)

    def _refresh(self, connection: Connection, frame: Frame) -> None:
        topics = intake.refresh(frame)
        mine = self.hub.subscriptions.get(connection, Subscription())
        if len(topics) > 1:
            topics = tuple(topic for topic in topics if topic in mine.topics)
        if "db" in topics:
            self.pump.look()
        self.flush()
        wanted = mine._replace(computer=frame.get("computer") or mine.computer)
        self._show(connection, frozenset(topics), wanted)
        for topic in topics:
            self.directory.refresh(topic, wanted.computer)

    def _show(
        self, connection: Connection, topics: frozenset[str], wanted: Subscription
    ) -> None:
        for topic in SNAPSHOT_TOPICS:
            if topic in topics:
                connection.show(self.directory.snapshot(topic, wanted))

    def _request(self, connection: Connection, frame: Frame) -> None:
        self.replies.take(connection, frame)

    def _ping(self, connection: Connection, frame: Frame) -> None:
        self.send_first()
        connection.say({"type": "pong"})

    def send_first(self) -> None:
        """An answer comes after the events that have a number already."""
        if self._flushing is not None:
            self.flush()

    def _ring_from_thread(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self.pump.ring)

    def _pong(self, connection: Connection, frame: Frame) -> None:
        """A sign of life, as any frame is."""

    # Time passes --------------------------------------------------------------

    def tick(self) -> None:
        """Look after silent and slow clients, and our name; called every second."""
        look_at_name(self)
        now = self.loop.time()
        for connection in list(self.hub.subscriptions):
            look_after(self, connection, now)

    def bye(self, reason: str) -> Frame:
        return {"type": "bye", "reason": reason, "retry_ms": self.settings.retry_ms}

    def say_bye(self, reason: str) -> None:
        """Send what is left and the last word to everybody."""
        self.directory.drain()
        self.flush()
        self.leaving = True
        for connection in list(self.hub.subscriptions):
            connection.finish(self.bye(reason))

    def close_all(self) -> None:
        """Close every connection, whatever is queued for it."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.close()
