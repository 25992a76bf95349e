"""Makes sessions for tests: records for those that need no database, rows in one."""

from __future__ import annotations

import os
from typing import Any

from paso.commands import sessions
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.model import Session, to_json

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
