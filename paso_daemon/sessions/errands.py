"""What the threads do for the keeper: look, and have written what became of it.

One question to a tmux server serves all its sessions.

Never: run in the loop, decide what the facts mean, touch a pane that is not ours.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import NamedTuple

from paso.commands import sessions as store
from paso.errors import NotFound, ToolFailed
from paso.model import TMUX
from paso.sessions import looking, reconcile
from paso.sessions.ending import command_of, end_command
from paso.sessions.reconcile import Verdict
from paso.sessions.server import have_children_reaped
from paso.sessions.tmux import Tmux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.database.sessions import BackendRef
    from paso.model import Session
    from paso.sessions.panes import PaneState
    from paso.sessions.reconcile import Facts

AGAIN_S = 1.0
"""Grace of an end that is driven on here; it had its grace before."""

logger = logging.getLogger("paso.daemon")


class Wish(NamedTuple):
    """A session to be looked at."""

    session: Session
    ref: BackendRef
    in_phase_s: float
    asked_again: bool


class Found(NamedTuple):
    """What a look gave."""

    wish: Wish
    verdict: Verdict
    calm: bool
    """It runs for certain: no need to look again."""
    tail: str = ""

    @property
    def leftover(self) -> Leftover | None:
        """Its dead pane, when somebody looks at it: it cannot be closed now."""
        pane = self.verdict.pane
        if self.verdict.do != reconcile.OVER or pane is None or not pane.attached:
            return None
        return Leftover(self.wish.session.id, self.wish.ref)


class Leftover(NamedTuple):
    """A dead pane of ours."""

    session_id: str
    ref: BackendRef


class Look(NamedTuple):
    found: list[Found]
    leftovers: list[Leftover]
    """Panes of sessions that nobody asked for."""


def look(socket: str, wishes: list[Wish], computer: str) -> Look:
    """Look at the sessions of one tmux server, or of none.

    Arguments:
        socket: "" = these are in no tmux.
        computer: id of this computer.
    """
    panes = _panes(socket, wishes) if socket else None
    found = [_found_or_nothing(wish, panes) for wish in wishes]
    asked_for = {wish.session.id for wish in wishes}
    left = [
        Leftover(pane.owner, Tmux(socket).ref_of(pane))
        for pane in panes or ()
        if pane.ended and pane.owner and pane.home == computer
        if pane.owner not in asked_for
    ]
    return Look(found, left)


def _panes(socket: str, wishes: list[Wish]) -> list[PaneState] | None:
    tmux = Tmux(socket)
    try:
        panes = tmux.panes()
        if not panes and wishes:
            # Asked for one of them, a socket that was swept away is made again.
            tmux.state(wishes[0].ref)
            panes = tmux.panes()
    except ToolFailed:
        return None  # who watches the server tells of it
    return panes


def _found_or_nothing(wish: Wish, panes: Iterable[PaneState] | None) -> Found:
    try:
        return _found(wish, panes)
    except OSError as error:  # no file can be opened: nothing is known
        logger.info("session %s: %s", wish.session.id, error.strerror)
        return Found(wish, Verdict(reconcile.NOTHING), calm=False)


def _found(wish: Wish, panes: Iterable[PaneState] | None) -> Found:
    session, ref = wish.session, wish.ref
    facts = reconcile.facts_of(session, ref, panes, asked_again=wish.asked_again)
    verdict = reconcile.decide(session, facts, wish.in_phase_s)
    tail = ""
    if verdict.do == reconcile.OVER and verdict.pane is not None:
        tail = looking.last_lines(ref)
    elif verdict.do == reconcile.AGAIN:
        have_children_reaped(ref)
    elif verdict.do == reconcile.END:
        _drive_on(session, ref)
    return Found(wish, verdict, _is_calm(session, facts), tail)


def _is_calm(session: Session, facts: Facts) -> bool:
    if session.backend != TMUX:
        return facts.keeper
    pane = facts.pane
    return facts.known and facts.process and pane is not None and not pane.dead


def _drive_on(session: Session, ref: BackendRef) -> None:
    command = command_of(ref)
    if command is not None:
        logger.warning("session %s was left while it was ended", session.id)
        end_command(command, AGAIN_S, children=not session.adopted)


def write(db: Database, found: Found) -> None:
    """Write what a look gave; what another one wrote meanwhile stays."""
    wish = found.wish
    with suppress(NotFound):
        looking.write(db, wish.session, wish.ref, found.verdict, tail=found.tail)


def clear_away(db: Database, left: Leftover) -> bool:
    """Close a dead pane; True when there is nothing more to be done about it.

    Not while somebody looks at it. One whose end is not written yet is closed by who
    writes that.
    """
    if not _is_over(db, left.session_id):
        return True
    tmux = Tmux(left.ref.tmux_socket)
    try:
        pane = tmux.state(left.ref)
        if pane is None or pane.owner != left.session_id or not pane.dead:
            return True
        if pane.attached:
            return False
        tmux.kill(left.ref)
    except ToolFailed as error:
        logger.info("the dead pane %s: %s", left.ref.tmux_pane, error.message)
        return False
    return True


def _is_over(db: Database, session_id: str) -> bool:
    try:
        return looking.is_over(store.get_session(db, session_id))
    except NotFound:
        return True
