"""Windows in which one picks from a list, narrowing it by typing.

Never: know what is picked from, or what becomes of it.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, TypeVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from paso.text import cell_width, cut
from paso.tui.screens.dialog import Dialog, keys_line, plain
from paso.tui.search import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

T = TypeVar("T")
WIDTH = 68
"""Cells of a line in the list."""


class Row(NamedTuple):
    """One line of a list.

    Arguments:
        value: what picking it gives.
        text: what is shown, escaped.
        tail: shown at the right end, escaped.
        sign: shown before the text.
        color: colour of the sign, `#RRGGBB`.
    """

    value: Any
    text: str
    tail: str = ""
    sign: str = ""
    color: str = ""


class ListDialog(Dialog[T]):
    """A list with a line to search it; the search line keeps the focus."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("down,ctrl+n", "move(1)", "Down", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Up", show=False, priority=True),
        Binding("enter", "pick", "Pick", show=False, priority=True),
    ]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "choose"),
        ("enter", "take it"),
        ("esc", "close"),
    )
    HINT = "type to search"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._rows: list[Row] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog--frame") as frame:
            frame.border_title = Content(self._title)
            yield Input(placeholder=self.HINT, id="search")
            yield OptionList(id="rows", markup=False)
            yield plain("", "dialog--error", "error")
            yield keys_line(self.KEYS)

    def on_mount(self) -> None:
        self.query_one("#rows", OptionList).can_focus = False
        self.set_focus(self.query_one("#search", Input))
        self.query_one("#error", Static).display = False
        self.fill()

    # what a list says of itself

    def rows(self, search: str) -> Iterable[Row]:
        """The lines that fit what was typed."""
        raise LookupError(search)

    def start(self) -> Any:
        """Value of the line the cursor begins on."""
        return None

    def picked(self, row: Row) -> None:
        """A line was taken."""
        self.dismiss(row.value)

    # the list

    @property
    def search(self) -> str:
        """What was typed."""
        return self.query_one("#search", Input).value.strip()

    def clear_search(self, keep: Any = None) -> None:
        """Show all lines again, the cursor on `keep`."""
        with self.prevent(Input.Changed):
            self.query_one("#search", Input).value = ""
        self.fill(keep)

    def set_title(self, title: str) -> None:
        """Put other escaped words into the frame."""
        self.query_one(".dialog--frame").border_title = Content(title)

    def fill(self, keep: Any = None) -> None:
        """Show the lines for what is typed; the cursor stays on `keep`."""
        self._rows = list(self.rows(self.search))
        found = self.query_one("#rows", OptionList)
        width = min(WIDTH, self.app.size.width - 10)
        found.clear_options()
        found.add_options([Option(_line(row, width)) for row in self._rows])
        wanted = self.start() if keep is None else keep
        values = [row.value for row in self._rows]
        if self._rows:
            found.highlighted = values.index(wanted) if wanted in values else 0

    def row(self) -> Row | None:
        """The line under the cursor."""
        at = self.query_one("#rows", OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def complain(self, text: str) -> None:
        """Show an error in the window; empty text takes it away."""
        error = self.query_one("#error", Static)
        error.update(Content(text))
        error.display = bool(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.complain("")
        self.fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_pick()

    def action_move(self, step: int) -> None:
        found = self.query_one("#rows", OptionList)
        if self._rows:
            at = (found.highlighted or 0) + step
            last = len(self._rows) - 1
            found.highlighted = at % (last + 1) if abs(step) == 1 else _clamp(at, last)

    def action_pick(self) -> None:
        row = self.row()
        if row is not None:
            self.picked(row)

    def action_leave(self) -> None:
        self.dismiss(None)


class Picker(ListDialog[Any]):
    """Pick one of a few values.

    Arguments:
        title: escaped.
        options: value and text of each, escaped.
        current: the value the cursor begins on.
    """

    def __init__(
        self, title: str, options: list[tuple[Any, str]], current: object
    ) -> None:
        super().__init__(title)
        self._options = options
        self._current = current

    def start(self) -> Any:
        return self._current

    def rows(self, search: str) -> Iterable[Row]:
        for value, text in self._options:
            if fits(search, text):
                yield Row(value, text, "now" if value == self._current else "")


def _line(row: Row, width: int) -> Content:
    room = width - cell_width(row.tail) - cell_width(row.sign) - 2
    text = cut(row.text, room)
    pad = " " * max(room - cell_width(text), 1)
    parts: list[Content | str] = []
    if row.sign:
        parts.append(Content.styled(f"{row.sign} ", row.color or "bold"))
    parts += [text, pad, Content.styled(row.tail, "$foreground 60%")]
    return Content.assemble(*parts)


def _clamp(at: int, last: int) -> int:
    return min(max(at, 0), last)
