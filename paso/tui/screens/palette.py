"""Every action of the board by its name, with its key.

Never: run one; the board does.
"""

from __future__ import annotations

from paso.tui.keys import ACTIONS, keys_of, show_key
from paso.tui.screens.picker import ListDialog, Row, fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Palette(ListDialog[str]):
    """Gives the method of the action that was picked."""

    HINT = "what do you want to do?"

    def __init__(self, keymap: dict[str, str]) -> None:
        super().__init__("Actions")
        self._keymap = keymap

    def rows(self, search: str) -> Iterable[Row]:
        for action in ACTIONS:
            keys = "  ".join(show_key(key) for key in keys_of(action, self._keymap))
            if action.id != "palette" and fits(
                search, f"{action.title} {action.group}"
            ):
                yield Row(action.method, action.title, keys)
