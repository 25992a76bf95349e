"""The server of a daemon in a thread of the test, so that the test can reach inside.

For what no client can bring about: many sessions at once, other computers, faults.

Never: be used where a real daemon does.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from paso.computer import Computer
from paso.events.change_reader import ChangeReader
from paso.paths import Paths
from paso_daemon.change_pump import ChangePump
from paso_daemon.directory import Directory
from paso_daemon.server import Server
from paso_daemon.settings import Settings
from paso_daemon.tasks import Health, TaskRegistry
from tests.support.protocol_client import ProtocolClient

Found = TypeVar("Found")


class HostedServer:
    """Serves `home` until the end of the `with` block.

    Arguments:
        settings: `max_frame=1000`, as in Settings.
    """

    def __init__(self, home: Path, **settings: Any) -> None:
        self.paths = Paths(str(home))
        self.health = Health()
        self.tasks = TaskRegistry(self.health)
        self._settings = Settings(**settings)
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.loop: asyncio.AbstractEventLoop
        self.server: Server

    def __enter__(self) -> HostedServer:
        self._thread.start()
        self._ready.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def do(self, work: Callable[[Server], Found]) -> Found:
        """Return what `work` returns, done in the loop."""
        done: Future[Found] = Future()

        def run() -> None:
            try:
                done.set_result(work(self.server))
            except BaseException as error:
                done.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return done.result(30)

    def tell(self, work: Callable[[Directory], object]) -> None:
        """Change what is known."""
        self.do(lambda server: work(server.directory))

    def client(self, **more: Any) -> ProtocolClient:
        return ProtocolClient(self.paths.socket, **more)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.server = server = self._made()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.paths.socket)
            listener.listen(100)
            listener.setblocking(False)
            server.reception.listen(listener)
            self._ready.set_result(None)
            await self._stop.wait()
            server.reception.close()
        await self.tasks.stop()
        server.say_bye("stopping")
        server.close_all()
        server.pump.close()

    def _made(self) -> Server:
        server = Server(
            self.loop,
            self._settings,
            Computer("me", "desk"),
            self.paths,
            max_fds=200,
            stop=lambda reason: None,
            health=self.health,
            tasks=self.tasks,
        )
        server.pump = ChangePump(
            ChangeReader(self.paths.database),
            server.hub,
            self.loop,
            computer="me",
            resync=server.resync_all,
            flush=server.flush,
            may_send=lambda: not server.pressure.holding,
            health=self.health,
        )
        return server
