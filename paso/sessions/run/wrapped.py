"""What a wrapper of a command does with or without a pty: signals, news, the end.

Never: touch the database, know how bytes are carried.
"""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod

from paso.sessions.run.child import ENDED, FAILED, STARTED, STOPPED
from paso.sessions.run.relay import Poller
from paso.sessions.run.signals import stop_our_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.sessions.activity import Activity
    from paso.sessions.run.child import Child, News
    from paso.sessions.run.recorder import Recorder
    from paso.sessions.run.signals import Signals

QUIET_S = 0.05
"""After the end of the command: silence after which its output is complete, when a
process that it left behind holds its terminal or pipe."""
KILLED = signal.SIGKILL.value
"""As a status of wait(2): ended by that signal."""


class Wrapped(ABC):
    """A command that runs, and those who watch it.

    Arguments:
        recorder: told of the start and of output.
    """

    def __init__(
        self, child: Child, signals: Signals, activity: Activity, recorder: Recorder
    ) -> None:
        self.child = child
        self.activity = activity
        self.recorder = recorder
        self.status: int | None = None
        """How the command ended, as wait(2) has it."""
        self.errno = 0
        """Why it could not be run."""
        self.reason = ""
        """What else there is to say of its end."""
        self.pid = 0 if child.watched else child.pid
        self.poller = Poller()
        self._signals = signals
        self.poller.call(signals.fd, self._hear_signals)
        self.poller.call(child.fd, self._hear_news)
        if self.pid:
            recorder.started(self.pid)

    # for those who carry bytes

    @abstractmethod
    def arrange(self) -> None:
        """Say to the poller what is waited for."""

    @abstractmethod
    def forward(self, sign: int) -> None:
        """Pass on a signal that was meant for the command."""

    @abstractmethod
    def stopped(self, sign: int) -> None:
        """The command was stopped."""

    @abstractmethod
    def drain(self) -> None:
        """Carry what is left after the end."""

    def patience(self) -> float | None:
        """Seconds after which to arrange again though nothing came."""
        return None

    def resized(self) -> None:  # noqa: B027
        """The terminal has another size: nothing to us where it is the command's."""

    def continued(self) -> None:  # noqa: B027
        """We were stopped by somebody, and go on; the command may have been, too."""

    def leave_rest(self) -> None:  # noqa: B027
        """Care for what the command's children may still write."""

    # what both do

    def follow(self) -> int:
        """Carry bytes and signals until the command has ended; return its status."""
        while self.status is None:
            self.arrange()
            self.poller.turn(self.patience())
        self.drain()
        return self.status

    def seen(self, data: bytes) -> None:
        """Take output of the command that was carried."""
        self.activity.feed(data, time.monotonic())
        self.recorder.stir()

    def stop_us(self, sign: int = signal.SIGTSTP) -> bool:
        """Stop ourselves until a shell continues us; False when none could."""
        with self.recorder.at_rest():
            return stop_our_group(sign)

    def _hear_signals(self, _: int) -> None:
        for sign in self._signals.read():
            if sign == signal.SIGCHLD:
                self._look()
            elif sign == signal.SIGWINCH:
                self.resized()
            elif sign == signal.SIGCONT:
                self.continued()
            else:
                self.forward(sign)

    def _look(self) -> None:
        for news in self.child.look():
            if not self.child.watched:
                self._take(news)
                if news.kind == ENDED:
                    self._hear_rest()

    def _hear_rest(self) -> None:
        """What our own child said before it ended: why it could not be run."""
        while (every := self.child.hear()) is not None:
            for news in every:
                self._take(news)

    def _hear_news(self, _: int) -> None:
        every = self.child.hear()
        if every is None:
            self.poller.want(self.child.fd, 0)
            if self.child.watched and self.status is None:
                # The kernel has hung up the command, the end of which nobody sees.
                self.status, self.reason = KILLED, "its watching process was killed"
        for news in every or ():
            self._take(news)

    def _take(self, news: News) -> None:
        if news.kind == STARTED:
            self.pid = news.number
            self.recorder.started(self.pid)
        elif news.kind == STOPPED:
            self.stopped(news.number)
        elif news.kind == ENDED:
            self.status = news.number
        elif news.kind == FAILED:
            self.errno = news.number
