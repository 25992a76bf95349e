"""A newcomer's first minute: clone, `make run`; a board, and nothing else needed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.harness import ROOT, Home


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_fresh_clone_shows_a_board_with_make_run_alone(
    home: Home, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=60
    )
    environ = {k: v for k, v in home.environ.items() if not k.startswith("PYTHON")}
    environ.pop("VIRTUAL_ENV", None)
    environ["PATH"] = os.pathsep.join(
        part
        for part in environ["PATH"].split(os.pathsep)
        if not part.startswith(str(ROOT))
    )

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=clone,
            env=environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    first = run("make", "run")
    assert first.returncode == 0, first
    for column in ("To do", "In progress", "Done"):
        assert column in first.stdout
    added = run(".venv/bin/paso", "add", "my first task")
    assert added.returncode == 0, added
    second = run("make", "run")
    assert "my first task" in second.stdout
    status = run("git", "status", "--short")
    assert status.stdout == "", "a run leaves files that git sees"
    assert run(".venv/bin/paso", "daemon", "stop").returncode == 0
