"""Makes sessions for tests: records for those that need no database, rows in one."""

from __future__ import annotations

import os
from typing import Any

from paso.commands import sessions
from paso.computer import rename_computer
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.model import Session, Task, to_json
from tests.paso.tui.conftest import Desk

OWN, FAR = "0" * 16, "f" * 16


def session(number: int, computer: str = OWN, **fields: Any) -> Session:
    """A record without a database."""
    values: dict[str, Any] = dict.fromkeys(Session._fields)
    values |= {
        "id": f"{number:016x}",
        "computer": computer,
        "title": f"session {number}",
        "argv": ("make", "test"),
        "cwd": "/tmp",
        "backend": "tmux",
        "adopted": False,
        "created_by": "ana",
        "phase": "running",
        "activity": "idle",
        "attention": "none",
        "reason": "",
        "preview": "",
        "version": 1,
        "created_at": f"2026-05-05T10:00:{number:02}.000Z",
        "updated_at": "2026-05-05T10:00:00.000Z",
    }
    return Session(**values | fields)


def record(found: Session, **fields: Any) -> dict[str, Any]:
    """The record of a session as it travels."""
    made: dict[str, Any] = to_json(found)
    return made | fields


def run(
    db: Database,
    title: str,
    task_id: int | None = None,
    *,
    backend: str = "tmux",
    **more: Any,
) -> Session:
    """A session in the database that runs; its process is the test itself.

    A daemon would look for its pane; of a `pty` one it finds what there is to find.
    """
    made = sessions.create_session(
        db,
        argv=("make", title),
        cwd="/tmp",
        backend=backend,
        title=title,
        task_id=task_id,
        **more,
    )
    process = os.getpid(), start_ticks(os.getpid())
    ref = BackendRef(*process, boot_id(), *process)
    return sessions.session_running(db, made.id, ref)


def fill_sessions(desk: Desk, cards: list[Task]) -> None:
    """Sessions of every kind, of a day that is long past: what the pictures show."""
    rename_computer(desk.paths.home, "desk")
    db = desk.db
    more: dict[str, Any] = {"project_id": desk.project.id}
    kinds = [
        ("Deploy agent", cards[0].id, "waiting"),
        ("build", cards[0].id, "working"),
        ("tests", cards[1].id, "ended"),
        ("lint", cards[2].id, "failed"),
        ("漢字のセッション", cards[3].id, "working"),
        ("gone", cards[4].id, "lost"),
        ("shell \x1b[31m", cards[5].id, "idle"),
    ]
    for number, (title, task_id, kind) in enumerate(kinds, 1):
        made = run(db, title, task_id, session_id=f"{number:016x}")
        bring(db, made.id, kind)
    bring(db, run(db, "server", session_id="a" * 16, **more).id, "working")
    over = run(db, "old build", session_id="b" * 16, **more)
    bring(db, over.id, "ended")
    sessions.acknowledge(db, over.id)
    times = ("created_at", "started_at", "ended_at")
    changes = ", ".join(
        f"{name} = iif({name} IS NULL, NULL, '2001-02-03T04:05:06.000Z')"
        for name in times
    )
    with db.write("long ago"):
        db.run(f"UPDATE sessions SET {changes}")


def bring(db: Database, session_id: str, kind: str) -> None:
    """Bring a session that runs into a state."""
    if kind == "waiting":
        sessions.report(db, session_id, "waiting", "Proceed? [y/N]")
    elif kind == "ended":
        sessions.session_ended(db, session_id, exit_code=0, preview="312 passed")
    elif kind == "failed":
        sessions.session_ended(db, session_id, exit_code=2, preview="3 errors")
    elif kind == "lost":
        sessions.session_lost(db, session_id, "the tmux server is gone")
    else:
        preview = "compiling 12/40 漢字.c" if kind == "working" else ""
        sessions.set_activity(db, session_id, kind, preview=preview)
