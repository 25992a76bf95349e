"""The board's screen, whole: cards, columns, projects, filter, help.

Never: know how a card is drawn or a change is written.
"""

from __future__ import annotations

from paso.errors import PasoError
from paso.text import escape
from paso.tui.screens.card_actions import CardActions
from paso.tui.screens.column_actions import ColumnActions
from paso.tui.screens.session_keys import SessionKeys
from paso.tui.widgets.project_tabs import ProjectTabs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events

    from paso.commands.filters import Filter
    from paso.tui.widgets.filter_line import FilterLine


class BoardScreen(CardActions, ColumnActions, SessionKeys):
    """What `paso` shows on a terminal."""

    # projects

    def on_project_tabs_picked(self, message: ProjectTabs.Picked) -> None:
        self.show_project(message.project_id)

    # filter

    async def action_filter(self) -> None:
        from paso.tui.widgets.filter_line import FilterLine

        lines = self.query(FilterLine)
        if lines:
            lines.first().take_keyboard()
            return
        text = self.paso.data.filter.text if self.paso.data.filter else ""
        assert self.bar is not None
        self.bar.show_hints(FilterLine.KEYS)
        await self.mount(FilterLine(text), before=self.bar)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Filter while typing; what cannot be read yet changes nothing."""
        from paso.commands.filters import parse_filter

        try:
            self._filter(parse_filter(message.text) if message.text.strip() else None)
        except PasoError as error:
            message.line.complain(error.message)
        else:
            message.line.complain("")

    def on_filter_line_left(self, message: FilterLine.Left) -> None:
        message.line.remove()
        assert self.bar is not None
        self.bar.show_hints(None)
        if not message.keep:
            self._filter(None)
        self._show_filter()

    def _filter(self, filter: Filter | None) -> None:
        self.paso.data.show_only(filter)
        self.show_cards()

    def _show_filter(self) -> None:
        assert self.bar is not None
        filter = self.paso.data.filter
        self.bar.show_filter(filter.text if filter is not None else "")

    def action_clear_filter(self) -> None:
        if self.paso.data.filter is not None:
            self._filter(None)
            self._show_filter()

    # theme

    def action_pick_theme(self) -> None:
        names = sorted(self.app.available_themes)
        options = [(name, name) for name in names]
        self._pick("Theme", options, self.app.theme, self._take_theme)

    def _take_theme(self, name: str) -> None:
        self.app.theme = name
        self.say(f"theme {escape(name)}; to keep it: paso config edit")

    async def action_quit(self) -> None:
        await self.paso.action_quit()

    def on_unmount(self, event: events.Unmount) -> None:
        self._columns.clear()
