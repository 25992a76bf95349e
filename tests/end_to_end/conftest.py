"""Fixtures of the tests that run whole processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.harness import Home


@pytest.fixture
def home(paso_home: Path) -> Iterator[Home]:
    """An empty home; every process on it is killed at the end."""
    found = Home(paso_home)
    yield found
    found.close()


@pytest.fixture
def board(home: Home) -> Home:
    """A home with a database and one task, made by a writer that rang no doorbell."""
    home.worker("write", "first", 1, 1.0).result()
    assert home.titles() == {"first 0"}
    assert home.daemons() == []
    return home
