"""Two computers with one id: a home was copied, and both copies run.

    who {run, first, gen, nonce}  --> in:<own>, which both of them read
    here {run, first, gen, nonce} <-- from the other one

The one that was started later takes a new id. Only an answer to its own question
makes it do so: a message that somebody repeats convinces nobody.

Never: change the id, decide by a clock of one computer alone while the other is silent.
"""

from __future__ import annotations

import os
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.peers.inbox import Inbox

ASK_EVERY_S = 1.0


class Twins:
    """Finds another one of our id.

    Arguments:
        run: names this run of the daemon.
        now: seconds of a clock that only grows.
        renew: takes a new id; called when the other one was there before us.
        outdo: begins a generation after the given one; called when we were first.
    """

    def __init__(
        self,
        own: str,
        run: str,
        inbox: Inbox,
        *,
        now: Callable[[], float],
        renew: Callable[[], None],
        outdo: Callable[[int], None],
    ) -> None:
        self._own = own
        self._run = run
        self._inbox = inbox
        self._now = now
        self._renew = renew
        self._outdo = outdo
        self._nonce = ""
        self._asked_at: float | None = None
        self._first = 0
        """Our generation when we began; it tells who was there before."""
        inbox.handlers |= {"who": self._who, "here": self._here}

    def ask(self, *, again: bool = False) -> None:
        """Ask whether there is another one; not more often than is sensible.

        Arguments:
            again: also right after the last time, as on a new connection.
        """
        now = self._now()
        recent = self._asked_at is not None and now - self._asked_at < ASK_EVERY_S
        if recent and not again:
            return
        self._asked_at, self._nonce = now, os.urandom(8).hex()
        self._say("who", self._nonce)

    def _say(self, kind: str, nonce: str) -> None:
        gen = self._inbox.gen
        self._first = self._first or gen
        body = {"run": self._run, "first": self._first, "gen": gen, "nonce": nonce}
        self._inbox.post(self._own, kind, body)

    def _who(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        if sender != self._own or body["run"] == self._run:
            return
        self._say("here", str(body["nonce"])[:32])
        if self._was_first(body):
            self._stay(int(body["gen"]))
        else:
            self.ask()

    def _here(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        if sender != self._own or body["run"] == self._run:
            return
        if body["nonce"] == self._nonce and not self._was_first(body):
            self._renew()

    def _was_first(self, other: dict[str, Any]) -> bool:
        """True when we were started before the other one."""
        first = self._first or self._inbox.gen
        return (first, self._run) < (int(other["first"]), str(other["run"]))

    def _stay(self, gen: int) -> None:
        """What the other one numbered in our name is to be older than what we say."""
        if gen >= self._inbox.gen:
            self._outdo(gen)
