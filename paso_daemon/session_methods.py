"""The methods for one session: here in a thread, elsewhere by the computer that has it.

Never: act on a session of another computer here, answer `done` for what was not done.
"""

from __future__ import annotations

from typing import Any

from paso.errors import NotFound, PeerUnreachable, WireError
from paso.model import ACTION_S, GRACE_S, OUTPUT_LINES, REMOTE_GRACE_MAX_S
from paso_daemon import params as read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine

    from paso_daemon.server import Server

    Later = Coroutine[Any, Any, dict[str, Any]]

Params = dict[str, Any]

OUTPUT_LINES_MAX = 10_000


def session(server: Server, params: Params) -> dict[str, Any] | Later:
    """Return a record: as it is known, else as the database has it."""
    id, computer = _named(params)
    directory = server.directory
    try:
        known = directory.find_session(id, computer)
    except NotFound:
        if computer not in ("", directory.own.id):
            raise
        return server.actions.act("session", {"id": id}, ACTION_S)
    return directory.cache.get("sessions", known.owner, id) or {}


def end(server: Server, params: Params) -> Later:
    return _act(server, "session_end", params)


def send(server: Server, params: Params) -> Later:
    return _act(server, "session_send", params)


def output(server: Server, params: Params) -> Later:
    return _act(server, "session_output", params)


def checked(op: str, params: Params) -> tuple[Params, float]:
    """Return the parameters of an operation, and the seconds that it may take.

    Raises:
        WireError: one is wrong.
    """
    if op == "session_end":
        grace_s = read.seconds(params, "grace_s", GRACE_S, REMOTE_GRACE_MAX_S)
        return {"grace_s": grace_s}, grace_s + ACTION_S
    if op == "session_output":
        lines = read.number(params, "lines", OUTPUT_LINES, OUTPUT_LINES_MAX)
        return {"lines": lines}, ACTION_S
    if type(params.get("text")) is not str:
        raise WireError("text is a text")
    enter = read.flag(params, "enter", True)
    return {"text": params["text"], "enter": enter}, ACTION_S


def _act(server: Server, op: str, params: Params) -> Later:
    """Have it done where the session is.

    Raises:
        NotFound: no session of that id.
        PeerUnreachable: the computer that has it cannot be asked.
    """
    asked, timeout_s = checked(op, params)
    id, computer = _named(params)
    directory = server.directory
    owner = computer or _owner(server, id)
    if owner == directory.own.id:
        return server.actions.act(op, {"id": id, **asked}, timeout_s)
    if not directory.is_known(owner):
        raise NotFound(f"no computer {owner!r:.60}")
    if directory.remote is None:
        raise PeerUnreachable(f"computer {owner} cannot be reached: peers are off")
    idem = {"idem": read.text(params, "idem")} if params.get("idem") else {}
    return directory.remote.act(owner, op, {"id": id, **asked, **idem}, timeout_s)


def _owner(server: Server, id: str) -> str:
    """A session that nobody is known to have may be an old one of ours."""
    try:
        return server.directory.find_session(id).owner
    except NotFound:
        if server.directory.cache.owners_of("sessions", id):
            raise
        return server.directory.own.id


def _named(params: Params) -> tuple[str, str]:
    return read.text(params, "id"), read.maybe_text(params, "computer")
