"""paso/sessions/run/plain.py: `paso run` in pipes, where it is as without."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paso.commands.sessions import list_sessions, saved_tail
from paso.database.connection import open_database
from paso.model import Session
from tests.paso.sessions.screens import RUN, Screen, environment
from tests.support.daemon import wait_for

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def sh(code: str) -> list[str]:
    return ["/bin/sh", "-c", code]


@pytest.fixture
def run(paso_home: Path, tmp_path: Path) -> Run:
    """Runs `paso run -- …` to its end, its three streams in pipes."""

    def to_its_end(*argv: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        streams = {"capture_output": True, "stdin": subprocess.DEVNULL, **more}
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            [*RUN, *argv],
            env=environment(paso_home),
            cwd=tmp_path,
            timeout=40,
            **streams,
        )
        return done

    return to_its_end


def only_session(home: Path) -> Session:
    db = open_database(str(home / "tasks.db"))
    try:
        (session,) = list_sessions(db)
        return session
    finally:
        db.close()


def test_bytes_of_any_kind_pass_through_the_pipes(run: Run) -> None:
    data = os.urandom(1_000_000)
    done = run("/bin/cat", input=data, stdin=None)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == data


def test_the_streams_are_no_terminals_and_stay_apart(run: Run) -> None:
    done = run(*sh("test -t 0 -o -t 1 -o -t 2 && echo tty; echo out; echo err >&2"))
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")


def test_two_streams_into_one_pipe_keep_their_order(run: Run) -> None:
    code = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done"
    done = run(*sh(code), stderr=subprocess.STDOUT, capture_output=False, stdout=-1)
    expected = "".join(f"o{i}\ne{i}\n" for i in range(1, 10))
    assert done.stdout.decode() == expected


def test_files_are_the_commands_own(run: Run, tmp_path: Path) -> None:
    code = "test -f /dev/stdout && test -f /dev/stdin && cat; echo end"
    (tmp_path / "in").write_text("some\n")
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("wb") as out:
        run(*sh(code), capture_output=False, stdin=stdin, stdout=out)
    assert (tmp_path / "out").read_text() == "some\nend\n"


def test_a_reader_that_leaves_ends_the_command_as_without(
    run: Run, paso_home: Path
) -> None:
    line = f"{' '.join(RUN)} yes | head -n 1"
    started = time.monotonic()
    done = subprocess.run(
        ["/bin/bash", "-c", line + '; echo "${PIPESTATUS[0]}"'],
        env=environment(paso_home),
        capture_output=True,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == (b"y\n141\n", b"")
    assert time.monotonic() - started < 15
    assert only_session(paso_home).signal == signal.SIGPIPE


@pytest.mark.parametrize(("code", "exit_code"), [("exit 5", 5), ("kill -9 $$", 137)])
def test_the_exit_code_passes_through(
    run: Run, paso_home: Path, code: str, exit_code: int
) -> None:
    assert run(*sh(code)).returncode == exit_code
    assert only_session(paso_home).exit_code == exit_code


def test_what_cannot_be_run_is_told_on_stderr_alone(run: Run, paso_home: Path) -> None:
    done = run("no-such-command")
    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr.startswith(b"paso: cannot run 'no-such-command': No such file")
    assert "cannot be run" in only_session(paso_home).reason


def test_its_output_is_seen(run: Run, paso_home: Path) -> None:
    run(*sh("echo one; echo two; sleep 0.3; echo problem >&2"))
    db = open_database(str(paso_home / "tasks.db"))
    (session,) = list_sessions(db)
    assert session.preview == "problem"
    assert saved_tail(db, session.id).split() == ["one", "two", "problem"]
    db.close()


def test_a_command_whose_output_cannot_be_seen_works_until_its_end(
    paso_home: Path, tmp_path: Path
) -> None:
    (paso_home / "config.toml").write_text("[sessions]\nidle_after_s = 1\n")
    process = subprocess.Popen(
        [*RUN, "/bin/sleep", "60"],
        env=environment(paso_home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    try:
        wait_for((paso_home / "tasks.db").exists)
        db = open_database(str(paso_home / "tasks.db"))
        wait_for(lambda: [s for s in list_sessions(db) if s.phase == "running"])
        time.sleep(1.5)
        assert list_sessions(db)[0].activity == "working"
        db.close()
    finally:
        process.terminate()
    assert process.wait(20) == 143


def test_a_signal_to_us_goes_to_the_command(paso_home: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*RUN, *sh("trap 'echo caught; exit 3' TERM; echo ready; read x")],
        env=environment(paso_home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.stdout.readline() == b"caught\n"
    assert process.wait(20) == 3
    process.communicate()


def test_what_a_command_leaves_behind_still_writes_and_nobody_waits_for_it(
    paso_home: Path, tmp_path: Path
) -> None:
    code = "(while ! test -e go; do sleep 0.02; done; echo late) & echo early"
    process = subprocess.Popen(
        [*RUN, *sh(code)],
        env=environment(paso_home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.wait(20) == 0
    (tmp_path / "go").touch()
    assert process.communicate(timeout=20)[0] == b"early\nlate\n"


def test_in_a_pipeline_the_terminal_belongs_to_all_of_it(
    paso_home: Path, tmp_path: Path
) -> None:
    """No pty there: the pager reads the keys, and ctrl+c ends both, once."""
    (tmp_path / "keys.py").write_text(
        "import sys\n"
        "tty = open('/dev/tty')\n"
        "print('<ready>', flush=True)\n"
        "print('pager', tty.readline().strip(), flush=True)\n"
    )
    producer = "trap 'echo caught >> log; exit 4' INT; sleep 60 & wait"
    (tmp_path / "producer.sh").write_text(producer)
    pipeline = f"{' '.join(RUN)} sh producer.sh | {sys.executable} keys.py; cat"
    with Screen(
        ["/bin/sh", "-c", pipeline], environment(paso_home), tmp_path
    ) as screen:
        screen.wait_for("<ready>")
        screen.type("key\n")
        screen.wait_for("pager key")
        wait_for((paso_home / "tasks.db").exists)
        screen.type("\x03")
        wait_for((tmp_path / "log").exists)
        assert screen.is_as_before()
    time.sleep(0.1)
    assert (tmp_path / "log").read_text() == "caught\n"


def test_arguments_that_are_no_text_reach_the_command(run: Run) -> None:
    done = subprocess.run(
        [*[word.encode() for word in RUN], b"printf", b"%s", b"a\xffb"],
        env=environment(Path(os.environ["PASO_HOME"])),
        capture_output=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, b"a\xffb")


def test_the_options_of_the_command_are_its_own(run: Run) -> None:
    assert run("/bin/echo", "--json", "-h").stdout == b"--json -h\n"
    done = subprocess.run(
        [*RUN[:-1], "/bin/echo", "--task", "-h"],
        env=environment(Path(os.environ["PASO_HOME"])),
        capture_output=True,
        timeout=30,
    )
    assert done.stdout == b"--task -h\n"
