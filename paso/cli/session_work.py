"""What a session works on: the task or project that is named, or that is around it.

Never: start or change a session.
"""

from __future__ import annotations

import os
from contextlib import suppress

from paso.errors import InvalidValue, NotFound, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.database.connection import Database
    from paso.model import Project, Task

    Work = Callable[[Database], tuple[int | None, int | None]]


def title_of(found: Arguments) -> str:
    """What `--title` says; empty without one.

    Raises:
        InvalidValue: it is empty, too long, or more than a line.
    """
    from paso.commands.values import line
    from paso.model import TITLE_MAX

    title = found.text("title")
    return "" if title is None else line("title", title, TITLE_MAX)


def folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "?"


def named_task(context: Context, ref: str | None) -> Task | None:
    """The task that was named; that none can be looked up does not stop a run.

    Raises:
        NotFound: there is no such task, or no such project.
    """
    with suppress(StoreError):
        if context.explicit_project:
            _ = context.project
        return context.task(ref) if ref is not None else None
    return None


def work_of(context: Context, task: Task | None) -> Work:
    """Finds the ids of task and project of a new session.

    They are those named, those of the session that it is started in, or the project
    of the folder. The project used last is not meant: a command anywhere has nothing
    to do with it.
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
    from paso.commands.tasks import find_task

    with suppress(NotFound):
        key = os.environ.get("PASO_TASK")
        return find_task(db, key, project_id=None) if key else None
    return None


def _project_here(db: Database, explicit: str | None) -> Project | None:
    from paso.commands.projects import named_project

    try:
        # Of a folder that is gone nothing is above it but the root.
        return named_project(db, explicit, cwd=os.path.join("/", folder()))
    except (NotFound, InvalidValue):
        return None
