"""The forms of a column and of a project.

Never: know a rule of the board; the commands do.
"""

from __future__ import annotations

from typing import Any

from textual.widget import Widget

from paso.commands import columns, projects
from paso.errors import InvalidValue, NotFound
from paso.model import KEY_MAX, NAME_MAX, ROLES, Column, Project
from paso.text import escape
from paso.tui.screens.form import Form, row
from paso.tui.widgets.choice import Choice
from paso.tui.widgets.fields import TextBlock, TextLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.tui.board_app import PasoApp


class ColumnForm(Form[Column]):
    """Name, role and limit of a column. Make one with `new` or `of`."""

    def __init__(self, app: PasoApp, column: Column | None) -> None:
        super().__init__(app)
        self.column = column
        self._after = app.state.column_id

    @classmethod
    def new(cls, app: PasoApp) -> ColumnForm:
        """A form for a new column, to the right of the cursor's."""
        return cls(app, None)

    @classmethod
    def of(cls, app: PasoApp, column: Column) -> ColumnForm:
        """A form for a column that is there."""
        return cls(app, column)

    def heading(self) -> str:
        return f"Column {escape(self.column.name)}" if self.column else "New column"

    def fields(self) -> Iterable[Widget]:
        column = self.column
        limit = str(column.wip_limit) if column and column.wip_limit else ""
        roles = [(None, "no role"), *((role, role) for role in ROLES)]
        name = column.name if column else ""
        yield row("Name", TextLine(name, "name", NAME_MAX))
        yield row("Role", Choice(roles, column.role if column else None, "role"))
        yield row("Limit", TextLine(limit, "limit", 6, "none"))

    async def save(self, values: dict[str, Any]) -> Column:
        limit = read_limit(values["limit"])
        name, role = values["name"].strip(), values["role"]
        if self.column is None:
            project = self.paso.state.project
            if project is None:
                raise NotFound("the project is gone")
            made: Column = await self.paso.save(
                columns.create_column,
                project.id,
                name,
                role=role,
                wip_limit=limit,
                after=self._after,
            )
            return made
        saved: Column = await self.paso.save(
            save_column, self.column, name, role, limit
        )
        return saved


def read_limit(text: str) -> int | None:
    """The limit as a number; empty is none.

    Raises:
        InvalidValue: it is no number above 0.
    """
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise InvalidValue(f"the limit is a number of cards, not {text!r}")
    return int(text)


def save_column(
    db: Database, before: Column, name: str, role: str | None, limit: int | None
) -> Column:
    """Write what was changed of a column, as one step of undo."""
    saved = before
    with db.write(f"changed column {before.name}"):
        if name != before.name:
            saved = columns.rename_column(db, before.id, name)
        if role != before.role:
            saved = columns.set_role(db, before.id, role)
        if limit != before.wip_limit:
            saved = columns.set_wip(db, before.id, limit)
    return saved


class ProjectForm(Form[Project]):
    """Name, key and description of a project. Make one with `new` or `of`."""

    def __init__(self, app: PasoApp, project: Project | None) -> None:
        super().__init__(app)
        self.project = project

    @classmethod
    def new(cls, app: PasoApp) -> ProjectForm:
        """A form for a new project."""
        return cls(app, None)

    @classmethod
    def of(cls, app: PasoApp, project: Project) -> ProjectForm:
        """A form for a project that is there."""
        return cls(app, project)

    def heading(self) -> str:
        return f"Project {self.project.key}" if self.project else "New project"

    def fields(self) -> Iterable[Widget]:
        project = self.project
        name, key, text = (
            (project.name, project.key, project.description) if project else ("",) * 3
        )
        yield row("Name", TextLine(name, "name", NAME_MAX))
        hint = "made from the name"
        yield row("Key", TextLine(key, "key", KEY_MAX, hint))
        yield row("Description", TextBlock(text, "description"))

    async def save(self, values: dict[str, Any]) -> Project:
        name, key = values["name"].strip(), values["key"].strip().upper() or None
        text = values["description"]
        if self.project is None:
            made: Project = await self.paso.save(
                projects.create_project, name, key=key, description=text
            )
            return made
        now = {"name": name, "key": key, "description": text}
        changes = {k: v for k, v in now.items() if v != getattr(self.project, k)}
        saved: Project = await self.paso.save(
            projects.edit_project, self.project.id, **changes
        )
        return saved
