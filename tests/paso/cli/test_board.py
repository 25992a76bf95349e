"""`paso board` without a terminal, `paso demo`, `paso agent-guide`."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from paso.text import cell_width
from tests.paso.cli.conftest import Cli


@pytest.fixture
def board(paso: Cli) -> Cli:
    paso("add", "Write 日本語 " + "very " * 20 + "long", "-p", "high", "-t", "bug")
    paso("add", "second", "-c", "Done")
    return paso


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_the_board_fits_the_width(board: Cli, columns: str) -> None:
    lines = board("board", COLUMNS=columns).out.splitlines()
    assert all(cell_width(line) <= int(columns) for line in lines)
    text = "\n".join(lines)
    for part in ("To do (1)", "In progress (0)", "Done (1)", "PASO-2 second", "bug"):
        assert part in text


def test_the_board_without_a_terminal_is_80_columns(board: Cli) -> None:
    lines = board().out.splitlines()
    assert max(map(cell_width, lines)) <= 80
    assert "To do (1)" in lines[2]
    assert "Done (1)" in lines[2]


def test_the_board_as_json_has_columns_with_tasks(board: Cli) -> None:
    data = board.json("board")
    assert data["project"]["key"] == "PASO"
    columns = {one["column"]["name"]: one["tasks"] for one in data["columns"]}
    assert list(columns) == ["To do", "In progress", "Done"]
    assert columns["In progress"] == []
    assert columns["Done"][0]["title"] == "second"
    assert board("board", "--quiet").out == "PASO-1\nPASO-2\n"


def test_an_empty_board_is_shown_with_its_columns(paso: Cli) -> None:
    shown = paso("board")
    assert shown.code == 0
    assert "To do (0)" in shown.out


@pytest.mark.parametrize("auto_start", ["0", "1"])
def test_the_demo_leaves_nothing_behind(paso: Cli, auto_start: str) -> None:
    paso.environ["TMPDIR"] = str(paso.folder)
    shown = paso("demo", PASO_AUTO_START=auto_start)
    assert shown.code == 0
    assert "Space probe" in shown.out
    assert os.listdir(paso.folder) == []
    assert os.listdir(paso.home) == []


def test_the_demo_is_kept_when_asked_for(paso: Cli) -> None:
    paso.environ["TMPDIR"] = str(paso.folder)
    shown = paso("demo", "--keep")
    found = re.search(r"PASO_HOME=(\S+)", shown.err)
    assert found
    kept = paso("list", "--json", PASO_HOME=found[1])
    assert len(kept.data) == 10
    assert any(task["blocked"] for task in kept.data)


def test_the_guide_of_agents_says_what_works(paso: Cli) -> None:
    """Every command line of the guide is run, in its order."""
    guide = paso("agent-guide").out
    assert paso.json("agent-guide")["text"].strip() == guide.strip()
    paso("project", "create", "Web", "--key", "WEB")
    for number in range(1, 14):
        paso("add", f"task {number}", "--project", "WEB")
    paso("column", "create", "Review", "--project", "WEB")
    (paso.folder / "notes.md").write_text("notes")
    paso.environ["PASO_PROJECT"] = "WEB"
    version = paso.json("task", "show", "12")["version"]
    lines = re.findall(r"^    (paso .+?)(?:   .*)?$", guide, re.M)
    assert len(lines) > 15
    for line in lines:
        if "watch" in line:
            continue
        line = line.replace("--if-version 3", f"--if-version {version}")
        words = _words(line)
        if words[:3] == ["task", "edit", "12"] or "--if-version" in words:
            words[-1] = str(paso.json("task", "show", "12")["version"])
        stdin = "notes" if "-" in words else ""
        shown = paso(*words, stdin=stdin)
        assert shown.code == 0, (line, shown)


def _words(line: str) -> list[str]:
    import shlex

    words = shlex.split(line)[1:]
    return words[: words.index("<")] if "<" in words else words


def test_a_dumb_terminal_is_written_to_and_not_drawn_on(board: Cli) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb", buffering=0) as screen:
        done = subprocess.run(
            [sys.executable, "-m", "paso"],
            stdin=follower,
            stdout=follower,
            env=board.environ | {"TERM": "dumb"},
            timeout=50,
        )
        os.close(follower)
        shown = screen.read(65536)
    assert done.returncode == 0
    assert b"To do (" in shown
    assert b"\x1b" not in shown
