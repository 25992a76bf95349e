"""The questions of other computers to us: allowed, in time, done once, answered.

Requests for one session are done in the order they came, all others side by side, so
that a slow one delays nobody else. An operation that changes something is done at most
once: that it was accepted is on the disk before it begins, its outcome before it is
told. The same `idem` again gets the kept outcome; found accepted only, the daemon died
in the middle, and nobody knows. What lay in the inbox while we were away is older
than its caller's patience, and is not done any more.

Never: know Redis or what an operation does, act for a computer that may not.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from paso.errors import (
    BadEvent,
    PasoError,
    PeerUnreachable,
    Refused,
    TimedOut,
    UnknownMethod,
    WireError,
)
from paso.peers_file import CONTROLS
from paso_daemon.intake import NAME_MAX
from paso_daemon.peers.requests import NEEDS, Body, Inbox, Request, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Operation = Callable[[str, Body], Awaitable[Body]]

DONE_ONCE = frozenset(("session_end", "session_send"))

DOING = {
    "session_output": "reading output",
    "session_send": "sending text",
    "session_end": "ending sessions",
}
"""What can be refused, in words."""

MAX_UNDER_WAY = 64
"""Requests of others that are worked on or wait for their session."""
WORK_S = 90.0
"""For any operation, also one that hangs on a disk: its place is for others then."""

logger = logging.getLogger("paso.daemon")


class Results(Protocol):
    """Where outcomes are kept for a day."""

    async def result(self, idem: str) -> Body | None:
        """Return what was kept."""

    async def keep_result(self, idem: str, result: Body) -> object:
        """Return when it is on the disk."""


class Answering:
    """The questions of other computers to us.

    Arguments:
        control: what others may do now: one of `CONTROLS`.
        start: starts a task that is held and answered for.
        operations: what can be asked; each is given the sender and the parameters.
    """

    def __init__(
        self,
        inbox: Inbox,
        results: Results,
        *,
        control: Callable[[], str],
        start: Callable[[str, Coroutine[Any, Any, None]], object],
    ) -> None:
        self._inbox = inbox
        self._results = results
        self._control = control
        self._start = start
        self.operations: dict[str, Operation] = {}
        self._last: dict[str, asyncio.Future[None]] = {}
        self._under_way = 0
        self.answered = 0
        self.refused = 0
        self.expired = 0

    @property
    def under_way(self) -> int:
        """Requests that are worked on, or wait for their session."""
        return self._under_way

    def requested(self, sender: str, body: Body, age_ms: int) -> None:
        """Take a request from the inbox.

        Arguments:
            age_ms: how long it lay there, by the clock of the server.
        """
        loop = asyncio.get_running_loop()
        try:
            request = checked(sender, body)
        except WireError as error:
            self.refused += 1
            logger.warning("a request of %s is wrong: %s", sender, error.message)
            self._refuse(sender, body.get("id"), error)
            return
        name = f"peer request {request.op}"
        if self._under_way >= MAX_UNDER_WAY:
            busy = {"code": "busy", "message": "too many requests at once"}
            self._start(name, self._reply(request, {"error": busy}))
            return
        self._under_way += 1
        deadline = loop.time() + (request.ttl_ms - age_ms) / 1000
        before, mine = self._queue(request)
        self._start(name, self._serve(request, deadline, before, mine))

    def _refuse(self, sender: str, id: object, error: WireError) -> None:
        if isinstance(id, str) and len(id) <= NAME_MAX:
            reply = {"id": id, **_told(error)}
            self._start("peer request", self._send(sender, reply))

    def _queue(
        self, request: Request
    ) -> tuple[asyncio.Future[None] | None, asyncio.Future[None]]:
        """Take a place behind what is asked of the same session already."""
        mine = asyncio.get_running_loop().create_future()
        session = str(request.params.get("id") or request.id)
        before = self._last.get(session)
        self._last[session] = mine
        mine.add_done_callback(lambda _: self._leave(session, mine))
        return before, mine

    def _leave(self, session: str, mine: asyncio.Future[None]) -> None:
        if self._last.get(session) is mine:
            del self._last[session]

    async def _serve(
        self,
        request: Request,
        deadline: float,
        before: asyncio.Future[None] | None,
        mine: asyncio.Future[None],
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait((before,))
            outcome = await self._outcome(request, deadline)
        finally:
            self._under_way -= 1
            mine.set_result(None)
        await self._reply(request, outcome)

    async def _outcome(self, request: Request, deadline: float) -> Body:
        try:
            operation = self._allowed(request)
            if request.op in DONE_ONCE:
                return await self._once(request, operation, deadline)
            if self._is_late(deadline):
                return _expired(request.op)
            return await _tried(request, operation)
        except PasoError as error:
            return _told(error)
        except Exception:
            return _failed(request)

    def _allowed(self, request: Request) -> Operation:
        operation = self.operations.get(request.op)
        if operation is None:
            raise UnknownMethod(f"no operation {request.op!r:.60}")
        needed, given = NEEDS.get(request.op, CONTROLS[0]), self._control()
        if CONTROLS.index(given) < CONTROLS.index(needed):
            self.refused += 1
            raise Refused(
                f"{DOING[request.op]} is not allowed there: control is {given}",
                hint=f"there: paso peers control {needed}",
            )
        return operation

    def _is_late(self, deadline: float) -> bool:
        late = asyncio.get_running_loop().time() >= deadline
        self.expired += late
        return late

    async def _once(
        self, request: Request, operation: Operation, deadline: float
    ) -> Body:
        known = await self._results.result(request.key)
        if known is not None:
            return _kept(known)
        if self._is_late(deadline):
            return _expired(request.op)
        await self._results.keep_result(request.key, {"state": "accepted"})
        session, sender = request.params["id"], request.sender
        logger.info("%s of session %s for computer %s", request.op, session, sender)
        outcome = await _tried(request, operation)
        await self._keep(request, {"state": "done", **outcome})
        return outcome

    async def _keep(self, request: Request, outcome: Body) -> None:
        """A full disk takes the memory of it, not the answer."""
        try:
            await self._results.keep_result(request.key, outcome)
        except Exception:
            logger.exception("the outcome of %s is not kept", request.op)

    async def _reply(self, request: Request, outcome: Body) -> None:
        self.answered += 1
        try:
            await self._send(request.sender, {"id": request.id, **outcome})
        except BadEvent:  # too long
            short = {"id": request.id, "result": {"state": "done"}}
            await self._send(request.sender, short)

    async def _send(self, sender: str, reply: Body) -> None:
        try:
            await self._inbox.send(sender, "reply", reply)
        except PeerUnreachable as error:
            # The outcome is kept: who asks again with the same `idem` gets it.
            logger.info("no answer to %s: %s", sender, error.message)


async def _tried(request: Request, operation: Operation) -> Body:
    try:
        async with asyncio.timeout(WORK_S):
            return {"result": await operation(request.sender, request.params)}
    except TimeoutError:
        return _told(TimedOut(f"{request.op} is not done within {WORK_S:g} s there"))
    except PasoError as error:
        return _told(error)
    except Exception:
        return _failed(request)


def _failed(request: Request) -> Body:
    logger.exception("%s for computer %s failed", request.op, request.sender)
    return {"error": {"code": "internal", "message": "see the log there"}}


def _expired(op: str) -> Body:
    """It lay in the inbox longer than its caller waits."""
    message = f"{op} came too late, nothing was done"
    return {"error": {"code": "expired", "message": message}}


def _kept(known: Body) -> Body:
    if known.get("state") == "done":
        return {name: known[name] for name in ("result", "error") if name in known}
    message = "the daemon there ended in the middle of it; whether it acted is unknown"
    return {"error": {"code": "timeout", "message": message}}


def _told(error: PasoError) -> Body:
    hint = f" ({error.hint})" if isinstance(error, Refused) and error.hint else ""
    return {"error": {"code": error.code, "message": f"{error.message}{hint}"}}
