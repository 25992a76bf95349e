"""Completion in bash, zsh and fish, as their users press Tab."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paso.cli.complete import split_line
from paso.cli.completion import SCRIPTS
from tests.paso.cli.conftest import ROOT, Cli
from tests.support.programs import needs

FILES = {"bash": "paso.bash", "zsh": "_paso", "fish": "paso.fish"}


@pytest.fixture
def board(paso: Cli) -> Cli:
    """A board, and a program `paso` on the path of the shell."""
    paso("add", "Fix the login", "-l", "auth")
    paso("add", "Tab\there \x1b[31m")
    paso("project", "create", "Web", "--key", "WEB")
    paso("project", "use", "PASO")
    program = paso.folder / "bin" / "paso"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m paso "$@"\n')
    program.chmod(0o755)
    paso.environ["PATH"] = f"{program.parent}:{paso.environ['PATH']}"
    paso.environ["HOME"] = str(paso.folder)
    return paso


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_for_packagers_are_those_of_the_program(
    paso: Cli, shell: str
) -> None:
    shipped = (ROOT / "contrib" / "completions" / FILES[shell]).read_text()
    assert paso("completion", shell).out == shipped
    assert paso.json("completion", shell)["script"] == shipped


CASES = [
    ("paso und", ["undo"]),
    ("paso task mo", ["move"]),
    ("paso task show PASO-", ["PASO-1", "PASO-2"]),
    ("paso task move PASO-1 ne", ["next"]),
    ("paso task move PASO-1 Do", ["Done"]),
    ("paso add x -p cri", ["critical"]),
    ("paso add x --prio", ["--priority"]),
    ("paso add x -l au", ["auth"]),
    ("paso --project W", ["WEB"]),
    ("paso list --project W", ["WEB"]),
    ("paso project show P", ["PASO"]),
    ("paso daemon sta", ["start", "status"]),
    ("paso completion f", ["fish"]),
    ("paso nothing ", []),
]


@pytest.mark.parametrize(("line", "offered"), CASES)
def test_the_answers_are_those_of_the_board(
    board: Cli, line: str, offered: list[str]
) -> None:
    assert board("__complete", "bash", line).out.split() == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("paso list lab", ["label:"]),
        ("paso list -lab", ["-label:"]),
        ("paso list label:au", ["label:auth"]),
        ("paso list -label:au", ["-label:auth"]),
        ("paso list label:he", ['label:"help wanted"']),
        ("paso list is:re", ["is:ready"]),
        ("paso list project:W", ["project:WEB"]),
        ("paso add x --priority=hi", ["--priority=high"]),
        ("paso add x -c 'To", ["To do"]),
    ],
)
def test_filters_and_values_are_completed_whole(
    board: Cli, line: str, offered: list[str]
) -> None:
    lines = board("__complete", "fish", line).out.splitlines()
    assert [one.partition("\t")[0] for one in lines] == offered


def test_every_command_answers_and_writes_nothing(board: Cli) -> None:
    head = board.json("log")[-1]["id"]
    for words in ("", "task", "task move PASO-1", "list", "import json",
                  "watch --topic", "column role Done"):  # fmt: skip
        for shell in SCRIPTS:
            shown = board("__complete", shell, f"paso {words} ")
            assert shown.code == 0, words
            assert shown.out, words
            assert shown.err == ""
    assert board.json("log")[-1]["id"] == head


def test_where_there_is_no_board_none_is_made(paso: Cli) -> None:
    assert paso("__complete", "bash", "paso task show ").out == ""
    assert os.listdir(paso.home) == []


def test_titles_are_escaped_where_they_are_shown(board: Cli) -> None:
    shown = board("__complete", "zsh", "paso task show PASO-2").out
    assert shown == "PASO-2\tTab\\there \\x1b[31m\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("paso a", ["paso", "a"]),
        ("paso ", ["paso", ""]),
        ("paso 'a b", ["paso", "a b"]),
        ('paso "a \'b" c', ["paso", "a 'b", "c"]),
        ("paso a\\ b", ["paso", "a b"]),
        ("paso '' x", ["paso", "", "x"]),
        ("paso a\\", ["paso", "a"]),
    ],
)
def test_a_line_is_cut_as_the_shell_cuts_it(line: str, words: list[str]) -> None:
    assert split_line(line) == words


# in the shells themselves -----------------------------------------------------------

BASH = """
source <(paso completion bash)
COMP_LINE=$1; COMP_POINT=${#1}; COMP_TYPE=9
_paso; printf '%s\\n' "${COMPREPLY[@]}"
"""


def in_bash(board: Cli, line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", line],
        capture_output=True, text=True, env=board.environ, timeout=50,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_offers_what_the_board_has(board: Cli) -> None:
    assert in_bash(board, "paso task sh") == ["show"]
    assert in_bash(board, "paso task show PASO-") == ["PASO-1", "PASO-2"]
    # Bash begins a new word at the colon, so only the rest is a candidate.
    assert in_bash(board, "paso list label:au") == ["auth"]


def test_bash_completes_by_the_tab_key(board: Cli) -> None:
    typed = Terminal(board, ["bash", "--norc", "-i"])
    typed.send("source <(paso completion bash); bind 'set bell-style none'\n")
    typed.send("paso task show PASO-1")
    typed.wait_for("show PASO-1")
    typed.send("\b1\t")
    typed.send("\n")
    assert "Fix the login" in typed.wait_for("History")
    typed.end()


def test_fish_offers_what_the_board_has(board: Cli) -> None:
    needs("fish")
    ask = (
        "paso completion fish | source;"
        "complete -C 'paso task sh'; complete -C 'paso task show PASO-1';"
        "complete -C 'paso list label:au'; complete -C 'paso import json bi'"
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", ask],
        capture_output=True, text=True, env=board.environ, timeout=50,
        cwd=board.folder,
    )  # fmt: skip
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("show\t")
    assert lines[1] == "PASO-1\tFix the login"
    assert lines[2].startswith("label:auth")
    assert lines[3].startswith("bin/")


def test_zsh_completes_by_the_tab_key(board: Cli) -> None:
    needs("zsh")
    typed = Terminal(board, ["zsh", "-f", "-i"])
    typed.send("autoload -U compinit; compinit -u -D; PS1='$ '\n")
    typed.send("source <(paso completion zsh); echo sourced''here\n")
    typed.wait_for("sourcedhere")
    typed.send("paso task sho\t")
    typed.wait_for("show")
    typed.send("PASO-1\t\n")
    assert "Fix the login" in typed.wait_for("History")
    typed.end()


class Terminal:
    """A shell in a terminal of its own, typed into."""

    def __init__(self, board: Cli, command: list[str]) -> None:
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(board.folder)
            os.execvpe(command[0], command, board.environ | {"PS1": "$ "})

    def send(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def wait_for(self, text: str) -> str:
        """All that was shown, once `text` is in it."""
        deadline = time.monotonic() + 40
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.fd], [], [], 0.1)[0]:
                self.shown += os.read(self.fd, 65536).decode(errors="replace")
        return self.shown

    def end(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def test_the_scripts_are_whole_files() -> None:
    for name in FILES.values():
        file = Path(ROOT / "contrib" / "completions" / name)
        assert file.read_text().endswith("\n")
