"""What computers do for one another beyond telling: requests answered, boards shown.

    a client's session_end, _send, _output --> Asking --> the computer that has it
    another computer's request ----------> Answering --> own sessions, own boards
    a client looks at projects, tasks ---> RemoteBoards --> the owner's board

Made anew with each `Peers`, and gone with it.

Never: talk to Redis by itself, decide what is allowed, act where peers are off.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from paso_daemon import session_methods
from paso_daemon.cache import LIVE, OFFLINE
from paso_daemon.peers.answering import Answering
from paso_daemon.peers.board_keys import BoardKeys
from paso_daemon.peers.boards import RemoteBoards
from paso_daemon.peers.own_boards import OwnBoards
from paso_daemon.peers.requests import NEEDS, Asking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.directory import Directory, Interest
    from paso_daemon.own_actions import OwnActions
    from paso_daemon.peers.service import Peers
    from paso_daemon.tasks import TaskRegistry

Params = dict[str, Any]

OUTPUT_MAX = 160 * 1024
"""Bytes of output as JSON, the last ones: a message has room for 256 KiB."""


class Remote:
    """The other computers, for those who act on them or look at their boards.

    Arguments:
        actions: what is done to the sessions of this computer.
        database: path of its board.
        head: what differs once anything was written to it.
    """

    def __init__(
        self,
        peers: Peers,
        directory: Directory,
        registry: TaskRegistry,
        actions: OwnActions,
        database: str,
        head: Callable[[], object],
    ) -> None:
        self._peers = peers
        self._directory = directory
        self._actions = actions
        at, own = peers.at, directory.own.id
        self.asking = Asking(peers.inbox, self._why_not, self._name)
        self.answering = Answering(
            peers.inbox,
            peers.store,
            control=lambda: peers.config.control,
            start=registry.start,
        )
        keys = BoardKeys(
            at.link, at.signer, own, lambda: peers.publisher.gen, at.keys.board
        )
        self.own_boards = OwnBoards(keys, database, head)
        self.boards = RemoteBoards(
            self.asking, keys, directory, own, peers.presence.live
        )
        operations = {op: self._operation(op) for op in NEEDS}
        self.answering.operations |= operations | {"board": self.own_boards.answer}
        peers.inbox.handlers |= {
            "request": self.answering.requested,
            "reply": self.asking.replied,
        }
        peers.reader.board_bells.append(self.boards.changed)
        peers.rounds.on_live.append(self.boards.live)
        peers.rounds.on_gone.append(self.asking.gone)
        peers.rounds.on_emptied.append(self.own_boards.forget_published)
        peers.on_stop.append(self._stop)
        peers.reports.append(self.report)
        directory.on_interest.append(self._interest)
        directory.on_refresh.append(self._refresh)
        directory.remote = self
        self._task = registry.start("peers boards", self.boards.run())
        self._interest(directory.interest())

    async def _stop(self) -> None:
        """The peers are switched off: nobody can be asked any more."""
        self._task.cancel()
        self.asking.all_gone()
        self._directory.on_interest.remove(self._interest)
        self._directory.on_refresh.remove(self._refresh)
        if self._directory.remote is self:
            self._directory.remote = None
        await asyncio.wait((self._task,))

    # For clients --------------------------------------------------------------

    async def act(
        self, computer: str, op: str, params: Params, timeout_s: float
    ) -> Params:
        """Have it done by `computer`; raises what `Asking.ask` does."""
        return await self.asking.ask(computer, op, params, timeout_s)

    def want(self, computer: str, project_uid: str = "") -> bool:
        """Somebody reads the projects, or the tasks of one; True: they are there."""
        if self._peers.presence.peers.get(computer) is None:
            return True
        return self.boards.want(computer, project_uid)

    def forget(self, computer: str) -> None:
        """Drop what is known of a computer, here and in `peers.db`."""
        peers = self._peers
        peers.presence.forget(computer)
        peers.reader.forget(computer)
        self.boards.forget(computer)
        peers.store.computer(computer, None)
        self._directory.remove_computer(computer)

    def _interest(self, interest: Interest) -> None:
        self.boards.interest(interest)

    def _refresh(self, topic: str, computer: str) -> None:
        if topic in ("projects", "tasks"):
            for one in (computer,) if computer else self._peers.presence.live():
                self.boards.live(one)

    def _why_not(self, computer: str) -> str | None:
        peers = self._peers
        peer = peers.presence.peers.get(computer)
        if peer is None:
            return f"no computer {computer!r:.60} is known"
        name = self._name(computer)
        if peers.state != LIVE:
            return f"{name} cannot be asked: {peers.reason or 'not joined yet'}"
        return f"{name} is offline" if peer.state == OFFLINE else None

    def _name(self, computer: str) -> str:
        peer = self._peers.presence.peers.get(computer)
        return str(peer.record.get("name", computer))[:64] if peer else computer

    # For other computers ------------------------------------------------------

    def _operation(self, op: str) -> Any:
        async def act(sender: str, params: Params) -> Params:
            asked, limit_s = session_methods.checked(op, params)
            asked["id"] = params["id"]
            return _short(await self._actions.act(op, asked, limit_s))

        return act

    def report(self) -> dict[str, Any]:
        """Return what `status` shows of it."""
        return {
            "asked": self.asking.asked,
            "answered": self.answering.answered,
            "requests_refused": self.answering.refused,
            "requests_expired": self.answering.expired,
            "boards_published": self.own_boards.published,
            "boards_fetched": self.boards.fetched,
        }


def _short(answer: Params) -> Params:
    """Control characters take six bytes each in JSON; the end of the output counts."""
    text = answer.get("output")
    while isinstance(text, str) and len(orjson.dumps(text)) > OUTPUT_MAX:
        text = text[len(text) // 4 + 1 :]
        answer = answer | {"output": text}
    return answer
