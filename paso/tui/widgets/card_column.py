"""One column of the board, drawn line by line: any number of cards, one widget.

    y 0    To do         ?1 4/5      name, sessions that need you, cards and limit
    y 1    ━━━━━━━━━━━ 7/340 ━      heavy under the active column; the place in it
    y 2-   cards                     scrolled; the two lines above stay

Never: read the database, change the board, or decide where the cursor goes.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from paso.text import cell_width, cut, escape
from paso.tui.card_lines import Piece, card_pieces, card_rows
from paso.tui.session_words import SIGNS
from paso.tui.widgets.line_view import LineView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from textual import events

    from paso.database.task_sessions import SessionMark
    from paso.model import Card
    from paso.tui.board_state import BoardState, Lane
    from paso.tui.card_lines import Look

    Drawn = tuple[Card, SessionMark | None, list[Strip]]
    from paso.tui.widgets.card_styles import CardStyles

HEADER = 2
"""Lines above the cards: name and rule."""
EDGE = 4
"""Cells of a line that no text uses: bar, blank, blank, gap to the next column."""
TALL = 30
"""Lines from which a page jumps when the cursor leaves it, instead of creeping."""
KEPT_CARDS = 256
"""Drawn cards kept for each column; a screen shows fewer."""


class CardColumn(LineView):
    """The cards of one column, from the state of the board."""

    class Picked(Message):
        """A card was clicked, or the empty part of a column."""

        def __init__(self, column_id: int, task_id: int | None, clicks: int) -> None:
            super().__init__()
            self.column_id = column_id
            self.task_id = task_id
            self.clicks = clicks

    def __init__(self, column_id: int, board: BoardState, styles: CardStyles) -> None:
        super().__init__()
        self.column_id = column_id
        self.look: Look | None = None
        self.empty_text = ""
        self.active = False
        self._board = board
        self._card_styles = styles
        self._width = 0
        self._starts = [0]
        self._drawn: dict[tuple[int, bool], Drawn] = {}
        self._drawn_with: Look | None = None
        self._heights: dict[int, int] = {}
        self._scrolling = False

    # what others call

    @property
    def lane(self) -> Lane:
        return self._board.lane(self.column_id)

    def show(self, changed: Collection[int] | None = None) -> None:
        """Draw the cards of the state anew, in the width the column has.

        Arguments:
            changed: ids of the tasks that may look different; absent = all.
        """
        if changed is None:
            self._heights.clear()
        else:
            for task_id in changed:
                self._heights.pop(task_id, None)
        if not self._width or self.look is None:
            return
        look = self.look._replace(width=max(self._width - EDGE, 8))
        if look != self._drawn_with:
            self._drawn_with = look
            self._drawn.clear()
            self._heights.clear()
        self._measure(look.width)
        self.show_cursor()

    def show_cursor(self) -> None:
        """Bring the selected card on screen and repaint what differs."""
        at = self.lane.index
        if at >= 0 and at + 1 < len(self._starts):
            page = len(self._shown) - HEADER
            first, last = self._starts[at], self._starts[at + 1] - 1
            self._scroll_quietly(_scrolled(round(self.scroll_y), page, first, last))
        self.repaint()

    def page_cards(self) -> int:
        """Cards that half a screen holds, for moving by half screens."""
        lane, page = self.lane, max(len(self._shown) - HEADER, 2)
        if lane.index < 0 or lane.index >= len(self._starts):
            return 1
        goal = self._starts[lane.index] + page // 2
        return max(bisect_right(self._starts, goal) - 1 - lane.index, 1)

    def restyle(self) -> None:
        """Forget every drawn line, after a change of colours or of the day."""
        self._drawn.clear()
        self._shown = [None] * len(self._shown)
        self.refresh()

    # layout

    def _measure(self, width: int) -> None:
        known, cards = self._heights, self.lane.visible
        for card in cards:
            if card.id not in known:
                known[card.id] = card_rows(card, width) + 1
        rows = [known[card.id] for card in cards]
        self._starts = list(accumulate(rows, initial=0))
        # Bypasses the reactive, which would lay out the whole screen: nothing else
        # depends on the height of what can be scrolled to.
        size = Size(self._width, self._starts[-1] + HEADER)
        self.set_reactive(type(self).virtual_size, size)
        self._scroll_quietly(min(self.scroll_y, self.max_scroll_y))

    def _scroll_quietly(self, top: float) -> None:
        """Scroll; the caller repaints."""
        self._scrolling = True
        self.scroll_y = top
        self._scrolling = False

    def on_resize(self, event: events.Resize) -> None:
        self._width = event.size.width
        self._shown = [None] * event.size.height
        self.show()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if not self._scrolling:
            self.repaint()

    # painting

    def _blank(self) -> Strip:
        return Strip.blank(self._width, self._card_styles.get("plain"))

    def _lines(self, height: int) -> list[Strip | None]:
        """Every line of the column as it is to be seen now."""
        blank = self._blank()
        lines: list[Strip | None] = [self._name_line(), self._rule_line()]
        lane, top = self.lane, round(self.scroll_y)
        if not lane.visible:
            lines += self._empty_lines()
        elif self._drawn_with is not None:
            first = bisect_right(self._starts, top) - 1
            skip = top - self._starts[first]
            for index in range(first, len(lane.visible)):
                if len(lines) - skip >= height:
                    break
                selected = self.active and index == lane.index
                lines += self._card(lane.visible[index], selected)
                lines.append(blank)
            del lines[HEADER : HEADER + skip]
        lines += [blank] * (height - len(lines))
        return lines[:height]

    def _name_line(self) -> Strip:
        column = self._board.find_column(self.column_id)
        name = escape(column.name) if column else ""
        count, full = self._count(column.wip_limit if column else None)
        needs = self._board.column_needs(self.column_id)
        asks = f"{SIGNS['waiting']}{needs} " if needs else ""
        room = max(self._width - len(count) - len(asks) - 4, 1)
        name = cut(name, room)
        suffix = "-active" if self.active else ""
        return self._strip(
            [
                Piece(f" {name}{' ' * (room - cell_width(name) + 1)}", f"name{suffix}"),
                Piece(asks, "needs"),
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
        width = max(self._width - 1, 4)
        lane, place = self.lane, ""
        if self._starts[-1] - 1 > len(self._shown) - HEADER:
            place = f" {lane.index + 1}/{len(lane.visible)} "
        stroke = "━" if self.active else "─"
        text = stroke * (width - len(place) - 1) + place + stroke
        return self._strip([Piece(text, "rule-active" if self.active else "rule")])

    def _empty_lines(self) -> list[Strip]:
        return [
            self._strip([Piece(f"  {cut(text, self._width - 3)}", "empty")])
            for text in ["", *self.empty_text.split("\n")]
        ]

    def _card(self, card: Card, selected: bool) -> list[Strip]:
        """The rows of a card; drawn once, then kept."""
        kept, mark = (
            self._drawn.get((card.id, selected)),
            self._board.marks.get(card.id),
        )
        if kept is not None and kept[0] is card and kept[1] == mark:
            return kept[2]
        assert self._drawn_with is not None
        rows = [
            self._card_row(row, card.priority, selected)
            for row in card_pieces(card, self._drawn_with)
        ]
        if len(self._drawn) >= KEPT_CARDS:
            self._drawn.clear()
        self._drawn[card.id, selected] = (card, mark, rows)
        return rows

    def _card_row(self, pieces: list[Piece], priority: str, selected: bool) -> Strip:
        bar = Piece("█" if selected else "▎", "priority", priority)
        blank = Piece(" ", "blank")
        return self._strip([bar, blank, *pieces, blank], selected)

    def _strip(self, pieces: list[Piece], selected: bool = False) -> Strip:
        """Pieces in their styles, neighbours of one style joined, to the full width."""
        get, segments = self._card_styles.get, list[Segment]()
        text, style = "", get("blank", "", selected)
        for piece in pieces:
            # Blanks look alike in any colour of letters: one style less to send.
            other = (
                style if piece.role == "blank" and text else get(*piece[1:], selected)
            )
            if other is not style and text:
                segments.append(Segment(text, style))
                text = ""
            text, style = text + piece.text, other
        segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(self._width, get("plain"))

    # mouse

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = bisect_right(self._starts, event.y - HEADER + round(self.scroll_y)) - 1
        cards, task_id = self.lane.visible, None
        if event.y >= HEADER and 0 <= at < len(cards):
            task_id = cards[at].id
        self.post_message(self.Picked(self.column_id, task_id, event.chain))


def _scrolled(top: int, page: int, first: int, last: int) -> int:
    """The line to begin with so that lines `first` to `last` are on the page.

    A tall page jumps by a third, so that not every key repaints all of it.
    """
    jump = page // 3 if page >= TALL else 0
    if last - page >= top:
        return max(min(last - page + 1 + jump, first), 0)
    return max(first - jump, 0) if first < top else top
