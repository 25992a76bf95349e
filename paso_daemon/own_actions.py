"""What is done to the sessions of this computer, for clients and for peers.

All of it runs in a thread: the database may be locked, tmux may hang.

Never: act on a session of another computer, decide who may ask.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

from paso.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.database.connection import Database
    from paso.paths import Paths
    from paso_daemon.workers import Workers

Params = dict[str, Any]

OUTPUT_MAX = 128 * 1024
"""Characters of output in an answer, the last ones."""


class OwnActions:
    """Runs operations on own sessions.

    Arguments:
        ring: called in a thread after each write: the daemon should look.
    """

    def __init__(
        self, paths: Paths, workers: Workers, ring: Callable[[], None]
    ) -> None:
        self._paths = paths
        self._workers = workers
        self._ring = ring

    async def act(self, op: str, params: Params, timeout_s: float) -> dict[str, Any]:
        """Do `op` (`session`, `session_end`, `session_send`, `session_output`).

        Arguments:
            params: `id`, and all that `session_methods.checked` returns.
        Raises:
            NotFound: no such session here.
            TimedOut: it took longer; it goes on.
            PasoError: why it cannot be done.
        """
        work = _OPERATIONS[op]
        return await self._workers.run(op, lambda: self._run(work, params), timeout_s)

    def _run(
        self, work: Callable[[Database, Params], dict[str, Any]], params: Params
    ) -> dict[str, Any]:
        from paso.config import load_config
        from paso.database.connection import open_database

        if not os.path.exists(self._paths.database):
            raise NotFound(f"no session {params['id']!r:.60}")
        db = open_database(
            self._paths.database,
            actor=load_config(self._paths).actor,
            client="daemon",
            create=False,
            on_commit=lambda _: self._ring(),
        )
        with closing(db):
            return work(db, params)


def _read(db: Database, params: Params) -> dict[str, Any]:
    from paso.commands.sessions import get_session
    from paso.model import to_json

    found: dict[str, Any] = to_json(get_session(db, params["id"]))
    return found


def _end(db: Database, params: Params) -> dict[str, Any]:
    from paso.model import to_json
    from paso.sessions import actions

    ended = actions.end(db, params["id"], grace_s=params["grace_s"])
    return _done(to_json(ended))


def _send(db: Database, params: Params) -> dict[str, Any]:
    from paso.model import to_json
    from paso.sessions import actions

    sent = actions.send(db, params["id"], params["text"], enter=params["enter"])
    return _done(to_json(sent))


def _output(db: Database, params: Params) -> dict[str, Any]:
    from paso.sessions import actions

    text = actions.output(db, params["id"], lines=params["lines"])
    return {"state": "done", "output": text[-OUTPUT_MAX:]}


def _done(session: dict[str, Any]) -> dict[str, Any]:
    return {"state": "done", "session": session}


_OPERATIONS: dict[str, Callable[[Database, Params], dict[str, Any]]] = {
    "session": _read,
    "session_end": _end,
    "session_output": _output,
    "session_send": _send,
}
