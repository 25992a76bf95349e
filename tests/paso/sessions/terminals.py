"""Real terminals of the session tests: commands to run in them, and what they show.

Never: stand in for tmux or for a command.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from paso.commands import sessions as store
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.sessions.panes import PaneState
from paso.sessions.server import have_children_reaped
from paso.sessions.tmux import Tmux
from tests.support.daemon import wait_for

IGNORES = "import signal as s\nfor n in ({}): s.signal(n, s.SIG_IGN)\n"


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def stubborn(*signals: str) -> list[str]:
    """A command that ignores these signals, says so, and waits."""
    names = "".join(f"s.{name}, " for name in signals)
    ready = "print('ready', flush=True)\nimport time\ntime.sleep(600)"
    return python(IGNORES.format(names) + ready)


def tmux(socket: str, *words: str) -> str:
    """Run a tmux command of the test's own."""
    done = subprocess.run(
        ["tmux", "-u", "-f", os.devnull, "-S", socket, *words],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Terminals:
    """Paso's own tmux server, with the home of the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.tmux = Tmux()
        self.made = 0

    def start(
        self,
        *argv: str,
        cwd: str = "/",
        title: str = "",
        env: dict[str, str] | None = None,
    ) -> BackendRef:
        self.made += 1
        return self.tmux.start(
            f"{self.made:016x}",
            argv,
            cwd,
            env or {"PATH": os.environ["PATH"], "TERM": "screen"},
            home=str(self.home),
            computer="ab" * 8,
            title=title,
        )

    def shows(self, ref: BackendRef, text: str) -> str:
        """Wait until the terminal shows the text; return all that it shows."""

        def look() -> str:
            found = self.tmux.output(ref)
            return found if text in found else ""

        return wait_for(look)

    def ended(self, ref: BackendRef) -> PaneState:
        """Wait for the end of the command; return how tmux tells it."""

        def look() -> PaneState | None:
            pane = self.tmux.state(ref)
            assert pane is not None, "the pane is gone"
            if pane.dead:
                have_children_reaped(ref)
            return pane if pane.ended else None

        found = wait_for(look)
        assert found is not None
        return found


def backend_of(db: Database, session_id: str) -> BackendRef:
    return store.backend_of(db, session_id)


def until(holds: Callable[[], object]) -> None:
    wait_for(lambda: bool(holds()))
