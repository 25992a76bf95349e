"""The list of sessions, drawn line by line: any number of rows, one widget.

Never: read anything, decide where the cursor goes.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from paso.text import cut
from paso.tui.session_rows import Place, row_pieces
from paso.tui.session_words import SIGNS
from paso.tui.widgets.line_view import LineView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events

    from paso.tui.card_lines import Piece
    from paso.tui.session_tree import SessionView

LOOKS = (
    *("blank", "head", "node", "fact", "title", "task", "words", "age", "preview"),
    *("grey", "empty", "selected"),
    *(f"mark-{state}" for state in SIGNS),
)


class SessionList(LineView):
    """The rows of a view of the sessions.

    Arguments:
        view: rows and cursor.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"list--{look}" for look in LOOKS}
    DEFAULT_CSS = """
    SessionList {
        height: 1fr; width: 1fr; background: $background; overflow: hidden hidden;

        & > .list--blank { background: $background; }
        & > .list--head { color: $warning; background: $background; text-style: bold; }
        & > .list--node { color: $primary; background: $background; text-style: bold; }
        & > .list--fact { color: $foreground 55%; background: $background; }
        & > .list--title { color: $foreground; background: $background; }
        & > .list--task { color: $secondary; background: $background; }
        & > .list--words { color: $foreground 85%; background: $background; }
        & > .list--age { color: $foreground 55%; background: $background; }
        & > .list--preview { color: $foreground 55%; background: $background; }
        & > .list--grey { color: $foreground 40%; background: $background; }
        & > .list--empty { color: $foreground 70%; background: $background; }
        & > .list--selected { background: $primary 30%; }
        & > .list--mark-waiting {
            color: $warning; background: $background; text-style: bold;
        }
        & > .list--mark-failed, & > .list--mark-lost {
            color: $error; background: $background; text-style: bold;
        }
        & > .list--mark-finished {
            color: $success; background: $background; text-style: bold;
        }
        & > .list--mark-working { color: $primary; background: $background; }
        & > .list--mark-idle, & > .list--mark-moving, & > .list--mark-over {
            color: $foreground 55%; background: $background;
        }
    }
    """

    class Picked(Message):
        """A row was clicked."""

        def __init__(self, index: int, clicks: int) -> None:
            super().__init__()
            self.index = index
            self.clicks = clicks

    def __init__(self, view: SessionView) -> None:
        super().__init__()
        self.place: Place | None = None
        self.empty_text = ""
        self._view = view
        self._styles: dict[tuple[str, bool], Style] = {}

    # what others call

    def show(self) -> None:
        """Draw the rows of the view; the one under the cursor is on screen."""
        if not self.size.height:
            return
        size = Size(self.size.width, len(self._view.rows))
        self.set_reactive(type(self).virtual_size, size)
        top, page = round(self.scroll_y), self.size.height
        at, last = self._view.index, max(len(self._view.rows) - page, 0)
        # A page that the cursor leaves jumps: all lines are sent then, so seldom.
        jump = page // 3
        if at < top + 1:
            top = at - 1 - jump if at else 0
        elif at >= top + page:
            top = at - page + 1 + jump
        self.scroll_y = min(max(top, 0), last)
        self.repaint()

    @property
    def page_rows(self) -> int:
        """Rows of half a screen."""
        return max(self.size.height // 2, 1)

    # painting

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._shown = [None] * len(self._shown)

    def on_resize(self, event: events.Resize) -> None:
        self._shown = [None] * event.size.height
        self.show()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self.repaint()

    def _blank(self) -> Strip:
        return self._strip([], False)

    def _lines(self, height: int) -> list[Strip | None]:
        view, place = self._view, self.place
        if place is None:
            return [None] * height
        if not view.rows:
            return self._empty_lines(height)
        top = round(self.scroll_y)
        place = place._replace(width=max(self.size.width - 2, 20))
        lines: list[Strip | None] = [
            self._strip(row_pieces(row, place), at == view.index)
            for at, row in enumerate(view.rows[top : top + height], top)
        ]
        return lines + [self._blank()] * (height - len(lines))

    def _empty_lines(self, height: int) -> list[Strip | None]:
        texts = ["", *self.empty_text.split("\n")]
        found: list[Strip | None] = []
        for text in (texts + [""] * height)[:height]:
            style = self._style("empty", False)
            segment = Segment("  " + cut(text, self.size.width - 3), style)
            found.append(Strip([segment]).adjust_cell_length(self.size.width, style))
        return found

    def _strip(self, pieces: list[Piece], selected: bool) -> Strip:
        bar = Segment("█" if selected else " ", self._style("node", selected))
        segments = [
            Segment(piece.text, self._style(piece.role, selected))
            for piece in pieces
            if piece.text
        ]
        blank = self._style("blank", selected)
        return Strip([bar, *segments]).adjust_cell_length(self.size.width, blank)

    def _style(self, role: str, selected: bool) -> Style:
        found = self._styles.get((role, selected))
        if found is None:
            found = self.get_component_rich_style(f"list--{role}")
            if selected:
                back = self.get_component_rich_style("list--selected")
                found += Style(bgcolor=back.bgcolor)
            self._styles[role, selected] = found
        return found

    # mouse

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.y + round(self.scroll_y)
        if at < len(self._view.rows):
            self.post_message(self.Picked(at, event.chain))
