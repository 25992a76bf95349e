"""The line in which a filter is typed; the board follows while one types.

Never: know the filter language or run a filter.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult


class FilterLine(Horizontal):
    """A search field above the bottom line.

    Arguments:
        text: what it begins with.
        hint: what can be typed, shown while it is empty.
    """

    DEFAULT_CSS = """
    FilterLine {
        height: 1; background: $panel;

        & > .filter--sign { width: 3; color: $accent; text-style: bold; }
        & > Input {
            width: 1fr; border: none; height: 1; padding: 0; background: $panel;
        }
        & > Input:focus { border: none; background: $panel; }
        & > .filter--error { width: auto; max-width: 60%; color: $error; padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave(False)", "Show all", show=False),
        Binding("enter", "leave(True)", "Keep the filter", show=False, priority=True),
        Binding("down", "screen.cursor(1)", show=False),
        Binding("up", "screen.cursor(-1)", show=False),
    ]

    KEYS = (("enter", "keep it"), ("esc", "show all"), ("↑↓", "cards"))

    class Typed(Message):
        """The text changed."""

        def __init__(self, line: FilterLine, text: str) -> None:
            super().__init__()
            self.line = line
            self.text = text

    class Left(Message):
        """The user is done; `keep` tells whether the filter stays."""

        def __init__(self, line: FilterLine, keep: bool) -> None:
            super().__init__()
            self.line = line
            self.keep = keep

    def __init__(self, text: str, hint: str) -> None:
        super().__init__()
        self._text = text
        self._hint = hint

    def compose(self) -> ComposeResult:
        yield Static(" / ", classes="filter--sign", markup=False)
        yield Input(self._text, placeholder=self._hint, select_on_focus=False)
        yield Static("", classes="filter--error", markup=False)

    def on_mount(self) -> None:
        self.take_keyboard()

    def take_keyboard(self) -> None:
        """Give the keyboard to the text, at once: the next key is for it."""
        self.screen.set_focus(self.query_one(Input))

    def complain(self, text: str) -> None:
        """Show why the filter cannot be read; empty text takes it away."""
        self.query_one(".filter--error", Static).update(Content(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self, event.value))

    def action_leave(self, keep: bool) -> None:
        self.post_message(self.Left(self, keep))
