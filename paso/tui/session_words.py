"""Sessions in signs and words: their marks on cards and in lists, their age.

Each state has a shape of its own, so it is read without colour.

Never: import textual, know a card's place or a screen.
"""

from __future__ import annotations

from paso.model import ENDED, FAILED, LIVE_PHASES, LOST, RUNNING, STARTING, STOPPING
from paso.text import cut, escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from paso.database.task_sessions import SessionMark
    from paso.model import Session

SIGNS = {
    "waiting": "?",
    "failed": "✗",
    "lost": "∅",
    "finished": "✓",
    "working": "►",
    "idle": "◇",
    "moving": "…",
    "over": "·",
}
"""State to its sign, the most pressing first."""

URGENT = ("waiting", "failed", "lost", "finished")
"""What the user has not dealt with."""

ON_CARDS = (*URGENT, "working", "idle")


def state_of(session: Session) -> str:
    """The state of a session: a key of `SIGNS`."""
    if session.phase not in LIVE_PHASES:
        if session.attention == "none":
            return "over"
        return "finished" if session.phase == ENDED else session.phase
    if session.attention == "input":
        return "waiting"
    if session.phase in (STARTING, STOPPING):
        return "moving"
    return session.activity if session.activity in SIGNS else "idle"


def sign_of(session: Session) -> str:
    """The sign of a session in a list; a failed one keeps its own when read."""
    if session.phase in (FAILED, LOST):
        return SIGNS[session.phase]
    return SIGNS[state_of(session)]


def needs_of(mark: SessionMark) -> int:
    """How many sessions of a card need the user."""
    return mark.waiting + mark.finished + mark.failed + mark.lost


def mark_words(mark: SessionMark, room: int) -> list[tuple[str, str]]:
    """The sessions of a card, as short as they can be told apart: `?2 ✗ ►3`.

    Arguments:
        room: cells there are; what finds no room is counted (`+4`).
    Returns:
        State and text of each; state `more` for the count of the others.
    """
    counts = [(name, getattr(mark, name)) for name in ON_CARDS]
    counts = [(name, count) for name, count in counts if count]
    words: list[tuple[str, str]] = []
    for at, (name, count) in enumerate(counts):
        text = SIGNS[name] + (str(count) if count > 1 else "")
        rest = sum(other for _, other in counts[at + 1 :])
        spare = len(f" +{rest}") if rest else 0
        if words and len(text) + spare > room:
            words.append(("more", f"+{count + rest}"))
            break
        words.append((name, text))
        room -= len(text) + 1
    return words


def phase_words(session: Session) -> str:
    """What a session is doing, or how it ended, in escaped words."""
    why = escape(session.reason)
    if session.phase == RUNNING:
        if session.attention == "input":
            return f"needs you: {why}" if why else "needs you"
        return session.activity
    if session.phase == ENDED:
        code = session.exit_code
        return (why or f"ended with {code}") if code else "finished"
    if session.phase == FAILED:
        return f"failed: {_failure(session) or why or 'for no known reason'}"
    return f"{session.phase}: {why}" if why else session.phase


def told_words(session: Session, *, fresh: bool) -> str:
    """As `phase_words`, with a `?` where nobody knows whether it is still so.

    Arguments:
        fresh: whether the computer that it runs on is heard.
    """
    words = phase_words(session)
    return words if fresh or session.phase not in LIVE_PHASES else f"{words}?"


def needs_words(count: int) -> str:
    """How many sessions need the user: `1 needs you`, `2 need you`."""
    return f"{count} needs you" if count == 1 else f"{count} need you"


def attach_there(computer: str, session_id: str) -> str:
    """The shell's words that attach to a session of another computer, by its name."""
    import shlex

    attach = shlex.join(["paso", "session", "attach", session_id])
    return shlex.join(["ssh", "-t", computer, attach])


def _failure(session: Session) -> str:
    if session.signal:
        return signal_name(session.signal)
    return f"exit {session.exit_code}" if session.exit_code else ""


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; `signal 99` for one that has no name."""
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def seconds_since(text: str | None, now: datetime) -> float | None:
    """Seconds from a time of the database to `now`; None when it is no time.

    A clock of another computer that goes ahead counts as now.
    """
    from datetime import UTC, datetime

    try:
        then = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((now - then).total_seconds(), 0.0)


def age_word(seconds: float | None) -> str:
    """An age in at most four cells: `now`, `12s`, `3m`, `5h`, `12d`."""
    if seconds is None:
        return ""
    if seconds < 1:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{min(int(seconds // size), 999)}{unit}"
    return f"{int(seconds)}s"


def age_of(session: Session, now: datetime) -> str:
    """How long it has run, or how long ago it ended."""
    began = session.started_at or session.created_at
    return age_word(seconds_since(session.ended_at or began, now))


def one_line(text: str, width: int) -> str:
    """Text of a session on one line: escaped, cut, its blanks as they are."""
    return cut(escape(text.strip()), width)
