"""The looks of the board: one set of styles, shared by all columns.

They are component classes of the screen, resolved once and not once for each column.

Never: know a card or a line.
"""

from __future__ import annotations

from rich.style import Style

from paso.model import PRIORITIES
from paso.tui.session_words import ON_CARDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.widget import Widget

LOOKS = (
    *("name", "name-active", "count", "count-full", "rule", "rule-active", "empty"),
    *("key", "title", "title-selected", "type-task", "type-bug", "type-feature"),
    *("blocked", "late", "due", "fact", "assignee", "label", "priority"),
    *("blank", "selected", "fact-selected", "plain", "needs"),
    *(f"mark-{name}" for name in (*ON_CARDS, "more")),
)
FAINT = {"key", "fact", "type-task", "mark-idle", "mark-more"}
"""Where a terminal has sixteen colours, faint words on the cursor would not be seen."""
_HEX = frozenset("0123456789abcdefABCDEF")


class CardStyles:
    """Resolves the role of a piece of text to its style.

    Arguments:
        owner: the widget with `COMPONENTS` as its component classes.
    """

    COMPONENTS = frozenset(f"card--{look}" for look in LOOKS)

    def __init__(self, owner: Widget) -> None:
        self._owner = owner
        self._found: dict[tuple[str, str, bool], Style] = {}

    def clear(self) -> None:
        """Forget all, after a change of theme."""
        self._found.clear()

    def get(self, role: str, tint: str = "", selected: bool = False) -> Style:
        """The style of a role, tinted by a colour of the data."""
        found = self._found.get((role, tint, selected))
        if found is None:
            found = self._make(role, tint, selected)
            self._found[role, tint, selected] = found
        return found

    def _make(self, role: str, tint: str, selected: bool) -> Style:
        if selected and role in FAINT:
            role = "fact-selected"
        name = "title-selected" if role == "title" and selected else role
        style = self._owner.get_component_rich_style(f"card--{name}")
        if selected:
            back = self._owner.get_component_rich_style("card--selected")
            style += Style(bgcolor=back.bgcolor)
        if self._owner.app.no_color:
            return style
        return style + tint_style(tint)


def tint_style(tint: str) -> Style:
    """A colour out of the data: a priority's name or `#RRGGBB`; else none."""
    color = PRIORITIES.get(tint, tint)
    if len(color) != 7 or color[0] != "#" or not set(color[1:]) <= _HEX:
        return Style.null()
    return Style(color=color)
