"""The life of a daemon once it may run: serve, look after things, take its leave.

Never: take locks or bind (`__main__` did), handle frames (`server` does).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
from contextlib import suppress

from paso.errors import PasoError
from paso.events.change_reader import ChangeReader
from paso_daemon.change_pump import ChangePump
from paso_daemon.lag import LagWatch
from paso_daemon.lifecycle import signals
from paso_daemon.lifecycle.hang_guard import HangGuard
from paso_daemon.lifecycle.listener import Listener, listen_at
from paso_daemon.lifecycle.turns import ask_for_short_turns
from paso_daemon.peers.switch import PeersSwitch
from paso_daemon.server import Server
from paso_daemon.tasks import Health, TaskRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.lifecycle.ground import Ground
    from paso_daemon.peers.service import Peers
    from paso_daemon.sessions.service import Sessions

OWN_FDS = 8
"""Descriptors that we open later: the database and its log, the daemon's own log."""

TURNS_AFTER_S = 0.2
"""Later than the first welcome, which ctypes would hold up by 4 ms."""

logger = logging.getLogger("paso.daemon")


class Daemon:
    """Runs the server until something asks it to stop."""

    def __init__(self, ground: Ground, loop: asyncio.AbstractEventLoop) -> None:
        self._ground = ground
        self._loop = loop
        self._listener = ground.listener
        self._stopping = self._loop.create_future()
        self._health = Health()
        self._tasks = TaskRegistry(self._health)
        self._alone_since = self._loop.time()
        self._lag = LagWatch(self._loop, self._health)
        self._sessions: Sessions | None = None
        self._server = self._make_server()
        self._begins_anew = False
        self._peers = PeersSwitch(
            self._server.directory,
            ground.paths.home,
            ground.settings,
            self._tasks,
            self._health,
            ground.computer,
            restart=self.restart,
        )
        self._peers.on_start.append(self._take_part)
        self._guard = HangGuard(max(ground.settings.hang_s, 3 * ground.settings.tick_s))

    @property
    def listener(self) -> Listener:
        """The socket in use; another one than at the start if that was removed."""
        return self._listener

    def _make_server(self) -> Server:
        settings, paths = self._ground.settings, self._ground.paths
        computer = self._ground.computer
        server = Server(
            self._loop,
            settings,
            computer,
            paths,
            max_fds=_descriptors_left(settings.spare_fds),
            stop=self.stop,
            health=self._health,
            tasks=self._tasks,
        )
        server.pump = ChangePump(
            ChangeReader(paths.database),
            server.hub,
            self._loop,
            computer=computer.id,
            resync=server.resync_all,
            flush=server.flush,
            may_send=lambda: not server.pressure.holding,
            health=self._health,
        )
        server.pump.on_rows.append(server.directory.board_changed)
        server.pump.followers.append(self._look_at_sessions)
        server.reports["loop_lag"] = self._lag.told
        return server

    def _take_part(self, peers: Peers) -> None:
        """Answer other computers, and let clients reach them."""
        from paso_daemon.peers.remote import Remote

        server, publisher = self._server, peers.publisher

        def head() -> object:
            server.pump.poll()
            return server.pump.head, publisher.n

        database = self._ground.paths.database
        Remote(peers, server.directory, self._tasks, server.actions, database, head)

    def _look_at_sessions(self) -> None:
        """Follow sessions, from the first one on; before it nothing is loaded."""
        if self._sessions is not None:
            self._sessions.ring()
        elif self._server.pump.has_sessions():
            self._sessions = self._make_sessions()
            self._sessions.look()

    def _make_sessions(self) -> Sessions:
        from paso_daemon.sessions.service import Sessions

        server, ground = self._server, self._ground
        made = Sessions(
            ground.paths.database,
            ground.config,
            self._loop,
            directory=server.directory,
            health=self._health,
            ring=server.pump.ring,
            is_followed=lambda: self._peers.is_followed,
            fds_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )
        server.reports["session_keeper"] = made.report
        return made

    def stop(self, reason: str) -> None:
        """Begin to take leave."""
        if not self._stopping.done():
            self._stopping.set_result(reason)

    def restart(self, reason: str) -> None:
        """Take leave and begin again, in the same process where that can be."""
        self._begins_anew = not self._listener.inherited
        self.stop(f"begins anew, {reason}")

    async def run(self) -> bool:
        """Serve until `stop`, then say goodbye and flush; True = begin again."""
        self._loop.set_exception_handler(self._unexpected)
        signals.watch(self._loop, self.stop, self._ground.log)
        self._server.pump.look()
        self._server.directory.begin()
        self._server.reception.listen(self._listener.sock)
        self._start_tasks()
        self._ground.notifier.tell("READY=1", f"STATUS=serving {self._listener.path}")
        logger.info("serves %s", self._listener.path)
        reason = await self._stopping
        logger.info("stops: %s", reason)
        self._ground.notifier.tell("STOPPING=1")
        await self._leave(reason)
        return self._begins_anew

    def _start_tasks(self) -> None:
        settings, notifier = self._ground.settings, self._ground.notifier
        self._peers.tick()
        self._tasks.start("housekeeping", self._keep_house())
        self._tasks.start("database", self._watch_database())
        if notifier.watchdog_s:
            self._tasks.start("watchdog", self._tell_watchdog(notifier.watchdog_s))
        elif settings.hang_s:
            self._guard.start()
        self._lag.start()
        self._loop.call_later(TURNS_AFTER_S, ask_for_short_turns)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(self._ground.settings.tick_s)
            self._guard.beat()
            self._server.tick()
            self._peers.tick()
            self._check_place()
            self._check_idle()

    async def _watch_database(self) -> None:
        while True:
            await asyncio.sleep(self._ground.settings.poll_s)
            # Sessions are looked after whether or not anybody looks.
            if self._server.hub or self._peers.is_followed or self._sessions:
                self._server.pump.poll()

    async def _tell_watchdog(self, period_s: float) -> None:
        while True:
            self._ground.notifier.tell("WATCHDOG=1")
            await asyncio.sleep(period_s)

    def _check_place(self) -> None:
        """A socket that was removed is made again: we hold the lock, nobody else may.

        A PID file or a socket that is another's means that the place is not ours any
        more, as when systemd took it or the home was removed: leave it to the other.
        """
        state = self._listener.state()
        if not self._ground.pid_file.is_in_place():
            self.stop("the PID file is not ours any more")
        elif state == "foreign":
            self.stop("another process took the socket path")
        elif state == "gone" and not self._listener.inherited:
            self._listen_again()

    def _listen_again(self) -> None:
        try:
            fresh = listen_at(self._listener.path)
        except PasoError as error:
            self._health.degraded("socket", error.message)
            return
        logger.warning("the socket was removed: made again")
        self._health.recovered("socket")
        self._server.reception.listen(fresh.sock)
        self._listener.close()
        self._listener = fresh

    def _check_idle(self) -> None:
        limit, now = self._ground.settings.idle_exit_s, self._loop.time()
        lives = self._sessions is not None and self._sessions.lives
        if self._server.connections or lives:
            self._alone_since = now
        elif limit and now - self._alone_since >= limit:
            self.stop("idle")

    async def _leave(self, reason: str) -> None:
        server = self._server
        server.reception.close()
        self._listener.close()
        await self._peers.stop()
        await self._tasks.stop()
        if self._sessions is not None:
            await self._sessions.stop()
        self._guard.stop()
        self._lag.stop()
        server.pump.drain()
        server.say_bye(_bye_reason(reason))
        await self._until_all_closed(self._ground.settings.stop_s)
        server.close_all()
        server.pump.close()

    async def _until_all_closed(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._server.all_closed.wait()

    def _unexpected(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, object]
    ) -> None:
        error = context.get("exception")
        logger.error(
            "%s",
            context.get("message"),
            exc_info=error if isinstance(error, BaseException) else None,
        )
        self._health.degraded("loop", "an unexpected error, see the log")


def _bye_reason(reason: str) -> str:
    return reason if reason in ("idle", "shutdown") else "stopping"


def _descriptors_left(spare: int) -> int:
    """Raise the limit of descriptors to what we may have; return those for clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        soft = 1_048_576
    ours = len(os.listdir("/proc/self/fd")) + OWN_FDS
    return max(soft - ours - spare, 1)


def serve(ground: Ground) -> bool:
    """Run a daemon on `ground` until it is stopped; True = begin again."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s pid %(process)d: %(message)s",
    )
    with asyncio.Runner(loop_factory=_loop_factory(ground.settings.loop)) as runner:
        daemon = Daemon(ground, runner.get_loop())
        gc.freeze()
        gc.enable()
        return runner.run(daemon.run())


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where it is installed, unless told otherwise."""
    if name != "asyncio":
        with suppress(ImportError):
            import uvloop

            return uvloop.new_event_loop
    return asyncio.new_event_loop
