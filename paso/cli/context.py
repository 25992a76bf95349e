"""What a command works with: the home, the open board, the references it is given.

Everything is opened on first use, so that a command pays for what it needs.

Never: hold a rule of the board, or print a result.
"""

from __future__ import annotations

import os
import sys

from paso.cli.output import Output, is_terminal
from paso.errors import InvalidValue, NoProject, NotFound, PasoError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paso.config import Config
    from paso.database.connection import Database
    from paso.model import Project, Task
    from paso.paths import Paths

CLIENT = "cli"


class Context:
    """One call of `paso`.

    Arguments:
        out: where results go.
        project: what `--project` said.
    """

    __slots__ = ("out", "explicit_project", "_config", "_db", "_paths", "_project")

    def __init__(self, out: Output, project: str | None = None) -> None:
        self.out = out
        self.explicit_project = project
        self._paths: Paths | None = None
        self._config: Config | None = None
        self._db: Database | None = None
        self._project: Project | None = None

    @property
    def paths(self) -> Paths:
        if self._paths is None:
            from paso.paths import Paths

            self._paths = Paths()
            if self.config.socket:
                self._paths = Paths(socket=self.config.socket)
        return self._paths

    @property
    def config(self) -> Config:
        if self._config is None:
            from paso.config import load_config
            from paso.paths import Paths

            self._config = load_config(self._paths or Paths())
        return self._config

    @property
    def db(self) -> Database:
        if self._db is None:
            from paso.store import open_store

            self._db = open_store(self.paths, self.config, CLIENT)
        return self._db

    @property
    def project(self) -> Project:
        """The current project, found in the order of docs/cli.md."""
        if self._project is None:
            from paso.commands.projects import current_project

            self._project = current_project(
                self.db, self.explicit_project, cwd=_folder(), environ=os.environ
            )
        return self._project

    @property
    def chosen_project(self) -> Project | None:
        """The project of `--project`; None stands for all."""
        return self.project if self.explicit_project else None

    def task(self, ref: str) -> Task:
        """Find a task; a key of another project needs no current project."""
        from paso.commands.tasks import find_task

        try:
            project_id = self.project.id
        except NoProject:
            return self._task_anywhere(ref)
        return find_task(self.db, ref, project_id=project_id)

    def _task_anywhere(self, ref: str) -> Task:
        from paso.commands.tasks import find_task

        try:
            return find_task(self.db, ref, project_id=None)
        except NotFound:
            if ref.isdigit():
                _ = self.project
            raise

    def tasks(self, refs: Sequence[str]) -> list[Task]:
        """Find tasks, each once; `-` stands for references on stdin."""
        found = {task.id: task for task in map(self.task, expand_refs(refs))}
        return list(found.values())

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is lost; the answer is no unless it says yes.

        Raises:
            UsageError: there is nobody to ask.
            PasoError: the answer was no.
        """
        if yes:
            return
        if self.out.json or not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            raise UsageError(
                "this deletes, and there is nobody to ask", hint="add --yes"
            )
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        if _answer() not in ("y", "yes"):
            raise PasoError("nothing was deleted")

    def rouse_daemon(self) -> None:
        """Start the daemon if this call read the board and none runs; cheap, no wait.

        A write does so itself when it is announced.
        """
        if self._db is None or self._db.last_commit or not self.config.auto_start:
            return
        from paso.events.process import read_pid_file

        if read_pid_file(self.paths) is not None:
            return
        from paso.events.launcher import spawn_detached

        try:
            spawn_detached(self.paths)
        except PasoError:
            # Reading the board needs none; `paso daemon start` tells the reason.
            return

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _answer() -> str:
    """What was typed; the line of the question is ended if ctrl+c or ctrl+d did not."""
    line = ""
    try:
        line = sys.stdin.readline()
    finally:
        if not line.endswith("\n"):
            print(file=sys.stderr)
    return line.strip().lower()


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"


def expand_refs(refs: Iterable[str]) -> list[str]:
    """Replace `-` by the words on stdin."""
    found: list[str] = []
    for ref in refs:
        found.extend(read_stdin().split() if ref == "-" else [ref])
    if not found:
        raise UsageError("no task was named on stdin")
    return found


def text_or_stdin(word: str) -> str:
    """`-` stands for the text on stdin, without the newline at its end."""
    return read_stdin().rstrip("\n") if word == "-" else word


def read_stdin() -> str:
    """All of stdin as text.

    Raises:
        InvalidValue: it is not UTF-8.
    """
    if is_terminal(sys.stdin):
        print("reading from the terminal; end with ctrl+d", file=sys.stderr)
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidValue(f"stdin is not UTF-8 at byte {error.start}") from error
