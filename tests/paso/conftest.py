"""Fixtures of the store tests: a board in the home of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.database.connection import Database, open_database
from paso.events.types import Commit


@pytest.fixture
def path(paso_home: Path) -> str:
    return str(paso_home / "tasks.db")


@pytest.fixture
def heard() -> list[Commit]:
    """What `db` announced."""
    return []


@pytest.fixture
def db(path: str, heard: list[Commit]) -> Iterator[Database]:
    found = open_database(path, actor="ann", on_commit=heard.append)
    yield found
    found.close()
