"""The parameters of a request, each read and checked.

Never: know a method, do I/O.
"""

from __future__ import annotations

from typing import Any

from paso.errors import WireError
from paso_daemon.intake import NAME_MAX

Params = dict[str, Any]


def text(params: Params, name: str, longest: int = NAME_MAX) -> str:
    """Raises WireError."""
    value = params.get(name)
    if type(value) is not str or not 0 < len(value) <= longest:
        raise WireError(f"{name} is a text of 1 to {longest} characters")
    return value


def maybe_text(params: Params, name: str) -> str:
    """Return "" for what is absent or null. Raises WireError."""
    return "" if params.get(name) is None else text(params, name)


def number(params: Params, name: str, default: int, most: int) -> int:
    """Return a number from 1 to `most`. Raises WireError."""
    value = params.get(name)
    if value is None:
        return default
    if type(value) is not int or not 1 <= value <= most:
        raise WireError(f"{name} is a number from 1 to {most}")
    return value


def seconds(params: Params, name: str, default: float, most: float) -> float:
    """Return a number of seconds from 0 to `most`. Raises WireError."""
    value = params.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise WireError(f"{name} is a number of seconds up to {most:g}")
    return float(value)


def flag(params: Params, name: str, default: bool) -> bool:
    """Raises WireError."""
    value = params.get(name)
    if value is None:
        return default
    if type(value) is not bool:
        raise WireError(f"{name} is true or false")
    return value
