"""Picks another computer, to look at its board.

Never: ask it anything.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from paso.model import SHORT_ID
from paso.text import escape
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits
from paso.tui.session_rows import computer_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.tui.board_app import PasoApp
    from paso.tui.board_data import News


NOBODY_YET = "no other computer is known yet"


class ComputerPicker(ListDialog[str]):
    """Gives the id of a computer; two may have one name."""

    HINT = "search a computer"

    def __init__(self, app: PasoApp) -> None:
        super().__init__("Look at the board of")
        self.paso = app

    def rows(self, search: str) -> Iterable[Row]:
        now = monotonic()
        for other in self.paso.book.others():
            name = escape(other.name)
            if fits(search, name):
                tail = f"{other.id[:SHORT_ID]}  {computer_words(other, now)}"
                yield Row(other.id, name, tail)

    def fill(self, keep: Any = None) -> None:
        """Show those that fit; in the first moment after the start none is known."""
        super().fill(keep)
        book = self.paso.book
        joined = bool(book.peers_words())
        nobody = NOBODY_YET if joined else f"{NOBODY_YET}: paso peers on URL"
        self.complain("" if book.others() else nobody)

    def news_came(self, news: News) -> None:
        """Computers come, go and change their state while one looks."""
        if news.sessions:
            row = self.row()
            self.fill(row.value if row else None)
