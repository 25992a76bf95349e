"""One tmux client in control mode: questions through a pipe instead of processes.

It shows a session of its own, which no command runs in: `true` has ended before
anybody could look, and `destroy-unattached` takes the session away with the client,
however that ends. It asks for no output and has no say in the size of windows, starts
no server (`-N`), and what it is not asked it tells as notices.

The limit of time is that of an answer: a server that does not give one in time is
given up, and so is a stream that makes no sense. Then the client is killed and reaped.

Never: touch another session, read what panes show unasked, block the loop.
"""

from __future__ import annotations

import os
import subprocess
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from paso.sessions.tool import QUICK_S, REAP_S
from paso_daemon.sessions.control_lines import Answer, Broken, ControlLines, Notice
from paso_daemon.sessions.deaths import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from paso_daemon.sessions.deaths import Deaths

READ_SIZE = 64 * 1024
ASKED_MAX = 1_000
"""Questions under way; who asks more has lost his way."""

PREFIX = "paso-watch-"
"""How the names of our sessions begin that only watch."""


class Asked(NamedTuple):
    answer: Callable[[Answer], None]
    until: float
    """When it must have been answered, by the loop's clock."""


class ControlClient:
    """A running client; `gone` is called once, with the reason, when it is no more.

    Arguments:
        argv: how tmux is called, with the socket.
        name: of the session to show.
        deaths: tells when the client has ended, to be reaped.
        notice: called for each notice.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        argv: list[str],
        name: str,
        *,
        deaths: Deaths,
        env: dict[str, str],
        notice: Callable[[Notice], None],
        gone: Callable[[str], None],
        limit_s: float = QUICK_S,
    ) -> None:
        self._loop = loop
        self._deaths = deaths
        self._notice = notice
        self._gone: Callable[[str], None] | None = gone
        self._limit_s = limit_s
        self._lines = ControlLines()
        self._asked: deque[Asked] = deque()
        self._unsent = b""
        self._timer: asyncio.Handle | None = None
        self._process = subprocess.Popen(
            [*argv, *_showing(name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd="/",
            process_group=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = (
            self._process.stdin.fileno(),
            self._process.stdout.fileno(),
        )
        for fd in (self._in, self._out):
            os.set_blocking(fd, False)
        loop.add_reader(self._out, self._on_readable)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._gone is not None

    def ask(self, command: str, answer: Callable[[Answer], None]) -> None:
        """Send one command line without `;`; `answer` gets what it gives.

        It is not called when the client goes; `gone` is then.
        """
        assert "\n" not in command, command
        if self._gone is None:
            return
        if len(self._asked) >= ASKED_MAX:
            self.close(f"{ASKED_MAX} questions wait")
            return
        self._asked.append(Asked(answer, self._loop.time() + self._limit_s))
        if self._timer is None:
            self._timer = self._loop.call_at(self._asked[0].until, self._late)
        first = not self._unsent
        self._unsent += command.encode() + b"\n"
        if first and self._send():
            self._loop.add_writer(self._in, self._on_writable)

    def close(self, reason: str = "closed") -> None:
        """End the client; nothing happens when it has gone."""
        gone, self._gone = self._gone, None
        if gone is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._out)
        if self._unsent:
            self._loop.remove_writer(self._in)
        self._asked.clear()
        self._shut()
        self._deaths.watch(Process(self.pid, None), self, self._reap)
        gone(reason)

    def wait(self) -> None:
        """Wait for the end of a closed client: the daemon stops."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_S)

    def _shut(self) -> None:
        """Kill the client; the server takes its session away."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        with suppress(ProcessLookupError):
            self._process.kill()

    def _reap(self) -> None:
        self._process.poll()

    def _on_readable(self) -> None:
        try:
            data = os.read(self._out, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"cannot be read: {error.strerror}")
            return
        if not data:
            self.close("tmux has gone")
            return
        for said in self._lines.feed(data):
            if isinstance(said, Answer):
                self._answered(said)
            elif isinstance(said, Broken):
                self.close(said.reason)
            elif said.name == "exit":
                self.close(said.text or "tmux has gone")
            else:
                self._notice(said)
            if self._gone is None:
                return

    def _answered(self, said: Answer) -> None:
        if not self._asked:
            self.close("an answer that nobody asked for")
            return
        self._asked.popleft().answer(said)

    def _send(self) -> bool:
        """Send what waits; True when some of it is left."""
        try:
            sent = os.write(self._in, self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return False  # the end of its output says why
        self._unsent = self._unsent[sent:]
        return bool(self._unsent)

    def _on_writable(self) -> None:
        if not self._send():
            self._loop.remove_writer(self._in)

    def _late(self) -> None:
        self._timer = None
        if not self._asked:
            return
        if self._loop.time() >= self._asked[0].until:
            self.close(f"tmux does not answer within {self._limit_s:g} s")
        else:
            self._timer = self._loop.call_at(self._asked[0].until, self._late)


def _showing(name: str) -> list[str]:
    """Return the words that make and show a session without any command in it."""
    here = f"={name}:"
    return [
        *("-N", "-C", "new-session", "-A", "-s", name, "-x", "80", "-y", "24"),
        *("-f", "ignore-size,no-output", "--", "true", "--", ";"),
        *("set-option", "-p", "-t", here, "remain-on-exit", "on", ";"),
        *("set-option", "-t", here, "destroy-unattached", "on", ";"),
        *("set-option", "-t", here, "status", "off"),
    ]
