"""`paso session list`, `show` and `output`: look at sessions.

Never: change one but to note that it has ended.
"""

from __future__ import annotations

from contextlib import suppress

from paso.cli.arguments import Command, Option
from paso.cli.output import write
from paso.cli.pieces import SESSION
from paso.cli.session_find import Found, find, here, others, our_computer
from paso.cli.session_words import session_lines, session_table
from paso.computer import Computer
from paso.errors import Ambiguous, NotFound, ToolFailed
from paso.model import LIVE_PHASES, OUTPUT_LINES, TMUX
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Session, SessionEvent

RECENT_DAYS = 1
SHORTEST_ID = 4
"""Digits of a computer's id that name it."""
MOST = 1000
"""Sessions that are listed without --all."""
LAST_LINES = 8
"""Lines of output that `show` tells."""
HISTORY = 12


def run_list(context: Context, found: Arguments) -> int:
    """List sessions; those that need the user first.

    Raises:
        NotFound, DaemonUnreachable: see `_check_computer`.
    """
    look_if_nobody_does(context)
    every = sorted(filter(_chosen(found), _every(context, found)), key=_order)
    if not every:
        _check_computer(context, found.text("computer"))
    ids = [one.session.id for one in every]
    data = [one.to_json() for one in every] if context.out.json else []
    context.out.show(data, ids, lambda: session_table(context.out, every))
    if not every:
        context.out.say(_nothing(found))
    return 0


def look_if_nobody_does(context: Context) -> None:
    """Without a daemon nobody notes that a session has ended: look now."""
    from paso.commands.sessions import list_sessions
    from paso.events.process import read_pid_file

    live = list_sessions(context.db, phases=LIVE_PHASES, limit=1)
    if live and read_pid_file(context.paths) is None:
        from paso.sessions.actions import look_at_all

        with suppress(ToolFailed):  # what cannot be looked at is as it was
            look_at_all(context.db)


def _every(context: Context, found: Arguments) -> Iterator[Found]:
    from paso.commands.sessions import list_sessions

    ref, project = found.text("task"), context.chosen_project
    task = context.task(ref) if ref else None
    for session in list_sessions(
        context.db,
        task_id=task.id if task else None,
        project_id=project.id if project else None,
        limit=None if found.has("all") else MOST,
    ):
        yield here(context, session)
    for one in others(context):
        if task is not None and one.session.task_uid != task.uid:
            continue
        if project is None or one.session.project_uid == project.uid:
            yield one


def _check_computer(context: Context, ref: str | None) -> None:
    """Tell a computer without sessions from one that is not there.

    Raises:
        NotFound: no computer is named so.
        DaemonUnreachable: other computers have joined, and no daemon answers.
    """
    from paso.cli.computer_find import find_computer

    if ref and not _names(ref, our_computer(context)):
        with suppress(Ambiguous):
            find_computer(context, ref)


def _names(ref: str, computer: Computer) -> bool:
    """Whether it is the name of the computer, or the beginning of its id."""
    text = ref.strip().casefold()
    begins = len(text) >= SHORTEST_ID and computer.id.startswith(text)
    return begins or computer.name.casefold() == text


def _chosen(found: Arguments) -> Callable[[Found], bool]:
    from paso.cli.times import moment

    since = moment(f"{RECENT_DAYS}d")
    ref = found.text("computer")

    def is_chosen(one: Found) -> bool:
        session = one.session
        if ref and not _names(ref, Computer(session.computer, one.computer_name)):
            return False
        needs, live = session.attention != "none", session.phase in LIVE_PHASES
        if found.has("needs-me"):
            return needs
        if found.has("live"):
            return live
        return found.has("all") or needs or live or (session.ended_at or "") >= since

    return is_chosen


def _order(one: Found) -> tuple[bool, bool, bool]:
    """Beside the order in which they come: newest first."""
    session = one.session
    live = session.phase in LIVE_PHASES
    return session.attention == "none", not live, not one.is_here


def _nothing(found: Arguments) -> str:
    if found.has("needs-me"):
        return "no session needs you"
    if found.has("live"):
        return "no session runs"
    more = "" if found.has("all") else " today; --all shows older ones"
    return (
        f"no sessions{more}\n"
        "  paso run -- CMD              run a command in this terminal\n"
        "  paso session start -- CMD    or in one of its own, to attach to later"
    )


def run_show(context: Context, found: Arguments) -> int:
    """Tell all there is to know about a session."""
    one = find(context, found.word("ID"))
    history = _history(context, one)
    data = one.to_json() | {"history": history}
    context.out.show(
        data, [one.session.id], lambda: list(_show_lines(context, one, history))
    )
    return 0


def _history(context: Context, one: Found) -> list[SessionEvent]:
    from paso.commands.sessions import session_history

    return session_history(context.db, one.session.id) if one.is_here else []


def _show_lines(
    context: Context, one: Found, history: list[SessionEvent]
) -> Iterator[str]:
    out = context.out
    yield from session_lines(out, one)
    text = output_of(context, one, LAST_LINES) if one.is_here else one.session.preview
    if text.strip():
        yield from ("", out.palette.dim("Output"))
        yield from (f"  {escape(line)}" for line in text.rstrip("\n").split("\n"))
    if history:
        yield from ("", out.palette.dim("History"))
        yield from (_event_line(context, event) for event in history[-HISTORY:])


def _event_line(context: Context, event: SessionEvent) -> str:
    from paso.cli.times import ago

    state = event.phase if event.phase != "running" else event.activity
    why = f"  {escape(event.reason)}" if event.reason else ""
    needs = "" if event.attention == "none" else f" ({event.attention})"
    return f"  {context.out.palette.dim(f'{ago(event.at):>12}')}  {state}{needs}{why}"


def output_of(context: Context, one: Found, lines: int) -> str:
    """The last lines of a session, here or elsewhere.

    Raises:
        Refused, TimedOut, PeerUnreachable: what its computer answered, or did not.
    """
    if one.is_here:
        return _output_here(context, one.session, lines)
    from paso.cli.session_remote import act

    return str(act(context, one, "session_output", {"lines": lines})["output"])


def _output_here(context: Context, session: Session, lines: int) -> str:
    from paso.commands.session_phases import OVER

    if session.backend == TMUX and session.phase not in OVER:
        from paso.sessions.actions import output

        try:
            return output(context.db, session.id, lines)
        except ToolFailed:
            return session.preview
    # What `output` does, too; but most are over, and need nothing that knows tmux.
    from paso.commands.sessions import saved_tail

    kept = saved_tail(context.db, session.id).rstrip().splitlines()
    return "\n".join(kept[-lines:])


def run_output(context: Context, found: Arguments) -> int:
    """Print the last lines of a session's terminal."""
    one = find(context, found.word("ID"))
    count = found.number("lines", least=1) or OUTPUT_LINES
    text = output_of(context, one, count)
    if context.out.json:
        context.out.document({"id": one.session.id, "lines": text.splitlines()})
    elif text:
        write(escape(text.rstrip("\n"), lines=True) + "\n")
    elif one.session.backend == "pty" and one.session.phase in LIVE_PHASES:
        raise NotFound(
            "it runs in its own terminal, which has shown nothing that is kept yet"
        )
    return 0


LIST = Command(
    "session list",
    run_list,
    "List sessions, those that need you first; of all computers that joined.",
    options=(
        Option("-a --all", "older ones too; else those of the last day"),
        Option("--live", "only those that run"),
        Option("--needs-me", "only those that need you"),
        Option("--task", "only those of this task", "T", complete="task"),
        Option("--computer", "only those of this computer, by name or id", "C"),
    ),
    examples=("paso session list", "paso session list --needs-me --quiet"),
    notes="Signs: ? waits for you, ✗ failed, ∅ lost, ✓ finished and not seen yet,\n"
    "► works, ◇ idle, … starts or stops, · over and seen.",
)
SHOW = Command(
    "session show",
    run_show,
    "Tell all there is to know about a session.",
    (SESSION,),
)
OUTPUT = Command(
    "session output",
    run_output,
    "Print the last lines of a session's terminal; they are kept when it ends.",
    (SESSION,),
    (Option("-n --lines", f"at most so many; else {OUTPUT_LINES}", "N"),),
    ("paso session output 3f2a91 -n 40",),
)
