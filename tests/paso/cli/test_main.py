"""The rules that hold for every call: options, errors, exit codes, streams."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from paso import __version__
from paso.cli.catalog import WORDS, every_command
from tests.paso.cli.conftest import Cli


def test_the_version_is_told(paso: Cli) -> None:
    assert paso("--version").out == f"paso {__version__}\n"
    assert paso("-V").out == f"paso {__version__}\n"
    assert paso.json("--version") == {"version": __version__}


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "task", "list"),
        ("task", "--json", "list"),
        ("task", "list", "--json"),
        ("--json", "list"),
        ("--color=never", "--json", "task", "list"),
    ],
)
def test_global_options_stand_before_and_after_the_noun(
    paso: Cli, words: tuple[str, ...]
) -> None:
    assert paso(*words).document == {"ok": True, "data": []}


def test_the_project_option_takes_its_value_anywhere(paso: Cli) -> None:
    paso("project", "create", "Web", "--key", "WEB")
    for words in (
        ("--project", "WEB", "add", "x"),
        ("add", "--project=WEB", "x"),
        ("task", "--project", "WEB", "create", "x"),
    ):
        assert paso.json(*words)["key"].startswith("WEB-")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("lst",), "paso list"),
        (("move", "1", "next"), "paso task move"),
        (("mov",), "paso task move"),
        (("task", "mvoe"), "paso task move"),
        (("projet", "list"), "paso project"),
        (("--jsn", "list"), "--json"),
        (("add", "x", "--prio", "high"), "--priority"),
    ],
)
def test_a_misspelling_is_answered_with_what_may_be_meant(
    paso: Cli, words: tuple[str, ...], meant: str
) -> None:
    in_words = paso(*words)
    assert in_words.code == 2
    assert in_words.out == ""
    assert meant in in_words.err
    error = paso.fail(2, *words)
    assert error["code"] == "usage"
    assert meant in error["candidates"]


@pytest.mark.parametrize(
    "words",
    [
        ("task",),
        ("add",),
        ("add", "a", "b"),
        ("task", "move"),
        ("list", "--color", "green"),
        ("completion", "csh"),
        ("export", "xml"),
        ("import", "trello", "x.json"),
        ("session",),
        ("session", "report"),
        ("computer",),
        ("peers",),
        ("setup", "claude"),
        ("run",),
        ("run", "--task"),
        ("undo", "none"),
        ("watch", "--topic", "weather"),
    ],
)
def test_wrong_usage_is_exit_2_and_json_under_json(
    paso: Cli, words: tuple[str, ...]
) -> None:
    assert paso.fail(2, *words)["code"] == "usage"
    in_words = paso(*words)
    assert in_words.code == 2
    assert in_words.out == ""
    assert in_words.err.startswith("paso: ")


def test_every_command_has_help_with_and_without_json(paso: Cli) -> None:
    overview = paso("-h")
    assert overview.code == 0
    for word in WORDS:
        assert word.startswith("_") or f"  {word} " in overview.out
    described = {one["command"]: one for one in paso.json("--help")}
    assert set(described) == {command.name for command in every_command()}


@pytest.mark.parametrize("name", ["add", "task move", "config edit", "watch"])
def test_help_shows_usage_and_examples(paso: Cli, name: str) -> None:
    shown = paso(*name.split(), "-h")
    assert shown.code == 0
    assert shown.out.startswith(f"paso {name}")
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert paso.json(*name.split(), "--help")["command"] == name


def test_help_of_a_noun_lists_its_verbs(paso: Cli) -> None:
    shown = paso("task", "-h").out
    for verb in ("create", "move", "claim", "delete"):
        assert f"task {verb}" in shown


@pytest.mark.parametrize("words", [("task",), ("add",), ("task", "move"), ()])
def test_help_may_be_asked_for_by_a_word(paso: Cli, words: tuple[str, ...]) -> None:
    assert paso("help", *words) == paso(*words, "-h")
    assert paso("--help", *words) == paso(*words, "-h")


def test_text_that_is_not_utf8_is_refused_in_words(paso: Cli) -> None:
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"paso", b"add", b"a\xff", b"--json"],
        capture_output=True,
        env=paso.environ,
        timeout=50,
    )
    assert done.returncode == 5
    assert json.loads(done.stdout)["error"]["code"] == "invalid_value"


def test_an_encoding_without_the_characters_shows_escapes(paso: Cli) -> None:
    paso("add", "日本語")
    shown = paso("list", PYTHONIOENCODING="ascii")
    assert shown.code == 0
    assert "\\u65e5" in shown.out


def test_an_unforeseen_error_is_one_line_and_names_the_log(paso: Cli) -> None:
    broken = paso.folder / "sqlite3.py"
    broken.write_text("raise RuntimeError('boom\\x1b')")
    path = f"{paso.folder}:{paso.environ['PYTHONPATH']}"
    error = paso("list", "--json", PYTHONPATH=path).error
    assert error["code"] == "failed"
    assert "RuntimeError: boom" in error["message"]
    log = paso.home / "logs" / "cli.log"
    assert str(log) in error["hint"]
    assert "Traceback" in log.read_text()
    assert oct(log.stat().st_mode & 0o777) == "0o600"
    in_words = paso("list", PYTHONPATH=path)
    assert in_words.code == 1
    assert "\x1b" not in in_words.err
    debugged = subprocess.run(
        [sys.executable, "-m", "paso", "list"],
        capture_output=True,
        text=True,
        env=paso.environ | {"PYTHONPATH": path, "PASO_DEBUG": "1"},
        timeout=50,
    )
    assert "Traceback" in debugged.stderr


def test_a_reader_that_goes_away_ends_it_quietly(paso: Cli) -> None:
    titles = "\n".join(f"a title to fill the pipe {n:0100}" for n in range(1500))
    paso("add", "-", stdin=titles)
    for words in ("list", "list --json", "export csv", "log --limit 5000"):
        line = f'"$0" -m paso {words} | head -c 1; echo "${{PIPESTATUS[0]}}"'
        done = subprocess.run(
            ["bash", "-c", line, sys.executable],
            capture_output=True, text=True, env=paso.environ, timeout=50,
        )  # fmt: skip
        assert done.stderr == "", words
        assert done.stdout[1:].strip() == "141", words


def test_a_closed_stdout_is_no_traceback(paso: Cli) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" -m paso list >&-', sys.executable],
        capture_output=True, text=True, env=paso.environ, timeout=50,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_stdout_is_told_in_words(paso: Cli) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" -m paso -h > /dev/full', sys.executable],
        capture_output=True, text=True, env=paso.environ, timeout=50,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "paso: cannot write the output: No space left on device\n"


def test_an_interrupt_is_exit_130_without_words(paso: Cli) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "paso", "add", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=paso.environ,
    )
    _wait_until_it_reads(process.pid)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=50)
    assert process.returncode == 130
    assert (out, err) == (b"", b"")


def _wait_until_it_reads(pid: int) -> None:
    """Wait until the process sleeps in read(2) on its stdin."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/wchan") as file:
            if "pipe" in file.read():
                return
        time.sleep(0.01)
    pytest.fail("it does not read stdin")


def test_paso_alone_without_a_terminal_is_the_board_as_text(paso: Cli) -> None:
    paso("add", "something to see")
    for words in ((), ("board",), ("--project", "PASO")):
        shown = paso(*words)
        assert shown.code == 0
        assert "something to see" in shown.out
        assert "\x1b" not in shown.out


def test_without_a_home_that_can_be_made_it_says_so(paso: Cli) -> None:
    (paso.folder / "file").write_text("")
    error = paso("list", "--json", PASO_HOME=str(paso.folder / "file" / "home")).error
    assert error["code"] in ("store_read_only", "unsafe_path")


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_deleting_asks_on_a_terminal_and_no_is_the_rule(paso: Cli, answer: str) -> None:
    paso("add", "keep me")
    code, shown = on_a_terminal(paso, ["task", "delete", "1"], answer)
    assert code == 1
    assert "[y/N]" in shown
    assert len(paso.json("list")) == 1


def test_deleting_on_a_terminal_with_yes_deletes(paso: Cli) -> None:
    paso("add", "away with me")
    code, shown = on_a_terminal(paso, ["task", "delete", "1"], "y\n")
    assert code == 0
    assert "deleted PASO-1" in shown
    assert paso.json("list") == []


def on_a_terminal(paso: Cli, words: list[str], keys: str) -> tuple[int, str]:
    """Run a command in a terminal of its own and type `keys` once it asks."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(paso.folder)
        os.execve(sys.executable, [sys.executable, "-m", "paso", *words], paso.environ)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, keys.encode())
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["--json -h", "agent-guide", "add x", "export json"])
def test_a_full_disk_is_told_whatever_the_buffer_and_the_length(
    paso: Cli, words: str, unbuffered: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$0" -m paso {words} > /dev/full', sys.executable],
        capture_output=True,
        env=paso.environ | {"PYTHONUNBUFFERED": unbuffered},
        timeout=50,
    )
    assert done.returncode == 1
    assert done.stderr == b"paso: cannot write the output: No space left on device\n"


@pytest.mark.parametrize(
    "words",
    [
        ("log", "--since", "9" * 30),
        ("log", "--limit", "9" * 5000),
        ("task", "comment", "--edit", "9" * 30, "x"),
        ("undo", "9" * 30),
        ("daemon", "logs", "-n", "9" * 30),
    ],
)
def test_a_number_that_no_database_holds_is_refused(
    paso: Cli, words: tuple[str, ...]
) -> None:
    assert paso(*words).code in (2, 5)


def test_a_moment_before_the_calendar_is_the_beginning(paso: Cli) -> None:
    paso("add", "one")
    for hours in ("10000000h", "999999999999h"):
        assert len(paso.json("log", "--since", hours)) > 5


def test_a_word_of_its_own_behind_a_noun_is_found(paso: Cli) -> None:
    assert paso.fail(2, "task", "add", "x")["candidates"] == ["paso add"]
