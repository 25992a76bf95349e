"""`paso session` verbs that change only what is noted: ack, link, rename, remove.

Never: act on a command, or on a session of another computer.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import expand_refs
from paso.cli.pieces import SESSION, SESSIONS, YES
from paso.cli.session_act import answer
from paso.cli.session_find import find_here, here
from paso.cli.session_words import session_line
from paso.errors import UsageError
from paso.model import SHORT_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.model import Session


def run_ack(context: Context, found: Arguments) -> int:
    """Note that the user has seen them."""
    from paso.commands.sessions import acknowledge, list_sessions

    refs = found.words("ID")
    if bool(refs) == found.has("all"):
        raise UsageError("name sessions, or --all")
    if refs:
        chosen = _sessions(context, refs)
    else:
        chosen = list_sessions(context.db, needs_user=True)
    with context.db.write():
        seen = [acknowledge(context.db, session.id) for session in chosen]
    _answer_all(context, seen)
    if not seen:
        context.out.say("no session needed you")
    return 0


def _sessions(context: Context, refs: list[str]) -> list[Session]:
    found = {one.id: one for one in (find_here(context, r) for r in expand_refs(refs))}
    return list(found.values())


def _answer_all(context: Context, sessions: list[Session]) -> None:
    context.out.show(
        [here(context, one).to_json() for one in sessions] if context.out.json else [],
        [one.id for one in sessions],
        lambda: [session_line(context.out, one) for one in sessions],
    )


def run_link(context: Context, found: Arguments) -> int:
    """Tie a session to a task, or to none."""
    from paso.commands.sessions import link_session

    ref = found.text("task")
    if (ref is not None) == found.has("none"):
        raise UsageError("to what? --task T, or --none")
    session = find_here(context, found.word("ID"))
    task = context.task(ref) if ref is not None else None
    linked = link_session(context.db, session.id, task.id if task else None)
    to = f"works on {task.key}" if task else "works on no task"
    line = session_line(context.out, linked)
    return answer(context, here(context, linked), f"{line}  {to}")


def run_rename(context: Context, found: Arguments) -> int:
    """Give a session another title."""
    from paso.commands.sessions import rename_session

    session = find_here(context, found.word("ID"))
    renamed = rename_session(context.db, session.id, found.word("TITLE"))
    return answer(context, here(context, renamed))


def run_remove(context: Context, found: Arguments) -> int:
    """Forget sessions that are over."""
    from paso.commands.sessions import remove_session

    sessions = _sessions(context, found.words("ID"))
    what = (
        f"session {sessions[0].id[:SHORT_ID]} {sessions[0].title!r}"
        if len(sessions) == 1
        else f"{len(sessions)} sessions"
    )
    context.confirm(f"Forget {what}, with history and output?", yes=found.has("yes"))
    with context.db.write():
        for session in sessions:
            remove_session(context.db, session.id)
    ids = [session.id for session in sessions]
    context.out.show(ids, ids, lambda: [f"removed {one[:SHORT_ID]}" for one in ids])
    return 0


ACK = Command(
    "session ack",
    run_ack,
    "Note that you have seen sessions; they need you no more.",
    (SESSIONS._replace(number="*"),),
    (Option("--all", "all that need you"),),
    ("paso session ack 3f2a91", "paso session ack --all"),
)
LINK = Command(
    "session link",
    run_link,
    "Tie a session to a task, or to none.",
    (SESSION,),
    (
        Option("--task", "the task", "T", complete="task"),
        Option("--none", "to no task"),
    ),
    ("paso session link 3f2a91 --task WEB-12",),
)
RENAME = Command(
    "session rename",
    run_rename,
    "Give a session another title.",
    (SESSION, Argument("TITLE", "the new one")),
)
REMOVE = Command(
    "session remove",
    run_remove,
    "Forget sessions that are over, with their history.",
    (SESSIONS,),
    (YES,),
    ("paso session remove 3f2a91 --yes",),
)
