"""The terminal that `paso run` was started in: raw while the command has it.

Never: be raw in the background, leave it raw, or block on it.
"""

from __future__ import annotations

import fcntl
import os
import termios
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_IN, _OUT, _CONTROL, _LOCAL, _CHARACTERS = 0, 1, 2, 3, 6


class Terminal:
    """Two descriptors of one terminal, and its mode.

    Arguments:
        keys, screen: what is typed comes from the one, the other is written to.
    """

    __slots__ = ("keys", "screen", "_attributes", "_raw", "_shown_on")

    def __init__(self, keys: int = 0, screen: int = 1) -> None:
        self.keys = keys
        self._shown_on = screen
        self._attributes: list[Any] = termios.tcgetattr(keys)
        self._raw = False
        self.screen = own_description(screen)

    @property
    def is_raw(self) -> bool:
        return self._raw

    def in_front(self) -> bool:
        """True when it is ours to read and to set: no job of another has it."""
        try:
            return os.tcgetpgrp(self.keys) == os.getpgrp()
        except OSError:
            return True  # not our controlling terminal: it knows no jobs of ours

    def enter(self) -> bool:
        """Make it raw, if it is ours; return whether it is."""
        if self._raw or not self.in_front():
            return self._raw
        with suppress(termios.error):
            self._attributes = termios.tcgetattr(self.keys)
            termios.tcsetattr(self.keys, termios.TCSANOW, raw(self._attributes))
            self._raw = True
        return self._raw

    def leave(self) -> None:
        """Give it back as it was found, if we changed it."""
        if self._raw:
            self._raw = False
            with suppress(termios.error):  # it was closed meanwhile
                termios.tcsetattr(self.keys, termios.TCSANOW, self._attributes)

    def prepare(self, slave: int) -> None:
        """Make a pty as this terminal is: its mode and its size."""
        mode = self._attributes if self.in_front() else cooked(self._attributes)
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self.copy_size(slave)

    def copy_size(self, pty: int) -> None:
        """Give a pty our size; its foreground processes get SIGWINCH by it."""
        with suppress(OSError):
            size = fcntl.ioctl(self._shown_on, termios.TIOCGWINSZ, bytes(8))
            fcntl.ioctl(pty, termios.TIOCSWINSZ, size)


def raw(attributes: list[Any]) -> list[Any]:
    """Return the mode in which every byte passes as it is (cfmakeraw, termios(3))."""
    made = [*attributes]
    made[_IN] &= ~(
        termios.IGNBRK
        | termios.BRKINT
        | termios.PARMRK
        | termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
    )
    made[_OUT] &= ~termios.OPOST
    made[_CONTROL] = made[_CONTROL] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    made[_LOCAL] &= ~(
        termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN
    )
    made[_CHARACTERS] = [*made[_CHARACTERS]]
    made[_CHARACTERS][termios.VMIN] = 1
    made[_CHARACTERS][termios.VTIME] = 0
    return made


def cooked(attributes: list[Any]) -> list[Any]:
    """Return the usual mode; in the background, that of the terminal is a shell's."""
    made = [*attributes]
    made[_IN] |= termios.ICRNL | termios.IXON | termios.BRKINT
    made[_OUT] |= termios.OPOST | termios.ONLCR
    made[_LOCAL] |= (
        termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN | termios.ECHOE
    )
    return made


def is_line_by_line(pty: int) -> bool:
    """True unless the program on the pty reads single keys, as a full-screen one."""
    try:
        return bool(termios.tcgetattr(pty)[_LOCAL] & termios.ICANON)
    except termios.error:
        return True


def own_description(fd: int) -> int:
    """Return a descriptor of the same file that does not block, or `fd` itself.

    Not blocking is a property of what the shell, and all in its pipeline, share with
    us; so the file is opened a second time. A socket cannot be, nor a file that is
    not ours to open.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{fd}", flags)
    except OSError:
        return fd
