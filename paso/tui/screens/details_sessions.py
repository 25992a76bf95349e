"""The words for the sessions of a card, in its details.

Never: read the database, know a key.
"""

from __future__ import annotations

from textual.content import Content

from paso.text import cut, escape
from paso.tui.screens.details_text import time_words
from paso.tui.session_words import SIGNS, age_of, phase_words, sign_of, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from paso.model import Session, SessionEvent

SHOWN = 8
"""Sessions shown; the list of sessions has all."""
EVENTS = 6
"""Last events of each."""
LOOKS = {
    "waiting": "bold $warning",
    "failed": "bold $error",
    "lost": "bold $error",
    "finished": "bold $success",
    "working": "$primary",
}


def session_parts(
    found: Sequence[tuple[Session, Sequence[SessionEvent]]], now: datetime
) -> list[Content | str]:
    """What the sessions of a card did; empty when it has none.

    Arguments:
        found: each with its history, oldest event first.
    """
    parts: list[Content | str] = []
    for session, history in found[:SHOWN]:
        look = LOOKS.get(state_of(session), "$foreground 60%")
        parts.append(Content.styled(f"{sign_of(session)} ", look))
        parts.append(f"{cut(escape(session.title), 40)}  {phase_words(session)}")
        age = age_of(session, now)
        where = f"  {age}  {session.id[:6]}\n"
        parts.append(Content.styled(where, "$foreground 50%"))
        parts += _events(history[-EVENTS:])
    if len(found) > SHOWN:
        parts.append(f"and {len(found) - SHOWN} more: S\n")
    return parts


def _events(history: Iterable[SessionEvent]) -> Iterable[Content | str]:
    for event in history:
        words = event.phase
        if event.attention in SIGNS or event.attention == "input":
            words += f", {event.attention}"
        elif event.phase == "running":
            words += f", {event.activity}"
        if event.reason:
            words += f": {cut(escape(event.reason), 60)}"
        yield Content.styled(f"    {time_words(event.at)}  ", "$foreground 50%")
        yield f"{words}\n"
