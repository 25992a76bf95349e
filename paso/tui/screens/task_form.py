"""The form of a task, to add one or to edit one.

Only fields that were changed are written. When somebody else changed the same field
meanwhile, both values are shown and the user chooses (`conflict.py`).

Never: know how a task is written; `commands.tasks` does.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from paso.commands import labels, tasks
from paso.errors import ChangedMeanwhile, NotFound, PasoError
from paso.model import NAME_MAX, PRIORITIES, TITLE_MAX, TYPES, Task
from paso.text import escape
from paso.tui.card_lines import PRIORITY_SIGNS
from paso.tui.screens.form import Form, near, row
from paso.tui.widgets.choice import Choice
from paso.tui.widgets.fields import TextBlock, TextLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.database.connection import Database
    from paso.tui.board_app import PasoApp
    from paso.tui.board_data import News

FIELDS = ("title", "description", "type", "priority", "due", "assignee")


class TaskForm(Form[Task]):
    """Make one with `new` or `of`."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+l", "labels", "Labels", show=False, priority=True),
        Binding("ctrl+r", "turn('priority')", "Priority", show=False, priority=True),
        Binding("ctrl+t", "turn('type')", "Type", show=False, priority=True),
    ]
    KEYS = (
        ("^s", "save"),
        ("esc", "cancel"),
        ("^l", "labels"),
        ("^e", "editor"),
        ("^t", "type"),
        ("^r", "priority"),
    )

    def __init__(self, app: PasoApp, task: Task | None) -> None:
        super().__init__(app)
        self.record = task
        self.base = _base(task)
        state = app.state
        self._column = task.column.id if task else state.column_id
        self._labels = (
            frozenset(label.id for label in task.labels) if task else frozenset()
        )
        self._worn = self._labels

    @classmethod
    def new(cls, app: PasoApp) -> TaskForm:
        """A form for a new task in the column of the cursor."""
        return cls(app, None)

    @classmethod
    def of(cls, app: PasoApp, task_id: int) -> TaskForm:
        """A form for a task that is there.

        Raises:
            NotFound: it is not there any more.
        """
        return cls(app, tasks.get_task(app.data.db, task_id))

    # the form

    def heading(self) -> str:
        return f"Edit {self.record.key}" if self.record else "New card"

    def fields(self) -> Iterable[Widget]:
        base = self.base
        yield row("Title", TextLine(base["title"], "title", TITLE_MAX))
        yield row("Description", TextBlock(base["description"], "description"))
        types = [(name, name) for name in TYPES]
        signs = [(name, f"{PRIORITY_SIGNS[name]} {name}") for name in PRIORITIES]
        yield row(
            "Type",
            Choice(types, base["type"], "type"),
            near("Priority"),
            Choice(signs, base["priority"], "priority"),
        )
        due = TextLine(base["due"] or "", "due", 40, "fri, +3d, 2026-12-01")
        who = TextLine(base["assignee"] or "", "assignee", NAME_MAX, "nobody")
        yield row("Due", due, near("Assignee"), who)
        columns = [(c.id, escape(c.name)) for c in self.paso.state.columns]
        self._labels_line = Static(
            self._label_names(), markup=False, classes="form--value"
        )
        if columns:
            yield row("Column", Choice(columns, self._column, "column"))
        yield row("Labels", self._labels_line)

    def _label_names(self) -> Content:
        found = [self.paso.state.labels.get(at) for at in self._worn]
        named = sorted(
            (label for label in found if label), key=lambda label: label.name
        )
        if not named:
            return Content.styled("none, ^l to choose", "$foreground 50%")
        return Content.assemble(
            *(
                part
                for label in named
                for part in (
                    Content.styled("● ", label.color),
                    escape(label.name),
                    "  ",
                )
            )
        )

    @property
    def dirty(self) -> bool:
        return super().dirty or self._worn != self._labels

    # saving

    async def save(self, values: dict[str, Any]) -> Task:
        values = self._read(values)
        if self.record is None:
            return await self._create(values)
        changes = {n: values[n] for n in FIELDS if values[n] != self.base[n]}
        column = values.get("column")
        moved = column if column != self._column else None
        worn = (self._labels, self._worn)
        saved: Task = await self.paso.save(
            save_task, self.record.id, changes, dict(self.base), worn, moved
        )
        return saved

    async def _create(self, values: dict[str, Any]) -> Task:
        project = self.paso.state.project
        if project is None:
            raise NotFound("the project is gone", hint="^c leaves, esc keeps the board")
        made: Task = await self.paso.save(
            tasks.create_task,
            project.id,
            values["title"],
            column_id=values.get("column"),
            labels=sorted(self._worn),
            **{name: values[name] for name in FIELDS if name != "title"},
        )
        return made

    def _read(self, values: dict[str, Any]) -> dict[str, Any]:
        """Turn what was typed into what is stored.

        Raises:
            InvalidValue: the due date cannot be read.
        """
        from paso.commands.dates import parse_due

        due, who = values["due"].strip(), values["assignee"].strip()
        day = parse_due(due, today=self.paso.data.today()) if due else None
        title = values["title"].strip()
        return {**values, "title": title, "due": day, "assignee": who or None}

    def changed_meanwhile(self, error: ChangedMeanwhile) -> None:
        from paso.tui.screens.conflict import Conflict

        def decide(chosen: dict[str, Any] | None) -> None:
            if chosen is None:
                self.show_words("error", error.message)
                return
            for name, (_, theirs) in error.fields.items():
                self.base[name] = theirs
            for name, value in chosen.items():
                self.set_value(name, value)
            self.action_save()

        self.app.push_screen(Conflict(error.fields), decide)

    # news

    def news_came(self, news: News) -> None:
        """Say what happened to the open task; what was typed stays as it is."""
        if self.record is None or not (news.whole or self.record.id in news.tasks):
            return
        try:
            now = tasks.get_task(self.paso.data.db, self.record.id)
        except NotFound:
            self.record = None
            self.query_one(".dialog--frame").border_title = "New card"
            self.show_words("note", "Somebody deleted this card: saving makes it anew.")
        except PasoError as error:
            self.show_words("error", error.message)
        else:
            self._tell_changes(now)

    def _tell_changes(self, now: Task) -> None:
        fresh = _base(now)
        changed = [name for name in FIELDS if fresh[name] != self.base[name]]
        if self._saving or not changed:
            return
        words = ", ".join(changed)
        self.show_words(
            "note", f"Changed by somebody else meanwhile: {words}. Yours is kept here."
        )

    # keys

    def action_turn(self, name: str) -> None:
        self.query_one(f"#{name}", Choice).action_turn(1)

    def action_labels(self) -> None:
        from paso.tui.screens.label_picker import LabelPicker

        def done(chosen: frozenset[int] | None) -> None:
            if chosen is not None:
                self._worn = chosen
                self._labels_line.update(self._label_names())

        self.app.push_screen(LabelPicker(self.paso, "Labels", self._worn), done)


def _base(task: Task | None) -> dict[str, Any]:
    """The values the user starts from."""
    if task is None:
        empty = {"title": "", "description": "", "due": None, "assignee": None}
        return {**empty, "type": "task", "priority": "medium"}
    return {name: getattr(task, name) for name in FIELDS}


def save_task(
    db: Database,
    task_id: int,
    changes: dict[str, Any],
    base: dict[str, Any],
    worn: tuple[frozenset[int], frozenset[int]],
    column_id: int | None,
) -> Task:
    """Write fields, labels and column as one step of undo.

    Raises:
        ChangedMeanwhile: another writer changed one of the fields.
    """
    task = tasks.get_task(db, task_id)
    with db.write(f"edited {task.key}"):
        if changes:
            task = tasks.edit_task(db, task_id, changes, base=base)
        for label_id in worn[0] - worn[1]:
            labels.detach_label(db, task_id, label_id)
        for label_id in worn[1] - worn[0]:
            labels.attach_label(db, task_id, label_id)
        if column_id is not None:
            task = tasks.move_task(db, task_id, column_id=column_id)
    return task
