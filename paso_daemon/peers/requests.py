"""What this computer asks of another: a question, a deadline, one definite answer.

    Asking.ask ----- request {id, idem, op, params, ttl_ms} ---> Answering.requested
       ^                                                             |
       |                                       allowed? done before? too old?
       |                                                   accepted, kept
       |                                                  the operation runs
       |                                                     done, kept
       `------------ reply {id, result | error} <-------------------'

The other half is in `answering`. Without an answer nothing is assumed: `timeout` says
that nobody knows, `unreachable` that nothing was sent.

Never: know Redis or a session, guess an outcome.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, NamedTuple, Protocol

from paso.errors import (
    BadEvent,
    PasoError,
    PeerUnreachable,
    Refused,
    TimedOut,
    WireError,
)
from paso.events.launcher import error_of
from paso_daemon.intake import NAME_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]

NEEDS = {"session_output": "send", "session_send": "send", "session_end": "all"}
"""What `control` must allow for an operation; one that is not here only tells what
the key of the network entitles to."""

MAX_TTL_MS = 300_000
MAX_ASKED = 256
"""Questions of ours that wait for an answer."""

OUTCOME_UNKNOWN = ("expired", "internal", "timeout", "unreachable")
NOT_DONE = ("bad_frame", "busy", "unknown_method")
MAYBE = "it may have been done nevertheless: look again later"

logger = logging.getLogger("paso.daemon")


class Inbox(Protocol):
    """How a message gets to another computer."""

    async def send(self, computer: str, kind: str, body: Body) -> object:
        """Put it into that computer's inbox; raises PeerUnreachable."""


class Request(NamedTuple):
    """A checked question of another computer."""

    sender: str
    id: str
    idem: str
    op: str
    params: Body
    ttl_ms: int

    @property
    def key(self) -> str:
        """What its outcome is kept by."""
        session = self.params.get("id", "")
        return f"{self.sender}/{self.op}/{session}/{self.idem}"


class Asking:
    """Our questions to other computers.

    Arguments:
        why_not: why a computer cannot be asked now, in words; None = it can.
        name_of: how people call a computer of that id.
    """

    def __init__(
        self,
        inbox: Inbox,
        why_not: Callable[[str], str | None],
        name_of: Callable[[str], str] = str,
    ) -> None:
        self._inbox = inbox
        self._why_not = why_not
        self._name_of = name_of
        self._waiting: dict[str, tuple[str, asyncio.Future[Body]]] = {}
        self.asked = 0

    def __len__(self) -> int:
        return len(self._waiting)

    async def ask(
        self, computer: str, op: str, params: Body, timeout_s: float
    ) -> dict[str, Any]:
        """Return what `computer` answers.

        Arguments:
            params: `idem` among them names the request for a second try.
        Raises:
            PeerUnreachable: it is not there; nothing was done.
            TimedOut: no answer within `timeout_s`; whether it acted is unknown.
            Refused, NotFound, PhaseRefused: its answer.
        """
        problem = self._why_not(computer)
        if problem is None and len(self._waiting) >= MAX_ASKED:
            problem = "too many questions wait for an answer"
        if problem is not None:
            raise PeerUnreachable(problem)
        number = os.urandom(8).hex()
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = computer, answer
        self.asked += 1
        try:
            async with asyncio.timeout(timeout_s):
                body = _question(number, op, params, timeout_s)
                await self._inbox.send(computer, "request", body)
                return _result(await answer)
        except BadEvent:
            raise Refused(f"{op} is too long to be sent to another computer") from None
        except TimeoutError:
            name = self._name_of(computer)
            raise TimedOut(
                f"{name} did not answer within {timeout_s:g} s; {MAYBE}"
            ) from None
        finally:
            del self._waiting[number]

    def replied(self, sender: str, body: Body, age_ms: int) -> None:
        """Take the answer; only from the computer that was asked."""
        asked, answer = self._waiting.get(str(body.get("id")), (None, None))
        if answer is None or asked != sender or answer.done():
            logger.debug("an answer of %s that nobody waits for", sender)
            return
        answer.set_result(body)

    def gone(self, computer: str) -> None:
        """A computer took its leave or was lost: it will not answer any more."""
        for asked, answer in list(self._waiting.values()):
            if asked == computer and not answer.done():
                name = self._name_of(computer)
                words = f"{name} went away before it answered; {MAYBE}"
                answer.set_exception(TimedOut(words))

    def all_gone(self) -> None:
        """The way to the others is closed."""
        for computer in {asked for asked, _ in self._waiting.values()}:
            self.gone(computer)


def _question(number: str, op: str, params: Body, timeout_s: float) -> Body:
    rest = {name: value for name, value in params.items() if name != "idem"}
    return {
        "id": number,
        "idem": params.get("idem") or number,
        "op": op,
        "params": rest,
        "ttl_ms": min(int(timeout_s * 1000), MAX_TTL_MS),
    }


def _result(body: Body) -> Body:
    result, error = body.get("result"), body.get("error")
    if isinstance(result, dict):
        return result
    told = error if isinstance(error, dict) else {}
    raise _error(str(told.get("code")), str(told.get("message") or "no reason given"))


def _error(code: str, message: str) -> PasoError:
    """The other's error as one of ours; of what we do not know, nothing is assumed."""
    if code in NOT_DONE:
        return Refused(message)
    known = error_of(code, message)
    if code in OUTCOME_UNKNOWN or known.code != code:
        return TimedOut(message)
    return known


def checked(sender: str, body: Body) -> Request:
    """Return the request that `body` is.

    Raises:
        WireError: a field is missing or wrong.
    """
    for name in ("id", "idem", "op"):
        value = body.get(name)
        if not (isinstance(value, str) and 0 < len(value) <= NAME_MAX):
            raise WireError(f"{name} is a text of 1 to {NAME_MAX} characters")
    params, ttl_ms = body.get("params"), body.get("ttl_ms")
    if not isinstance(params, dict):
        raise WireError("params is an object")
    if type(ttl_ms) is not int or not 0 < ttl_ms <= MAX_TTL_MS:
        raise WireError(f"ttl_ms is a number from 1 to {MAX_TTL_MS}")
    if body["op"] in NEEDS:
        _check_session(params)
    return Request(sender, body["id"], body["idem"], body["op"], params, ttl_ms)


def _check_session(params: Body) -> None:
    session = params.get("id")
    if not (isinstance(session, str) and 0 < len(session) <= NAME_MAX):
        raise WireError("params.id is the id of a session")
