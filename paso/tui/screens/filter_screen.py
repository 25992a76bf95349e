"""What every screen with a filter has: the line to type it in, and the way out of it.

Never: know what is filtered or how the words are read.
"""

from __future__ import annotations

from typing import ClassVar

from paso.errors import PasoError
from paso.tui.screens.bottom_line import BottomLineScreen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.tui.widgets.filter_line import FilterLine


class FilterScreen(BottomLineScreen):
    """A whole screen that shows less while words are typed."""

    FILTER_HINT: ClassVar[str]
    """What can be typed."""

    # what a screen says of its filter

    def filter_text(self) -> str:
        """The filter that is on; empty = everything is shown."""
        raise LookupError

    def filter_by(self, text: str) -> None:
        """Show only what passes; everything for an empty text.

        Raises:
            PasoError: the text cannot be read; all stays as it is.
        """
        raise LookupError(text)

    def show_filter(self) -> None:
        """Tell which filter is on once its line is gone."""
        assert self.bar is not None
        self.bar.show_filter(self.filter_text())

    # the line

    async def action_filter(self) -> None:
        from paso.tui.widgets.filter_line import FilterLine

        lines = self.query(FilterLine)
        if lines:
            lines.first().take_keyboard()
            return
        assert self.bar is not None
        self.bar.show_hints(FilterLine.KEYS)
        line = FilterLine(self.filter_text(), self.FILTER_HINT)
        await self.mount(line, before=self.bar)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Filter while typing; what cannot be read yet changes nothing."""
        try:
            self.filter_by(message.text)
        except PasoError as error:
            message.line.complain(error.message)
        else:
            message.line.complain("")

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        message.line.remove()
        assert self.bar is not None
        self.bar.show_hints(None)
        if not message.keep:
            self.filter_by("")
        self.show_filter()

    def action_clear_filter(self) -> None:
        if self.filter_text():
            self.filter_by("")
            self.show_filter()
