"""What is written of a `paso run`: all that is new, in one transaction.

But an end is not written together with a start that moved the card: each move by a
rule is a step of undo, so each is a transaction of its own.

Never: wait, start a thread, know what the database does with it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from paso.commands import sessions
from paso.errors import PhaseRefused
from paso.events.process import boot_id, start_ticks
from paso.model import IDLE, PTY, WAITING, WORKING
from paso.records import NamedTuple
from paso.sessions.activity import preview_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.database.connection import Database
    from paso.sessions.activity import Activity
    from paso.sessions.run.draft import Draft, End

    Told = tuple[str, str]

PREVIEW_BYTES = 4096


class Facts(NamedTuple):
    """What is known of the session, and which of it stands in the database."""

    process: tuple[int, int | None] | None
    """Pid of the command, and the clock tick it started at."""
    end: End | None
    activity: Activity
    created: bool
    running: bool


class Written(NamedTuple):
    """What stands in the database after a write."""

    told: Told
    """The activity and the last line."""
    over: bool
    """The end."""


def write(db: Database, draft: Draft, facts: Facts, told: Told) -> Written:
    """Bring the database to the facts, or to the start where that moved the card.

    Arguments:
        told: the activity and the last line that it has.
    """
    with db.write():
        moved = _set_started(db, draft, facts)
        if facts.end is not None and not moved:
            _set_ended(db, draft.id, facts.end, facts.activity.tail())
            return Written(told, over=True)
        if facts.end is None and facts.process is not None:
            told = _set_activity(db, draft.id, facts.activity, told)
    return Written(told, over=False)


def _set_started(db: Database, draft: Draft, facts: Facts) -> bool:
    """Return whether the card of the session moved by that."""
    before = db.change_head()
    if not facts.created:
        _create(db, draft)
    if facts.process is not None and not facts.running:
        _set_running(db, draft.id, *facts.process)
    return db.change_head() > before


def _create(db: Database, draft: Draft) -> None:
    task_id, project_id = draft.work(db)
    sessions.create_session(
        db,
        argv=draft.argv,
        cwd=draft.cwd,
        backend=PTY,
        title=draft.title,
        task_id=task_id,
        project_id=project_id,
        session_id=draft.id,
    )


def _set_running(db: Database, session_id: str, pid: int, ticks: int | None) -> None:
    keeper = os.getpid()
    place = sessions.BackendRef(
        pid=pid,
        pid_ticks=ticks,
        boot_id=boot_id(),
        keeper=keeper,
        keeper_ticks=start_ticks(keeper),
    )
    # Somebody asked it to stop already: that stays.
    with suppress(PhaseRefused):
        sessions.session_running(db, session_id, place)


def _set_activity(
    db: Database, session_id: str, activity: Activity, told: Told
) -> Told:
    state = activity.state(time.monotonic())
    new = state, preview_of(activity.tail()[-PREVIEW_BYTES:])
    if new != told:
        attention = None
        if WAITING in (state, told[0]) and state != told[0]:
            attention = "input" if state == WAITING else "none"
        sessions.set_activity(
            db,
            session_id,
            state,
            attention=attention,
            preview=new[1],
            active_at=state != IDLE,
        )
    if state != told[0] and state != WORKING:
        # Who is called wants to read it, and this terminal cannot be attached to.
        sessions.save_output(db, session_id, tail=text_of(activity.tail()))
    return new


def _set_ended(db: Database, session_id: str, end: End, tail: bytes) -> None:
    sessions.session_ended(
        db,
        session_id,
        exit_code=end.exit_code,
        signal=end.signal,
        reason=end.reason,
        attention=end.attention,
        preview=preview_of(tail[-PREVIEW_BYTES:]),
        tail=text_of(tail),
    )
