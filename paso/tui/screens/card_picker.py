"""Picks a card of the project on the board, or none.

Never: know what it is picked for.
"""

from __future__ import annotations

from paso.text import escape
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from paso.tui.board_app import PasoApp

SHOWN = 100
"""Cards listed at most; typing narrows them."""
NO_CARD = 0
"""No task has this id."""


class CardPicker(ListDialog[int]):
    """Gives the id of a task, or `NO_CARD`.

    Arguments:
        title: escaped.
        current: the card the cursor begins on.
    """

    HINT = "search a card"

    def __init__(self, app: PasoApp, title: str, current: int | None) -> None:
        super().__init__(title)
        self.paso = app
        self._current = current

    def start(self) -> Any:
        return self._current

    def rows(self, search: str) -> Iterable[Row]:
        state = self.paso.state
        if fits(search, "no card"):
            yield Row(NO_CARD, "no card", "" if self._current else "now")
        fitting = (
            Row(card.id, text, "now" if card.id == self._current else "")
            for card in state.cards.values()
            if fits(search, text := f"{state.key_of(card.number)} {escape(card.title)}")
        )
        for row, _ in zip(fitting, range(SHOWN), strict=False):
            yield row
