"""Guards of the whole suite: a home of its own for each test, never the user's."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

REAL_HOME = os.path.realpath(os.path.expanduser("~/.paso"))


@pytest.fixture(autouse=True)
def paso_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point `PASO_HOME` at a new private folder; stop the daemon left in it.

    The user's own `~/.paso` must look the same after the test as before.
    """
    before = _fingerprint(REAL_HOME)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in [name for name in os.environ if name.startswith("PASO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PASO_HOME", str(home))
    yield home
    stop_daemon_of(home)
    assert _fingerprint(REAL_HOME) == before, "a test touched the real ~/.paso"


def _fingerprint(path: str) -> list[tuple[str, int]]:
    if not os.path.isdir(path):
        return []
    return sorted((e.name, e.stat().st_mtime_ns) for e in os.scandir(path))


def stop_daemon_of(home: Path, timeout_s: float = 10.0) -> None:
    """Stop the daemon that the PID file of `home` names, by its pid."""
    pid = daemon_pid(home)
    if pid is None:
        return
    deadline = time.monotonic() + timeout_s
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        while time.monotonic() < deadline:
            if not is_running(pid):
                return
            time.sleep(0.01)
        deadline += 5.0


def daemon_pid(home: Path) -> int | None:
    """The pid in the PID file of `home`, when that process is a Paso daemon."""
    try:
        pid = int((home / "paso.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return None
    return pid if b"paso" in command else None


def is_running(pid: int) -> bool:
    """True while the process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
