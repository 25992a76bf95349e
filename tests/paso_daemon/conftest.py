"""A daemon for each test that asks for one, on both loops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import RunningDaemon


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop of the daemon under test."""
    name: str = request.param
    return name


@pytest.fixture
def daemon(paso_home: Path, loop: str) -> Iterator[RunningDaemon]:
    """A running daemon with the limits of the protocol, on an empty home."""
    with RunningDaemon(paso_home, loop=loop) as running:
        yield running
        assert "Traceback" not in running.said(), running.said()
