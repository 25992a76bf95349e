"""The bottom line: a few keys or the last message; who needs you; the connection.

Never: know where a message comes from; wait.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from paso.text import cell_width, cut, escape
from paso.tui.card_lines import Piece, spread
from paso.tui.session_words import SIGNS as MARKS
from paso.tui.session_words import needs_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STATES = {
    "live": ("●", "live"),
    "reconnecting": ("◌", "reconnecting"),
    "offline": ("○", "offline"),
}
"""Shape and word of each connection state; told apart without colour."""

LOOKS = (
    *(*STATES, "key", "word", "filter", "blank", "needs"),
    *("information", "warning", "error"),
)

SIGNS = {"information": "✓", "warning": "!", "error": "✗"}


class StatusBar(Widget):
    """One line at the bottom of a screen.

    Arguments:
        hints: keys and words, help and quit last.
        needs_key: the key that shows who needs the user.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"status--{look}" for look in LOOKS}

    def __init__(self, hints: list[tuple[str, str]], needs_key: str = "") -> None:
        super().__init__()
        self._needs_key = needs_key
        self._hints = self._usual_hints = hints
        self._message = ("", "information")
        self._filter = ""
        self._needs = 0
        self._peers = ""
        self.connection = "reconnecting"

    def say(self, text: str, severity: str = "information") -> None:
        """Show a message in place of the keys; empty text takes it away."""
        self._message = (text, severity)
        self.refresh()

    @property
    def message(self) -> str:
        return self._message[0]

    @property
    def has_error(self) -> bool:
        """True while an error is shown; it is not to be talked over."""
        text, severity = self._message
        return bool(text) and severity == "error"

    def show_hints(self, hints: Iterable[tuple[str, str]] | None) -> None:
        """Show other keys for a while; None brings the usual ones back."""
        self._hints = self._usual_hints if hints is None else list(hints)
        self._filter = ""
        self.refresh()

    def show_filter(self, text: str) -> None:
        """Show the filter that is on, in place of the keys."""
        self._filter = text
        self.refresh()

    def show_connection(self, name: str) -> None:
        """Show one of `STATES`."""
        if name != self.connection:
            self.connection = name
            self.refresh()

    def show_needs(self, count: int) -> None:
        """Show how many sessions need the user, wherever they run."""
        if count != self._needs:
            self._needs = count
            self.refresh()

    def show_peers(self, text: str) -> None:
        """Show what is wrong with the way to other computers; empty = nothing."""
        if text != self._peers:
            self._peers = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        right = self._right()
        width = sum(cell_width(piece.text) for piece in right)
        left = self._left(self.size.width - width - 1)
        segments = [
            Segment(p.text, self.get_component_rich_style(f"status--{p.role}"))
            for p in spread([Piece(" ", "blank"), *left], right, self.size.width)
            if p.text
        ]
        return Strip(segments).adjust_cell_length(self.size.width)

    def _right(self) -> list[Piece]:
        sign, word = STATES[self.connection]
        pieces = [Piece(f" {sign} {word} ", self.connection)]
        if self._peers:
            pieces.insert(0, Piece(f" {escape(self._peers)} ", "reconnecting"))
        if self._needs:
            text = f"{MARKS['waiting']} {needs_words(self._needs)} "
            key = Piece(f" {self._needs_key} " if self._needs_key else " ", "key")
            pieces[:0] = [key, Piece(text, "needs")]
        return pieces

    def _left(self, room: int) -> list[Piece]:
        text, severity = self._message
        if text:
            return [Piece(f"{SIGNS[severity]} {escape(text)}", severity)]
        if self._filter:
            shown = cut(f"/ {escape(self._filter)}", room - 24)
            return [
                Piece(shown, "filter"),
                Piece("   ", "blank"),
                *_hint("esc", "show all"),
            ]
        return self._keys(room)

    def _keys(self, room: int) -> list[Piece]:
        """As many keys as fit; help and quit stand last and are never left out."""
        hints = list(self._hints)
        while hints and sum(len(k) + len(w) + 3 for k, w in hints) > room:
            del hints[-3 if len(hints) > 3 else -1]
        return [piece for key, word in hints for piece in _hint(key, word)]


def _hint(key: str, word: str) -> list[Piece]:
    return [Piece(f"{key} ", "key"), Piece(f"{word}  ", "word")]
