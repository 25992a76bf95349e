from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.redis import RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A server of this test alone."""
    with RedisServer() as server:
        yield server
