"""Our boards for those who look from elsewhere: read when asked, published once.

However many computers look at a project, its tasks are read and written to Redis once
for each version of it; the others are told that the version is there.

Never: read in the loop, write to the database, publish what nobody asked for.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, NamedTuple

from paso.errors import WireError
from paso_daemon.bounded import BoundedDict
from paso_daemon.intake import NAME_MAX
from paso_daemon.peers.board_keys import LIFE_MS
from paso_daemon.peers.board_reader import read_projects, read_tasks
from paso_daemon.peers.board_text import Packed, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.peers.board_keys import BoardKeys

MAX_BOARDS = 256

RENEW_S = LIFE_MS / 1000 / 2
"""A published board is written again after half of its life."""


class _Published(NamedTuple):
    version: str
    gen: int
    n: int
    head: object
    at: float


class OwnBoards:
    """Answers `board` requests.

    Arguments:
        database: its path.
        head: what differs once anything was written; the boards are read again then.
    """

    def __init__(
        self, keys: BoardKeys, database: str, head: Callable[[], object]
    ) -> None:
        self._keys = keys
        self._database = database
        self._head = head
        self._published: BoundedDict[str, _Published] = BoundedDict(MAX_BOARDS)
        self._reading = asyncio.Lock()
        self.published = 0

    def forget_published(self) -> None:
        """What Redis had of ours may be gone."""
        self._published.clear()

    async def answer(self, sender: str, params: dict[str, Any]) -> dict[str, Any]:
        """Publish a board, if its version is not there, and tell its version.

        Arguments:
            params: `project_uid`; empty = the list of projects.
        Raises:
            WireError: it is no uid.
            NotFound: no such project at work.
            Refused: it is too large.
            PeerUnreachable, StoreError: it cannot be published, or read, now.
        """
        uid = params.get("project_uid", "")
        if not isinstance(uid, str) or len(uid) > NAME_MAX or not _is_word(uid):
            raise WireError("project_uid is the uid of a project")
        found = self._valid(uid)
        if found is None:
            # One at a time: a second reader finds what the first one published.
            async with self._reading:
                found = self._valid(uid) or await self._publish(uid)
        return {"version": found.version, "gen": found.gen, "n": found.n}

    def _valid(self, uid: str) -> _Published | None:
        found = self._published.get(uid)
        if found is None or found.head != self._head():
            return None
        age = asyncio.get_running_loop().time() - found.at
        return found if age < RENEW_S else None

    async def _publish(self, uid: str) -> _Published:
        head, now = self._head(), asyncio.get_running_loop().time()
        packed = await asyncio.to_thread(_read, self._database, uid)
        before = self._published.get(uid)
        if before and before.version == packed.version and now - before.at < RENEW_S:
            found = before._replace(head=head)
        else:
            place = await self._keys.publish(uid, packed.data)
            self.published += 1
            found = _Published(packed.version, *place, head, now)
        self._published[uid] = found
        return found


def _is_word(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalnum() if text else True


def _read(database: str, uid: str) -> Packed:
    if uid:
        return pack(uid, read_tasks(database, uid))
    # Nobody has used the board there yet: it has no project.
    return pack("", read_projects(database) if os.path.exists(database) else [])
