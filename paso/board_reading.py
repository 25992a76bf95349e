"""The half of the public `Board` that reads: find, list, follow, close.

Never: write to the board, hold a rule of it.
"""

from __future__ import annotations

import os

from paso.store import Announcer, close_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from paso.config import Config
    from paso.database.connection import Database
    from paso.events.client import Changed
    from paso.events.publisher import Publisher
    from paso.model import (
        Change,
        Column,
        Label,
        Project,
        Session,
        SessionEvent,
        Task,
        TaskDetails,
    )
    from paso.paths import Paths

    TaskRef = Task | str
    ProjectRef = Project | str | None
    SessionRef = Session | str


class BoardReading:
    """What `Board` knows without writing.

    Arguments:
        paths: its files.
        config: the settings that hold.
        db: the open database, its commits announced.
    """

    def __init__(self, paths: Paths, config: Config, db: Database) -> None:
        self.paths = paths
        self.config = config
        self.db = db

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and the connection to the daemon; twice does no harm."""
        close_store(self.db)

    @property
    def publisher(self) -> Publisher | None:
        """What tells the daemon of writes; None before the first one."""
        announcer = self.db.on_commit
        return announcer.publisher if isinstance(announcer, Announcer) else None

    def projects(self, *, archived: bool | None = False) -> list[Project]:
        """Return the projects by name.

        Arguments:
            archived: False = those at work, True = those archived, None = both.
        """
        from paso.commands.projects import list_projects

        return list_projects(self.db, archived=archived)

    def project(self, ref: ProjectRef = None) -> Project:
        """Return a project; without a reference the current one.

        Raises:
            NoProject: several could be meant.
        """
        from paso.commands.projects import current_project, get_project

        if ref is None or isinstance(ref, str):
            return current_project(self.db, ref, cwd=_folder(), environ=os.environ)
        return get_project(self.db, ref.id)

    def columns(self, project: ProjectRef = None) -> list[Column]:
        """Return the columns of a project, left to right."""
        from paso.commands.columns import list_columns

        return list_columns(self.db, self.project(project).id)

    def labels(self, project: ProjectRef = None) -> list[Label]:
        """Return the labels of a project by name."""
        from paso.commands.labels import list_labels

        return list_labels(self.db, self.project(project).id)

    def tasks(
        self,
        filter: str = "",
        *,
        project: ProjectRef = None,
        archived: bool | None = False,
    ) -> list[Task]:
        """Return the tasks that pass a filter, in the order of the board.

        Arguments:
            filter: as on the command line, such as `label:bug prio>=high -is:blocked`.
            project: absent = all projects that are not archived.
            archived: False = those at work, True = those archived, None = both.
        Raises:
            InvalidValue: the filter cannot be read; the message has the position.
        """
        from paso.commands.filters import parse_filter
        from paso.commands.tasks import list_tasks

        found = parse_filter(filter) if filter.strip() else None
        project_id = None if project is None else self.project(project).id
        return list_tasks(self.db, project_id, filter=found, archived=archived)

    def task(self, ref: TaskRef) -> Task:
        """Return a task as it is now."""
        from paso.commands.tasks import find_task, get_task
        from paso.errors import NoProject

        if not isinstance(ref, str):
            return get_task(self.db, ref.id)
        try:
            project_id = self.project().id
        except NoProject:
            return find_task(self.db, ref, project_id=None)
        return find_task(self.db, ref, project_id=project_id)

    def details(self, task: TaskRef) -> TaskDetails:
        """Return a task with its comments, relations and history."""
        from paso.commands.tasks import task_details

        return task_details(self.db, self.task(task).id)

    def sessions(
        self,
        *,
        task: TaskRef | None = None,
        project: ProjectRef = None,
        live: bool | None = None,
        needs_user: bool = False,
    ) -> list[Session]:
        """Return sessions of this computer: those that need the user, then the live
        ones, then the newest.

        Arguments:
            task, project: only those of this task, of this project.
            live: True = those that run, False = those that are over, None = both.
            needs_user: only those that need the user.
        """
        from paso.commands.sessions import list_sessions
        from paso.model import FINAL_PHASES, LIVE_PHASES, PHASES

        return list_sessions(
            self.db,
            task_id=None if task is None else self.task(task).id,
            project_id=None if project is None else self.project(project).id,
            phases={None: PHASES, True: LIVE_PHASES, False: FINAL_PHASES}[live],
            needs_user=needs_user,
        )

    def session(self, ref: SessionRef) -> Session:
        """Return a session as it is now.

        Arguments:
            ref: a record of one, four characters or more of its id, or a part of its
                title; those that run win over those that are over.
        """
        from paso.commands.sessions import find_session, get_session

        if isinstance(ref, str):
            return find_session(self.db, ref)
        return get_session(self.db, ref.id)

    def session_history(self, ref: SessionRef) -> list[SessionEvent]:
        """Return what became of a session, oldest first."""
        from paso.commands.sessions import session_history

        return session_history(self.db, self.session(ref).id)

    def log(self, *, since: int | str | None = None, limit: int = 100) -> list[Change]:
        """Return changes of the whole board, oldest first.

        Arguments:
            since: the number of a change, or a time (RFC 3339).
            limit: the newest that many.
        """
        from paso.commands.undo import log

        return log(self.db, since=since, limit=limit)

    def follow(
        self, *, project: ProjectRef = None, timeout_s: float | None = None
    ) -> Iterator[Changed]:
        """Wait for changes, by anybody, from now on; each is given once, in order.

        It starts the daemon unless that is switched off; without a daemon it looks
        at the database each second. Missed connections are made up for.

        Arguments:
            project: only changes of this one.
            timeout_s: end after so many seconds without a change; absent = never.
        Returns:
            An iterator, blocking; to be used in the thread of this board, outside of
            a running asyncio loop (use `paso.events.client.EventClient` there).
        """
        from paso.following import follow

        project_id = 0 if project is None else self.project(project).id
        return follow(
            self.paths,
            client=self.db.client,
            auto_start=self.config.auto_start,
            project_id=project_id,
            last_change=self.db.change_head(),
            timeout_s=timeout_s,
        )


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"
