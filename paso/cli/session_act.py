"""`paso session` verbs that act on a running session: start, attach, send, end.

Never: know tmux; act on another computer's session here.
"""

from __future__ import annotations

import os
import sys

from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import text_or_stdin
from paso.cli.output import flush, is_terminal
from paso.cli.pieces import FOR_TASK, SESSION, TITLE
from paso.cli.session_find import Found, as_told, find, here
from paso.cli.session_words import session_line
from paso.cli.session_work import title_of, work_of
from paso.errors import InvalidValue, PasoError, Refused, UsageError
from paso.model import GRACE_S, REMOTE_GRACE_MAX_S, SHORT_ID
from paso.tui.session_words import attach_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Session


def answer(context: Context, one: Found, words: str = "") -> int:
    """Print a session that was changed."""
    context.out.show(
        one.to_json() if context.out.json else None,
        [one.session.id],
        lambda: [words or session_line(context.out, one.session)],
    )
    return 0


def run_start(context: Context, found: Arguments) -> int:
    """Start a command in Paso's tmux server."""
    from paso.sessions.actions import start

    argv = found.words("CMD") or [os.environ.get("SHELL") or "/bin/sh"]
    attaches = found.has("attach")
    if attaches:
        _check_terminal(context)
    task_id, project_id = _work(context, found)
    session = start(
        context.db,
        context.paths,
        argv,
        cwd=found.text("cwd") or "",
        title=title_of(found),
        task_id=task_id,
        project_id=project_id,
    )
    if attaches:
        return _attach(context, session)
    answer(context, here(context, session))
    context.out.say(f"paso session attach {session.id[:SHORT_ID]} shows it")
    return 0


def _work(context: Context, found: Arguments) -> tuple[int | None, int | None]:
    ref = found.text("task")
    return work_of(context, context.task(ref) if ref else None)(context.db)


def run_adopt(context: Context, found: Arguments) -> int:
    """Follow a tmux pane that exists."""
    from paso.sessions.actions import adopt

    task_id, project_id = _work(context, found)
    session = adopt(
        context.db,
        context.paths,
        found.word("TARGET"),
        socket=found.text("socket"),
        title=title_of(found),
        task_id=task_id,
        project_id=project_id,
    )
    return answer(context, here(context, session))


def run_attach(context: Context, found: Arguments) -> int:
    """Become the terminal of a session; with --json, say how."""
    one = find(context, found.word("ID"))
    if not one.is_here:
        raise Refused(
            f"it runs on {one.computer_name}; attach to it there",
            hint=attach_there(one.computer_name, one.session.id),
        )
    if not context.out.json:
        _check_terminal(context)
    return _attach(context, one.session)


def _check_terminal(context: Context) -> None:
    if context.out.json or not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("only a terminal can be attached to a session")


def _attach(context: Context, session: Session) -> int:
    from paso.sessions.actions import attach_argv

    argv = attach_argv(context.db, session.id)
    if context.out.json:
        context.out.document({"id": session.id, "argv": argv})
        return 0
    context.close()
    flush()
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        raise PasoError(f"cannot run {argv[0]}: {error.strerror}") from error


def run_send(context: Context, found: Arguments) -> int:
    """Type text into a session, and Enter."""
    one = find(context, found.word("ID"))
    words = found.words("TEXT")
    text = text_or_stdin(words[0]) if len(words) == 1 else " ".join(words)
    enter = not found.has("no-enter")
    if one.is_here:
        from paso.sessions.actions import send

        sent = send(context.db, one.session.id, text, enter=enter)
        return answer(context, here(context, sent))
    from paso.cli.session_remote import act

    done = act(context, one, "session_send", {"text": text, "enter": enter})
    return answer(context, as_told(one, done.get("session")))


def run_end(context: Context, found: Arguments) -> int:
    """End the command of a session, and tell what became of it."""
    grace_s = _grace(found.text("grace"))
    one = find(context, found.word("ID"))
    if one.is_here:
        from paso.sessions.actions import end

        ended = end(context.db, one.session.id, grace_s=grace_s)
        return answer(context, here(context, ended))
    if grace_s > REMOTE_GRACE_MAX_S:
        raise InvalidValue(f"another computer gives {REMOTE_GRACE_MAX_S:g} s at most")
    from paso.cli.session_remote import act

    done = act(context, one, "session_end", {"grace_s": grace_s}, takes_s=grace_s)
    return answer(context, as_told(one, done.get("session")))


def _grace(text: str | None) -> float:
    if text is None:
        return GRACE_S
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--grace takes seconds, not {text[:40]!r}") from None


START = Command(
    "session start",
    run_start,
    "Start a command in a terminal of its own, in Paso's tmux server.",
    (Argument("CMD", "the command, best after --; else your shell", "*", "file"),),
    (
        FOR_TASK,
        TITLE,
        Option(
            "--cwd", "the folder it starts in; else this one", "DIR", complete="file"
        ),
        Option("--attach", "show it here at once; ctrl+b d leaves it running"),
    ),
    (
        "paso session start --task WEB-12 -- claude",
        "paso session start --title build --cwd ~/web -- make all",
        "paso session start --attach",
    ),
    "It goes on when this terminal is closed. It is given PASO_SESSION_ID, and\n"
    "PASO_TASK with --task.",
    takes_command=True,
)
ADOPT = Command(
    "session adopt",
    run_adopt,
    "Follow a tmux pane that you made yourself; Paso never closes it.",
    (Argument("TARGET", "as %5 or name:1.2; . is the pane that we are in"),),
    (
        FOR_TASK,
        TITLE,
        Option("--socket", "another tmux server: its name or path", "S"),
    ),
    ("paso session adopt . --task WEB-12", "paso session adopt work:2.1"),
)
ATTACH = Command(
    "session attach",
    run_attach,
    "Show a session in this terminal; it counts as seen.",
    (SESSION,),
    examples=("paso session attach 3f2a91", "paso session attach build"),
    notes="Only sessions in tmux can be attached to; `paso run` has its own terminal.",
)
SEND = Command(
    "session send",
    run_send,
    "Type text into a session, then Enter.",
    (SESSION, Argument("TEXT", "one line or several; - reads it from stdin", "+")),
    (Option("--no-enter", "only the text"),),
    ("paso session send 3f2a91 yes", "paso session send claude - < prompt.md"),
)
END = Command(
    "session end",
    run_end,
    "End the command of a session: hung up, then terminated, then killed.",
    (SESSION,),
    (Option("--grace", f"seconds until it is killed; else {GRACE_S:g}", "S"),),
    ("paso session end 3f2a91", "paso session end build --grace 0"),
)
