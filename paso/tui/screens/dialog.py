"""What every window over the board has in common: frame, title, bottom line of keys.

Never: know a task, a project, or the database.
"""

from __future__ import annotations

from typing import TypeVar

from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A framed window in the middle of the board, which stays visible around it."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 55%;

        & > .dialog--frame {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 90%;
            padding: 1 2 0 2;
            background: $surface;
            border: round $primary;
            border-title-color: $primary;
            border-title-style: bold;
            border-title-align: left;
            border-subtitle-color: $foreground 60%;
            scrollbar-background: $surface;
            scrollbar-background-hover: $surface;
            scrollbar-background-active: $surface;
            scrollbar-color: $foreground 25%;
        }
        & .dialog--text { width: 1fr; height: auto; color: $foreground 80%; }
        & .dialog--error { width: 1fr; height: auto; color: $error; text-style: bold; }
        & .dialog--note { width: 1fr; height: auto; color: $warning; }
        & .dialog--keys {
            width: 1fr; height: auto; margin-top: 1; color: $foreground 60%;
        }
        & Input {
            border: none; height: 1; padding: 0 1; background: $panel;
        }
        & Input:focus { border: none; background: $primary 25%; }
        & OptionList {
            border: none; padding: 0; background: $surface; height: auto;
            max-height: 16; scrollbar-size-vertical: 1;
        }
        & OptionList > .option-list--option { padding: 0 1; }
        & OptionList > .option-list--option-highlighted {
            background: $primary 30%; color: $foreground; text-style: bold;
        }
    }
    """


def plain(text: str, classes: str = "dialog--text", id: str | None = None) -> Static:
    """Text as it is: no markup in it means anything."""
    return Static(Content(text), classes=classes, id=id, markup=False)


def keys_line(keys: Iterable[tuple[str, str]]) -> Static:
    """The bottom line of a window: which key does what."""
    parts = [
        piece
        for key, word in keys
        for piece in (Content.styled(f"{key} ", "bold $accent"), f"{word}   ")
    ]
    return Static(Content.assemble(*parts), classes="dialog--keys", markup=False)
