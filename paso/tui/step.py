"""A write of the board that waits for its turn.

Never: run it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Step(NamedTuple):
    """A command with its arguments, without the database."""

    command: Callable[..., Any]
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = {}  # never changed
