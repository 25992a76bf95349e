"""What the common commands load, which is what they cost.

Times are measured by benchmarks; here stands what makes them: no command but those
that follow, edit or draw loads what they need.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from paso.commands.sessions import create_session, session_ended
from paso.database.connection import open_database
from tests.paso.cli.conftest import Cli

NEVER = {
    "argparse", "asyncio", "concurrent", "dataclasses", "decimal", "difflib", "email",
    "fractional_indexing", "inspect", "logging", "multiprocessing", "orjson", "pathlib",
    "psutil", "redis", "rich", "shutil", "ssl", "subprocess", "tempfile", "textual",
    "threading", "tomllib", "traceback", "typing", "unicodedata", "urllib", "uuid",
    "uvloop", "zipfile",
}  # fmt: skip
"""No everyday command loads one of these."""

UNTIL_JSON = {"json", "re", "enum", "socket", "selectors"}
"""Loaded to write JSON or to reach the daemon, by nothing else."""

REPORT = """
import atexit, json, os, sys
target = os.environ["LOADED"]
atexit.register(lambda: open(target, "w").write(json.dumps(sorted(sys.modules))))
sys.argv = ["paso", *sys.argv[1:]]
before = set(sys.modules)
from paso.__main__ import main
sys.exit(main())
"""


def loaded(paso: Cli, *words: str) -> set[str]:
    """Modules that a command has loaded when it ends, packages only once."""
    target = paso.folder / "loaded"
    done = subprocess.run(
        [sys.executable, "-S", "-c", REPORT, *words],
        capture_output=True,
        text=True,
        env=paso.environ | {"LOADED": str(target)},
        timeout=50,
    )
    assert done.returncode == 0, done
    every = json.loads(target.read_text())
    # json itself is loaded by the report.
    return {name.partition(".")[0] if "paso" not in name else name for name in every}


@pytest.fixture
def board(paso: Cli) -> Cli:
    paso("add", "one", "-l", "bug", "--due", "+3d")
    paso("add", "two")
    db = open_database(str(paso.home / "tasks.db"))
    session = create_session(db, argv=["sleep"], cwd="/", backend="pty")
    session_ended(db, session.id, exit_code=1)
    db.close()
    return paso


EVERYDAY = [
    ("add", "three", "-p", "high", "-l", "bug"),
    ("list",),
    ("task", "list", "is:ready"),
    ("task", "move", "1", "next"),
    ("task", "done", "1"),
    ("task", "show", "2"),
    ("task", "edit", "1", "--title", "new"),
    ("task", "comment", "1", "words"),
    ("search", "one"),
    ("undo",),
    ("log",),
    ("board",),
    ("project", "list"),
    ("column", "list"),
    ("label", "list"),
    ("session", "list"),
    ("session", "show", "sleep"),
    ("session", "ack", "--all"),
    ("-h",),
    ("task", "-h"),
    ("__complete", "bash", "paso task show "),
]


@pytest.mark.parametrize("words", EVERYDAY, ids=" ".join)
def test_an_everyday_command_loads_nothing_heavy_and_no_other_noun(
    board: Cli, words: tuple[str, ...]
) -> None:
    modules = loaded(board, *words)
    assert not modules & NEVER
    others = {"daemon", "doctor", "demo", "watch", "transfer", "config"}
    if words[0] == "project":
        others -= {"transfer"}
    assert not modules & {f"paso.cli.{name}" for name in others}


def test_the_hook_of_an_agent_loads_nothing_heavy(board: Cli) -> None:
    db = open_database(str(board.home / "tasks.db"))
    session = create_session(db, argv=["agent"], cwd="/", backend="pty")
    db.close()
    board.environ["PASO_SESSION_ID"] = session.id
    assert not loaded(board, "session", "report", "--state", "waiting") & NEVER


def test_the_version_loads_nothing(paso: Cli) -> None:
    modules = {name for name in loaded(paso, "--version") if name.startswith("paso")}
    assert modules == {"paso", "paso.__main__"}


@pytest.mark.parametrize("words", [("list",), ("task", "show", "1")], ids=" ".join)
def test_reading_in_words_needs_neither_json_nor_sockets(
    board: Cli, words: tuple[str, ...]
) -> None:
    code = REPORT.replace("import atexit, json, os, sys", "import atexit, os, sys")
    code = code.replace("json.dumps(sorted(sys.modules))", "'\\n'.join(sys.modules)")
    target = board.folder / "loaded"
    subprocess.run(
        [sys.executable, "-S", "-c", code, *words],
        check=True,
        capture_output=True,
        env=board.environ | {"LOADED": str(target)},
        timeout=50,
    )
    assert not set(target.read_text().split()) & UNTIL_JSON
