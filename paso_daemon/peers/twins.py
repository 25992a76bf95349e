"""Two computers with one id: a home was copied, and both copies run.

    who {run, gen, nonce}  --> in:<own>, which both of them read
    here {run, gen, nonce} <-- from the other one

Only an answer to a question of this very run counts, so a message that somebody
repeats convinces nobody. The one that was started later takes a new id.

Never: change the id, decide by a clock of one computer alone while the other is silent.
"""

from __future__ import annotations

import os
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.peers.inbox import Inbox

ASK_EVERY_S = 5.0


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
        self._outdone: set[str] = set()
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
        body = {"run": self._run, "gen": self._inbox.gen, "nonce": nonce}
        self._inbox.post(self._own, kind, body)

    def _who(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        if sender == self._own and body["run"] != self._run:
            self._say("here", str(body["nonce"])[:32])
            self.ask()

    def _here(self, sender: str, body: dict[str, Any], age_ms: int) -> None:
        run, gen = str(body["run"]), int(body["gen"])
        mine = run == self._run or body["nonce"] != self._nonce
        if sender != self._own or mine or run in self._outdone:
            return
        self._outdone = {run}
        if (self._inbox.gen, self._run) > (gen, run):
            self._renew()
        else:
            self._outdo(gen)
