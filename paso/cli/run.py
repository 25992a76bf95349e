"""`paso run`: a command in the current terminal, as a session of the board.

Never: come between the command and its terminal, fail because of the database.
"""

from __future__ import annotations

import os

from paso.cli.arguments import Argument, Command
from paso.cli.pieces import FOR_TASK, TITLE
from paso.cli.session_work import folder, named_task, title_of, work_of
from paso.model import new_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.database.connection import Database
    from paso.sessions.activity import Activity

CLIENT = "run"


def run(context: Context, found: Arguments) -> int:
    """Run the command, and end with its exit code."""
    from paso.paths import Paths
    from paso.sessions.run.draft import Draft
    from paso.sessions.run.runner import run as run_session

    argv = tuple(found.words("CMD"))
    title = title_of(found)
    task = named_task(context, found.text("task"))
    session_id = new_session_id()
    draft = Draft(session_id, argv, folder(), title, work_of(context, task))
    environ = dict(os.environ, PASO_SESSION_ID=session_id, PASO_HOME=Paths().home)
    if task is not None:
        environ["PASO_TASK"] = task.key
    context.close()
    outcome = run_session(draft, environ, lambda seen: _open_board(context, seen))
    if outcome.failure:
        context.out.warn(f"cannot run {argv[0]!r}: {outcome.failure}")
    if outcome.unrecorded:
        context.out.warn(outcome.unrecorded)
    return outcome.exit_code


def _open_board(context: Context, activity: Activity) -> Database:
    """Open the board for the thread that records."""
    from paso.database.connection import open_database
    from paso.sessions.run.recorder import WAIT_S
    from paso.store import Announcer

    config = context.config
    activity.idle_after_s = config.session_idle_s
    announcer = Announcer(context.paths, CLIENT, config.auto_start)
    return open_database(
        context.paths.database,
        actor=config.actor,
        client=CLIENT,
        on_commit=announcer,
        wait_s=WAIT_S,
    )


COMMANDS = (
    Command(
        "run",
        run,
        "Run a command in this terminal, as a session of the board.",
        (Argument("CMD", "the command and its arguments, best after --", "+", "file"),),
        (FOR_TASK, TITLE),
        (
            "paso run -- make test",
            "paso run --task WEB-12 -- claude",
            "paso run --title build -- make 2>&1 | tee build.log",
        ),
        "The command has its screen, keys, signals and exit code as without it; one\n"
        "that a signal ended gives 128 and its number. Cards and `paso session list`\n"
        "show meanwhile whether it works, idles, or rang for you. It is given\n"
        "PASO_SESSION_ID, and PASO_TASK with --task. Nothing about the database or\n"
        "the daemon keeps it from running.",
        takes_command=True,
    ),
)
