"""A widget that is drawn line by line: of all its lines, those on screen are made.

What is on screen is remembered, so that a change of any kind sends the cells that
differ and no others to the terminal.

Never: know what the lines show.
"""

from __future__ import annotations

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from paso.tui.strips import differing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events

WHEEL = 3
"""Lines for one notch of the wheel."""


class LineView(ScrollView, can_focus=False):
    """Lines that scroll; what they are is said by `_lines` and `_blank`."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Strip | None] = []
        """The lines on screen; None where one is yet to be drawn."""

    # what a widget says of itself

    def _lines(self, height: int) -> list[Strip | None]:
        """Every line of the screen as it is to be seen now."""
        return [None] * height

    def _blank(self) -> Strip:
        """A line without anything on it."""
        return Strip.blank(self.size.width)

    # painting

    def repaint(self) -> None:
        """Send the cells that look different to the terminal, and no others."""
        changed: list[Region] = []
        before_lines, self._shown = self._shown, [*self._lines(len(self._shown))]
        for y, (before, after) in enumerate(
            zip(before_lines, self._shown, strict=True)
        ):
            if after is before or after is None:
                continue
            whole = (0, after.cell_length)
            span = whole if before is None else differing(before, after)
            if span is not None:
                changed.append(Region(span[0], y, span[1] - span[0], 1))
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        if self._shown and self._shown[0] is None:
            self._shown = [*self._lines(len(self._shown))]
        line = self._shown[y] if y < len(self._shown) else None
        return line or self._blank()

    # the wheel

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_y = round(self.scroll_y) + WHEEL

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_y = round(self.scroll_y) - WHEEL
