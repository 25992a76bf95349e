"""A daemon of one test: a real process, with the settings that the test needs.

Never: import paso_daemon; what is known of it comes from its socket and `/proc`.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from paso.database.connection import Database, open_database
from tests.support.protocol_client import ProtocolClient

ROOT = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found], timeout_s: float = 15.0) -> Found:
    """Return the first true answer of `condition`; fail after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.005)
    return found


class RunningDaemon:
    """Runs in the foreground until the end of the `with` block.

    Arguments:
        home: its `PASO_HOME`.
        settings: `ping_s=0.1` becomes `PASO_PING_S=0.1`.
    """

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = home
        self.socket = str(settings.pop("socket", home / "paso.sock"))
        self.log = home.parent / f"daemon-{time.monotonic_ns()}.log"
        self.environ = {
            **os.environ,
            "PASO_HOME": str(home),
            "PASO_SOCKET": self.socket,
            "PYTHONPATH": str(ROOT),
        } | {f"PASO_{name.upper()}": str(value) for name, value in settings.items()}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "paso_daemon"],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> RunningDaemon:
        try:
            wait_for(self.listens)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    def listens(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            ProtocolClient(self.socket).close()
        except OSError:
            return False
        return True

    def said(self) -> str:
        """Return what it wrote to standard error."""
        return self.log.read_text(errors="replace")

    def client(self, **more: Any) -> ProtocolClient:
        return ProtocolClient(self.socket, **more)

    def status(self) -> dict[str, Any]:
        with self.client() as client:
            client.subscribe([])
            result: dict[str, Any] = client.request("status")["result"]
            return result

    def terminate(self, timeout_s: float = 10.0) -> int:
        """Stop it as systemd does; return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def rss_bytes(self) -> int:
        text = Path(f"/proc/{self.pid}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGESIZE")

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def new_board(home: Path, client: str = "test") -> Database:
    """Return a new board; its writes are announced to nobody."""
    return open_database(str(home / "tasks.db"), actor="test", client=client)


def rename_project(db: Database, name: str) -> int:
    """Write one change; return its number."""
    with db.write("test") as conn:
        conn.execute("UPDATE projects SET name = ? WHERE id = 1", (name,))
    assert db.last_commit is not None
    return db.last_commit.last


def foreign_write(home: Path, name: str) -> None:
    """Write one change as the sqlite3 shell would: no doorbell, no batch."""
    conn = sqlite3.connect(home / "tasks.db", isolation_level=None)
    try:
        conn.execute("UPDATE projects SET name = ? WHERE id = 1", (name,))
    finally:
        conn.close()
