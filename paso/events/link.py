"""A client's connection to the daemon in an asyncio loop, made and used without a task.

Frames gather here while nobody waits; waiting may be cancelled at any point and
loses nothing.

Never: connect again, know what a frame means, raise for what the daemon does.
"""

from __future__ import annotations

import asyncio
from collections import deque

from paso.errors import BadJson
from paso.events.dialer import NoListener, connect
from paso.events.launcher import ensure_daemon
from paso.events.wire import Frame, LineSplitter, decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from paso.paths import Paths

START_S = 5.0
"""For a daemon to be started in one try."""

READ_SIZE = 64 * 1024

MAX_LINE = 16 * 1024 * 1024
"""Bytes of a line of the daemon, whatever its `PASO_MAX_FRAME` is."""

GATHER_MAX = 10_000
"""Frames that gather before the daemon has to wait."""


class Link:
    """Reads frames from `sock` as they come.

    `ended` is why no more frames will come; None while they may.
    """

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = loop
        self._splitter = LineSplitter(MAX_LINE)
        self._frames: deque[Frame] = deque()
        self._news = asyncio.Event()
        self._reading = False
        self.ended: str | None = None
        self.heard_at = loop.time()
        self._read_on()

    def take(self) -> Frame | None:
        """Return the next frame that came; None when there is none yet."""
        if self._frames:
            frame = self._frames.popleft()
            if not self._frames:
                self._read_on()
            return frame
        return None

    async def wait(self, timeout_s: float) -> None:
        """Wait until a frame came, the connection ended, or the time is up."""
        if self._frames or self.ended is not None:
            return
        self._news.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return

    def say(self, frame: Frame) -> None:
        """Send a small frame; one that does not fit at once ends the connection.

        The socket holds 200 KiB and we send some hundred bytes in a minute: a full
        one means that the daemon hangs.
        """
        if self.ended is not None:
            return
        data = encode(frame)
        try:
            sent = self._sock.send(data)
        except OSError as error:
            self._end(str(error))
            return
        if sent != len(data):
            self._end("the daemon takes nothing")

    def close(self) -> None:
        self._end("closed")
        self._frames.clear()

    def _read_on(self) -> None:
        if not self._reading and self.ended is None:
            self._reading = True
            self._loop.add_reader(self._sock.fileno(), self._on_readable)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._sock.fileno())

    def _on_readable(self) -> None:
        try:
            data = self._sock.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error.strerror or str(error))
            return
        if not data:
            self._end("the daemon closed the connection")
            return
        self.heard_at = self._loop.time()
        self._gather(self._splitter.feed(data))

    def _gather(self, lines: list[bytes]) -> None:
        try:
            self._frames.extend(decode(line) for line in lines)
        except BadJson as error:
            self._end(f"the daemon sent what is no frame: {error}")
        if self._splitter.failed is not None:
            self._end("the daemon sent a line that is too long")
        if len(self._frames) > GATHER_MAX:
            self._pause()
        if self._frames:
            self._news.set()

    def _end(self, reason: str) -> None:
        if self.ended is None:
            self._pause()
            self.ended = reason
            self._sock.close()
        self._news.set()


class Dialling:
    """Getting a connection; where a daemon must be started, in a thread."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._starting: asyncio.Future[socket.socket] | None = None

    async def attempt(self, *, may_start: bool, wait_s: float) -> socket.socket | None:
        """Return a connection; None while one is being started for `wait_s` already.

        Waiting may be cancelled; the next attempt takes up what was begun.

        Raises:
            PasoError: there is no daemon, or it could not be started.
        """
        if self._starting is None:
            try:
                return connect(self._paths, timeout_s=0.05)
            except NoListener:
                if not may_start:
                    raise
            self._starting = asyncio.get_running_loop().run_in_executor(
                None, lambda: ensure_daemon(self._paths, timeout_s=START_S)
            )
        await asyncio.wait([self._starting], timeout=wait_s)
        if not self._starting.done():
            return None
        done, self._starting = self._starting, None
        return done.result()

    def close(self) -> None:
        """A connection that comes after this is closed at once."""
        if self._starting is not None:
            self._starting.add_done_callback(_hang_up)
            self._starting = None


def _hang_up(starting: asyncio.Future[socket.socket]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()
