"""Requests: answered at once, or later while the loop goes on, always with an end.

Never: act on a request (`methods` does), answer a client that left.
"""

from __future__ import annotations

import asyncio
import logging
from types import CoroutineType
from typing import Any

from paso.errors import PasoError, Refused, TimedOut
from paso.events.wire import encode
from paso_daemon import intake, methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine

    from paso.events.wire import Frame
    from paso_daemon.connection import Connection
    from paso_daemon.server import Server

LATER_S = 90.0
"""The longest that any request may take."""

MAX_ASKED, MAX_UNDER_WAY = 16, 64
"""Requests that wait for an answer: of one client, of all."""

_FAULT = {
    "code": "internal",
    "message": "the daemon could not do this, see its log",
}

logger = logging.getLogger("paso.daemon")


class Replies:
    """Answers the requests of the server's clients."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.under_way = 0

    def take(self, connection: Connection, frame: Frame) -> None:
        """Answer a request, now or later. Raises WireError."""
        asked = intake.request(frame)
        self._server.send_first()
        reply: Frame = {"type": "reply", "id": asked.id}
        try:
            result = methods.answer(self._server, asked.method, asked.params)
            if isinstance(result, CoroutineType):
                self._begin(connection, reply, asked.method, result)
                return
            reply["result"] = result
        except PasoError as error:
            reply["error"] = _told(error)
        connection.say(reply)

    def _begin(
        self,
        connection: Connection,
        reply: Frame,
        method: str,
        work: Coroutine[Any, Any, Any],
    ) -> None:
        if connection.asked >= MAX_ASKED or self.under_way >= MAX_UNDER_WAY:
            work.close()
            raise Refused("too many requests wait for an answer")
        connection.asked += 1
        self.under_way += 1
        self._server.tasks.start(
            f"request {method}", self._answer(connection, reply, work)
        )

    async def _answer(
        self, connection: Connection, reply: Frame, work: Coroutine[Any, Any, Any]
    ) -> None:
        try:
            async with asyncio.timeout(LATER_S):
                told = self._fitted(reply | {"result": await work})
        except TimeoutError:
            late = TimedOut(f"no answer within {LATER_S:g} s")
            told = encode(reply | {"error": _told(late)})
        except PasoError as error:
            told = encode(reply | {"error": _told(error)})
        except Exception:
            logger.exception("a request of %s could not be answered", connection.client)
            told = encode(reply | {"error": _FAULT})
        finally:
            work.close()
            self.under_way -= 1
        self._server.flush()
        connection.answer(told)

    def _fitted(self, reply: Frame) -> bytes:
        """Return the line of a reply. Raises Refused, TypeError."""
        told = encode(reply)
        if len(told) > self._server.settings.max_frame:
            raise Refused("the answer is longer than a frame may be")
        return told


def _told(error: PasoError) -> dict[str, str]:
    return {"code": error.code, "message": error.message}
