"""What the tests of the keeper do to sessions, and what they ask of them.

Never: write what the daemon is to write.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from paso.commands import sessions as store
from paso.computer import this_computer
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.model import Session
from paso.paths import Paths
from paso.sessions import actions
from paso.sessions.panes import PaneState
from paso.sessions.server import have_children_reaped
from paso.sessions.tmux import Tmux
from tests.support.daemon import RunningDaemon, wait_for

both_loops = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])

PAST = "2020-01-01T00:00:00.000Z"


class Bench:
    """Sessions of the home of the test."""

    def __init__(self, home: Path, db: Database) -> None:
        self.db = db
        self.paths = Paths(str(home))
        self.computer = this_computer(str(home)).id
        self.tmux = Tmux()

    def start(self, script: str) -> str:
        """Run a shell script as a session; return its id."""
        argv = ["sh", "-c", script]
        return actions.start(self.db, self.paths, argv, cwd="/").id

    def made(self, script: str) -> tuple[str, BackendRef]:
        """Start one and die before it is noted that it runs."""
        argv = ("sh", "-c", script)
        made = store.create_session(self.db, argv=argv, cwd="/", backend="tmux")
        env = {"PATH": os.environ["PATH"]}
        ref = self.tmux.start(
            made.id, argv, "/", env, home=self.paths.home, computer=self.computer
        )
        return made.id, ref

    def session(self, session_id: str) -> Session:
        return store.get_session(self.db, session_id)

    def ref(self, session_id: str) -> BackendRef:
        return store.backend_of(self.db, session_id)

    def becomes(self, session_id: str, phase: str) -> Session:
        """Wait for a phase; return the session as it is then."""

        def look() -> Session | None:
            found = self.session(session_id)
            return found if found.phase == phase else None

        found = wait_for(look)
        assert found is not None
        return found

    def ended(self, session_id: str) -> None:
        """Wait until tmux knows how its command ended."""
        ref = self.ref(session_id)

        def look() -> bool:
            have_children_reaped(ref)
            pane = self.tmux.state(ref)
            assert pane is not None, "the pane is gone"
            return pane.ended

        wait_for(look)

    def kill(self, session_id: str) -> None:
        pid = self.ref(session_id).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def killed(self, session_id: str) -> Session:
        """Kill its command; return the session once that is written."""
        self.kill(session_id)
        return self.becomes(session_id, "failed")

    def server(self, session_id: str) -> int:
        pid = self.ref(session_id).tmux_server
        assert pid is not None
        return pid

    def age(self, session_id: str) -> None:
        """Let it be in its phase since long ago."""
        with self.db.write() as conn:
            for table, column in (
                ("sessions SET updated_at", "id"),
                ("sessions SET created_at", "id"),
                ("session_log SET at", "session_id"),
            ):
                sql = f"UPDATE {table} = ? WHERE {column} = ?"
                conn.execute(sql, (PAST, session_id))

    def panes(self) -> list[PaneState]:
        """All that are in Paso's own server."""
        return self.tmux.panes()

    @contextmanager
    def looked_at(self, session_id: str) -> Iterator[None]:
        """Show a session in a client of tmux."""
        name = f"=paso-{session_id}"
        argv = ["tmux", "-S", self.tmux.socket, "-C", "attach", "-t", name]
        client = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(lambda: any(pane.attached for pane in self.panes()))
            yield
        finally:
            client.kill()
            client.communicate()

    def talk(self, *words: str, socket: str = "") -> str:
        """Run tmux by hand."""
        argv = ["tmux", "-f", os.devnull, "-S", socket or self.tmux.socket, *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def wrapped(db: Database, keeper: int, command: int | None = None) -> str:
    """Note a session of `paso run` as process `keeper`; return its id.

    Arguments:
        command: pid of its command.
    """
    one = store.create_session(db, argv=["x"], cwd="/", backend="pty").id
    ref = BackendRef(
        pid=command,
        pid_ticks=start_ticks(command) if command else None,
        boot_id=boot_id(),
        keeper=keeper,
        keeper_ticks=start_ticks(keeper),
    )
    return store.session_running(db, one, ref).id


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold the database's lock for writing in the block."""
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
    finally:
        holder.close()


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stop a process in the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def keeper(daemon: RunningDaemon) -> dict[str, Any]:
    """What the daemon keeps of sessions."""
    found: dict[str, Any] = daemon.status().get("session_keeper", {})
    return found


def follows(daemon: RunningDaemon, count: int = 1) -> None:
    """Wait until the daemon looks after so many sessions."""
    wait_for(lambda: keeper(daemon).get("kept") == count)


def forgets(daemon: RunningDaemon) -> None:
    """Wait until nothing is kept of any session."""
    wait_for(lambda: not any(keeper(daemon).values()))


def faults(daemon: RunningDaemon) -> list[str]:
    """The names of what does not work."""
    return [str(fault["name"]) for fault in daemon.status()["degraded"]]
