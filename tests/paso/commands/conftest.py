"""Fixtures of the command tests: a board in the home of the test, and an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.database.connection import Database, open_database


@pytest.fixture
def home_db(paso_home: Path) -> Iterator[Database]:
    found = open_database(str(paso_home / "tasks.db"), actor="ann")
    yield found
    found.close()


@pytest.fixture
def empty_db(tmp_path: Path) -> Iterator[Database]:
    """A second board, as on another machine, without the starter project."""
    home = tmp_path / "other"
    home.mkdir(mode=0o700)
    found = open_database(str(home / "tasks.db"), actor="bob")
    with found.write("empty"):
        found.run("DELETE FROM projects")
    yield found
    found.close()
