"""How sessions look on the command line: the table, the line, all facts of one.

Signs and words are those of the board.

Never: read the board or print.
"""

from __future__ import annotations

from datetime import UTC, datetime

from paso.cli.table import Head, table
from paso.cli.times import ago
from paso.model import PTY, SHORT_ID, TMUX
from paso.text import escape
from paso.tui.session_words import (
    age_of,
    phase_words,
    sign_of,
    state_of,
    told_words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paso.cli.output import Output
    from paso.cli.session_find import Found
    from paso.model import Session

COLORS = {
    "waiting": "#EAB308",
    "failed": "#EF4444",
    "lost": "#EF4444",
    "finished": "#22C55E",
    "working": "#3B82F6",
}


def session_table(out: Output, every: Sequence[Found]) -> list[str]:
    """A line for each session; those of other computers say where."""
    paint, now = out.palette, datetime.now(UTC)
    elsewhere = not all(one.is_here for one in every)

    def state(cell: str, row: int) -> str:
        color = COLORS.get(state_of(every[row].session))
        return paint.color(cell, color) if color else paint.dim(cell)

    heads = (
        Head("", state),
        Head("id", lambda cell, _: paint.bold(cell)),
        Head("title", least=12),
        Head("task", spare=2),
        Head("state", state, least=9),
        Head("age", right=True, spare=1),
        Head("where", least=8, spare=3),
    )
    rows = [
        (
            sign_of(one.session),
            one.session.id[:SHORT_ID],
            escape(one.session.title),
            escape(one.session.task or ""),
            told_words(one.session, fresh=one.is_fresh),
            age_of(one.session, now),
            _where(one) if elsewhere else "",
        )
        for one in every
    ]
    return table(out, heads, rows)


def _where(one: Found) -> str:
    if one.is_here:
        return "here"
    return f"{escape(one.computer_name)}{_doubt(one)}"


def _doubt(one: Found) -> str:
    return "" if one.is_fresh else f" ({_age_words(one)})"


def _age_words(one: Found) -> str:
    """How old the news of another computer's session are."""
    from paso.cli.times import period

    if one.source["state"] == "unreachable":
        return "unreachable"
    age_s = one.source.get("age_s")
    return "stale" if age_s is None else f"{period(int(age_s))} old"


def session_line(out: Output, session: Session) -> str:
    """The session in a line: what a command that changed it answers."""
    short = out.palette.bold(session.id[:SHORT_ID])
    state = out.palette.dim(f"({phase_words(session)})")
    return f"{short}  {escape(session.title)}  {state}"


def session_lines(out: Output, one: Found) -> Iterator[str]:
    """All there is to know of a session, but its history."""
    session, paint = one.session, out.palette
    yield (
        f"{paint.bold(session.id[:SHORT_ID])}  {paint.bold(escape(session.title))}"
        f"  {sign_of(session)} {phase_words(session)}"
    )
    for name, value in _facts(one):
        if value:
            yield f"  {paint.dim(f'{name:9}')} {value}"


def _facts(one: Found) -> Iterator[tuple[str, str]]:
    session = one.session
    yield "task", _task(session)
    yield "project", escape(session.project or "") if not session.task else ""
    yield "command", escape(_command(session.argv))
    yield "folder", escape(session.cwd)
    yield "terminal", _terminal(session)
    where = f"{escape(one.computer_name)}, id {session.computer}"
    yield "computer", f"{where}{_doubt(one)}"
    yield "pid", str(session.pid or "")
    yield "activity", _activity(session)
    yield "exit code", "" if session.exit_code is None else str(session.exit_code)
    yield "started", ago(session.started_at or session.created_at)
    yield "ended", ago(session.ended_at) if session.ended_at else ""
    yield "by", escape(session.created_by)
    yield "id", session.id


def _task(session: Session) -> str:
    title = session.task_title
    return escape(f"{session.task}  {title}" if title else session.task or "")


def _command(argv: Sequence[str]) -> str:
    from shlex import join

    return join(argv)


def _terminal(session: Session) -> str:
    if session.adopted:
        return "a tmux pane that was adopted"
    own = {PTY: "its own (paso run)", TMUX: "Paso's tmux server"}
    return own.get(session.backend, "")


def _activity(session: Session) -> str:
    if session.ended_at:
        return ""
    seen = f", output {ago(session.active_at)}" if session.active_at else ""
    return f"{session.activity}{seen}"
