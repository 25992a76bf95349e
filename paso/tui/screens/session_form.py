"""The forms of a session: start one, type text into one.

Never: know how a session is run.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

from textual.widget import Widget

from paso.errors import InvalidValue
from paso.model import TITLE_MAX, Session
from paso.sessions.environment import whole_folder
from paso.text import cut, escape
from paso.tui.screens.form import Form, row
from paso.tui.widgets.fields import TextBlock, TextLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.tui.board_app import PasoApp


class Start:
    """What a form begins with: the command used last where it is to run again."""

    def __init__(self, db: Database, task_id: int | None) -> None:
        from paso.commands.session_reading import list_sessions

        of_task = list_sessions(db, task_id=task_id, limit=20) if task_id else []
        last = _newest(of_task) or _newest(list_sessions(db, limit=200))
        self.command = shlex.join(last.argv) if last else ""
        self.folder = last.cwd if last else _folder()


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.path.expanduser("~")


def _newest(sessions: list[Session]) -> Session | None:
    return max(sessions, key=lambda session: session.created_at, default=None)


class StartForm(Form[Session]):
    """Starts a session in a tmux of its own.

    Arguments:
        task: key of the card that it works on; empty = none.
        project_id: its project when it works on no card.
        start: what the fields begin with.
    """

    KEYS = (("^s", "start"), ("esc", "cancel"), ("tab", "next field"))

    def __init__(
        self, app: PasoApp, start: Start, task: str = "", project_id: int | None = None
    ) -> None:
        super().__init__(app)
        self._start = start
        self._card = task
        self._project_id = project_id

    def heading(self) -> str:
        return f"Start a session on {self._card}" if self._card else "Start a session"

    def fields(self) -> Iterable[Widget]:
        start = self._start
        command = TextLine(start.command, "command", hint="make test", offered=True)
        yield row("Command", command)
        hint = "title of the card, or the command"
        yield row("Title", TextLine("", "title", TITLE_MAX, hint))
        yield row("Folder", TextLine(start.folder, "folder"))
        yield row("Card", TextLine(self._card, "card", hint="none"))

    async def save(self, values: dict[str, Any]) -> Session:
        from paso.sessions.actions import start

        argv = read_command(values["command"])
        task_id = self._task_id(values["card"].strip())
        project_id = self._project_id if task_id is None else None
        return await self.paso.store.act(
            start,
            self.paso.paths,
            argv,
            cwd=read_folder(values["folder"]),
            title=values["title"].strip(),
            task_id=task_id,
            project_id=project_id,
        )

    def _task_id(self, ref: str) -> int | None:
        if not ref:
            return None
        from paso.commands.references import find_task

        project = self.paso.state.project
        db = self.paso.data.db
        return find_task(db, ref, project_id=project.id if project else None).id


def read_command(text: str) -> list[str]:
    """The program and its arguments, as a shell would split them; none is started.

    Raises:
        InvalidValue: there is none, or a quote is not closed.
    """
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise InvalidValue(f"the command cannot be read: {error}") from error
    if not argv:
        raise InvalidValue("there is no command", hint="for example: make test")
    return argv


def read_folder(text: str) -> str:
    """The folder as a whole path; empty is the one we are in.

    Raises:
        InvalidValue: that one is gone.
    """
    return whole_folder(text.strip())


class SendForm(Form[bool]):
    """Types text into a session, then enter."""

    KEYS = (("^s", "send it and enter"), ("esc", "cancel"), ("^e", "editor"))

    def __init__(self, app: PasoApp, session: Session) -> None:
        super().__init__(app)
        self._session = session

    def heading(self) -> str:
        return f"Send to {cut(escape(self._session.title), 50)}"

    def fields(self) -> Iterable[Widget]:
        yield TextBlock("", "text")

    async def save(self, values: dict[str, Any]) -> bool:
        await self.paso.calls.send(self._session, values["text"])
        return True
