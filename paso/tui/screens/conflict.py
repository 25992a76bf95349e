"""Two people changed the same field: shows both values and lets the user choose.

Never: decide, or write.
"""

from __future__ import annotations

from typing import Any

from textual.containers import VerticalScroll
from textual.content import Content

from paso.text import cut, escape
from paso.tui.screens.dialog import Dialog, keys_line, plain
from paso.tui.widgets.choice import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult

SHOWN_LINES = 4
SHOWN_CELLS = 300
MINE, THEIRS = "mine", "theirs"


class Conflict(Dialog[dict[str, Any]]):
    """Gives the values that are to be saved; None goes back to the form.

    Arguments:
        fields: name of each field to (mine, theirs).
    """

    BINDINGS = [
        ("ctrl+s,enter", "take", "Save the choice"),
        ("escape", "leave", "Back"),
    ]
    DEFAULT_CSS = """
    Conflict {
        & > .dialog--frame { border: round $warning; border-title-color: $warning; }
        & .conflict--field { margin-top: 1; text-style: bold; }
    }
    """

    def __init__(self, fields: dict[str, tuple[object, object]]) -> None:
        super().__init__()
        self._fields = fields

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog--frame", can_focus=False) as frame:
            frame.border_title = Content("Changed by somebody else meanwhile")
            yield plain("Which value is to stay?")
            for name, (mine, theirs) in self._fields.items():
                yield plain(name.capitalize(), "dialog--text conflict--field")
                yield plain(f"  mine:   {shown(mine)}")
                yield plain(f"  theirs: {shown(theirs)}")
                options = [(MINE, "keep mine"), (THEIRS, "take theirs")]
                yield Choice(options, MINE, id=f"choice-{name}")
            yield keys_line(
                [("←→", "choose"), ("^s", "save the choice"), ("esc", "back")]
            )

    def on_mount(self) -> None:
        self.set_focus(self.query(Choice).first())

    def action_take(self) -> None:
        chosen = {}
        for name, (mine, theirs) in self._fields.items():
            choice = self.query_one(f"#choice-{name}", Choice).value
            chosen[name] = mine if choice == MINE else theirs
        self.dismiss(chosen)

    def action_leave(self) -> None:
        self.dismiss(None)


def shown(value: object) -> str:
    """A value in words, cut to a few lines."""
    if value is None or value == "":
        return "(empty)"
    lines = escape(str(value), lines=True).splitlines()
    text = "\n          ".join(lines[:SHOWN_LINES])
    more = "…" if len(lines) > SHOWN_LINES else ""
    return cut(text, SHOWN_CELLS) + more
