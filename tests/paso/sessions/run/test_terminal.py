"""paso/sessions/run/terminal.py: the mode of a real terminal."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from collections.abc import Iterator

import pytest

from paso.sessions.run.terminal import (
    Terminal,
    cooked,
    is_line_by_line,
    own_description,
    raw,
)


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    ends = os.openpty()
    yield ends
    for fd in ends:
        os.close(fd)


def test_raw_is_what_the_c_library_calls_raw(pty: tuple[int, int]) -> None:
    _, slave = pty
    ours = raw(termios.tcgetattr(slave))
    tty.setraw(slave)
    theirs = termios.tcgetattr(slave)
    termios.tcsetattr(slave, termios.TCSANOW, ours)
    assert termios.tcgetattr(slave)[1:] == theirs[1:]
    assert not is_line_by_line(slave)
    termios.tcsetattr(slave, termios.TCSANOW, cooked(ours))
    assert is_line_by_line(slave)
    assert termios.tcgetattr(slave)[3] & (termios.ECHO | termios.ISIG)


def test_it_is_given_back_as_it_was_found(pty: tuple[int, int]) -> None:
    _, slave = pty
    before = termios.tcgetattr(slave)
    terminal = Terminal(slave, slave)
    assert terminal.enter()
    assert terminal.enter()
    assert not is_line_by_line(slave)
    terminal.leave()
    terminal.leave()
    assert termios.tcgetattr(slave) == before
    os.close(terminal.screen)


def test_a_pty_is_made_like_it_its_size_too(pty: tuple[int, int]) -> None:
    _, slave = pty
    size = struct.pack("HHHH", 33, 99, 330, 990)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
    terminal = Terminal(slave, slave)
    master, other = os.openpty()
    terminal.prepare(other)
    assert termios.tcgetattr(other) == termios.tcgetattr(slave)
    assert fcntl.ioctl(other, termios.TIOCGWINSZ, bytes(8)) == size
    for fd in (master, other, terminal.screen):
        os.close(fd)


def test_not_blocking_is_ours_alone(pty: tuple[int, int]) -> None:
    """The shell has the same description: it would not expect `EAGAIN`."""
    _, slave = pty
    ours = own_description(slave)
    assert ours != slave
    assert not os.get_blocking(ours)
    assert os.get_blocking(slave)
    os.close(ours)


def test_what_cannot_be_opened_again_is_used_as_it_is() -> None:
    import socket

    one, other = socket.socketpair()
    with one, other:
        assert own_description(one.fileno()) == one.fileno()
