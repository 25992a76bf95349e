"""What the faces do to sessions of this computer: start, adopt, send, show, end.

Works the same with and without a daemon. What both of them see is written by whoever
comes first, the other one changes nothing.

Never: act on another computer's session, restart or make anew what is gone, ask.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from paso.commands import sessions as store
from paso.computer import this_computer
from paso.errors import (
    InvalidValue,
    NotFound,
    PasoError,
    PhaseRefused,
    Refused,
    StoreFull,
    StoreReadOnly,
    ToolFailed,
    ToolMissing,
)
from paso.model import (
    FINAL_PHASES,
    GRACE_MAX_S,
    GRACE_S,
    LOST,
    OUTPUT_LINES,
    PTY,
    STOPPING,
    TMUX,
)
from paso.sessions import attaching
from paso.sessions.adopting import adopt
from paso.sessions.ending import command_of, end_command
from paso.sessions.environment import (
    checked_command,
    command_environment,
    find_program,
    terminal_name,
)
from paso.sessions.looking import is_over, look_again, look_at_all, write
from paso.sessions.reconcile import OVER, UNKNOWN_CODE, Verdict
from paso.sessions.server import have_children_reaped
from paso.sessions.tmux import Tmux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paso.database.connection import Database
    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso.paths import Paths
    from paso.sessions.panes import PaneState

__all__ = ["adopt", "attach_argv", "end", "look_again", "look_at_all", "output"]
__all__ += ["send", "start"]

UNWRITABLE = (StoreFull, StoreReadOnly)
BY_USER = "ended by the user"
_NOTED_S = 3.0
"""How long tmux or a keeper may take to tell how a command ended, in seconds."""


def start(
    db: Database,
    paths: Paths,
    argv: Sequence[str],
    *,
    cwd: str = "",
    title: str = "",
    task_id: int | None = None,
    project_id: int | None = None,
    size: tuple[int, int] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Session:
    """Run a command in a terminal of its own, in Paso's tmux server.

    When this returns, the command runs. Where it cannot be started, the session that
    stands in the list says why, and so does the error.

    Arguments:
        argv: executed exactly as it is, without a shell.
        cwd: absent = where we are.
        title: absent = the title of the task, else the command.
        size: columns and rows; absent = those of our terminal.
        environ: what the command inherits.

    Raises:
        InvalidValue: there is no such folder, or no command.
        NotFound: there is no such task or project.
        ToolMissing: tmux is not installed, or the command is not.
        ToolFailed: it cannot be started.
    """
    folder = checked_command(argv, cwd)
    _check_tmux(environ)
    session = store.create_session(
        db,
        argv=argv,
        cwd=folder,
        backend=TMUX,
        title=title,
        task_id=task_id,
        project_id=project_id,
    )
    try:
        ref = _start(paths, session, argv, folder, size, environ)
    except PasoError as error:
        store.session_start_failed(db, session.id, error.message)
        raise
    except BaseException:
        store.session_start_failed(db, session.id, "its start was interrupted")
        raise
    return store.session_running(db, session.id, ref)


def _start(
    paths: Paths,
    session: Session,
    argv: Sequence[str],
    folder: str,
    size: tuple[int, int] | None,
    environ: Mapping[str, str],
) -> BackendRef:
    if find_program(argv[0], environ, folder) is None:
        if os.path.dirname(argv[0]) and os.path.exists(os.path.join(folder, argv[0])):
            raise ToolFailed(f"{argv[0]} cannot be executed")
        raise ToolMissing(f"there is no program {argv[0]}")
    env = command_environment(
        environ,
        paths,
        session.id,
        cwd=folder,
        task=session.task,
        terminal=terminal_name(environ),
    )
    title = f"{session.task}  {session.title}" if session.task else session.title
    return Tmux().start(
        session.id,
        argv,
        folder,
        env,
        size or _our_size(),
        home=paths.home,
        computer=session.computer or this_computer(paths.home).id,
        title=title,
    )


def _check_tmux(environ: Mapping[str, str]) -> None:
    if find_program("tmux", environ, "/") is None:
        raise ToolMissing("tmux is not installed", hint="install tmux")


def _our_size() -> tuple[int, int] | None:
    for fd in (1, 0, 2):
        with suppress(OSError):
            size = os.get_terminal_size(fd)
            if size.columns > 0 and size.lines > 0:
                return (size.columns, size.lines)
    return None


def send(db: Database, session_id: str, text: str, *, enter: bool = True) -> Session:
    """Type `text`, and Enter; what waited for input waits no more.

    Raises:
        NotFound: no such session.
        InvalidValue: the text has control characters.
        PhaseRefused: it does not run.
        Refused: it runs in a terminal of its own.
        ToolFailed: tmux cannot; whether it arrived is not known.
    """
    session = _reachable(db, session_id, "text can be sent only to")
    ref = store.backend_of(db, session_id)
    Tmux(ref.tmux_socket).send(ref, text, enter)
    if session.attention == "input":
        return store.acknowledge(db, session_id)
    return session


def output(db: Database, session_id: str, lines: int = OUTPUT_LINES) -> str:
    """Return its last lines; of one whose terminal is gone, those that were kept.

    Raises:
        NotFound: no such session.
        ToolFailed: tmux cannot.
    """
    session = store.get_session(db, session_id)
    ref = store.backend_of(db, session_id)
    if ref.tmux_pane is not None and not is_over(session):
        with suppress(NotFound):
            return Tmux(ref.tmux_socket).output(ref, lines)
    kept = store.saved_tail(db, session_id).rstrip().splitlines()
    return "".join(f"{line}\n" for line in kept[-max(lines, 1) :])


def attach_argv(
    db: Database, session_id: str, *, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """Return the command that shows it in this terminal; it counts as seen.

    Raises:
        NotFound: no such session.
        PhaseRefused: it does not run.
        Refused: it runs in a terminal of its own.
    """
    session = _reachable(db, session_id, "only others can be attached to:")
    ref = store.backend_of(db, session_id)
    if session.attention != "none":
        store.acknowledge(db, session_id)
    return attaching.attach_argv(ref, adopted=session.adopted, environ=environ)


def _reachable(db: Database, session_id: str, what: str) -> Session:
    """Return a session whose terminal is there and Paso's to use."""
    session = look_again(db, session_id)
    if session.backend == PTY:
        raise Refused(
            f"the session runs in its own terminal; {what}"
            " sessions in tmux (paso session start)"
        )
    if session.phase in FINAL_PHASES or session.pid is None:
        raise PhaseRefused(
            f"the session is {session.phase}",
            hint=f"paso session output {session_id}",
        )
    return session


def end(
    db: Database, session_id: str, *, grace_s: float = GRACE_S, reason: str = BY_USER
) -> Session:
    """End its command and all in its process group; return what became of it.

    It is hung up, after a third of `grace_s` terminated, after all of it killed; of
    an adopted one, only the process of the pane. One that is over stays as it is.

    Arguments:
        grace_s: in seconds; 0 = kill at once.
        reason: who or what wants it, in words.

    A disk that is full keeps it from being noted, not from ending: it may be this
    very command that fills it.

    Raises:
        NotFound: no such session.
        InvalidValue: no such time.
        ToolFailed: the command cannot be killed.
        StoreFull, StoreReadOnly: it has ended, which cannot be noted.
    """
    if not 0 <= grace_s <= GRACE_MAX_S:
        raise InvalidValue(f"a grace of 0 to {GRACE_MAX_S:g} s, not {grace_s:g}")
    session = look_again(db, session_id)
    if is_over(session):
        return session
    ref = store.backend_of(db, session_id)
    command = command_of(ref)
    if session.phase == LOST and (command is None or not command.lives()):
        return session
    if session.phase != LOST:
        session = _stopping(db, session, reason)
    if command is not None and not end_command(
        command, grace_s, children=not session.adopted
    ):
        raise ToolFailed(
            f"process {command.pid} does not end, not even when killed",
            hint="it belongs to another user, or waits for a disk or the network",
        )
    noted = session.phase == STOPPING  # and the reason with it
    unknown = UNKNOWN_CODE if noted else f"{reason}; {UNKNOWN_CODE}"
    try:
        return _ended(db, session, ref, unknown)
    except UNWRITABLE as error:
        words = f"it has ended, which cannot be noted: {error.message}"
        raise type(error)(words, hint=error.hint) from None


def _stopping(db: Database, session: Session, reason: str) -> Session:
    try:
        return store.session_stopping(db, session.id, reason)
    except PhaseRefused:
        # It ended by itself meanwhile, and somebody noted that.
        return store.get_session(db, session.id)
    except UNWRITABLE:
        return session


def _ended(db: Database, session: Session, ref: BackendRef, unknown: str) -> Session:
    """Note how a command ended that is gone, and clean up behind it.

    Arguments:
        unknown: the reason where nobody knows how.
    """
    if session.backend == PTY:
        return _noted_by_keeper(db, session, unknown)
    pane = _pane_after(ref)
    over = Verdict(OVER, reason=unknown, pane=pane, asked=True)
    if pane is not None and pane.ended:
        over = Verdict(OVER, pane.status, pane.signal, pane=pane, asked=True)
    session = write(db, session, ref, over)
    if pane is not None and not session.adopted:
        with suppress(ToolFailed):
            Tmux(ref.tmux_socket).kill(ref)
    return session


def _pane_after(ref: BackendRef) -> PaneState | None:
    """Return the pane once tmux knows of the end, or None when it is closed."""
    if ref.tmux_pane is None:
        return None
    tmux, deadline = Tmux(ref.tmux_socket), time.monotonic() + _NOTED_S
    pane = None
    # It has ended for certain; a tmux that hangs only keeps to itself how.
    with suppress(ToolFailed):
        pane = tmux.state(ref)
        while pane is not None and not pane.ended and time.monotonic() < deadline:
            have_children_reaped(ref)
            time.sleep(0.01)
            pane = tmux.state(ref)
    return pane


def _noted_by_keeper(db: Database, session: Session, unknown: str) -> Session:
    """`paso run` knows the exit code; without it nobody does."""
    deadline = time.monotonic() + _NOTED_S
    while time.monotonic() < deadline:
        found = store.get_session(db, session.id)
        if is_over(found):
            return found
        time.sleep(0.02)
    return store.session_ended(
        db, session.id, exit_code=None, reason=unknown, asked=True
    )
