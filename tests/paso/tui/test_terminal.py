"""The board in a real terminal: what it sends for a key, and how it leaves."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from tests.paso.tui.conftest import Desk
from tests.paso.tui.sessions import run

MOST_BYTES = 4_000
"""Written to the terminal for one key, at 80x24 (docs/board.md)."""

MOST_FOR_A_PAGE = 9_000
"""Written when the list of sessions goes on by some lines: all of them differ."""


class Terminal:
    """`paso` in a pseudo terminal."""

    def __init__(self, desk: Desk, width: int = 80, height: int = 24) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self._become_board(desk)
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)
        os.set_blocking(self.fd, False)
        self.sent = b""

    def _become_board(self, desk: Desk) -> None:
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environ.update(PASO_HOME=desk.paths.home, PASO_AUTO_START="0")
        environ.pop("NO_COLOR", None)
        os.execve(sys.executable, [sys.executable, "-m", "paso"], environ)

    def read(self, wait_s: float) -> bytes:
        """What comes until nothing has come for `wait_s`."""
        got = b""
        while select.select([self.fd], [], [], wait_s)[0]:
            try:
                got += os.read(self.fd, 1 << 16)
            except (BlockingIOError, OSError):
                break
        self.sent += got
        return got

    def wait_for(self, word: bytes, timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        while word not in self.sent:
            assert time.monotonic() < deadline, (word, self.sent[-2000:])
            self.read(0.05)

    def press(self, key: bytes, quiet_s: float = 0.3) -> bytes:
        """Send a key; return all that was painted for it."""
        os.write(self.fd, key)
        return self.read(quiet_s)

    def end(self, timeout_s: float = 20.0) -> int:
        """Wait for the program to end by itself; its exit code."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, "the board did not end"

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def terminals(desk: Desk) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def board(desk: Desk, terminals: list[Terminal]) -> Terminal:
    terminal = Terminal(desk)
    terminals.append(terminal)
    terminal.wait_for(b"offline")
    terminal.read(0.5)
    return terminal


def test_a_key_sends_little_also_when_the_column_scrolls(
    desk: Desk, terminals: list[Terminal]
) -> None:
    desk.add_many(300)
    terminal = board(desk, terminals)
    terminal.press(b"j")
    sent = [len(terminal.press(b"j")) for _ in range(15)]
    assert min(sent) > 0
    assert max(sent) <= MOST_BYTES, sent


def test_a_key_sends_no_more_for_a_board_of_many_cards(
    desk: Desk, terminals: list[Terminal]
) -> None:
    desk.add_many(20)
    few = len(board(desk, terminals).press(b"j"))
    desk.add_many(2000)
    many = len(board(desk, terminals).press(b"j"))
    assert many <= few * 1.5 + 200


def test_a_key_in_the_list_of_sessions_sends_little(
    desk: Desk, terminals: list[Terminal]
) -> None:
    with desk.db.write("many"):
        for number in range(300):
            run(desk.db, f"session {number}", backend="pty")
    terminal = board(desk, terminals)
    terminal.press(b"S")
    terminal.wait_for(b"300 running")
    terminal.press(b"j")
    sent = [len(terminal.press(b"j", 0.1)) for _ in range(25)]
    assert sum(sent) > 0
    assert sum(sent) / len(sent) <= MOST_BYTES / 2, sent
    assert max(sent) <= MOST_FOR_A_PAGE, sent


def test_control_characters_never_reach_the_terminal(
    desk: Desk, terminals: list[Terminal]
) -> None:
    desk.add("evil \x1b]0;owned\x07", description="\x1b]0;owned\x07")
    terminal = board(desk, terminals)
    terminal.press(b" ")
    terminal.press(b"\x1b")
    terminal.press(b"e")
    terminal.wait_for(b"Description")
    terminal.read(0.3)
    assert b"evil" in terminal.sent
    assert b"\x1b]0;owned" not in terminal.sent
    assert b"owned\x07" not in terminal.sent


def test_leaving_gives_the_terminal_back(desk: Desk, terminals: list[Terminal]) -> None:
    desk.add("one")
    terminal = board(desk, terminals)
    terminal.press(b"q", 0.05)
    assert terminal.end() == 0
    assert terminal.sent.rfind(b"\x1b[?1049l") > terminal.sent.rfind(b"\x1b[?1049h")


def test_ctrl_z_goes_back_to_the_shell_and_fg_paints_anew(
    desk: Desk, terminals: list[Terminal]
) -> None:
    desk.add("one")
    terminal = board(desk, terminals)
    os.write(terminal.fd, b"\x1a")
    # The board has no shell above it that would stop it; it says what it does.
    terminal.read(1.0)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.sent = b""
    terminal.press(b"j", 0.5)
    terminal.press(b"q", 0.05)
    assert terminal.end() == 0


def test_a_board_that_is_ended_gives_the_terminal_back(
    desk: Desk, terminals: list[Terminal]
) -> None:
    terminal = board(desk, terminals)
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    assert b"\x1b[?1049l" in terminal.sent


def test_keys_that_come_while_a_form_opens_are_typed_into_it(
    desk: Desk, terminals: list[Terminal]
) -> None:
    terminal = board(desk, terminals)
    os.write(terminal.fd, b"aquick title\x13")
    deadline = time.monotonic() + 20
    while desk.titles() != ["quick title"]:
        terminal.read(0.05)
        assert time.monotonic() < deadline, desk.titles()
    terminal.sent = b""
    os.write(terminal.fd, b"/quick")
    terminal.wait_for(b"1 of 1")
