"""Wraps a command in a pty of its own, inside the terminal that we are in.

    terminal  <- screen -  paso run  <- master -  pty  <-  command
              -  keys  ->            -  master ->      ->

Never: change a byte, wait for the terminal or the command while the other could go on.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress

from paso.sessions.activity import is_typed
from paso.sessions.run.child import start_on_pty
from paso.sessions.run.relay import Flow
from paso.sessions.run.terminal import Terminal, is_line_by_line
from paso.sessions.run.wrapped import QUIET_S, Wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paso.sessions.activity import Activity
    from paso.sessions.run.child import Child
    from paso.sessions.run.recorder import Recorder
    from paso.sessions.run.signals import Signals

BACKGROUND_S = 0.5
"""Seconds between two looks whether the shell has brought us to the foreground; bash
does not tell a job that ran all the time."""
FLUSH_S = 0.2
"""Seconds that output has to reach the screen before a stop."""


class Pty:
    """A pty for a command, as our terminal is now; both are given back at the end.

    Raises:
        OSError: there is no pty to be had.
    """

    __slots__ = ("master", "slave", "terminal")

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.terminal = Terminal()
        self.terminal.prepare(self.slave)

    def start(self, argv: tuple[str, ...], env: Mapping[str, str]) -> Child:
        self.terminal.enter()
        inherited = set() if os.isatty(2) else {2}
        return start_on_pty(argv, env, self.slave, inherited)

    def wrap(
        self, child: Child, signals: Signals, activity: Activity, recorder: Recorder
    ) -> OnTerminal:
        return OnTerminal(self, child, signals, activity, recorder)

    def close_slave(self) -> None:
        """Leave the pty to the command alone, so that its end can be seen."""
        if self.slave >= 0:
            os.close(self.slave)
            self.slave = -1

    def close(self) -> None:
        """Give the terminal back; closed twice does no harm."""
        self.terminal.leave()
        self.close_slave()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


class OnTerminal(Wrapped):
    """Carries bytes between the terminal and the pty.

    The end of the pty that is the command's stays open here while it runs: without
    it, a command that closes its terminal for a while would seem to have hung up.
    """

    def __init__(
        self,
        pty: Pty,
        child: Child,
        signals: Signals,
        activity: Activity,
        recorder: Recorder,
    ) -> None:
        super().__init__(child, signals, activity, recorder)
        self._pty = pty
        self._terminal = terminal = pty.terminal
        self._output = Flow(pty.master, terminal.screen, self.seen)
        self._keys = Flow(terminal.keys, pty.master, self._typed)
        self._lonely = False
        self.poller.call(pty.master, self._on_pty)
        self.poller.call(terminal.screen, self._on_screen)
        self.poller.call(terminal.keys, self._on_keys)

    def arrange(self) -> None:
        output, keys, want = self._output, self._keys, self.poller.want
        typing = self.status is None and not keys.ended
        if typing and not self._terminal.is_raw:
            self._terminal.enter()
        typing = typing and self._terminal.is_raw
        want(
            self._pty.master,
            select.POLLIN * output.has_room | select.POLLOUT * keys.is_waiting,
        )
        want(self._terminal.screen, select.POLLOUT * output.is_waiting)
        want(self._terminal.keys, select.POLLIN * (typing and keys.has_room))

    def patience(self) -> float | None:
        waits = not self._terminal.is_raw and not self._keys.ended
        return BACKGROUND_S if waits else None

    def _typed(self, data: bytes) -> None:
        if is_typed(data):
            self.activity.typed(time.monotonic())
            self.recorder.stir()

    def _on_pty(self, events: int) -> None:
        if events & select.POLLOUT:
            self._keys.write()
        if not events & ~select.POLLOUT or self._waits_for_foreground():
            return
        self._output.carry()

    def _on_screen(self, events: int) -> None:
        self._output.write()

    def _on_keys(self, events: int) -> None:
        self._keys.carry()
        if self._keys.ended:
            self._hung_up()

    def _hung_up(self) -> None:
        """The terminal was closed: so is the command's."""
        self._keys.ended = True
        self._output.refuse()
        self.forward(signal.SIGHUP)

    # jobs and signals

    def _waits_for_foreground(self) -> bool:
        """A full-screen program in the background is stopped, as without us."""
        if self._terminal.is_raw or self._lonely or self._keys.ended:
            return False
        if self.status is not None or is_line_by_line(self._pty.slave):
            return False
        if self._terminal.in_front():
            return False
        self._lonely = not self.stop_us(signal.SIGTTOU)
        self._resume()
        return True

    def stopped(self, sign: int) -> None:
        """Stop as well, with the terminal as it was; then go on together."""
        deadline = time.monotonic() + FLUSH_S
        while self._output.is_waiting and time.monotonic() < deadline:
            select.select((), (self._terminal.screen,), (), FLUSH_S)
            self._output.write()
        self._terminal.leave()
        if self.stop_us() or sign != signal.SIGSTOP:
            self._signal(signal.SIGCONT)
        self._resume()

    def _resume(self) -> None:
        self._terminal.enter()
        self._terminal.copy_size(self._pty.slave)

    def continued(self) -> None:
        self._resume()

    def resized(self) -> None:
        self._terminal.copy_size(self._pty.slave)

    def forward(self, sign: int) -> None:
        if self.status is not None:
            # The command has ended; who wants us to end does not want to see the rest.
            self._output.refuse()
            return
        self._signal(sign)
        if sign in (signal.SIGHUP, signal.SIGTERM):
            self._signal(signal.SIGCONT)  # a stopped one could not act on it

    def _signal(self, sign: int) -> None:
        """Signal the group of the command; hang-ups reach what it runs in front too."""
        groups = {self.pid} - {0}
        if sign in (signal.SIGHUP, signal.SIGCONT):
            with suppress(OSError):
                groups.add(os.tcgetpgrp(self._pty.master))
        for group in groups - {0}:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, sign)

    def drain(self) -> None:
        self._pty.close_slave()
        while not self._output.ended:
            self.arrange()
            if not self.poller.turn(QUIET_S) and not self._output.is_waiting:
                break
        while self._output.is_waiting:
            self.arrange()
            self.poller.turn()
