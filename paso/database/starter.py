"""What a new board holds: one project with its columns and labels.

Never: run anywhere but inside the transaction that makes the schema or a project.
"""

from __future__ import annotations

import os

from paso.model import STARTER_COLUMNS, STARTER_LABELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

PROJECT_KEY, PROJECT_NAME = "PASO", "My board"

RANKS = ("a0", "a1", "a2")
"""The first keys of a fractional index, as `fractional_indexing` gives them."""


def fill(conn: sqlite3.Connection) -> None:
    """Put the first project into an empty schema, as a batch nobody undoes."""
    batch = conn.execute(
        "INSERT INTO batches (actor, client, pid, kind, summary)"
        " VALUES ('paso', 'paso', ?, 'setup', 'made the first board')",
        (os.getpid(),),
    ).lastrowid
    conn.execute("UPDATE current_batch SET batch = ?", (batch,))
    project = conn.execute(
        "INSERT INTO projects (key, name) VALUES (?, ?)", (PROJECT_KEY, PROJECT_NAME)
    ).lastrowid
    furnish(conn, int(project or 0))
    conn.execute("UPDATE current_batch SET batch = NULL")


def furnish(conn: sqlite3.Connection, project_id: int) -> None:
    """Give a project its starter columns and labels."""
    conn.executemany(
        "INSERT INTO columns (project_id, name, role, rank) VALUES (?, ?, ?, ?)",
        [
            (project_id, name, role, rank)
            for (name, role), rank in zip(STARTER_COLUMNS, RANKS, strict=True)
        ],
    )
    conn.executemany(
        "INSERT INTO labels (project_id, name, color) VALUES (?, ?, ?)",
        [(project_id, name, color) for name, color in STARTER_LABELS.items()],
    )
