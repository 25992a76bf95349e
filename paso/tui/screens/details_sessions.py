"""The words for the sessions of a card, in its details.

Never: read the database, know a key.
"""

from __future__ import annotations

from textual.content import Content

from paso.model import SHORT_ID
from paso.text import cut, escape
from paso.tui.screens.details_text import time_words
from paso.tui.session_words import age_of, phase_words, sign_of, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from paso.model import Session, SessionEvent

SHOWN = 8
"""Sessions shown; the list of sessions has all."""
EVENTS = 6
"""Last events of each."""
ATTENTION_WORDS = {
    "input": "needs you",
    "finished": "to be seen",
    "failed": "to be seen",
}
LOOKS = {
    "waiting": "bold $warning",
    "failed": "bold $error",
    "lost": "bold $error",
    "finished": "bold $success",
    "working": "$primary",
}


def session_parts(
    sessions: Sequence[Session],
    histories: Sequence[Sequence[SessionEvent]],
    now: datetime,
) -> list[Content | str]:
    """What the sessions of a card did; empty when it has none.

    Arguments:
        histories: those of the sessions that are shown, oldest event first.
    """
    parts: list[Content | str] = []
    for session, history in zip(sessions[:SHOWN], histories, strict=True):
        look = LOOKS.get(state_of(session), "$foreground 60%")
        parts.append(Content.styled(f"{sign_of(session)} ", look))
        parts.append(f"{cut(escape(session.title), 40)}  {phase_words(session)}")
        age = age_of(session, now)
        where = f"  {age}  {session.id[:SHORT_ID]}\n"
        parts.append(Content.styled(where, "$foreground 50%"))
        parts += _events(history)
    if len(sessions) > SHOWN:
        parts.append(f"and {len(sessions) - SHOWN} more: S\n")
    return parts


def _events(history: Sequence[SessionEvent]) -> Iterable[Content | str]:
    """The last events that differ in words from the one before."""
    told = [(event, _event_words(event)) for event in history]
    before = ["", *(words for _, words in told)]
    fresh = [one for one, last in zip(told, before, strict=False) if one[1] != last]
    for event, words in fresh[-EVENTS:]:
        yield Content.styled(f"    {time_words(event.at)}  ", "$foreground 50%")
        yield f"{words}\n"


def _event_words(event: SessionEvent) -> str:
    words = event.phase
    if event.attention != "none":
        words += f", {ATTENTION_WORDS.get(event.attention, event.attention)}"
    elif event.phase == "running":
        words += f", {event.activity}"
    return f"{words}: {cut(escape(event.reason), 60)}" if event.reason else words
