"""Follows a tmux pane that Paso did not make.

Such a pane is only ever looked at, typed into and shown, and Paso never closes it. It
bears a mark that says who follows it; that nobody follows it twice, the database says.

Never: start a command, close a pane, take a pane that was not named exactly.
"""

from __future__ import annotations

import os
from contextlib import suppress

from paso.commands import sessions as store
from paso.errors import Conflict, NotFound, ToolFailed
from paso.model import SHORT_ID, TMUX
from paso.sessions.server import named_socket, users_socket
from paso.sessions.targets import find_pane, shown
from paso.sessions.tmux import Tmux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paso.database.connection import Database
    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso.paths import Paths
    from paso.sessions.panes import PaneState


def adopt(
    db: Database,
    paths: Paths,
    target: str,
    *,
    socket: str | None = None,
    title: str = "",
    task_id: int | None = None,
    project_id: int | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Session:
    """Follow a tmux pane that Paso did not make; it is never closed by Paso.

    Arguments:
        target: as `find_pane` has it (`%5`, `name:1.2`); "." = the pane we are in.
        socket: path of the server's socket, or its name as in `tmux -L`; absent = the
            server that we are in, else tmux's default one.
        title: absent = the title of the task, else the pane's command.

    Raises:
        NotFound: no such server or pane, task or project; "." outside of that server.
        Ambiguous: several panes match.
        Conflict: it is a session already, or its command has ended.
        ToolFailed: tmux cannot.
    """
    tmux = Tmux(_socket(socket, environ))
    if target in ("", "."):
        target = _our_pane(tmux.socket, environ)
    panes = tmux.panes()
    if not panes:
        raise NotFound(f"no tmux server runs at {tmux.socket}")
    pane = find_pane(panes, target)
    ref = tmux.ref_of(pane)
    _check_free(db, pane, ref)
    session = store.create_session(
        db,
        argv=_words_of(pane.pid) or [pane.window_name or "?"],
        cwd=_folder_of(pane.pid),
        backend=TMUX,
        title=title,
        task_id=task_id,
        project_id=project_id,
        adopted=True,
    )
    try:
        tmux.mark_adopted(pane, session.id, session.computer)
    except ToolFailed as error:
        store.session_start_failed(db, session.id, error.message)
        raise
    return store.session_running(db, session.id, ref)


def _socket(given: str | None, environ: Mapping[str, str]) -> str:
    if not given:
        return users_socket(environ)
    return os.path.abspath(given) if "/" in given else named_socket(given, environ)


def _our_pane(socket: str, environ: Mapping[str, str]) -> str:
    """Id of the pane that we are in; the panes of each server are counted anew."""
    pane = environ.get("TMUX_PANE", "") if environ.get("TMUX") else ""
    if not pane or users_socket(environ) != socket:
        raise NotFound(f"we are in no pane of the tmux server at {socket}")
    return pane


def _check_free(db: Database, pane: PaneState, ref: BackendRef) -> None:
    if pane.dead or ref.pid_ticks is None:
        raise Conflict(f"the command of {shown(pane)} has ended")
    for session, known in store.live_backends(db):
        same = (known.tmux_server, known.tmux_server_ticks, known.tmux_pane) == (
            ref.tmux_server,
            ref.tmux_server_ticks,
            ref.tmux_pane,
        )
        if same:
            raise Conflict(
                f"{shown(pane)} is already the session"
                f" {session.id[:SHORT_ID]} {session.title}"
            )
    if pane.owner:
        raise Conflict(f"{shown(pane)} was made by Paso for a session of its own")


def _words_of(pid: int) -> list[str]:
    """Return the command line of a process; empty when it cannot be read."""
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read(65536).rstrip(b"\0").split(b"\0")
        return [word.decode("utf-8", "replace") for word in words if word]
    return []


def _folder_of(pid: int) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/cwd")
    return "/"
