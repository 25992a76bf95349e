"""Chooses the labels a card wears; a label that is missing is made here.

Never: attach one; what was chosen is given back when the window closes.
"""

from __future__ import annotations

from typing import Any

from paso.commands import labels
from paso.errors import PasoError
from paso.model import Label
from paso.text import escape
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from paso.tui.board_app import PasoApp


class LabelPicker(ListDialog[frozenset[int]]):
    """Gives the ids of the chosen labels.

    Arguments:
        title: escaped.
        worn: ids that are chosen at first.
    """

    KEYS = (("↑↓", "choose"), ("enter", "on, off"), ("esc", "done"))
    HINT = "search, or name a new label"

    def __init__(self, app: PasoApp, title: str, worn: Collection[int]) -> None:
        super().__init__(title)
        self.paso = app
        self.worn = set(worn)

    def rows(self, search: str) -> Iterable[Row]:
        found = sorted(self.paso.state.labels.values(), key=lambda label: label.name)
        for label in found:
            if fits(search, label.name):
                sign = "[x] ●" if label.id in self.worn else "[ ] ●"
                yield Row(label.id, escape(label.name), "", sign, label.color)
        taken = {label.name.casefold() for label in found}
        if search and search.casefold() not in taken:
            yield Row(None, f"new label {escape(search)}", "", " +   ")

    def picked(self, row: Row) -> None:
        if row.value is None:
            self.run_worker(self._make(self.search), exclusive=True)
            return
        self.worn ^= {row.value}
        self.fill(row.value)

    async def _make(self, name: str) -> None:
        project = self.paso.state.project
        if project is None:
            return
        try:
            label: Label = await self.paso.save(labels.create_label, project.id, name)
        except PasoError as error:
            self.complain(error.message)
        else:
            self.worn.add(label.id)
            self.clear_search(label.id)

    def news_came(self, news: Any) -> None:
        """Show labels that others made, and drop those they deleted."""
        self.worn &= set(self.paso.state.labels)
        row = self.row()
        self.fill(row.value if row else None)

    def action_leave(self) -> None:
        self.dismiss(frozenset(self.worn))
