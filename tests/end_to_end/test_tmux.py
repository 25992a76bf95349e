"""Two boards in two terminals: what is done in one is painted in the other."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end.harness import Home, kill, wait_for
from tests.support.programs import needs

pytestmark = [pytest.mark.tmux, pytest.mark.timeout(120)]


class Terminal:
    """One tmux pane that runs a board."""

    def __init__(self, server: Server, name: str, target: str) -> None:
        self.server, self.name, self.target = server, name, target

    def press(self, *keys: str) -> None:
        """Send keys by their tmux names."""
        self.server.run("send-keys", "-t", self.target, *keys)

    def type(self, text: str) -> None:
        self.server.run("send-keys", "-t", self.target, "-l", text)

    @property
    def screen(self) -> str:
        return self.server.run("capture-pane", "-p", "-t", self.target)

    @property
    def colored(self) -> str:
        return self.server.run("capture-pane", "-e", "-p", "-t", self.target)

    def resize(self, width: int, height: int) -> None:
        self.server.run(
            *("resize-window", "-t", self.target, "-x", str(width), "-y", str(height))
        )

    def wait_for(self, text: str, timeout_s: float = 15.0) -> float:
        """Seconds until the text is on the screen."""
        return self.wait_until(lambda screen: text in screen, text, timeout_s)

    def wait_until(
        self, holds: Callable[[str], bool], what: str, timeout_s: float = 15.0
    ) -> float:
        began = time.monotonic()
        try:
            wait_for(lambda: holds(self.screen), timeout_s, what)
        except AssertionError as error:
            raise AssertionError(
                f"{error}; {self.name} shows:\n{self.screen}"
            ) from None
        return time.monotonic() - began


class Server:
    """A tmux server of the test's own, with its own socket and no configuration."""

    numbers = itertools.count()

    def __init__(self, home: Home) -> None:
        self.home = home
        self.label = f"paso-test-{os.getpid()}-{next(self.numbers)}"
        self.terminals = 0

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.label, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            env={**self.home.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, done
        return done.stdout

    def open(self, *, width: int = 110, height: int = 30) -> Terminal:
        """A new terminal with a board in it."""
        self.terminals += 1
        name = f"board-{self.terminals}"
        environ = {
            name: self.home.environ[name]
            for name in self.home.environ
            if name.startswith(("PASO_", "PYTHON"))
        }
        settings = [f"{key}={value}" for key, value in environ.items()]
        command = shlex.join(
            ["env", "-u", "NO_COLOR", *settings, sys.executable, "-m", "paso"]
        )
        self.run(
            *("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height)),
            f"{command}; echo the board ended $?; sleep 600",
        )
        return Terminal(self, name, f"{name}:0.0")

    def end(self) -> None:
        subprocess.run(
            ["tmux", "-L", self.label, "kill-server"], capture_output=True, timeout=20
        )


@pytest.fixture
def tmux(board: Home) -> Iterator[Server]:
    needs("tmux")
    server = Server(board)
    yield server
    server.end()


def two_boards(tmux: Server) -> tuple[Terminal, Terminal]:
    for title in ("alpha", "beta", "gamma"):
        tmux.home.add(title)
    one, other = tmux.open(), tmux.open()
    for terminal in (one, other):
        terminal.wait_for("gamma", 30)
        terminal.wait_for("live", 30)
    return one, other


FORM = "New card"


def open_form(terminal: Terminal) -> None:
    terminal.press("a")
    terminal.wait_for(FORM)


def save_form(terminal: Terminal) -> None:
    terminal.press("C-s")
    terminal.wait_until(lambda screen: FORM not in screen, "the form closed")


def add_by_keys(terminal: Terminal, title: str) -> None:
    """`a` opens the form; the title is typed; ctrl+s saves."""
    open_form(terminal)
    terminal.type(title)
    terminal.wait_for(title)
    save_form(terminal)


def test_a_card_added_by_key_in_one_terminal_is_painted_in_the_other(
    tmux: Server,
) -> None:
    one, other = two_boards(tmux)
    delays = []
    for title in ("written in one", "and once more", "and a third"):
        add_by_keys(one, title)
        one.wait_for(title)
        delays.append(other.wait_for(title, 10))
    assert min(delays) < 1.0, delays
    assert "written in one" in tmux.home.titles()


def test_what_is_typed_ahead_of_the_form_goes_into_the_form(tmux: Server) -> None:
    """A fast typist: the keys after `a` are not keys of the board."""
    one, other = two_boards(tmux)
    one.type("add this quickly")
    one.wait_for("dd this quickly")
    save_form(one)
    other.wait_for("dd this quickly")
    assert {"alpha", "beta", "gamma", "first 0"} < tmux.home.titles()


def test_a_script_that_adds_is_painted_in_both_terminals(tmux: Server) -> None:
    one, other = two_boards(tmux)
    delays = []
    for number in range(3):
        title = f"from a script {number}"
        tmux.home.add(title)
        delays += [terminal.wait_for(title, 10) for terminal in (one, other)]
    assert min(delays) < 1.0, delays


def selected(terminal: Terminal) -> str:
    """The title of the card that the board marks as the one under the cursor."""
    marked = re.findall(r"█ (\S.*?)(?: {2,}|$)", terminal.screen, re.MULTILINE)
    return marked[-1] if marked else ""


def column_of(home: Home, title: str) -> str:
    with home.sql() as connection:
        [(name,)] = connection.execute(
            "SELECT columns.name FROM tasks JOIN columns ON columns.id = column_id"
            " WHERE title = ?",
            (title,),
        )
    return str(name)


def test_the_cursor_stays_on_its_card_while_others_come_and_go_around_it(
    tmux: Server,
) -> None:
    """By identity: cards appear above it, it moves itself; a key acts on that card."""
    one, other = two_boards(tmux)
    other.press("j", "j")
    other.wait_until(lambda _: selected(other) == "beta", "the cursor on beta")
    before = selected(one)
    for number in range(3):
        tmux.home.add(f"around {number}")
    assert tmux.home.paso("task", "move", "beta", "--top").code == 0
    assert tmux.home.paso("task", "move", "around 2", "--top").code == 0
    assert tmux.home.paso("task", "delete", "alpha", "--yes").code == 0
    for terminal in (one, other):
        terminal.wait_until(
            lambda screen: "around 2" in screen and "alpha" not in screen, "all of it"
        )
    assert selected(other) == "beta"
    assert selected(one) == before
    other.press("L")
    wait_for(lambda: column_of(tmux.home, "beta") == "In progress", 10, "moved")
    assert column_of(tmux.home, "around 2") == "To do"


def test_what_is_moved_deleted_and_undone_in_one_is_seen_in_the_other(
    tmux: Server,
) -> None:
    one, other = two_boards(tmux)
    assert tmux.home.paso("task", "delete", "gamma", "--yes").code == 0
    for terminal in (one, other):
        terminal.wait_until(lambda screen: "gamma" not in screen, "gone")
    one.press("u")
    for terminal in (one, other):
        terminal.wait_for("gamma")
    other.press("L")
    wait_for(lambda: column_of(tmux.home, "first 0") == "In progress", 10, "moved")
    one.wait_until(
        lambda screen: bool(re.search(r"In progress +1", screen)), "a card there"
    )


def test_a_board_that_may_not_start_a_daemon_shows_its_death_and_its_return(
    tmux: Server,
) -> None:
    tmux.home.environ["PASO_AUTO_START"] = "0"
    daemon = tmux.home.start_daemon()
    terminal = tmux.open()
    terminal.wait_for("● live", 30)
    daemon.kill()
    terminal.wait_until(
        lambda screen: "reconnecting" in screen or "offline" in screen, "the death"
    )
    assert "● live" not in terminal.screen
    tmux.home.add("written in the dark")
    terminal.wait_for("written in the dark", 10)
    tmux.home.start_daemon()
    terminal.wait_for("● live", 20)
    tmux.home.add("written in the light")
    terminal.wait_for("written in the light", 10)


def test_the_death_of_the_daemon_is_shown_and_healed_and_nothing_is_missed(
    tmux: Server,
) -> None:
    one, other = two_boards(tmux)
    tmux.home.environ["PASO_AUTO_START"] = "0"
    for pid in tmux.home.daemons():
        kill(pid)
    with tmux.home.sql() as connection:
        connection.execute("UPDATE tasks SET title = 'renamed meanwhile' WHERE id = 1")
    for terminal in (one, other):
        terminal.wait_for("renamed meanwhile", 20)
        terminal.wait_for("live", 20)
    assert len(tmux.home.daemons()) == 1
    tmux.home.add("after the restart")
    for terminal in (one, other):
        terminal.wait_for("after the restart", 10)


def test_without_a_daemon_the_board_says_so_and_still_follows(tmux: Server) -> None:
    tmux.home.environ["PASO_AUTO_START"] = "0"
    terminal = tmux.open()
    terminal.wait_for("first 0", 30)
    terminal.wait_for("offline", 20)
    tmux.home.add("without any daemon")
    terminal.wait_for("without any daemon", 10)
    assert tmux.home.daemons() == []
    tmux.home.start_daemon()
    terminal.wait_for("live", 20)


def test_an_open_form_keeps_its_text_while_the_board_changes_behind_it(
    tmux: Server,
) -> None:
    one, other = two_boards(tmux)
    open_form(other)
    other.type("half typed")
    other.wait_for("half typed")
    tmux.home.add("behind the form")
    one.wait_for("behind the form")
    for _ in range(3):
        tmux.home.add("more behind the form")
    assert "half typed" in other.screen
    other.type(" and finished")
    other.wait_for("half typed and finished")
    save_form(other)
    one.wait_for("half typed and finished")
    assert "half typed and finished" in tmux.home.titles()


def test_a_terminal_that_was_stopped_catches_up_when_it_continues(
    tmux: Server,
) -> None:
    one, other = two_boards(tmux)
    pid = int(tmux.run("display-message", "-p", "-t", other.target, "#{pane_pid}"))
    board = wait_for(lambda: board_under(pid), 10, "the board's process")
    kill(board, 19)
    for number in range(30):
        with tmux.home.sql() as connection:
            connection.execute(
                "UPDATE tasks SET title = ? WHERE id = 1", (f"turn {number}",)
            )
    one.wait_for("turn 29")
    kill(board, 18)
    other.wait_for("turn 29")


def board_under(pid: int) -> int:
    """The python process under a pane's shell."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        for child in map(int, file.read().split()):
            with open(f"/proc/{child}/cmdline", "rb") as command:
                words = command.read().split(b"\0")
            if b"paso" in words:
                return child
    return 0


def test_quitting_gives_the_terminal_back_and_the_daemon_stays(tmux: Server) -> None:
    one, other = two_boards(tmux)
    one.press("q")
    one.wait_for("the board ended 0")
    assert len(tmux.home.daemons()) == 1
    tmux.home.add("still live")
    other.wait_for("still live", 10)


def test_control_characters_in_a_title_do_not_reach_the_terminal(
    tmux: Server,
) -> None:
    terminal = tmux.open()
    terminal.wait_for("first 0", 30)
    with tmux.home.sql() as connection:
        connection.execute(
            "UPDATE tasks SET title = ? WHERE id = 1",
            ("evil \x1b[2J\x1b]0;owned\x07 title",),
        )
    terminal.wait_for("evil")
    terminal.wait_for("title")
    title = tmux.run("display-message", "-p", "-t", terminal.target, "#{pane_title}")
    assert "owned" not in title
