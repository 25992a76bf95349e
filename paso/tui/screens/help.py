"""The help page, made from the keys that are really bound.

Never: name a key itself.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from paso.tui.keys import (
    ACTIONS,
    ALWAYS,
    SESSION_ACTIONS,
    Action,
    keys_of,
    show_key,
)
from paso.tui.screens.dialog import Dialog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

MARKS = (
    ("↑↑ ↑ = ↓ ↓↓", "priority: critical, high, medium, low, trivial"),
    ("⊘", "blocked by a card that is not done"),
    ("└2/5", "two of five children are done"),
    ("✎3", "three comments"),
    ("Dec 12!", "the due date has passed"),
    ("?2", "two of its sessions need you; above a column: of its cards"),
    ("► ◇", "a session that works, one that is idle"),
    ("✓ ✗ ∅", "one that finished, failed, was lost, until you have seen it"),
    ("5/5!", "the column holds as many cards as its limit allows"),
    ("⇄ 2", "two other computers are live; else why there is no way to them"),
    ("● ◌ ○", "live, reconnecting, offline (changes show once a second)"),
)
FILTER = (
    ("word", "in title or description"),
    ("label:x -label:y", "labels"),
    ("prio>=high type:bug", "priority and type"),
    ("is:blocked is:ready", "state; also is:overdue, is:open, is:mine"),
    ("due<+7d assignee:me", "due date, assignee"),
    ("col:done", "column"),
)


class Help(Dialog[None]):
    """Keys, marks and the filter language."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,question_mark,f1,enter,space", "close", show=False),
        Binding("j,down", "scroll(1)", show=False, priority=True),
        Binding("k,up", "scroll(-1)", show=False, priority=True),
        Binding("ctrl+d,pagedown", "scroll(10)", show=False, priority=True),
        Binding("ctrl+u,pageup", "scroll(-10)", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    Help > .dialog--frame {
        width: 78; height: 90%; padding: 0 2; scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self, keymap: dict[str, str], first: tuple[Action, ...] = ACTIONS
    ) -> None:
        super().__init__()
        self._keymap = keymap
        self._first = first

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog--frame") as frame:
            frame.border_title = "Help"
            frame.border_subtitle = "j k scroll · esc closes"
            yield Static(Content.assemble(*self._lines()), markup=False)

    def _lines(self) -> Iterable[Content | str]:
        rest = ACTIONS + ALWAYS + SESSION_ACTIONS
        actions = tuple(dict.fromkeys(self._first + rest))
        for group in dict.fromkeys(action.group for action in actions):
            yield _heading(group)
            for action in actions:
                if action.group == group:
                    yield from _line(self._keys(action), action.title)
        yield _heading("Marks on a card")
        for mark, meaning in MARKS:
            yield from _line(mark, meaning)
        yield _heading("Filter")
        for word, meaning in FILTER:
            yield from _line(word, meaning)

    def _keys(self, action: Action) -> str:
        return "  ".join(show_key(key) for key in keys_of(action, self._keymap))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)


def _heading(text: str) -> Content:
    return Content.styled(f"\n{text}\n", "bold $primary")


def _line(left: str, right: str) -> Iterable[Content | str]:
    yield Content.styled(f"  {left:<22}", "$accent")
    yield f" {right}\n"
