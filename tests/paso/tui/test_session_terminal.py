"""Sessions from the board in a real terminal: start, attach, come back, send, end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.commands import sessions
from paso.database.connection import Database, open_database
from paso.model import Session
from paso.paths import Paths
from paso.store import Announcer, close_store
from tests.end_to_end.harness import Home, wait_for
from tests.end_to_end.test_tmux import Server, Terminal
from tests.support.programs import needs

pytestmark = [pytest.mark.tmux, pytest.mark.timeout(120)]

GREETING = 'sh -c "echo greetings from 漢字; exec cat"'
LONG_S = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    path = tmp_path / "h"
    path.mkdir(mode=0o700)
    made = Home(path)
    yield made
    made.close()


@pytest.fixture
def terminal(home: Home) -> Iterator[Terminal]:
    needs("tmux")
    home.add("card one")
    server = Server(home)
    yield server.open(width=100, height=30)
    server.end()


def db_of(home: Home) -> Database:
    return open_database(str(home.database), actor="bo", client="test")


def the_session(home: Home) -> Session:
    db = db_of(home)
    try:
        (found,) = sessions.list_sessions(db)
        return found
    finally:
        db.close()


def start(terminal: Terminal, command: str = GREETING) -> None:
    """Start a session on the card, and open the list."""
    terminal.wait_for("card one", LONG_S)
    terminal.press("s")
    terminal.wait_for("Start a session on", LONG_S)
    terminal.type(command)
    terminal.press("C-s")
    terminal.wait_for("started card one", LONG_S)
    terminal.press("S")
    terminal.wait_for("▾ PASO", LONG_S)


def is_session(screen: str) -> bool:
    return "greetings from 漢字" in screen and not is_list(screen)


def is_list(screen: str) -> bool:
    return "Sessions" in screen and "enter attach" in screen


def test_attach_shows_the_session_and_detach_comes_back_to_the_same_place(
    terminal: Terminal,
) -> None:
    start(terminal)
    terminal.wait_for("card one")
    before = terminal.screen
    terminal.press("Enter")
    terminal.wait_until(is_session, "the session", LONG_S)
    terminal.type("typed into it")
    terminal.press("Enter")
    terminal.wait_until(lambda at: at.count("typed into it") == 2, "the echo")
    terminal.press("C-b", "d")
    terminal.wait_until(is_list, "the list", LONG_S)
    assert [at.split()[:4] for at in terminal.screen.splitlines()[:4]] == [
        at.split()[:4] for at in before.splitlines()[:4]
    ]
    terminal.press("Escape")
    terminal.wait_for("To do", LONG_S)
    assert "card one" in terminal.screen
    terminal.press("a")
    terminal.wait_for("New", LONG_S)


def test_a_session_that_is_killed_while_attached_gives_the_board_back(
    terminal: Terminal, home: Home
) -> None:
    start(terminal)
    terminal.press("Enter")
    terminal.wait_until(is_session, "the session", LONG_S)
    pid = the_session(home).pid
    assert pid is not None
    os.kill(pid, 9)
    terminal.wait_until(
        lambda at: is_list(at) or "(ended)" in at, "the board or the end", LONG_S
    )
    if not is_list(terminal.screen):
        terminal.press("C-b", "d")
    terminal.wait_until(is_list, "the list", LONG_S)
    terminal.wait_for("failed: SIGKILL", LONG_S)
    terminal.press("a")
    terminal.wait_until(lambda at: "needs you" not in at, "it to be seen", LONG_S)


def test_output_is_live_and_text_is_sent(terminal: Terminal) -> None:
    start(terminal)
    terminal.press("o")
    terminal.wait_for("esc close", LONG_S)
    terminal.wait_for("greetings from 漢字", LONG_S)
    terminal.press("Escape")
    terminal.wait_until(lambda at: "esc close" not in at, "the list", LONG_S)
    terminal.press("s")
    terminal.wait_for("Send to", LONG_S)
    terminal.type("a line for cat")
    terminal.press("C-s")
    terminal.wait_for("text sent", LONG_S)
    terminal.press("o")
    terminal.wait_until(lambda at: at.count("a line for cat") == 2, "both", LONG_S)


def test_a_session_is_ended_after_a_question_and_its_end_is_told(
    terminal: Terminal, home: Home
) -> None:
    start(terminal, 'sh -c "trap : HUP; echo stubborn; while :; do sleep 0.1; done"')
    terminal.press("x")
    terminal.wait_for("End card one?", LONG_S)
    terminal.press("Enter")
    terminal.wait_until(lambda at: "End card one?" not in at, "no", LONG_S)
    assert the_session(home).phase == "running"
    terminal.press("x")
    terminal.wait_for("End card one?", LONG_S)
    terminal.press("y")
    terminal.wait_for("stopping", LONG_S)
    terminal.wait_for("ended by the user", LONG_S)
    assert the_session(home).phase == "ended"
    terminal.press("d")
    terminal.wait_for("Remove card one?", LONG_S)
    terminal.press("y")
    terminal.wait_for("No sessions yet", LONG_S)


def test_a_command_that_is_not_there_keeps_the_form_open(
    terminal: Terminal, home: Home
) -> None:
    terminal.wait_for("card one", LONG_S)
    terminal.press("s")
    terminal.wait_for("Start a session on", LONG_S)
    terminal.press("C-s")
    terminal.wait_for("there is no command", LONG_S)
    terminal.type('no-such-program "x')
    terminal.press("C-s")
    terminal.wait_for("cannot be read", LONG_S)
    terminal.press("BSpace", "BSpace", "BSpace")
    terminal.press("C-s")
    terminal.wait_for("there is no program no-such-program", LONG_S)
    wait_for(lambda: the_session(home).phase in ("failed", "lost"), what="its failure")


def test_what_other_processes_do_is_on_the_screen_within_a_second_without_a_key(
    terminal: Terminal, home: Home
) -> None:
    start(terminal)
    terminal.wait_for("● live", LONG_S)
    db = db_of(home)
    db.on_commit = Announcer(Paths(str(home.path)), "test", auto_start=False)
    other = the_session(home)
    try:
        sessions.report(db, other.id, "waiting", "Proceed?")
        seconds = terminal.wait_for("needs you: Proceed?", 10)
        assert seconds < 5, "on an idle machine it is below 0.1 s"
        sessions.report(db, other.id, "working")
        terminal.wait_until(lambda at: "needs you" not in at, "it to go", 10)
    finally:
        close_store(db)


def test_one_is_started_from_the_list_and_the_cursor_is_on_it(
    terminal: Terminal, home: Home
) -> None:
    terminal.wait_for("card one", LONG_S)
    terminal.press("S")
    terminal.wait_for("No sessions yet", LONG_S)
    for typed, name in (("cat", "cat"), ("cat -u", "cat -u")):
        terminal.press("n")
        terminal.wait_for("Start a session", LONG_S)
        terminal.type(typed)
        terminal.wait_for(f"Command      {name}", LONG_S)
        terminal.press("C-s")
        terminal.wait_for(f"started {name}", LONG_S)
        terminal.wait_until(
            lambda at, name=name: any(  # type: ignore[misc]
                row.startswith("█") and f"◇ {name} " in row for row in at.splitlines()
            ),
            f"the cursor on {name}",
            LONG_S,
        )


def test_evil_output_of_a_session_is_shown_and_not_obeyed(terminal: Terminal) -> None:
    start(terminal, r'''sh -c "printf '\033]0;owned\007evil\n'; exec cat"''')
    terminal.press("o")
    terminal.wait_for("evil", LONG_S)
    assert "owned" not in terminal.server.run("list-panes", "-a", "-F", "#{pane_title}")
