"""Who is told of something: each one, whatever becomes of the others.

Never: keep what was told, let the fault of a listener reach who tells.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso_daemon.tasks import Health

logger = logging.getLogger("paso.daemon")


class Listeners(list[Callable[..., object]]):
    """Functions that are called with the same words.

    Arguments:
        name: of what they hear; a fault is shown by it.
        health: where; None = in the log alone.
    """

    def __init__(self, name: str, health: Health | None = None) -> None:
        super().__init__()
        self._name = name
        self._health = health

    def tell(self, *words: Any) -> None:
        """Call each; a fault is logged and shown, and the next one is called."""
        fault: Exception | None = None
        for listener in list(self):
            try:
                listener(*words)
            except Exception as error:
                logger.exception("a listener to %s failed", self._name)
                fault = error
        if self._health is None:
            return
        if fault is not None:
            self._health.degraded(self._name, f"failed: {fault!r}")
        else:
            self._health.recovered(self._name)
