"""Where a session runs, by its record: its processes, its tmux server.

Never: ask tmux, signal a process, decide what became of a session.
"""

from __future__ import annotations

from paso.model import PTY, TMUX
from paso.sessions.tmux import Tmux
from paso_daemon.sessions.deaths import Process, is_alive, this_boot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paso.database.sessions import BackendRef
    from paso.model import Session


def processes_of(session: Session, ref: BackendRef) -> Iterator[Process]:
    """Yield those whose end tells something: of a pty, its keeper's."""
    if not this_boot(ref.boot_id):
        return
    named = (
        [(ref.keeper, ref.keeper_ticks)]
        if session.backend == PTY
        else [(ref.pid, ref.pid_ticks), (ref.tmux_server, ref.tmux_server_ticks)]
    )
    for pid, ticks in named:
        if pid is not None:
            yield Process(pid, ticks)


def may_be_found(ref: BackendRef) -> bool:
    """True when what a lost session ran in is still there."""
    if not this_boot(ref.boot_id):
        return False
    if ref.keeper is not None:
        return is_alive(Process(ref.keeper, ref.keeper_ticks))
    if ref.tmux_server is not None:
        return is_alive(Process(ref.tmux_server, ref.tmux_server_ticks))
    return False


def socket_of(session: Session, ref: BackendRef) -> str:
    """Return the tmux server where a session is; "" for none."""
    if session.backend != TMUX:
        return ""
    return ref.tmux_socket or Tmux().socket
