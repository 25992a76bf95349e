"""The change log is followed whatever other programs wrote into it."""

from __future__ import annotations

from pathlib import Path

from paso.events.change_reader import TEXT_MAX, ChangeReader
from tests.support.daemon import new_board, rename_project


def test_a_text_that_is_none_stops_nothing_after_it(paso_home: Path) -> None:
    db = new_board(paso_home)
    reader = ChangeReader(str(paso_home / "tasks.db"), db.change_head())
    db.conn.execute("UPDATE projects SET uid = CAST(x'ff41' AS TEXT) WHERE id = 1")
    for name in ("One", "Two"):
        db.conn.execute("UPDATE projects SET name = ? WHERE id = 1", (name,))
    rows = reader.read(10).rows
    assert [row.id for row in rows] == [db.change_head() - 1, db.change_head()]
    assert rows[0].uid == "\N{REPLACEMENT CHARACTER}A"
    reader.close()
    db.close()


def test_a_text_without_end_is_told_in_part(paso_home: Path) -> None:
    db = new_board(paso_home)
    reader = ChangeReader(str(paso_home / "tasks.db"), db.change_head())
    db.conn.execute("UPDATE projects SET uid = ? WHERE id = 1", ("u" * 2_000_000,))
    rename_project(db, "One")
    (row,) = reader.read(10).rows
    assert row.uid == "u" * TEXT_MAX
    rename_project(db, "Two")
    assert not reader.read(10).replaced
    reader.close()
    db.close()
