"""Guards of the whole suite: a home of its own for each test, never the user's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Under nohup, hang-ups are ignored by all that we start, too; a handler is not
    inherited."""
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(autouse=True)
def paso_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point `PASO_HOME` at a new private folder; stop the daemon left in it.

    `HOME` is another one, so that what forgets `PASO_HOME` cannot reach the user's
    own board, and is found out by the folder that it makes.
    """
    home, user = tmp_path / "home", tmp_path / "user"
    for folder in (home, user):
        folder.mkdir(mode=0o700)
    for name in [name for name in os.environ if name.startswith("PASO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PASO_HOME", str(home))
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.delenv("TMUX", raising=False)
    # Not below tmp_path: the path of a socket has at most 107 bytes.
    terminals = Path(tempfile.mkdtemp(prefix="paso-tmux-"))
    monkeypatch.setenv("TMUX_TMPDIR", str(terminals))
    yield home
    stop_daemon_of(home)
    stop_tmux_below(terminals)
    shutil.rmtree(terminals, ignore_errors=True)
    assert not (user / ".paso").exists(), "a test would have used the real ~/.paso"


def stop_tmux_below(folder: Path) -> None:
    """Stop the tmux servers whose sockets lie below `folder`, and their commands."""
    for path in folder.glob("*/*"):
        subprocess.run(
            ["tmux", "-S", str(path), "kill-server"], capture_output=True, timeout=10
        )


def stop_daemon_of(home: Path, timeout_s: float = 10.0) -> None:
    """Stop every daemon of `home`, by pid; one that is still starting too."""
    if not any(home.iterdir()):
        return
    deadline = time.monotonic() + timeout_s
    while pids := daemon_pids(home):
        late = time.monotonic() > deadline
        assert not late or time.monotonic() < deadline + timeout_s, f"alive: {pids}"
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.02)


def daemon_pids(home: Path) -> list[int]:
    """Pids of the daemons whose environment names `home`."""
    wanted = f"PASO_HOME={home}".encode()
    return [pid for pid in _pids() if is_running(pid) and _is_daemon(pid, wanted)]


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _is_daemon(pid: int, wanted: bytes) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        if b"paso_daemon" not in (process / "cmdline").read_bytes():
            return False
        return wanted in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def is_running(pid: int) -> bool:
    """True while the process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
