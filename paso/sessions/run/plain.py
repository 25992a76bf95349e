"""Wraps a command that is not between two ends of a terminal: in pipes, or in a job.

It gets our own descriptors, so it behaves as without us. Only its output into a pipe
or a socket goes through a pipe of ours, to be seen; that of a file or a device does
not, and such a command counts as working until it ends.

Never: change a byte, read its input.
"""

from __future__ import annotations

import os
import select
import signal
import stat
from contextlib import suppress

from paso.sessions.run.child import start_plain
from paso.sessions.run.relay import Flow
from paso.sessions.run.terminal import own_description
from paso.sessions.run.wrapped import Wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paso.sessions.activity import Activity
    from paso.sessions.run.child import Child
    from paso.sessions.run.recorder import Recorder
    from paso.sessions.run.signals import Signals

FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What the terminal sends to all of a job: the command has it already."""


class Pipes:
    """Pipes for the output that can be seen: descriptor to its two ends."""

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends: dict[int, tuple[int, int]] = {}
        for fd in (1, 2):
            if is_pipe(fd):
                same = fd == 2 and 1 in self.ends and _same(1, 2)
                self.ends[fd] = self.ends[1] if same else os.pipe2(os.O_CLOEXEC)

    def start(self, argv: tuple[str, ...], env: Mapping[str, str]) -> Child:
        child = start_plain(argv, env, {fd: end for fd, (_, end) in self.ends.items()})
        for end in {end for _, end in self.ends.values()}:
            os.close(end)
        return child

    def wrap(
        self, child: Child, signals: Signals, activity: Activity, recorder: Recorder
    ) -> Plain:
        return Plain(self, child, signals, activity, recorder)

    def close(self) -> None:
        """Nothing is to be given back."""

    def sources(self) -> dict[int, int]:
        """Our end of each pipe, with the descriptor that it is carried to."""
        return {ours: fd for fd, (ours, _) in reversed(self.ends.items())}


def is_pipe(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _same(one: int, other: int) -> bool:
    return os.path.samestat(os.fstat(one), os.fstat(other))


class Plain(Wrapped):
    """Carries the output of the pipes."""

    def __init__(
        self,
        pipes: Pipes,
        child: Child,
        signals: Signals,
        activity: Activity,
        recorder: Recorder,
    ) -> None:
        super().__init__(child, signals, activity, recorder)
        self._flows = [
            Flow(source, own_description(fd), self.seen)
            for source, fd in pipes.sources().items()
        ]
        for flow in self._flows:
            os.set_blocking(flow.source, False)
            self.poller.call(flow.source, flow.on_source)
            self.poller.call(flow.sink, flow.on_sink)
        activity.unseen = not self._flows

    def arrange(self) -> None:
        for flow in self._flows:
            if flow.refused and not flow.ended:
                flow.ended = True
                # The command gets SIGPIPE at its next write, as without us.
                self.poller.want(flow.source, 0)
                os.close(flow.source)
            elif not flow.refused:
                self.poller.want(flow.source, select.POLLIN * flow.has_room)
            self.poller.want(flow.sink, select.POLLOUT * flow.is_waiting)

    def stopped(self, sign: int) -> None:
        if not self.stop_us() and sign != signal.SIGSTOP:
            self._signal(signal.SIGCONT)

    def forward(self, sign: int) -> None:
        if sign not in FROM_TERMINAL or not _is_job_in_front():
            self._signal(sign)

    def _signal(self, sign: int) -> None:
        if self.status is None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, sign)

    def drain(self) -> None:
        """Carry what is there; what comes later is for `leave_rest`."""
        for flow in self._flows:
            while not flow.ended and not flow.refused and flow.carry():
                self._write_out(flow)
            self._write_out(flow)

    def _write_out(self, flow: Flow) -> None:
        while flow.is_waiting:
            select.select((), (flow.sink,), ())
            flow.write()

    def leave_rest(self) -> None:
        """Let a process of its own carry what the command's children still write.

        Without us they would hold the pipe themselves, and whoever reads it would
        wait for them; but not those who wait for the command.
        """
        if any(not flow.ended and not flow.refused for flow in self._flows):
            with suppress(OSError):
                if os.fork() == 0:
                    self._carry_on()

    def _carry_on(self) -> None:
        try:
            for sign in (*FROM_TERMINAL, signal.SIGTERM, signal.SIGHUP):
                signal.signal(sign, signal.SIG_DFL)
            while any(not flow.ended for flow in self._flows):
                self.arrange()
                self.poller.turn()
        finally:
            os._exit(0)


def _is_job_in_front() -> bool:
    """True when a key of our terminal would signal us and the command alike."""
    try:
        fd = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)
