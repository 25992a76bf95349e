"""Every action of a view by its name, with its key.

Never: run one; the view does.
"""

from __future__ import annotations

from paso.tui.keys import ACTIONS, Action, keys_of, show_key
from paso.tui.screens.picker import ListDialog, Row
from paso.tui.search import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Palette(ListDialog[str]):
    """Gives the method of the action that was picked."""

    HINT = "what do you want to do?"

    def __init__(
        self, keymap: dict[str, str], actions: tuple[Action, ...] = ACTIONS
    ) -> None:
        super().__init__("Actions")
        self._keymap = keymap
        self._actions = actions

    def rows(self, search: str) -> Iterable[Row]:
        for action in self._actions:
            keys = "  ".join(show_key(key) for key in keys_of(action, self._keymap))
            if action.name != "palette" and fits(
                search, f"{action.title} {action.group}"
            ):
                yield Row(action.method, action.title, keys)
