"""What is known of a card of another computer.

Never: read or write a board.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from paso.model import TaskDetails
from paso.text import escape
from paso.tui.screens.details_text import details_text
from paso.tui.screens.dialog import Dialog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult


class RemoteDetails(Dialog[None]):
    """Facts and description; comments and history stay where the card is."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,space,enter", "close", show=False),
        Binding("j,down", "scroll(1)", show=False, priority=True),
        Binding("k,up", "scroll(-1)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    RemoteDetails > .dialog--frame { width: 90; height: 90%; padding: 0 2; }
    """

    def __init__(self, details: TaskDetails) -> None:
        super().__init__()
        self._details = details

    def compose(self) -> ComposeResult:
        from datetime import date

        with VerticalScroll(classes="dialog--frame") as frame:
            frame.border_title = Content(escape(self._details.task.key))
            frame.border_subtitle = "read-only · j k scroll · esc close"
            yield Static(
                details_text(self._details, 80, date.today(), history=False),
                markup=False,
            )

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
