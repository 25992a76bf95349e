"""The board's screen, whole: cards, columns, projects, filter, help.

Never: know how a card is drawn or a change is written.
"""

from __future__ import annotations

from paso.text import escape
from paso.tui.screens.card_actions import CardActions
from paso.tui.screens.column_actions import ColumnActions
from paso.tui.screens.session_keys import SessionKeys
from paso.tui.widgets.project_tabs import ProjectTabs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events


class BoardScreen(CardActions, ColumnActions, SessionKeys):
    """What `paso` shows on a terminal."""

    FILTER_HINT = "words  label:bug  prio>=high  is:blocked  due<+7d"

    # projects

    def on_project_tabs_picked(self, message: ProjectTabs.Picked) -> None:
        self.show_project(message.project_id)

    # filter

    def filter_text(self) -> str:
        filter = self.paso.data.filter
        return filter.text if filter is not None else ""

    def filter_by(self, text: str) -> None:
        from paso.commands.filters import parse_filter

        self.paso.data.show_only(parse_filter(text) if text.strip() else None)
        self.show_cards()

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
