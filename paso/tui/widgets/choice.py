"""A field with one of a few values, on one line: `‹ high ›`.

Never: know what the values mean.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events


class Choice(Widget, can_focus=True):
    """Left and right, or the first letter, change the value.

    Arguments:
        options: value and text of each, escaped, one at least.
        value: where it begins.
    """

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $panel; padding: 0 1; }
    Choice:focus { background: $primary 25%; text-style: bold; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("left,h,minus", "turn(-1)", show=False),
        Binding("right,l,space,plus", "turn(1)", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

    def __init__(
        self, options: list[tuple[Any, str]], value: Any, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._options = options
        self._at = next((i for i, (v, _) in enumerate(options) if v == value), 0)

    @property
    def value(self) -> Any:
        return self._options[self._at][0]

    @value.setter
    def value(self, value: Any) -> None:
        values = [option for option, _ in self._options]
        if value in values:
            self._at = values.index(value)
            self.refresh()

    def render(self) -> Content:
        return Content(f"‹ {self._options[self._at][1]} ›")

    def action_turn(self, step: int) -> None:
        self._set((self._at + step) % len(self._options))

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next value that begins with it."""
        letter = event.character
        if letter is None or not letter.isalpha() or letter in "hl":
            return
        count = len(self._options)
        for step in range(1, count + 1):
            at = (self._at + step) % count
            if self._options[at][1].casefold().startswith(letter.casefold()):
                event.stop()
                self._set(at)
                return

    def on_click(self) -> None:
        self.action_turn(1)

    def _set(self, at: int) -> None:
        self._at = at
        self.refresh()
        self.post_message(self.Changed())
