"""Real processes for the tests: scripts that use the store, started all at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on a script that can import paso."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_all(script: str, arguments: Sequence[tuple[str, ...]]) -> list[str]:
    """Run a script once for each tuple of arguments, side by side.

    Each waits for a line on its stdin, so all begin together. Returns what they
    printed; a failure of one fails the test.
    """
    waiting = "import sys; sys.stdin.readline()\n"
    running = [start(waiting + script, *each) for each in arguments]
    for process in running:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=50) for process in running]
    assert [process.returncode for process in running] == [0] * len(running), ended
    return [out for out, _ in ended]
