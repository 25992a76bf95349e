"""Asks before something is taken away. The answer without thinking is no.

Never: do it itself.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import Vertical

from paso.tui.screens.dialog import Dialog, keys_line, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult


class Confirm(Dialog[bool]):
    """A question; only its own key says yes.

    Arguments:
        question: what is asked, escaped.
        text: what it concerns, escaped.
        key: the key for yes; never the key that led here.
        verb: what yes does, in words.
        otherwise: what no does.
    """

    BINDINGS: ClassVar[list[Any]] = [
        Binding("n,escape,enter,q", "no", "Leave it", show=False),
    ]

    DEFAULT_CSS = """
    Confirm > .dialog--frame {
        width: 60; border: round $error; border-title-color: $error;
    }
    """

    def __init__(
        self,
        question: str,
        text: str,
        key: str,
        verb: str,
        otherwise: str = "leave it",
    ) -> None:
        super().__init__()
        self._question = question
        self._text = text
        self._key = key
        self._verb = verb
        self._otherwise = otherwise

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog--frame") as frame:
            frame.border_title = "Sure?"
            yield plain(self._question)
            yield plain(self._text)
            yield keys_line([(self._key, self._verb), ("n", self._otherwise)])

    def on_key(self, event: events.Key) -> None:
        if event.key == self._key:
            event.stop()
            self.dismiss(True)

    def action_no(self) -> None:
        self.dismiss(False)
