"""Sessions for the tests of the store, in every phase there is."""

from __future__ import annotations

from typing import Any

from paso.commands import sessions
from paso.commands.sessions import BackendRef
from paso.database.connection import Database
from paso.model import (
    ENDED,
    FAILED,
    LOST,
    RUNNING,
    STARTING,
    STOPPING,
    TMUX,
    Session,
)

HERE = BackendRef(
    pid=41,
    pid_ticks=7,
    boot_id="b1",
    tmux_socket="/tmp/s",
    tmux_server=40,
    tmux_server_ticks=6,
    tmux_session="$1",
    tmux_pane="%2",
)
ELSEWHERE = HERE._replace(tmux_pane="%3")


def create(db: Database, **given: Any) -> Session:
    wanted = {"argv": ["make", "test"], "cwd": "/src", "backend": TMUX} | given
    return sessions.create_session(db, **wanted)


def run(db: Database, **given: Any) -> Session:
    return sessions.session_running(db, create(db, **given).id, HERE)


def end(db: Database, session: Session, code: int = 0) -> Session:
    return sessions.session_ended(db, session.id, exit_code=code)


def enter(db: Database, session_id: str, phase: str) -> Session:
    """Take a session to a phase by the command that is for it."""
    if phase == RUNNING:
        return sessions.session_running(db, session_id, HERE)
    if phase == STOPPING:
        return sessions.session_stopping(db, session_id, "asked")
    if phase == ENDED:
        return sessions.session_ended(db, session_id, exit_code=0)
    if phase == FAILED:
        return sessions.session_start_failed(db, session_id, "no such file")
    return sessions.session_lost(db, session_id, "its server is gone")


WAYS = {
    STARTING: (),
    RUNNING: (RUNNING,),
    STOPPING: (RUNNING, STOPPING),
    ENDED: (RUNNING, ENDED),
    FAILED: (FAILED,),
    LOST: (RUNNING, LOST),
}
"""Phase to the way of a new session to it."""


def in_phase(db: Database, phase: str, **given: Any) -> Session:
    session = create(db, **given)
    for step in WAYS[phase]:
        session = enter(db, session.id, step)
    assert session.phase == phase
    return session
