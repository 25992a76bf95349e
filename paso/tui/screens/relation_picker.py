"""Chooses another card and how the first relates to it.

Never: write the relation.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding

from paso.model import BLOCKS, PARENT, RELATED
from paso.text import escape
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.model import Card
    from paso.tui.board_app import PasoApp

SHOWN = 100
"""Cards listed at most; typing narrows them."""

WAYS = (
    ("is blocked by", BLOCKS, False),
    ("blocks", BLOCKS, True),
    ("is a child of", PARENT, False),
    ("is the parent of", PARENT, True),
    ("is related to", RELATED, True),
)
"""In words; the kind; whether the first card comes first."""


class RelationPicker(ListDialog[tuple[int, int, str]]):
    """Gives (from, to, kind), as `commands.relations.link` takes them.

    Arguments:
        task_id: the card that is to be related.
        key: its key.
    """

    BINDINGS: ClassVar[list[Any]] = [
        Binding("tab", "way(1)", "Another relation", show=False, priority=True),
        Binding("shift+tab", "way(-1)", "Another relation", show=False, priority=True),
    ]
    KEYS = (("tab", "another relation"), ("enter", "relate"), ("esc", "close"))
    HINT = "search a card"

    def __init__(self, app: PasoApp, task_id: int, key: str) -> None:
        super().__init__("")
        self.paso = app
        self._task_id = task_id
        self._key = key
        self._way = 0

    def on_mount(self) -> None:
        super().on_mount()
        self._show_way()

    def rows(self, search: str) -> Iterable[Row]:
        shown = 0
        for card in self._cards():
            key = self.paso.state.key_of(card.number)
            if card.id != self._task_id and fits(search, f"{key} {card.title}"):
                yield Row(card.id, f"{key} {escape(card.title)}")
                shown += 1
                if shown == SHOWN:
                    return

    def _cards(self) -> Iterable[Card]:
        return self.paso.state.cards.values()

    def picked(self, row: Row) -> None:
        _, kind, first = WAYS[self._way]
        ends = (self._task_id, row.value) if first else (row.value, self._task_id)
        self.dismiss((*ends, kind))

    def action_way(self, step: int) -> None:
        self._way = (self._way + step) % len(WAYS)
        self._show_way()

    def _show_way(self) -> None:
        self.set_title(f"{self._key} {WAYS[self._way][0]} …")
