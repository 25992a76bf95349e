"""paso/sessions/run/runner.py and what it is made of: `paso run` in real terminals."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paso.commands.sessions import (
    backend_of,
    list_sessions,
    saved_tail,
    session_history,
)
from paso.database.connection import Database, open_database
from paso.events.process import start_ticks
from paso.model import Session
from tests.conftest import is_running
from tests.paso.sessions.screens import RUN, Screen, environment
from tests.support.daemon import wait_for
from tests.support.programs import needs

Start = Callable[..., Screen]

RAW = """
import os, sys, termios, tty
tty.setraw(0)
os.write(1, b"<ready>")
"""


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-S", "-c", code, *words]


def sh(code: str) -> list[str]:
    return ["/bin/sh", "-c", code]


@pytest.fixture
def run(paso_home: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts `paso run -- …` in a terminal; closes what is left at the end."""
    screens: list[Screen] = []

    def start(*argv: str, paso: list[str] = RUN, **more: str) -> Screen:
        screen = Screen([*paso, *argv], environment(paso_home, **more), tmp_path)
        screens.append(screen.__enter__())
        return screen

    yield start
    for screen in screens:
        screen.__exit__()


@pytest.fixture
def bash(run: Start) -> Screen:
    """An interactive shell in a terminal, with `R` for `paso run --`."""
    needs("bash")
    screen = run("/bin/bash", "--norc", "-i", paso=[])
    screen.wait_for("$ ")
    screen.type(f'R() {{ {" ".join(RUN)} "$@"; }}\n')
    screen.wait_for("$ ")
    return screen


@pytest.fixture
def board(paso_home: Path) -> Iterator[Callable[[], Database]]:
    """Opens the board once the command line has made it."""
    opened: list[Database] = []

    def once_there() -> Database:
        path = paso_home / "tasks.db"
        wait_for(path.exists)
        opened.append(open_database(str(path)))
        return opened[-1]

    yield once_there
    for db in opened:
        db.close()


def the_session(db: Database) -> Session:
    """The only one, once it is written."""
    found = wait_for(lambda: list_sessions(db))
    assert len(found) == 1
    return found[0]


def in_phase(db: Database, phase: str) -> Session:
    wait_for(lambda: the_session(db).phase == phase)
    return the_session(db)


# the screen and the keys


def test_every_byte_of_the_keys_reaches_the_command_and_back(run: Start) -> None:
    echo = RAW + "\nwhile (data := os.read(0, 4096)) != b'': os.write(1, data)"
    screen = run(*python(echo))
    screen.wait_for("<ready>")
    every = bytes(range(256))
    for piece in (every, every[::-1], b"\xff" * 100):
        screen.type(piece)
        screen.wait_for(piece)


def test_much_output_arrives_byte_for_byte(run: Start, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "data").write_bytes(data)
    show = RAW + "\nos.write(1, b'<') if 0 else None\n"
    show += "sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    screen = run(*python(show, str(tmp_path / "data")))
    assert screen.end() == 0
    shown = screen.seen.partition(b"<ready>")[2]
    assert hashlib.sha256(shown).digest() == hashlib.sha256(data).digest()


def test_a_paste_longer_than_any_buffer_arrives(run: Start) -> None:
    count = RAW + "\nn = 0\nwhile n < 200_000: n += len(os.read(0, 4096))\n"
    screen = run(*python(count + "os.write(1, b'<%d>' % n)"))
    screen.wait_for("<ready>")
    os.set_blocking(screen.fd, False)
    left = b"x" * 200_000
    while left:
        try:
            left = left[os.write(screen.fd, left) :]
        except BlockingIOError:
            time.sleep(0.005)
    os.set_blocking(screen.fd, True)
    screen.wait_for("<200000>")
    assert screen.end() == 0


def test_the_window_size_is_the_terminals_from_the_start_and_after(run: Start) -> None:
    code = """
import os, signal
def show(*_): os.write(1, b"size %d %d\\n" % os.get_terminal_size())
signal.signal(signal.SIGWINCH, show)
show()
while True: signal.pause()
"""
    screen = run(*python(code))
    screen.wait_for("size 80 24")
    screen.resize(132, 43)
    screen.wait_for("size 132 43")
    screen.type("\x03")
    assert screen.end() == 130


def test_the_mode_of_the_terminal_is_the_commands(run: Start) -> None:
    screen = run(
        *sh("stty -a | tr ';' '\\n' | grep -c intr; test -t 0 -a -t 1 -a -t 2")
    )
    assert screen.end() == 0
    assert b"1\r\n" in screen.seen


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)],
)
def test_the_exit_code_passes_through(
    run: Start, board: Callable[[], Database], code: str, exit_code: int
) -> None:
    screen = run(*sh(code))
    assert screen.end() == exit_code
    assert screen.is_as_before()
    session = the_session(board())
    assert session.exit_code == exit_code
    assert session.phase == ("failed" if exit_code else "ended")
    assert session.signal == (exit_code - 128 if exit_code > 128 else None)


@pytest.mark.parametrize(("key", "exit_code"), [("\x03", 130), ("\x1c", 131)])
def test_the_keys_that_signal_reach_the_command(
    run: Start, key: str, exit_code: int
) -> None:
    screen = run(*sh("ulimit -c 0; echo '<ready>'; exec sleep 60"))
    screen.wait_for("<ready>")
    screen.type(key)
    assert screen.end() == exit_code
    assert screen.is_as_before()


def test_a_command_may_take_the_keys_that_signal_itself(run: Start) -> None:
    screen = run(*sh("trap 'echo caught; exit 5' INT; echo '<ready>'; read x"))
    screen.wait_for("<ready>")
    screen.type("\x03")
    screen.wait_for("caught")
    assert screen.end() == 5


def test_the_end_of_the_typed_text_reaches_the_command(run: Start) -> None:
    screen = run("/bin/cat")
    screen.type("hello\n")
    screen.wait_for("hello\r\nhello")
    screen.type("\x04")
    assert screen.end() == 0


# jobs


def test_ctrl_z_stops_both_and_fg_goes_on(
    bash: Screen, board: Callable[[], Database], tmp_path: Path
) -> None:
    (tmp_path / "ask.sh").write_text("echo '<ready>'; read x; echo $x")
    bash.type("R /bin/sh ask.sh\n")
    bash.wait_for("<ready>")
    assert bash.is_raw()
    bash.type("\x1a")
    bash.wait_for("Stopped")
    bash.wait_for("$ ")
    with board().write("while it is stopped"):
        pass
    bash.type("fg\n")
    bash.wait_for("paso run")
    wait_for(bash.is_raw)
    bash.type("words\n")
    bash.wait_for("words\r\nwords")
    bash.wait_for("$ ")
    bash.type("echo code $?\n")
    bash.wait_for("code 0")


def test_a_shell_inside_has_jobs_of_its_own(bash: Screen) -> None:
    bash.type("R env PS1='in> ' bash --norc -i\n")
    bash.wait_for("in> ")
    bash.type("sleep 60\n")
    bash.wait_for("sleep 60\r\n")
    time.sleep(0.1)  # bash gives the terminal to its job after the echo
    bash.type("\x1a")
    bash.wait_for("Stopped")
    bash.wait_for("in> ")
    bash.type("suspend\n")
    bash.wait_for("Stopped")
    bash.wait_for("$ ")
    bash.type("fg\n")
    bash.wait_for("paso run")
    bash.wait_for("\r\n")
    bash.type("fg\n")
    bash.wait_for("sleep 60\r\n")
    bash.type("\x03")
    bash.wait_for("in> ")
    bash.type("exit 7\n")
    bash.wait_for("$ ")
    bash.type("echo code $?\n")
    bash.wait_for("code 7")


def test_ctrl_z_where_nobody_could_continue_it_stops_nothing(run: Start) -> None:
    """The terminal's first process is our run: an orphaned group is never stopped."""
    screen = run(*sh("echo '<ready>'; read x; echo got $x"))
    screen.wait_for("<ready>")
    screen.type("\x1a")
    time.sleep(0.2)
    screen.type("words\n")
    screen.wait_for("got words")
    assert screen.end() == 0


def test_in_the_background_it_writes_and_leaves_the_keys_alone(bash: Screen) -> None:
    bash.type("R /bin/sh -c 'sleep 0.5; echo from behind' & echo '<cat>'; cat\n")
    bash.wait_for("\n<cat>\r\n")
    bash.type("for cat\n")
    bash.wait_for("for cat\r\nfor cat")
    bash.wait_for("from behind")
    bash.type("\x04")
    bash.wait_for("$ ")
    bash.type("wait; echo code $?\n")
    bash.wait_for("code 0")


def test_a_full_screen_program_in_the_background_stops_as_without(
    bash: Screen, tmp_path: Path
) -> None:
    (tmp_path / "full.py").write_text(RAW + "os.write(1, os.read(0, 1))")
    bash.type(f"R {sys.executable} -S full.py &\n")
    bash.wait_for("$ ")

    def is_stopped() -> bool:
        bash.type("jobs\n")
        return b"Stopped" in bash.wait_for("$ ")

    wait_for(is_stopped)
    assert b"<ready>" not in bash.seen
    bash.type("fg\n")
    bash.wait_for("<ready>")
    bash.type("k")
    bash.wait_for("k")


# signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1"])
def test_signals_to_us_go_to_the_command_and_leave_the_terminal_well(
    run: Start, name: str
) -> None:
    screen = run(*sh(f"trap 'echo caught; exit 9' {name[3:]}; echo '<ready>'; read x"))
    screen.wait_for("<ready>")
    assert screen.is_raw()
    os.kill(screen.pid, getattr(signal, name))
    screen.wait_for("caught")
    assert screen.end() == 9
    assert screen.is_as_before()


def test_what_our_caller_ignores_the_command_ignores(run: Start) -> None:
    ignoring = [*sh("trap '' HUP; exec \"$@\""), "sh"]
    screen = run(*sh("echo '<ready>'; read x; echo on"), paso=[*ignoring, *RUN])
    screen.wait_for("<ready>")
    os.kill(screen.pid, signal.SIGHUP)
    screen.type("\n")
    screen.wait_for("on")
    assert screen.end() == 0


def test_a_closed_terminal_hangs_up_the_command(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run(*sh("echo '<ready>'; read x"))
    screen.wait_for("<ready>")
    db = board()
    in_phase(db, "running")
    screen.close()
    session = in_phase(db, "failed")
    assert (session.exit_code, session.signal) == (129, 1)
    assert session.reason == "ended by SIGHUP"


def test_a_command_that_survives_its_terminal_is_followed_to_its_end(
    run: Start, board: Callable[[], Database], tmp_path: Path
) -> None:
    code = (
        "trap '' HUP; echo '<ready>'; while ! test -e go; do sleep 0.05; done; exit 4"
    )
    screen = run(*sh(code))
    screen.wait_for("<ready>")
    db = board()
    in_phase(db, "running")
    screen.close()
    time.sleep(0.2)
    assert the_session(db).phase == "running"
    (tmp_path / "go").touch()
    assert in_phase(db, "failed").exit_code == 4


def test_killed_we_take_the_command_with_us_and_nobody_has_noted_it(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run("/bin/sleep", "60")
    db = board()
    session = in_phase(db, "running")
    ref = backend_of(db, session.id)
    assert ref.keeper == screen.pid
    assert ref.keeper_ticks == start_ticks(screen.pid)
    assert (ref.pid, ref.pid_ticks) == (session.pid, start_ticks(session.pid or 0))
    os.kill(screen.pid, signal.SIGKILL)
    wait_for(lambda: not is_running(session.pid or 0))
    assert the_session(db).phase == "running"


def test_the_terminal_is_well_when_the_process_between_is_killed(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run("/bin/sleep", "60")
    session = in_phase(board(), "running")
    stat = Path(f"/proc/{session.pid}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(stat[1]), signal.SIGKILL)
    assert screen.end() == 137
    assert screen.is_as_before()
    wait_for(lambda: not is_running(session.pid or 0))
    assert "watching process was killed" in the_session(board()).reason


# what cannot be run


def test_a_command_that_is_not_there_is_127_as_in_a_shell(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run("no-such-command")
    assert screen.end() == 127
    assert b"paso: cannot run 'no-such-command': No such file" in screen.seen
    assert screen.is_as_before()
    session = the_session(board())
    assert (session.phase, session.attention) == ("failed", "none")
    assert session.reason == "it cannot be run: No such file or directory"


def test_a_command_that_is_no_program_is_126(run: Start) -> None:
    assert run("/etc").end() == 126


def test_a_script_that_names_no_interpreter_is_one_of_sh(
    run: Start, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text('echo "script $1"\n')
    script.chmod(0o755)
    screen = run(str(script), "word")
    assert screen.end() == 0
    assert b"script word" in screen.seen


# the record


def test_the_record_tells_what_ran_where_and_how_it_ended(
    run: Start, board: Callable[[], Database], tmp_path: Path
) -> None:
    screen = run(*sh("printf 'one\\n\\033[1mtwo\\033[m\\n'; exit 3"))
    assert screen.end() == 3
    db = board()
    session = the_session(db)
    assert session.argv == (
        "/bin/sh",
        "-c",
        "printf 'one\\n\\033[1mtwo\\033[m\\n'; exit 3",
    )
    assert session.cwd == str(tmp_path)
    assert session.backend == "pty"
    assert session.created_by == "ann"
    assert session.preview == "two"
    assert saved_tail(db, session.id).strip() == "one\ntwo"
    phases = [event.phase for event in session_history(db, session.id)]
    assert list(dict.fromkeys(phases)) == ["starting", "running", "failed"]


def test_the_command_knows_its_session_and_its_home(
    run: Start, board: Callable[[], Database], paso_home: Path
) -> None:
    screen = run(*sh('echo "[$PASO_SESSION_ID] [$PASO_HOME]"'))
    assert screen.end() == 0
    session = the_session(board())
    assert f"[{session.id}] [{paso_home}]".encode() in screen.seen


def test_a_run_inside_of_a_run_is_a_session_of_its_own(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run(*RUN, *sh("echo deep; stty size; exit 6"))
    assert screen.end() == 6
    assert b"deep\r\n24 80\r\n" in screen.seen
    assert screen.is_as_before()
    sessions = list_sessions(board())
    assert [session.exit_code for session in sessions] == [6, 6]


def idle_soon(home: Path) -> None:
    (home / "config.toml").write_text("[sessions]\nidle_after_s = 1\n")


def test_silence_makes_it_idle_and_output_working(
    run: Start, board: Callable[[], Database], paso_home: Path
) -> None:
    idle_soon(paso_home)
    screen = run(*sh("echo begun; read x; echo again; read x"))
    db = board()
    wait_for(lambda: the_session(db).activity == "working")
    wait_for(lambda: the_session(db).activity == "idle")
    assert the_session(db).preview == "begun"
    screen.type("\n")
    wait_for(lambda: the_session(db).preview == "again")


def test_a_bell_calls_the_user_until_they_type(
    run: Start, board: Callable[[], Database]
) -> None:
    screen = run(*sh("printf 'Proceed? \\a'; read x; echo on; read x"))
    db = board()
    wait_for(lambda: the_session(db).attention == "input")
    assert the_session(db).activity == "waiting"
    assert the_session(db).preview == "Proceed?"
    assert saved_tail(db, the_session(db).id) == "Proceed?"
    screen.type("y\n")
    wait_for(lambda: the_session(db).attention == "none")
    assert the_session(db).activity == "working"


def test_writes_of_much_output_are_a_second_apart(
    run: Start, board: Callable[[], Database]
) -> None:
    code = "import time\nend = time.time() + 2.5\n"
    code += "while time.time() < end: print(time.time())"
    screen = run(*python(code))
    assert screen.end() == 0
    db = board()
    history = session_history(db, the_session(db).id)
    assert len(history) <= 5


def test_while_nothing_happens_nothing_wakes_up(
    run: Start, board: Callable[[], Database], paso_home: Path
) -> None:
    idle_soon(paso_home)
    screen = run("/bin/sleep", "60")
    db = board()
    wait_for(lambda: the_session(db).activity == "idle")
    time.sleep(1)  # the last write, and what follows it
    before = switches(screen.pid)
    time.sleep(1)
    assert switches(screen.pid) - before <= 1


def switches(pid: int) -> int:
    """How often all threads of a process have gone to sleep."""
    found = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                found += int(line.split()[1])
    return found


# when the database cannot


def told(screen: Screen) -> bytes:
    return screen.seen.partition(b"paso: ")[2]


def test_a_locked_database_is_not_felt_and_told_once_after_the_end(
    run: Start, paso_home: Path
) -> None:
    open_database(str(paso_home / "tasks.db")).close()
    other = sqlite3.connect(paso_home / "tasks.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    screen = run(*sh("echo '<done>'; exit 8"))
    screen.wait_for("<done>\r\n")
    assert screen.end() == 8
    assert time.monotonic() - started < 15
    assert told(screen).startswith(b"this run is not recorded: ")
    assert screen.seen.count(b"paso: ") == 1
    assert screen.is_as_before()
    other.close()


def test_a_database_that_is_locked_for_a_while_gets_the_record_later(
    run: Start, paso_home: Path, board: Callable[[], Database]
) -> None:
    open_database(str(paso_home / "tasks.db")).close()
    other = sqlite3.connect(paso_home / "tasks.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    screen = run(*sh("echo '<ready>'; read x"))
    screen.wait_for("<ready>")
    time.sleep(1.2)
    other.close()
    in_phase(board(), "running")
    screen.type("\n")
    assert screen.end() == 0
    assert told(screen) == b""
    assert the_session(board()).phase == "ended"


def test_a_broken_database_does_not_keep_a_command_from_running(
    run: Start, paso_home: Path
) -> None:
    (paso_home / "tasks.db").write_bytes(b"this is no database\n" * 500)
    screen = run(*sh("echo '<done>'; exit 8"))
    assert screen.end() == 8
    assert screen.seen.startswith(b"<done>\r\n")
    assert told(screen).startswith(b"this run is not recorded: ")


def test_a_home_that_cannot_be_made_does_not_either(
    run: Start, paso_home: Path
) -> None:
    (paso_home / "file").touch()
    screen = run(*sh("exit 8"), PASO_HOME=str(paso_home / "file" / "home"))
    assert screen.end() == 8
    assert told(screen).startswith(b"this run is not recorded: ")


def test_wrong_settings_do_not_either(run: Start, paso_home: Path) -> None:
    (paso_home / "config.toml").write_text("no toml at all")
    screen = run(*sh("exit 8"))
    assert screen.end() == 8
    assert told(screen).startswith(b"this run is not recorded: ")
