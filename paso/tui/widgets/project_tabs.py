"""The top line: a tab for each project, and how many columns are out of sight.

Never: switch the project itself.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from paso.text import cell_width, cut, escape
from paso.tui.card_lines import Piece, spread
from paso.tui.session_words import SIGNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events

    from paso.model import Project
    from paso.tui.board_state import BoardState

NAME_CELLS = 24
"""A longer project name is cut in its tab."""


class ProjectTabs(Widget):
    """One line at the top of the board."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"tabs--{name}"
        for name in ["tab", "tab-active", "key", "blank", "more", "needs"]
    }

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, project_id: int) -> None:
            super().__init__()
            self.project_id = project_id

    def __init__(self, board: BoardState) -> None:
        super().__init__()
        self._board = board
        self._hidden = (0, 0)
        self._spans: list[tuple[int, int, int]] = []

    def show_hidden(self, left: int, right: int) -> None:
        """Tell how many columns are out of sight on each side."""
        if (left, right) != self._hidden:
            self._hidden = (left, right)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        right = self._more_columns()
        room = self.size.width - sum(cell_width(p.text) for p in right)
        pieces = spread(self._tabs(room), right, self.size.width)
        segments = [
            Segment(p.text, self.get_component_rich_style(f"tabs--{p.role}"))
            for p in pieces
            if p.text
        ]
        return Strip(segments).adjust_cell_length(self.size.width)

    def _more_columns(self) -> list[Piece]:
        left, right = self._hidden
        words = [f"‹ {left} more" if left else "", f"{right} more ›" if right else ""]
        text = "  ".join(word for word in words if word)
        return [Piece(f"  {text} ", "more")] if text else []

    def _tabs(self, room: int) -> list[Piece]:
        """The tabs that fit, the current one among them."""
        tabs = [(p, self._tab(p)) for p in self._board.projects]
        first = self._first_shown(tabs, room)
        pieces = [Piece("‹ " if first else " ", "more")]
        at, self._spans = cell_width(pieces[0].text), []
        for project, tab in tabs[first:]:
            width = sum(cell_width(piece.text) for piece in tab)
            self._spans.append((at, at + width, project.id))
            at += width
            pieces += tab
        return pieces

    def _first_shown(self, tabs: list[tuple[Project, list[Piece]]], room: int) -> int:
        current = self._board.project
        index = next(
            (i for i, (p, _) in enumerate(tabs) if current and p.id == current.id), 0
        )
        widths = [sum(cell_width(p.text) for p in tab) for _, tab in tabs]
        first = 0
        while first < index and sum(widths[first : index + 1]) + 2 > room:
            first += 1
        return first

    def _tab(self, project: Project) -> list[Piece]:
        current = self._board.project
        active = current is not None and current.id == project.id
        name = cut(escape(project.name), NAME_CELLS)
        if active:
            pieces = [Piece(f" ▸ {project.key} {name} ", "tab-active")]
        else:
            pieces = [Piece(f" {project.key} ", "key"), Piece(f"{name} ", "tab")]
        needs = self._board.needs.get(project.id)
        if needs:
            pieces.append(Piece(f" {SIGNS['waiting']}{needs}", "needs"))
        return [*pieces, Piece(" ", "blank" if active else "tab")]

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for first, last, project_id in self._spans:
            if first <= event.x < last:
                self.post_message(self.Picked(project_id))
