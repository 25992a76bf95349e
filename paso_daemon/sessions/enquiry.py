"""Which sessions are to be looked at, and when again.

All that are wanted in one turn of the loop and live in one tmux server are one look,
and one look at a server is under way at a time. A session about which something told
that it is over is looked at until that is clear, with waits that double; what tmux
cannot tell yet is asked again a few times before its answer counts.

Never: look (that is `errands`, in a thread), know what a session is.
"""

from __future__ import annotations

import logging
from typing import Protocol

from paso.errors import PasoError
from paso.events.backoff import Backoff
from paso.sessions import reconcile
from paso_daemon.sessions import errands
from paso_daemon.sessions.backends import socket_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

    from paso_daemon.sessions.errands import Found, Look, Wish
    from paso_daemon.sessions.writer import Writer

RETRY_FIRST_S, RETRY_MOST_S = 0.05, 10.0
ASKS = 6
"""So often tmux is asked for how a command ended, in some three seconds."""
WRITTEN_S = 2.0
"""So long what was found may take to be written, and read in the log."""

logger = logging.getLogger("paso.daemon")


class Answers(Protocol):
    """Who knows the sessions, and what to do with the answers."""

    def wish(self, session_id: str, asked_again: bool) -> Wish | None:
        """Return what is known of a session; None when it need not be looked at."""

    def found(self, found: Found) -> None:
        """There is something to be written."""

    def left_over(self, look: Look) -> None:
        """There may be dead panes."""


class _Case:
    """What is under way for one session."""

    __slots__ = ("asked", "backoff", "retry", "suspect")

    def __init__(self) -> None:
        self.backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        self.asked = 0
        self.suspect = False
        """Something told that it is over."""
        self.retry: asyncio.TimerHandle | None = None


class Enquiry:
    """Has sessions looked at.

    Arguments:
        computer: our id.
        looks: the thread for those in tmux.
        writes: the thread for the others, which need no tool.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        computer: str,
        looks: Writer,
        writes: Writer,
        answers: Answers,
    ) -> None:
        self._loop = loop
        self._computer = computer
        self._looks = looks
        self._writes = writes
        self._answers = answers
        self._cases: dict[str, _Case] = {}
        self._wanted: set[str] = set()
        self._under_way: set[str] = set()
        self._servers: set[str] = set()
        self._turn: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._cases)

    def want(self, session_id: str, *, suspect: bool, now: bool = True) -> None:
        """Look at a session.

        Arguments:
            suspect: it seems to be over: look until that is clear.
            now: also when a look is to come already, after a wait.
        """
        case = self._case(session_id, suspect)
        if case.retry is not None:
            if not now:
                return
            case.retry.cancel()
            case.retry = None
            case.backoff.reset()
            case.asked = 0
        self._wanted.add(session_id)
        self._next()

    def want_later(self, session_id: str, delay_s: float) -> None:
        """Look at a session that seems to be over; sooner if a look is to come."""
        case = self._case(session_id, True)
        if case.retry is None and session_id not in self._wanted:
            case.retry = self._loop.call_later(delay_s, self._retry, session_id)

    def _case(self, session_id: str, suspect: bool) -> _Case:
        case = self._cases.setdefault(session_id, _Case())
        case.suspect = case.suspect or suspect
        return case

    def look_at_server(self, socket: str) -> None:
        """Look for what is left in a tmux server."""
        self._servers.add(socket)
        self._next()

    def forget(self, session_id: str) -> None:
        case = self._cases.pop(session_id, None)
        self._wanted.discard(session_id)
        if case is not None and case.retry is not None:
            case.retry.cancel()

    def close(self) -> None:
        for session_id in list(self._cases):
            self.forget(session_id)
        self._servers.clear()
        if self._turn is not None:
            self._turn.cancel()

    def _next(self) -> None:
        if self._turn is None:
            self._turn = self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._turn = None
        groups: dict[str, list[Wish]] = {socket: [] for socket in self._servers}
        for session_id in list(self._wanted):
            asked = self._cases[session_id].asked
            wish = self._answers.wish(session_id, asked >= ASKS)
            if wish is None:
                self.forget(session_id)
                continue
            try:
                socket = socket_of(wish.session, wish.ref)
            except PasoError as error:  # the folder of sockets is not ours alone
                logger.info("session %s: %s", session_id, error.message)
                self._put_off(session_id)
            else:
                groups.setdefault(socket, []).append(wish)
        for socket, wishes in groups.items():
            if socket not in self._under_way:
                self._send_one(socket, wishes)

    def _send_one(self, socket: str, wishes: list[Wish]) -> None:
        self._under_way.add(socket)
        self._servers.discard(socket)
        self._wanted -= {wish.session.id for wish in wishes}
        thread = self._looks if socket else self._writes
        thread.run(
            ("look", socket),
            lambda: errands.look(socket, wishes, self._computer),
            lambda look: self._looked(socket, wishes, look),
        )

    def _looked(self, socket: str, wishes: list[Wish], look: Look | None) -> None:
        self._under_way.discard(socket)
        if socket and look is not None:
            self._answers.left_over(look)
        for found in look.found if look is not None else ():
            self._judge(found)
        for wish in wishes if look is None else ():
            self._again(wish.session.id)
        if self._wanted or self._servers:
            self._next()

    def _judge(self, found: Found) -> None:
        session_id, what = found.wish.session.id, found.verdict.do
        case = self._cases.get(session_id)
        if case is None:
            return
        least = 0.0
        if what == reconcile.AGAIN:
            case.asked += 1
            case.suspect = True
        elif what == reconcile.END:
            case.suspect, least = True, WRITTEN_S
        elif what != reconcile.NOTHING:
            self._answers.found(found)
            case.suspect, least = True, WRITTEN_S
        elif found.calm:
            case.suspect = False
        if case.suspect:
            self._again(session_id, least)
        else:
            self.forget(session_id)

    def _put_off(self, session_id: str) -> None:
        self._wanted.discard(session_id)
        self._again(session_id, RETRY_MOST_S)

    def _again(self, session_id: str, least: float = 0.0) -> None:
        case = self._cases.get(session_id)
        if case is None or case.retry is not None or session_id in self._wanted:
            return
        wait = max(case.backoff.wait(), least)
        case.retry = self._loop.call_later(wait, self._retry, session_id)

    def _retry(self, session_id: str) -> None:
        case = self._cases.get(session_id)
        if case is not None:
            case.retry = None
            self._wanted.add(session_id)
            self._next()
