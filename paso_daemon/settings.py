"""The limits of the daemon, from the environment; docs/operations.md lists them.

Never: know why a limit is what it is set to, or change one while running.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from paso.errors import InvalidValue
from paso.events.types import MAX_FRAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(NamedTuple):
    """Each may be set by `PASO_` and its name in capitals; times are seconds."""

    max_frame: int = MAX_FRAME
    """Bytes of a line."""
    max_clients: int = 1024
    send_buffer: int = 1024 * 1024
    """Bytes queued for one client, beyond what the kernel holds."""
    spare_fds: int = 32
    ping_s: float = 30.0
    """Silence of a client before it is asked for a sign of life."""
    silence_s: float = 90.0
    """Silence of a client before it is closed."""
    slow_s: float = 30.0
    """How long a client may take nothing of what is queued for it."""
    poll_s: float = 0.5
    """Between two looks at `PRAGMA data_version` while anybody is connected."""
    tick_s: float = 1.0
    """Between two looks at silent and slow clients, and at the socket's place."""
    stop_s: float = 3.0
    """For the last frames to reach the clients on a stop."""
    retry_ms: int = 100
    """Told to clients that are sent away."""
    idle_exit_s: float = 0.0
    """Without any client for so long, the daemon ends; 0 = never."""
    hang_s: float = 30.0
    """A loop that stands still for so long ends the daemon; 0 = never."""
    peer_beat_s: float = 20.0
    """Between two signs of life to other computers."""
    peer_lease_s: float = 30.0
    """How long another computer goes on publishing after our last word."""
    peer_log: int = 10_000
    """Entries of our own log that Redis keeps, about."""
    start_delay_s: float = 0.0
    """Before the socket is there: a slow machine, for tests."""
    loop: str = ""
    """`uvloop` or `asyncio`; empty = uvloop where it is installed."""


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the defaults, overridden by the environment.

    Raises:
        InvalidValue: a variable is not a number in its range.
    """
    found: dict[str, Any] = {}
    for name, default in Settings()._asdict().items():
        text = environ.get(f"PASO_{name.upper()}", "")
        if text:
            found[name] = _parsed(f"PASO_{name.upper()}", text, type(default))
    return Settings()._replace(**found)


def _parsed(name: str, text: str, kind: type) -> object:
    try:
        value = kind(text)
    except ValueError:
        raise InvalidValue(f"{name} is not a number: {text!r}") from None
    if kind is str and value not in ("uvloop", "asyncio"):
        raise InvalidValue(f"{name} is uvloop or asyncio, not {text!r}")
    if kind is not str and not 0 <= value < 1e9:
        raise InvalidValue(f"{name} is out of range: {text}")
    return value
