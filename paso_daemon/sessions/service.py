"""The daemon's part in sessions, put together: loaded when there is a first one.

What tells of sessions is there from then on; what looks after them, with its threads,
only once there is one to look after.

Never: be imported by a daemon whose database has no session.
"""

from __future__ import annotations

import asyncio

from paso.model import FINAL_PHASES, LOST
from paso_daemon.sessions.log_pump import LogPump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from paso.config import Config
    from paso_daemon.directory import Directory, Interest
    from paso_daemon.sessions.keeper import Keeper
    from paso_daemon.sessions.log_reader import Seen
    from paso_daemon.sessions.writer import Writer
    from paso_daemon.tasks import Health

PRUNE_FIRST_S, PRUNE_S = 60.0, 6 * 3600.0
"""When old sessions are forgotten: after the start, and between two times."""
PRUNE_KEEP = 100
"""So many of the newest stay, however old."""
FDS_MAX = 512


class Sessions:
    """Everything about sessions of this computer.

    Arguments:
        database: path of the database.
        ring: looks at the database; called after each write of ours.
        is_followed: True while another computer follows our sessions.
        fds_limit: descriptors that may be open.
    """

    def __init__(
        self,
        database: str,
        config: Config,
        loop: asyncio.AbstractEventLoop,
        *,
        directory: Directory,
        health: Health,
        ring: Callable[[], None],
        is_followed: Callable[[], bool],
        fds_limit: int,
    ) -> None:
        self._database = database
        self._loop = loop
        self._directory = directory
        self._health = health
        self._ring = ring
        self._is_followed = is_followed
        self._fds_max = min(FDS_MAX, fds_limit // 8)
        self._config = config
        self._keeper: Keeper | None = None
        self._threads: list[Writer] = []
        self._writes: Writer | None = None
        self._seen: dict[str, Seen] = {}
        self._beginning: asyncio.Handle | None = None
        self._pump = LogPump(
            database,
            loop,
            computer=directory.own.id,
            directory=directory,
            listener=self,
            health=health,
        )
        self._pruning = loop.call_later(PRUNE_FIRST_S, self._prune)
        directory.on_interest.append(self._interest_changed)

    def ring(self) -> None:
        """Look at the log of sessions, as soon as this turn of the loop is over."""
        self._pump.ring()

    def look(self) -> None:
        """Look at it now."""
        self._pump.look()

    @property
    def lives(self) -> bool:
        """True while there is a session to look after."""
        return self._keeper is not None and self._keeper.lives

    def report(self) -> dict[str, Any]:
        """Return what is kept of sessions, for `status`."""
        return self._keeper.traces() if self._keeper is not None else {}

    async def stop(self) -> None:
        """Follow nothing any more; let the threads end their work."""
        self._pruning.cancel()
        self._pump.close()
        if self._beginning is not None:
            self._beginning.cancel()
        if self._keeper is not None:
            self._keeper.close()
        stops = [self._loop.run_in_executor(None, one.stop) for one in self._threads]
        await asyncio.gather(*stops)

    # What the log tells -------------------------------------------------------

    def changed(self, seen: Seen) -> None:
        if self._keeper is not None:
            self._keeper.changed(seen)
        elif _may_live(seen):
            self._seen[seen.session.id] = seen
            self._begin_soon()

    def removed(self, session_id: str) -> None:
        if self._keeper is not None:
            self._keeper.removed(session_id)
        self._seen.pop(session_id, None)

    def replaced(self, all_seen: list[Seen]) -> None:
        if self._keeper is not None:
            self._keeper.replaced(all_seen)
            return
        self._seen = {seen.session.id: seen for seen in all_seen if _may_live(seen)}
        if self._seen:
            self._begin_soon()

    def _begin_soon(self) -> None:
        """Not in this turn: clients that wait for a welcome come first."""
        if self._beginning is None:
            self._beginning = self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        from paso_daemon.sessions.keeper import Keeper

        seen, self._seen = list(self._seen.values()), {}
        self._keeper = Keeper(
            self._loop,
            computer=self._directory.own.id,
            poll_s=self._config.session_poll_s,
            idle_after_s=self._config.session_idle_s,
            directory=self._directory,
            looks=self._new_thread("session looks"),
            writes=self._writer(),
            is_watched=self._is_watched,
            health=self._health,
            fds_max=self._fds_max,
        )
        self._keeper.replaced(seen)

    def _writer(self) -> Writer:
        if self._writes is None:
            self._writes = self._new_thread("session writes")
        return self._writes

    def _new_thread(self, name: str) -> Writer:
        from paso_daemon.sessions.writer import Writer

        made = Writer(
            name,
            self._database,
            self._loop,
            actor=self._config.actor,
            wrote=self._ring,
            health=self._health,
        )
        self._threads.append(made)
        return made

    def _is_watched(self) -> bool:
        own = ("", self._directory.own.id)
        wishes = self._directory.interest()
        here = any(topic == "sessions" and who in own for who, topic in wishes)
        return here or self._is_followed()

    def _interest_changed(self, interest: Interest) -> None:
        if self._keeper is not None and self._is_watched():
            self._keeper.interest_changed()

    # Old ones -----------------------------------------------------------------

    def _prune(self) -> None:
        """Forget what ended long ago, as the configuration says."""
        from paso.commands.sessions import prune_sessions

        days = self._config.session_keep_days
        self._writer().submit(
            "prune",
            lambda db: prune_sessions(db, older_than_days=days, keep=PRUNE_KEEP),
            _ignore,
        )
        self._pruning = self._loop.call_later(PRUNE_S, self._prune)


def _may_live(seen: Seen) -> bool:
    """What is lost may be found again."""
    phase = seen.session.phase
    return phase == LOST or phase not in FINAL_PHASES


def _ignore(result: object) -> None:
    """The log tells what was forgotten."""
