"""`paso session report` and `wait`: for the hooks of agents, and for scripts.

Never: print where the output of a hook would be read as words of its user.
"""

from __future__ import annotations

import os
import time

from paso.cli.arguments import Command, Option
from paso.cli.pieces import SESSION
from paso.errors import InvalidValue, NotFound, PhaseRefused, TimedOut, UsageError
from paso.model import ACTIVITIES, FINAL_PHASES, IDLE, LIVE_PHASES, WAITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.session_find import Found
    from paso.model import Session

VARIABLE = "PASO_SESSION_ID"
APPEARS_S = 1.0
"""Seconds in which the record of a session that has just started appears."""
LOOK_S = 0.1
"""Seconds between two looks for another process's write; a look costs 10 µs."""
ASK_S = 1.0
"""Seconds between two questions to the daemon, or to tmux where there is none."""


def run_report(context: Context, found: Arguments) -> int:
    """Note what a session says of itself."""
    from paso.commands.sessions import report

    state = found.text("state")
    if state not in ACTIVITIES:
        raise UsageError("which state?", hint=f"--state {'|'.join(ACTIVITIES)}")
    named = found.text("id")
    session_id = named or os.environ.get(VARIABLE)
    if not session_id:
        if found.has("if-session"):
            return _answer(context, None)
        raise UsageError(
            f"this is no session: {VARIABLE} is not set",
            hint="--id ID names one; --if-session makes this no error",
        )
    if named:
        from paso.cli.session_find import find_here

        session_id = find_here(context, named).id
    else:
        _wait_for_record(context, session_id)
    message = found.text("message") or ""
    try:
        session = report(context.db, session_id, state, message)
    except (NotFound, PhaseRefused):
        if found.has("if-session"):
            return _answer(context, None)
        raise
    return _answer(context, session)


def _wait_for_record(context: Context, session_id: str) -> None:
    """`paso run` starts the command first, and writes beside it."""
    deadline = time.monotonic() + APPEARS_S
    sql = "SELECT 1 FROM sessions WHERE id = ?"
    while context.db.value(sql, (session_id,)) is None:
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)


def _answer(context: Context, session: Session | None) -> int:
    """Nothing in words: an agent may take the output of its hook for a message."""
    if context.out.json:
        from paso.cli.session_find import here

        context.out.document(here(context, session).to_json() if session else None)
    elif context.out.quiet and session:
        context.out.lines([session.id])
    return 0


GOALS: dict[str, Callable[[Session], bool]] = {
    "ended": lambda session: session.phase in FINAL_PHASES,
    "idle": lambda session: session.phase in LIVE_PHASES and session.activity == IDLE,
    "waiting": lambda session: (
        session.phase in LIVE_PHASES
        and (session.activity == WAITING or session.attention == "input")
    ),
}


def run_wait(context: Context, found: Arguments) -> int:
    """Wait until a session has ended, idles or waits for its user."""
    from paso.cli.session_act import answer
    from paso.cli.session_find import find

    goal = found.text("for") or "ended"
    if goal not in GOALS:
        raise UsageError(f"wait for what? not {goal!r}", candidates=tuple(GOALS))
    timeout_s = _seconds(found.text("timeout"))
    one = find(context, found.word("ID"))
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    look = _look_here if one.is_here else _look_elsewhere
    while not GOALS[goal](one.session):
        if one.session.phase in FINAL_PHASES:
            raise PhaseRefused(f"the session is {one.session.phase}, not {goal}")
        if deadline is not None and time.monotonic() >= deadline:
            raise TimedOut(f"it is still {_state(one.session)} after {timeout_s:g} s")
        one = look(context, one, deadline)
    return answer(context, one)


def _state(session: Session) -> str:
    return session.activity if session.phase == "running" else session.phase


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        raise UsageError(f"--timeout takes seconds, not {text!r}") from None
    if not seconds >= 0:  # `nan` is no time either
        raise InvalidValue(f"a time of 0 s or more, not {seconds:g}")
    return seconds


def _look_here(context: Context, one: Found, deadline: float | None) -> Found:
    """Look again when something was written, or when nobody else looks after it."""
    from paso.commands.sessions import get_session
    from paso.events.process import read_pid_file

    db, before = context.db, context.db.data_version()
    until = time.monotonic() + ASK_S
    until = until if deadline is None else min(until, deadline)
    while db.data_version() == before and time.monotonic() < until:
        time.sleep(LOOK_S)
    if db.data_version() == before and read_pid_file(context.paths) is None:
        from paso.sessions.actions import look_again

        return one._replace(session=look_again(db, one.session.id))
    return one._replace(session=get_session(db, one.session.id))


def _look_elsewhere(context: Context, one: Found, deadline: float | None) -> Found:
    from paso.cli.session_find import as_told
    from paso.cli.session_remote import act

    wait = ASK_S if deadline is None else min(ASK_S, deadline - time.monotonic())
    time.sleep(max(wait, 0.0))
    return as_told(one, act(context, one, "session", {}))


REPORT = Command(
    "session report",
    run_report,
    "Say what a session does; for the hooks of agents, from inside of it.",
    options=(
        Option("--state", "|".join(ACTIVITIES), "STATE", complete="|".join(ACTIVITIES)),
        Option("--message", "why, in words", "M"),
        Option("--id", f"another session than ${VARIABLE}", "ID", complete="session"),
        Option("--if-session", "outside of a session, do nothing"),
    ),
    examples=(
        "paso session report --state waiting --message 'May I delete it?'",
        "paso session report --state working --if-session",
    ),
    notes="From then on the session is believed, and its output is no guess any more.\n"
    "Nothing is printed, so that no hook is read as words of its user.",
)
WAIT = Command(
    "session wait",
    run_wait,
    "Wait until a session has ended, idles, or waits for its user.",
    (SESSION,),
    (
        Option(
            "--for",
            f"{'|'.join(GOALS)}; else ended",
            "STATE",
            complete="|".join(GOALS),
        ),
        Option("--timeout", "seconds after which to give up, exit 6", "S"),
    ),
    ("paso session wait build --for ended --timeout 600",),
)
