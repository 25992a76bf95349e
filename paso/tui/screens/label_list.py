"""The labels of a project: rename, recolour, delete, add.

Never: know which cards wear them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.widget import Widget

from paso.commands import labels
from paso.errors import NotFound
from paso.model import LABEL_COLORS, NAME_MAX, Label
from paso.text import escape
from paso.tui.screens.form import Form, row
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits
from paso.tui.step import Step
from paso.tui.widgets.choice import Choice
from paso.tui.widgets.fields import TextLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.tui.board_app import PasoApp


class LabelList(ListDialog[None]):
    """All labels with the number of cards that wear each."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+a,insert", "add", "Add", show=False, priority=True),
        Binding("ctrl+x,delete", "remove", "Delete", show=False, priority=True),
    ]
    KEYS = (("enter", "edit"), ("^a", "add"), ("^x", "delete"), ("esc", "close"))

    def __init__(self, app: PasoApp) -> None:
        super().__init__("Labels of the project")
        self.paso = app

    def rows(self, search: str) -> Iterable[Row]:
        for label in sorted(self.paso.state.labels.values(), key=lambda at: at.name):
            if fits(search, label.name):
                tail = f"{label.count} cards"
                yield Row(label.id, escape(label.name), tail, "●", label.color)

    def picked(self, row: Row) -> None:
        label = self.paso.state.labels.get(row.value)
        if label is not None:
            self.app.push_screen(LabelForm(self.paso, label), self._again)

    def _again(self, label: Label | None) -> None:
        self.fill(label.id if label else None)

    def news_came(self, news: Any) -> None:
        """Show what others changed."""
        row = self.row()
        self.fill(row.value if row else None)

    def action_add(self) -> None:
        self.app.push_screen(LabelForm(self.paso, None), self._again)

    def action_remove(self) -> None:
        row = self.row()
        label = self.paso.state.labels.get(row.value) if row else None
        if label is None:
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                self.paso.write(lambda: Step(labels.delete_label, (label.id,)))

        text = f"{label.count} cards wear it; u on the board brings it back"
        question = f"Delete the label {escape(label.name)}?"
        self.app.push_screen(Confirm(question, text, "y", "delete it"), decide)


class LabelForm(Form[Label]):
    """Name and colour of a label; without one, of a new one."""

    def __init__(self, app: PasoApp, label: Label | None) -> None:
        super().__init__(app)
        self.label = label

    def heading(self) -> str:
        return f"Label {escape(self.label.name)}" if self.label else "New label"

    def fields(self) -> Iterable[Widget]:
        name = self.label.name if self.label else ""
        colors = [(color, word) for word, color in LABEL_COLORS.items()]
        color = self.label.color if self.label else colors[0][0]
        if color not in LABEL_COLORS.values():
            colors.append((color, color))
        yield row("Name", TextLine(name, "name", NAME_MAX))
        yield row("Colour", Choice(colors, color, "color"))

    async def save(self, values: dict[str, Any]) -> Label:
        name, color = values["name"].strip(), values["color"]
        project = self.paso.state.project
        if self.label is not None:
            saved: Label = await self.paso.save(
                labels.edit_label, self.label.id, name=name, color=color
            )
            return saved
        if project is None:
            raise NotFound("the project is gone")
        made: Label = await self.paso.save(labels.create_label, project.id, name, color)
        return made
