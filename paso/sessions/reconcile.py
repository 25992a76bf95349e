"""What became of a session, decided from facts alone.

The record says what was; the kernel and tmux say what is. Whoever looks, the daemon
or a command without one, decides here, so both come to the same.

Never: start, signal or close anything; take what is not known for alive or for dead.
"""

from __future__ import annotations

from paso.commands import session_phases
from paso.events.process import boot_id, start_ticks
from paso.model import LOST, PTY, STARTING, STOPPING
from paso.records import NamedTuple
from paso.sessions.ending import command_of
from paso.sessions.server import is_same_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso.sessions.panes import PaneState

START_LIMIT_S = 30.0
"""How long a session may be `starting`, in seconds."""
STOP_LIMIT_S = 45.0
"""How long it may be `stopping` before who asked for its end is taken for dead."""

NOTHING = "nothing"
AGAIN = "again"
"""tmux has not noticed the end yet: `have_children_reaped`, then ask it once more."""
RUNS = "runs"
OVER = "over"
NOT_STARTED = "not_started"
GONE = "gone"
END = "end"
"""It was to be ended and nobody does it any more: end it."""

UNKNOWN_CODE = "its exit code is not known"
REBOOTED = "the computer was restarted"
NOT_IN_TIME = f"it did not start within {START_LIMIT_S:g} s"


class Facts(NamedTuple):
    """What is, in this moment."""

    same_boot: bool
    """The computer was not restarted since it started."""
    process: bool
    """Its very process runs."""
    keeper: bool
    """The very process runs that holds the terminal of a pty session."""
    server: bool
    """The very tmux server runs that has its pane."""
    pane: PaneState | None
    """Its pane, as this server told."""
    known: bool = True
    """tmux answered, or there was nothing to ask."""
    asked_again: bool = False


class Verdict(NamedTuple):
    """What to write of a session, or to do.

    `do` is one of the words above: `over` has exit code and signal as far as they
    are known, `runs` has where, all have the reason.
    """

    do: str
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    pane: PaneState | None = None
    asked: bool = False
    """Somebody asked for the end."""


def facts_of(
    session: Session,
    ref: BackendRef,
    panes: Iterable[PaneState] | None,
    *,
    asked_again: bool = False,
) -> Facts:
    """Gather the facts of one session.

    Arguments:
        panes: all of the tmux server at its socket; None when it did not tell.
    """
    command = command_of(ref)
    server = is_same_server(ref)
    pane = next((one for one in panes or () if _is_its(one, session, ref)), None)
    return Facts(
        same_boot=ref.boot_id in (None, boot_id()),
        process=command is not None and command.lives(),
        keeper=ref.keeper is not None and start_ticks(ref.keeper) == ref.keeper_ticks,
        server=server,
        pane=pane,
        known=session.backend == PTY or panes is not None or not server,
        asked_again=asked_again,
    )


def _is_its(pane: PaneState, session: Session, ref: BackendRef) -> bool:
    """By its id; one whose id was never noted, by the mark that it bears."""
    if ref.tmux_pane is None:
        return (pane.owner, pane.home) == (session.id, session.computer)
    return pane.pane == ref.tmux_pane and pane.server == ref.tmux_server


def decide(session: Session, facts: Facts, in_phase_s: float) -> Verdict:
    """Return what is to be written.

    Arguments:
        in_phase_s: how long it is in its phase, in seconds.
    """
    if session.phase not in session_phases.OVER and facts.known:
        if session.phase == STARTING and session.pid is None:
            return _starting(facts, in_phase_s)
        if session.backend == PTY:
            return _pty(session, facts, in_phase_s)
        return _tmux(session, facts, in_phase_s)
    return Verdict(NOTHING)


def _starting(facts: Facts, in_phase_s: float) -> Verdict:
    """Who starts it notes it within a second, or is dead."""
    if in_phase_s < START_LIMIT_S:
        return Verdict(NOTHING)
    if facts.pane is not None and not facts.pane.dead:
        return Verdict(RUNS, pane=facts.pane)
    return Verdict(NOT_STARTED, reason=NOT_IN_TIME)


def _pty(session: Session, facts: Facts, in_phase_s: float) -> Verdict:
    if facts.same_boot and facts.keeper:
        if session.phase == LOST:
            return Verdict(RUNS) if facts.process else Verdict(NOTHING)
        return _maybe_end(session, facts, in_phase_s)
    return _disappeared(session, facts, "its terminal is gone", in_phase_s)


def _tmux(session: Session, facts: Facts, in_phase_s: float) -> Verdict:
    pane = facts.pane
    if not facts.same_boot or not facts.server:
        return _disappeared(session, facts, "its tmux server is gone", in_phase_s)
    if pane is None:
        return _disappeared(session, facts, "its tmux pane was closed", in_phase_s)
    if pane.ended:
        return Verdict(OVER, pane.status, pane.signal, pane=pane)
    if not facts.process:
        if not facts.asked_again:
            return Verdict(AGAIN)
        # tmux before 3.3 tells no signals.
        over = Verdict(OVER, reason=UNKNOWN_CODE, pane=pane)
        return over if pane.dead else Verdict(NOTHING)
    if session.phase in (STARTING, LOST):
        return Verdict(RUNS, pane=pane)
    return _maybe_end(session, facts, in_phase_s)


def _maybe_end(session: Session, facts: Facts, in_phase_s: float) -> Verdict:
    late = session.phase == STOPPING and in_phase_s >= STOP_LIMIT_S
    return Verdict(END) if late and facts.process else Verdict(NOTHING)


def _disappeared(
    session: Session, facts: Facts, what: str, in_phase_s: float
) -> Verdict:
    if session.phase == LOST:
        return Verdict(NOTHING)
    if not facts.same_boot:
        what = REBOOTED
    elif facts.process:
        if session.phase == STOPPING:
            return _maybe_end(session, facts, in_phase_s)
        if not facts.asked_again:
            return Verdict(AGAIN)  # the hang-up may be about to end it
        reason = f"{what}, its command still runs as process {session.pid}"
        return Verdict(GONE, reason=reason)
    # The last pane of a user's server takes the server with it; nothing is wrong.
    closed = session.adopted and facts.same_boot
    if session.phase == STOPPING or closed:
        return Verdict(OVER, reason=f"{what}; {UNKNOWN_CODE}")
    return Verdict(GONE, reason=what)
