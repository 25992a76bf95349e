"""Whether the database is whole, for `paso doctor`.

Never: repair, or open the database's file by hand.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database

MOST = 10
"""Findings of each kind; a damaged file can have thousands."""


def database_problems(db: Database) -> list[str]:
    """Return what SQLite finds wrong with the file and its references, in words.

    Reads all of it: about a second for each GB.

    Raises:
        StoreDamaged: it is too damaged to be read.
    """
    found = [row[0] for row in db.rows(f"PRAGMA integrity_check({MOST})")]
    problems = [] if found == ["ok"] else [str(line) for line in found]
    astray = db.rows("PRAGMA foreign_key_check")
    problems += [
        f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"
        for row in astray[:MOST]
    ]
    return problems
