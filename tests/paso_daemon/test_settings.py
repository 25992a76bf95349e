"""Limits come from the environment, checked."""

from __future__ import annotations

import pytest

from paso.errors import InvalidValue
from paso_daemon.settings import Settings, load_settings


def test_without_environment_the_limits_are_those_of_the_protocol() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.max_frame == settings.send_buffer == 1024 * 1024
    assert (settings.max_clients, settings.spare_fds) == (1024, 32)
    assert (settings.ping_s, settings.silence_s, settings.slow_s) == (30, 90, 30)


def test_each_limit_has_a_variable() -> None:
    settings = load_settings(
        {"PASO_PING_S": "0.5", "PASO_MAX_CLIENTS": "3", "PASO_LOOP": "asyncio"}
    )
    assert (settings.ping_s, settings.max_clients) == (0.5, 3)
    assert settings.loop == "asyncio"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASO_PING_S", "soon"),
        ("PASO_PING_S", "-1"),
        ("PASO_PING_S", "nan"),
        ("PASO_PING_S", "inf"),
        ("PASO_MAX_CLIENTS", "1.5"),
        ("PASO_LOOP", "trio"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidValue, match=name):
        load_settings({name: value})
