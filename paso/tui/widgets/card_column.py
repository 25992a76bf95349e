"""One column of the board, drawn line by line: any number of cards, one widget.

    y 0    To do            4/5      name, number of cards and limit
    y 1    ━━━━━━━━━━━ 7/340 ━      heavy under the active column; the place in it
    y 2-   cards                     scrolled; the two lines above stay

What is on screen is remembered line by line, so that a change of any kind sends
the cells that differ and no others to the terminal.

Never: read the database, change the board, or decide where the cursor goes.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from paso.model import PRIORITIES
from paso.text import cell_width, cut, escape
from paso.tui.card_lines import Piece, card_pieces, card_rows
from paso.tui.strips import differing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events

    from paso.model import Card
    from paso.tui.board_state import BoardState, Lane
    from paso.tui.card_lines import Look

HEADER = 2
"""Lines above the cards: name and rule."""
EDGE = 4
"""Cells of a line that no text uses: bar, blank, blank, gap to the next column."""
WHEEL = 3
"""Lines for one notch of the wheel."""
KEPT_CARDS = 128
"""Drawn cards kept for each column; a screen shows fewer."""
LOOKS = (
    *("name", "name-active", "count", "count-full", "rule", "rule-active", "empty"),
    *("key", "title", "title-selected", "type-task", "type-bug", "type-feature"),
    *("blocked", "late", "due", "fact", "assignee", "label", "priority"),
    *("blank", "selected", "plain"),
)
_HEX = frozenset("0123456789abcdefABCDEF")


class CardColumn(ScrollView, can_focus=False):
    """The cards of one column, from the state of the board."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"column--{look}" for look in LOOKS}

    class Picked(Message):
        """A card was clicked, or the empty part of a column."""

        def __init__(self, column_id: int, task_id: int | None, clicks: int) -> None:
            super().__init__()
            self.column_id = column_id
            self.task_id = task_id
            self.clicks = clicks

    def __init__(self, column_id: int, board: BoardState) -> None:
        super().__init__()
        self.column_id = column_id
        self._board = board
        self.look: Look | None = None
        self._drawn_with: Look | None = None
        self._starts = [0]
        self._shown: list[Strip | None] = []
        self._drawn: LRUCache[int, tuple[Card, bool, list[Strip]]] = LRUCache(
            KEPT_CARDS
        )
        self._looks: dict[tuple[str, str, bool], Style] = {}
        self.empty_text = ""
        self.active = False

    # what others call

    @property
    def text_width(self) -> int:
        """Cells for the words of a card."""
        return max(self.size.width - EDGE, 8)

    @property
    def lane(self) -> Lane:
        return self._board.lane(self.column_id)

    def show(self) -> None:
        """Draw the cards of the state anew, in the width the column has."""
        if self.size.width == 0 or self.look is None:
            return
        look = self.look._replace(width=self.text_width)
        if look != self._drawn_with:
            self._drawn_with = look
            self._drawn.clear()
        self._measure()
        self.show_cursor()

    def show_cursor(self) -> None:
        """Bring the selected card on screen and repaint what differs."""
        at = self.lane.index
        if at >= 0 and at + 1 < len(self._starts):
            page = self.size.height - HEADER
            first, last = self._starts[at], self._starts[at + 1] - 1
            top = min(max(round(self.scroll_y), last - page), first)
            self.scroll_y = max(top, 0)
        self.repaint()

    def page_cards(self) -> int:
        """Cards that half a screen holds, for moving by half screens."""
        lane, page = self.lane, max(self.size.height - HEADER, 2)
        if lane.index < 0 or lane.index >= len(self._starts):
            return 1
        goal = self._starts[lane.index] + page // 2
        return max(bisect_right(self._starts, goal) - 1 - lane.index, 1)

    def restyle(self) -> None:
        """Forget every drawn line, after a change of colours or of the day."""
        self._looks.clear()
        self._drawn.clear()
        self._shown = [None] * self.size.height
        self.refresh()

    # layout

    def _measure(self) -> None:
        width = self.text_width
        rows = [card_rows(card, width) + 1 for card in self.lane.visible]
        self._starts = list(accumulate(rows, initial=0))
        # Bypasses the reactive, which would lay out the whole screen: nothing else
        # depends on the height of what can be scrolled to.
        size = Size(self.size.width, self._starts[-1] + HEADER)
        self.set_reactive(type(self).virtual_size, size)
        self.scroll_y = min(self.scroll_y, self.max_scroll_y)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.restyle()

    def on_resize(self, event: events.Resize) -> None:
        self._shown = [None] * event.size.height
        self.show()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self.repaint()

    # painting

    def repaint(self) -> None:
        """Send the cells that look different to the terminal, and no others."""
        changed: list[Region] = []
        for y, before in enumerate(self._shown):
            after = self._line(y)
            if after is before:
                continue
            self._shown[y] = after
            span = (0, self.size.width) if before is None else differing(before, after)
            if span is not None:
                changed.append(Region(span[0], y, span[1] - span[0], 1))
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        if y >= len(self._shown):
            return Strip.blank(self.size.width, self._style("plain"))
        line = self._shown[y]
        if line is None:
            line = self._shown[y] = self._line(y)
        return line

    def _line(self, y: int) -> Strip:
        if y == 0:
            return self._name_line()
        if y == 1:
            return self._rule_line()
        at = y - HEADER + round(self.scroll_y)
        index = bisect_right(self._starts, at) - 1
        lane = self.lane
        if index >= len(lane.visible):
            return self._empty_line(at) if not lane.visible else self._blank()
        rows = self._card(lane.visible[index], self.active and index == lane.index)
        row = at - self._starts[index]
        return rows[row] if row < len(rows) else self._blank()

    def _blank(self) -> Strip:
        return Strip.blank(self.size.width, self._style("plain"))

    def _name_line(self) -> Strip:
        column = self._board.find_column(self.column_id)
        if column is None:
            return self._blank()
        width = max(self.size.width - 1, 4)
        count, full = self._count(column.wip_limit)
        name_width = width - len(count) - 3
        name = cut(escape(column.name), name_width)
        pad = " " * (name_width - cell_width(name) + 1)
        suffix = "-active" if self.active else ""
        return self._strip(
            [
                Piece(f" {name}{pad}", f"name{suffix}"),
                Piece(f"{count} ", "count-full" if full else "count"),
            ]
        )

    def _count(self, limit: int | None) -> tuple[str, bool]:
        """Number of cards in words, and whether the limit is reached."""
        lane = self.lane
        total = len(lane.all)
        shown = str(total)
        if self._board.filtered:
            shown = f"{len(lane.visible)} of {total}"
        if limit is None:
            return shown, False
        return f"{shown}/{limit}{'!' if total >= limit else ''}", total >= limit

    def _rule_line(self) -> Strip:
        width = max(self.size.width - 1, 4)
        lane, place = self.lane, ""
        if self._starts[-1] - 1 > self.size.height - HEADER:
            place = f" {lane.index + 1}/{len(lane.visible)} "
        stroke = "━" if self.active else "─"
        text = stroke * (width - len(place) - 1) + place + stroke
        return self._strip([Piece(text, "rule-active" if self.active else "rule")])

    def _empty_line(self, at: int) -> Strip:
        text = self.empty_text.split("\n")
        if not 1 <= at <= len(text):
            return self._blank()
        shown = cut(text[at - 1], self.size.width - 3)
        return self._strip([Piece(f"  {shown}", "empty")])

    def _card(self, card: Card, selected: bool) -> list[Strip]:
        """The rows of a card; drawn once, then from the cache."""
        kept = self._drawn.get(card.id)
        if kept is not None and kept[0] is card and kept[1] == selected:
            return kept[2]
        assert self._drawn_with is not None
        rows = [
            self._card_row(row, card.priority, selected)
            for row in card_pieces(card, self._drawn_with)
        ]
        self._drawn[card.id] = (card, selected, rows)
        return rows

    def _card_row(self, pieces: list[Piece], priority: str, selected: bool) -> Strip:
        bar = Piece("█" if selected else "▎", "priority", priority)
        blank = Piece(" ", "blank")
        return self._strip([bar, blank, *pieces, blank], selected)

    def _strip(self, pieces: list[Piece], selected: bool = False) -> Strip:
        """Pieces in their styles, neighbours of one style joined, to the full width."""
        segments: list[Segment] = []
        for piece in pieces:
            style = self._style(piece.role, piece.tint, selected)
            if segments and segments[-1].style is style:
                segments[-1] = Segment(segments[-1].text + piece.text, style)
            elif piece.text:
                segments.append(Segment(piece.text, style))
        strip = Strip(segments)
        return strip.adjust_cell_length(self.size.width, self._style("plain"))

    def _style(self, role: str, tint: str = "", selected: bool = False) -> Style:
        found = self._looks.get((role, tint, selected))
        if found is None:
            found = self._make_style(role, tint, selected)
            self._looks[role, tint, selected] = found
        return found

    def _make_style(self, role: str, tint: str, selected: bool) -> Style:
        name = "title-selected" if role == "title" and selected else role
        style = self.get_component_rich_style(f"column--{name}")
        if selected:
            back = self.get_component_rich_style("column--selected")
            style += Style(bgcolor=back.bgcolor)
        return style + tint_style(tint)

    # mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_y = round(self.scroll_y) + WHEEL

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_y = round(self.scroll_y) - WHEEL

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = bisect_right(self._starts, event.y - HEADER + round(self.scroll_y)) - 1
        cards, task_id = self.lane.visible, None
        if event.y >= HEADER and 0 <= at < len(cards):
            task_id = cards[at].id
        self.post_message(self.Picked(self.column_id, task_id, event.chain))


def tint_style(tint: str) -> Style:
    """A colour out of the data: a priority's name or `#RRGGBB`; else none."""
    color = PRIORITIES.get(tint, tint)
    if len(color) != 7 or color[0] != "#" or not set(color[1:]) <= _HEX:
        return Style.null()
    return Style(color=color)
