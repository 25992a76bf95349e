"""Other computers' projects and tasks: fetched when wanted, followed while looked at.

    a client asks or subscribes --\\
    the owner's board changed -----> due --> ask the owner for its version
    grown old, or the link is back -/             |            \\
                                             as we have it     another one
                                             it is fresh       fetch, show

What is there is shown meanwhile, with its age. Nothing is fetched that nobody looks at.

Never: write to another computer's board, stand in the way of a read, try without end
or pause.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from paso.errors import BadEvent, NotFound, PasoError
from paso.events.backoff import Backoff
from paso_daemon.bounded import BoundedDict
from paso_daemon.peers.board_text import Lines, Record, Unpacked, records_of, unpack
from paso_daemon.peers.log import START, Position, told_position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable

    from paso_daemon.peers.board_keys import BoardKeys

MAX_BOARDS = 512
PART = 100
"""Tasks that are shown in one turn of the loop: about a millisecond."""
MAX_LINES = 100_000
"""Lines of boards that are remembered, to see what is new: 250 bytes each."""
AT_ONCE = 2
"""Boards that are fetched side by side."""

SETTLE_S = 0.25
"""A burst of the owner's changes is one fetch; the first one waits no longer, unless
the last fetch took half of that or more: then twice as long as that one took."""
ANSWER_S = 10.0
"""The owner has so long to read and publish a board."""
ASK_AGAIN_S = 0.5
"""What nobody subscribes to is asked for again when it is older."""
SOON_S = 60.0
"""What is due later than that is only to be renewed."""
ASKED_S = 60.0
"""So long a failed fetch is tried again for who asked and does not subscribe."""
RENEW_S = 240.0
"""What is looked at is asked for again before it counts as stale (300 s)."""
MAX_FOLLOWED = 64
"""Projects of a computer whose tasks are fetched when all are subscribed to."""

WATCHED = ("projects", "tasks")
"""Topics whose readers are told when the board changed."""

PROJECTS = ""
"""In the place of a project's uid: the list of projects."""

Key = tuple[str, str]
"""A computer and one of its projects."""

logger = logging.getLogger("paso.daemon")


class Owners(Protocol):
    """Where the other computers are asked."""

    async def ask(
        self, computer: str, op: str, params: dict[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer; raises PeerUnreachable and others."""


class Shown(Protocol):
    """Where boards are kept and told of."""

    def put_projects(self, owner: str, items: Iterable[Record]) -> None:
        """Take all projects of a computer."""

    def put_part(self, owner: str, project_uid: str, items: Iterable[Record]) -> int:
        """Take some tasks of a project; return how many of them are news."""

    def end_parts(
        self, owner: str, project_uid: str, uids: Container[str], *, changed: bool
    ) -> None:
        """Those were all: others of the project are gone."""

    def renew(self, kind: str, owner: str) -> None:
        """What is kept is still true."""


class _Board:
    """What we have of a board, and when it is looked at next."""

    __slots__ = (
        *("asked_at", "backoff", "busy", "due", "lines"),
        *("position", "read_at", "took_s", "version"),
    )

    def __init__(self) -> None:
        self.version = ""
        self.lines: Lines = {}
        self.read_at = float("-inf")
        self.took_s = 0.0
        self.position = START
        self.due: float | None = None
        self.asked_at = float("-inf")
        self.busy = False
        self.backoff = Backoff(1.0, 30.0)


class RemoteBoards:
    """Keeps the boards that somebody here looks at.

    Arguments:
        own: id of this computer, whose boards are read from the database.
        live: the computers that can be asked now.
    """

    def __init__(
        self,
        owners: Owners,
        keys: BoardKeys,
        shown: Shown,
        own: str,
        live: Callable[[], Collection[str]],
    ) -> None:
        self._owners = owners
        self._keys = keys
        self._shown = shown
        self._own = own
        self._live = live
        self._boards: BoundedDict[Key, _Board] = BoundedDict(MAX_BOARDS)
        self._projects: dict[str, tuple[str, ...]] = {}
        self._interest: frozenset[tuple[str, str]] = frozenset()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._under_way = 0
        self.fetched = 0
        self.refused = 0

    # What makes a board due ---------------------------------------------------

    def want(self, computer: str, project_uid: str = PROJECTS) -> bool:
        """Somebody asks for the projects, or the tasks of one, of a computer.

        What is subscribed to is followed already; all else may have changed unseen.
        Returns:
            False when they are to be fetched first.
        """
        if computer == self._own:
            return True
        key = computer, project_uid
        board = self._boards.get(key)
        if board is None:
            board = self._boards[key] = _Board()
        board.asked_at = now = self._loop.time()
        if not board.version or not (
            self._is_watched(computer) or now - board.read_at < ASK_AGAIN_S
        ):
            self._make_due(board, 0.0)
        return not board.busy and (board.due is None or board.due > now + SOON_S)

    def interest(self, interest: frozenset[tuple[str, str]]) -> None:
        """What the clients are subscribed to: pairs of computer and topic."""
        fresh, self._interest = interest - self._interest, interest
        for computer, topic in fresh:
            if topic in ("projects", "tasks"):
                for one in (computer,) if computer else self._live():
                    self.live(one)

    def live(self, computer: str) -> None:
        """A computer is there, again or for the first time, or looked at again."""
        if computer != self._own and self._is_watched(computer):
            self._due_all(computer, 0.0)
            self.want(computer)
            self._want_tasks(computer)

    def changed(self, computer: str) -> None:
        """The board of a computer changed."""
        if self._is_watched(computer):
            self._due_all(computer, SETTLE_S)

    def forget(self, computer: str) -> None:
        """Drop all that is known of a computer."""
        self._projects.pop(computer, None)
        for key in [key for key in self._boards if key[0] == computer]:
            del self._boards[key]

    def _is_watched(self, computer: str) -> bool:
        """Somebody subscribes to boards of it, so its owner tells of changes."""
        wished = [who for who, topic in self._interest if topic in WATCHED]
        return computer in wished or "" in wished

    def _want_tasks(self, computer: str) -> None:
        """Who subscribes to the tasks of one computer wants those of all projects."""
        if (computer, "tasks") in self._interest:
            for uid in self._projects.get(computer, ())[:MAX_FOLLOWED]:
                self.want(computer, uid)

    def _due_all(self, computer: str, delay: float) -> None:
        for (owner, _uid), board in self._boards.items():
            if owner == computer:
                self._make_due(board, max(delay, delay and 2 * board.took_s))

    def _make_due(self, board: _Board, delay: float) -> None:
        at = self._loop.time() + delay
        if board.due is None or at < board.due:
            board.due = at
            self._news.set()

    # Fetching -----------------------------------------------------------------

    async def run(self) -> None:
        """Fetch what is due, until cancelled; then nothing of it goes on."""
        async with asyncio.TaskGroup() as group:
            while True:
                for key, board in self._due_now():
                    self._under_way += 1
                    group.create_task(self._refresh(*key, board), name="peers board")
                await self._wait()

    def _due_now(self) -> list[tuple[Key, _Board]]:
        """Return those for which there is a place, in the order in which they wait.

        A computer that is away is asked when it is back, by `live` or `want`.
        """
        now, live = self._loop.time(), self._live()
        waiting = []
        for key, board in self._boards.items():
            if board.due is not None and board.due <= now and not board.busy:
                if key[0] in live:
                    waiting.append((board.due, key, board))
                else:
                    board.due = None
        waiting.sort(key=lambda one: one[0])
        found = [one[1:] for one in waiting[: AT_ONCE - self._under_way]]
        for _, board in found:
            board.due, board.busy = None, True
        return found

    async def _wait(self) -> None:
        """Wait for the next one that is due, or for news, as a place that is free."""
        times = [b.due for b in self._boards.values() if b.due and not b.busy]
        is_free = self._under_way < AT_ONCE
        left = min(times) - self._loop.time() if times and is_free else None
        self._news.clear()
        try:
            async with asyncio.timeout(left):
                await self._news.wait()
        except TimeoutError:
            return

    async def _refresh(self, computer: str, project_uid: str, board: _Board) -> None:
        begun = self._loop.time()
        try:
            await self._fetch(computer, project_uid, board)
            board.took_s = self._loop.time() - begun
        except NotFound:
            self._gone(computer, project_uid)
        except PasoError as error:
            self._failed(computer, board, error.message)
        except Exception as error:
            logger.exception("a board of %s cannot be shown", computer)
            self._failed(computer, board, repr(error))
        else:
            board.backoff.reset()
            if self._is_watched(computer):
                self._make_due(board, RENEW_S)
        finally:
            board.busy = False
            self._under_way -= 1
            self._news.set()

    def _failed(self, computer: str, board: _Board, reason: str) -> None:
        logger.info("a board of %s: %s", computer, reason)
        asked = self._loop.time() - board.asked_at < ASKED_S
        if asked or self._is_watched(computer):
            self._make_due(board, board.backoff.wait())

    async def _fetch(self, computer: str, project_uid: str, board: _Board) -> None:
        params = {"project_uid": project_uid}
        told = await self._owners.ask(computer, "board", params, ANSWER_S)
        if told.get("version") == board.version and board.version:
            self._shown.renew("tasks" if project_uid else "projects", computer)
            board.read_at = self._loop.time()
            return
        sealed = await self._keys.fetch(computer, project_uid)
        if sealed is None:
            raise BadEvent("what was announced is not there")
        told_at = told_position(told.get("gen"), told.get("n"))
        position = Position(sealed.gen, sealed.n)
        if position < max(board.position, told_at):
            self.refused += 1
            raise BadEvent("an old one in the place of a newer one")
        found = await asyncio.to_thread(
            unpack, project_uid, sealed.data, board.lines if project_uid else None
        )
        key = computer, project_uid
        if self._is_forgotten(key, board):
            return
        self.fetched += 1
        if not project_uid:
            self._show_projects(computer, records_of(found.news))
        elif await self._show_tasks(key, board, found):
            self._remember(board, found.lines)
        else:
            return
        board.version, board.position = found.version, position
        board.read_at = self._loop.time()

    def _remember(self, board: _Board, lines: Lines) -> None:
        """Without the lines of before, a board is shown as a whole once more."""
        board.lines = lines
        if sum(len(one.lines) for one in self._boards.values()) > MAX_LINES:
            for one in self._boards.values():
                one.lines = {}

    def _is_forgotten(self, key: Key, board: _Board) -> bool:
        return self._boards.get(key) is not board

    async def _show_tasks(self, key: Key, board: _Board, found: Unpacked) -> bool:
        """Only what is new, a millisecond at a time: others wait for the loop.

        Returns:
            False when the computer was forgotten meanwhile.
        """
        changed = 0
        for at in range(0, len(found.news), PART):
            part = records_of(found.news[at : at + PART])
            changed += self._shown.put_part(*key, part)
            await asyncio.sleep(0)
            if self._is_forgotten(key, board):
                return False
        uids = frozenset(found.lines.values())
        self._shown.end_parts(*key, uids, changed=changed > 0)
        return True

    def _show_projects(self, computer: str, records: list[Record]) -> None:
        before = self._projects.get(computer, ())
        uids = [record.get("uid") for record in records]
        self._projects[computer] = tuple(uid for uid in uids if isinstance(uid, str))
        self._shown.put_projects(computer, records)
        for uid in set(before) - set(self._projects[computer]):
            self._gone(computer, uid)
        self._want_tasks(computer)

    def _gone(self, computer: str, project_uid: str) -> None:
        """A project was removed or archived there: its tasks vanish here."""
        if project_uid and self._boards.pop((computer, project_uid), None) is not None:
            self._shown.end_parts(computer, project_uid, (), changed=False)
