"""The way to Redis: one connection for what we say, one for what we wait to hear.

    post, ask --> queue --> the writing loop --> answers, in their order
    read      ------------> the other connection, which may block for a minute

What cannot be sent now is refused at once: nothing piles up while Redis is away, and
nobody but the caller waits for it.

Never: load the driver before `open`, try again, know what a command is for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

from paso.errors import PeerUnreachable
from paso.peers_file import shown_url
from paso_daemon.peers.address import parse_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from paso.peers_file import PeersConfig
    from paso_daemon.peers.driver import Command, Wire

MAX_QUEUED = 4096
"""Commands that wait for the writing loop."""
MAX_TOGETHER = 256
"""Commands of one round trip."""

logger = logging.getLogger("paso.daemon")


class _Asked(NamedTuple):
    command: Command
    done: Callable[[Any], None] | None


class Link:
    """Two connections, opened and closed together.

    Arguments:
        config: where to, and how it is secured.
        name: what `CLIENT LIST` shows.
        slot_of: one of our keys, for a cluster.
    """

    def __init__(self, config: PeersConfig, name: str, slot_of: str) -> None:
        self.shown = shown_url(config.url)
        self._config = config
        self._name = name
        self._slot_of = slot_of
        self._writer: Wire | None = None
        self._reader: Wire | None = None
        self._queue: deque[_Asked] = deque()
        self._news = asyncio.Event()
        self._sent: list[_Asked] = []
        self.commands = 0

    @property
    def is_up(self) -> bool:
        return self._writer is not None

    async def open(self) -> None:
        """Connect; the driver is loaded in a thread, it takes a tenth of a second.

        Raises:
            PeerUnreachable, TimedOut, Refused, InvalidValue: why there is no way.
        """
        driver = await asyncio.to_thread(_driver)
        address = parse_address(self._config.url)
        for part in ("_writer", "_reader"):
            wire = await driver.open_wire(
                address,
                self._name,
                shown=self.shown,
                ca_file=self._config.ca_file,
                slot_of=self._slot_of,
            )
            setattr(self, part, wire)

    async def close(self) -> None:
        """Close both; who still waits for an answer gets `PeerUnreachable`."""
        wires = self._writer, self._reader
        self._writer = self._reader = None
        waiting = [*self._sent, *self._queue]
        self._queue.clear()
        self._sent = []
        lost = PeerUnreachable(f"{self.shown}: the connection broke")
        for asked in waiting:
            if asked.done is not None:
                asked.done(lost)
        for wire in wires:
            if wire is not None:
                await wire.close()

    async def abort(self, reason: str) -> None:
        """Let the connection break; who takes part joins anew."""
        logger.info("peers: joins anew: %s", reason)
        await self.close()
        self._news.set()

    def post(self, *command: Any, done: Callable[[Any], None] | None = None) -> bool:
        """Send a command soon; False when there is no way for it.

        Arguments:
            done: called with the answer, with `Failed`, or with the `PasoError` that
                broke the connection; then it is not known whether it was done.
        """
        if self._writer is None or len(self._queue) >= MAX_QUEUED:
            return False
        self._queue.append(_Asked(command, done))
        self._news.set()
        return True

    async def ask(self, *commands: Command) -> list[Any]:
        """Return the answers to `commands`, sent one after the other.

        Raises:
            PeerUnreachable: there is no way, or it broke meanwhile.
        """
        loop = asyncio.get_running_loop()
        answers = [loop.create_future() for _ in commands]
        for command, answer in zip(commands, answers, strict=True):
            if not self.post(*command, done=_filler(answer)):
                answer.cancel()
                raise PeerUnreachable(f"{self.shown} cannot be reached now")
        found = await asyncio.gather(*answers)
        for one in found:
            if isinstance(one, PeerUnreachable):
                raise one
        return found

    async def write(self) -> NoReturn:
        """Send what is queued until the connection breaks.

        Raises:
            PeerUnreachable, TimedOut, Refused: as the driver tells.
        """
        while True:
            await self._news.wait()
            self._news.clear()
            if self._writer is None:
                raise PeerUnreachable(f"{self.shown}: the connection was closed")
            while self._queue:
                await self._write_some()

    async def _write_some(self) -> None:
        wire = self._writer
        if wire is None:
            raise PeerUnreachable(f"{self.shown}: the connection is closed")
        count = min(len(self._queue), MAX_TOGETHER)
        self._sent = [self._queue.popleft() for _ in range(count)]
        answers = await wire.run([asked.command for asked in self._sent])
        sent, self._sent = self._sent, []
        self.commands += count
        for asked, answer in zip(sent, answers, strict=True):
            if asked.done is not None:
                asked.done(answer)

    async def read(self, command: Command, limit_s: float) -> Any:
        """Return the answer to a command that blocks for less than `limit_s`.

        Raises:
            PeerUnreachable, TimedOut, Refused: as the driver tells.
        """
        if self._reader is None:
            raise PeerUnreachable(f"{self.shown}: the connection is closed")
        self.commands += 1
        return (await self._reader.run([command], limit_s))[0]


def _filler(answer: asyncio.Future[Any]) -> Callable[[Any], None]:
    def fill(found: Any) -> None:
        with suppress(asyncio.InvalidStateError):  # nobody waits any more
            answer.set_result(found)

    return fill


def _driver() -> Any:
    from paso_daemon.peers import driver

    return driver
