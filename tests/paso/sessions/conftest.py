"""Fixtures of the session tests: real terminals, and a board in the test's home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paso.paths import Paths
from tests.paso.sessions.terminals import Terminals, tmux
from tests.support.programs import needs


@pytest.fixture
def terminals(paso_home: Path) -> Terminals:
    needs("tmux")
    return Terminals(paso_home)


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths()


@pytest.fixture
def users(tmp_path: Path) -> Iterator[str]:
    """The socket of a server of the user's own, with the session `work`."""
    needs("tmux")
    from paso.sessions.server import named_socket, own_socket

    own_socket()
    socket = named_socket("users")
    tmux(socket, "new-session", "-d", "-s", "work", "-n", "main", "--", "sh")
    yield socket
