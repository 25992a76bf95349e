"""`paso run`: a command in the current terminal, as a session of the board.

Never: come between the command and its terminal, fail because of the database.
"""

from __future__ import annotations

import os
from contextlib import suppress

from paso.cli.arguments import Argument, Command, Option
from paso.errors import InvalidValue, NotFound, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.database.connection import Database
    from paso.model import Project, Task
    from paso.sessions.activity import Activity

    Work = Callable[[Database], tuple[int | None, int | None]]

CLIENT = "run"


def run(context: Context, found: Arguments) -> int:
    """Run the command, and end with its exit code."""
    from paso.paths import Paths
    from paso.sessions.recorder import Draft
    from paso.sessions.runner import new_id
    from paso.sessions.runner import run as run_session

    argv = tuple(found.words("CMD"))
    title = _title(found)
    task = _task(context, found.text("task"))
    session_id = new_id()
    draft = Draft(session_id, argv, _folder(), title, _work(context, task))
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


def _title(found: Arguments) -> str:
    from paso.commands.values import line
    from paso.model import TITLE_MAX

    title = found.text("title")
    return "" if title is None else line("title", title, TITLE_MAX)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "?"


def _task(context: Context, ref: str | None) -> Task | None:
    """The task that was named; that none can be looked up does not stop the run.

    Raises:
        NotFound: there is no such task, or no such project.
    """
    with suppress(StoreError):
        if context.explicit_project:
            _ = context.project
        return context.task(ref) if ref is not None else None
    return None


def _work(context: Context, task: Task | None) -> Work:
    """Finds task and project: those named, those of the session around, or the folder.

    The project used last is not meant: a command anywhere has nothing to do with it.
    """

    def find(db: Database) -> tuple[int | None, int | None]:
        if task is not None:
            return task.id, None
        explicit = context.explicit_project
        around = None if explicit else _task_around(db)
        if around is not None:
            return around.id, None
        project = _project_here(db, explicit)
        return None, project.id if project else None

    return find


def _task_around(db: Database) -> Task | None:
    """The task of the session that we run in."""
    from paso.commands.tasks import find_task

    with suppress(NotFound):
        key = os.environ.get("PASO_TASK")
        return find_task(db, key, project_id=None) if key else None
    return None


def _project_here(db: Database, explicit: str | None) -> Project | None:
    from paso.commands.projects import named_project

    try:
        return named_project(db, explicit, cwd=_folder())
    except (NotFound, InvalidValue):
        return None


def _open_board(context: Context, activity: Activity) -> Database:
    """Open the board for the thread that records."""
    from paso.database.connection import open_database
    from paso.sessions.recorder import WAIT_S
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
        (
            Option("--task", "the task it works on", "T", complete="task"),
            Option("--title", "what to call it; else the task or the command", "S"),
        ),
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
