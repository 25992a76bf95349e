"""What a live session is up to: guessed from its output, or told by its command.

Never: look at the output itself, know the command line or the board.
"""

from __future__ import annotations

from paso.commands import values
from paso.commands.session_reading import get_session
from paso.commands.session_text import clean
from paso.database import sessions
from paso.errors import PhaseRefused
from paso.model import ACTIVITIES, ATTENTIONS, LIVE_PHASES, WAITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.database.connection import Database
    from paso.model import Session

KEPT_EVENTS = 1000
"""Of one session; older ones are forgotten."""

TAIL_MAX = 200_000
"""Characters of the last lines."""

_TRIM_EVERY = 100


def set_activity(
    db: Database,
    session_id: str,
    activity: str,
    *,
    attention: str | None = None,
    preview: str | None = None,
    active_at: bool = True,
) -> Session:
    """Note what its output tells; of one that does not live any more, nothing.

    A session that reports by itself keeps the activity and attention it reported.

    Arguments:
        attention: absent = as it is.
        active_at: output was seen just now.
    """
    activity = values.one_of("activity", activity, ACTIVITIES)
    wanted = attention and values.one_of("attention", attention, ATTENTIONS)
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in LIVE_PHASES:
            return before
        if active_at or preview is not None:
            preview = None if preview is None else clean(preview)
            sessions.save_output(db, session_id, preview, None, active_at)
        if not sessions.reports(db, session_id):
            _act(db, before, activity, wanted or before.attention)
    return get_session(db, session_id)


def _act(
    db: Database, before: Session, activity: str, attention: str, **more: Any
) -> None:
    if (activity, attention) == (before.activity, before.attention) and not more:
        return
    sessions.update(db, before.id, activity=activity, attention=attention, **more)
    if before.version % _TRIM_EVERY == 0:
        sessions.trim_log(db, before.id, KEPT_EVENTS)


def report(db: Database, session_id: str, state: str, message: str = "") -> Session:
    """Note what the command itself says of its activity; it is believed from then on.

    Arguments:
        state: `working`, `idle`, or `waiting`, which means for the user.
        message: why, in words.
    Raises:
        PhaseRefused: it does not live any more.
    """
    state = values.one_of("state", state, ACTIVITIES)
    with db.write():
        before = get_session(db, session_id)
        if before.phase not in LIVE_PHASES:
            raise PhaseRefused(f"the session is {before.phase}, it has nothing to tell")
        attention = before.attention
        if state == WAITING:
            attention = "input"
        elif attention == "input":
            attention = "none"
        _act(db, before, state, attention, reported=1, reason=clean(message))
    return get_session(db, session_id)


def save_output(
    db: Database,
    session_id: str,
    *,
    preview: str | None = None,
    tail: str | None = None,
) -> None:
    """Keep the last line, the last lines, or both; makes no new version."""
    with db.write():
        get_session(db, session_id)
        sessions.save_output(
            db,
            session_id,
            None if preview is None else clean(preview),
            None if tail is None else clean(tail, TAIL_MAX, end=True, lines=True),
            False,
        )
