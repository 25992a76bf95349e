"""The command line as its users meet it: a process, its streams, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Result(NamedTuple):
    """What one call left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def data(self) -> Any:
        """The data of a call that succeeded."""
        assert self.code == 0, self
        assert self.document["ok"] is True
        assert set(self.document) == {"ok", "data"}
        return self.document["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The error of a call that failed."""
        assert self.code != 0, self
        assert self.document["ok"] is False
        error: dict[str, Any] = self.document["error"]
        assert {"code", "message", "hint", "candidates"} <= set(error)
        return error


class Cli:
    """Runs `paso` in the home of the test, without terminal and without daemon."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PASO_", "COLUMNS", "NO_COLOR", "COLORTERM"))
            # Unbuffered, Python itself drops what a closed pipe takes only in part.
            and name != "PYTHONUNBUFFERED"
            and name not in ("VISUAL", "EDITOR", "TERM")
        }
        self.environ |= {
            "PASO_HOME": str(home),
            "PASO_ACTOR": "ann",
            "PASO_AUTO_START": "0",
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
        }

    def __call__(self, *words: str, stdin: str | bytes = "", **environ: str) -> Result:
        """Run one command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "paso", *words],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environ | environ,
            timeout=50,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in out + err, err
        return Result(done.returncode, out, err)

    def json(self, *words: str, stdin: str | bytes = "", **environ: str) -> Any:
        """The data of a command under --json."""
        return self(*words, "--json", stdin=stdin, **environ).data

    def fail(self, code: int, *words: str, stdin: str | bytes = "") -> dict[str, Any]:
        """The error of a command under --json that must end with this exit code."""
        found = self(*words, "--json", stdin=stdin)
        assert found.code == code, found
        return found.error


@pytest.fixture
def paso(paso_home: Path, tmp_path: Path) -> Cli:
    folder = tmp_path / "folder"
    folder.mkdir()
    return Cli(paso_home, folder)
