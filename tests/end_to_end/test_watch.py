"""`paso watch` follows everything through the death of daemons; scripts build on it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from tests.end_to_end.harness import PASO, Home, kill, wait_for
from tests.end_to_end.test_guarantee import insert_task
from tests.support.programs import needs


class Watch:
    """A running `paso watch --json`, its lines as they come."""

    def __init__(self, home: Home, *options: str) -> None:
        self.errors = home.path.parent / "watch.err"
        with self.errors.open("w") as stderr:
            self.process = home.spawn(
                [*PASO, "watch", "--json", *options], stderr=stderr
            )
        self.lines: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def changes(self) -> list[int]:
        """Every change number that it printed, in order."""
        numbers: list[int] = []
        for line in list(self.lines):
            change = line.get("change") or line.get("event", {}).get("change")
            if isinstance(change, dict):
                numbers += range(change["first"], change["last"] + 1)
        return numbers

    def wait_for_change(self, number: int) -> None:
        try:
            wait_for(lambda: number in self.changes(), 20, f"change {number}")
        except AssertionError as error:
            said = self.errors.read_text()
            told = f"{error}; printed {self.changes()}; alive {self.process.poll()}"
            raise AssertionError(f"{told}; on stderr: {said}") from None

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(10)
        self._thread.join(10)
        return code


def started(home: Home, *options: str) -> Watch:
    """A watch that certainly follows: it printed a first change."""
    watch = Watch(home, *options)
    deadline = time.monotonic() + 20
    number = 0
    while not watch.changes():
        assert time.monotonic() < deadline, "paso watch prints nothing"
        with home.sql() as connection:
            insert_task(connection, f"are you there {(number := number + 1)}")
        time.sleep(0.3)
    watch.wait_for_change(home.head())
    return watch


def test_watch_survives_the_daemon_and_misses_nothing(board: Home) -> None:
    watch = started(board)
    first = watch.changes()[0]
    for round_ in range(3):
        for pid in board.daemons():
            kill(pid, signal.SIGTERM if round_ == 1 else signal.SIGKILL)
        for number in range(5):
            board.paso("add", f"round {round_} task {number}")
        watch.wait_for_change(board.head())
    code = watch.stop()
    assert code in {0, 130}
    assert watch.changes() == list(range(first, board.head() + 1))


def test_watch_follows_without_any_daemon(board: Home) -> None:
    board.environ["PASO_AUTO_START"] = "0"
    watch = started(board)
    board.paso("add", "nobody announces this")
    watch.wait_for_change(board.head())
    watch.stop()
    assert board.daemons() == []


def test_watch_runs_a_command_for_each_change(board: Home) -> None:
    target = board.path.parent / "heard"
    watch = board.spawn([*PASO, "watch", "--exec", f"echo x >> {target}"])
    deadline = time.monotonic() + 20
    while not target.exists():
        assert time.monotonic() < deadline
        board.paso("add", "ring")
        time.sleep(0.2)
    watch.send_signal(signal.SIGINT)
    assert watch.wait(10) in {0, 130}


def test_watch_ends_quietly_when_its_reader_goes(board: Home) -> None:
    board.start_daemon()
    done = subprocess.Popen(
        f"{sys.executable} -m paso watch --json | head -n 1",
        shell=True,
        env=board.environ,
        cwd=board.path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while done.poll() is None and time.monotonic() < deadline:
        with board.sql() as connection:
            insert_task(connection, "to a reader that leaves")
        time.sleep(0.2)
    out, err = done.communicate(timeout=5)
    assert out.count("\n") == 1
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


# Completion -------------------------------------------------------------------------

ASK_BASH = """
source "$1"
COMP_WORDS=(paso {words}); COMP_CWORD={index}
COMP_LINE="paso {words}"; COMP_POINT=${{#COMP_LINE}}
spec=$(complete -p paso); function=${{spec#*-F }}; function=${{function%% *}}
"$function" paso "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def complete(home: Home, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    script = home.path.parent / "completion.bash"
    script.write_text(home.paso("completion", "bash").out)
    binaries = home.path.parent / "bin"
    binaries.mkdir(exist_ok=True)
    paso = binaries / "paso"
    paso.write_text(f'#!/bin/sh\nexec {sys.executable} -m paso "$@"\n')
    paso.chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", ASK_BASH.format(words=quoted, index=len(words)), "x", script],
        env={**home.environ, "PATH": f"{binaries}:{home.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def test_bash_completes_commands_and_the_tasks_there_are(board: Home) -> None:
    key = board.add("complete me")["key"]
    assert "add" in complete(board, "a")
    assert "create" in complete(board, "project", "cr")
    assert key in complete(board, "show", key[:2]) or key in complete(
        board, "task", "show", key[:2]
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_each_shell_is_sound_to_that_shell(
    home: Home, shell: str
) -> None:
    script = home.paso("completion", shell)
    assert script.code == 0
    assert len(script.out) > 200
    needs(shell)
    done = subprocess.run(
        [shell, "-n"], input=script.out, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
