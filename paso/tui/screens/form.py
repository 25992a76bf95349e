"""What every form does alike: save, stay open on an error, ask before losing text.

Never: know what is saved.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from paso.errors import ChangedMeanwhile, PasoError
from paso.tui.messages import error_words
from paso.tui.screens.dialog import Dialog, keys_line, plain
from paso.tui.widgets.choice import Choice
from paso.tui.widgets.fields import TextBlock, TextLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.dom import DOMNode

    from paso.tui.board_app import PasoApp

T = TypeVar("T")


class Form(Dialog[T]):
    """Fields in a window. Each is a widget whose id is the name of the field."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "save", "Save", show=False, priority=True, id="form_save"),
        Binding("escape", "leave", "Cancel", show=False, id="form_leave"),
        Binding(
            "ctrl+e", "editor", "Editor", show=False, priority=True, id="form_editor"
        ),
        Binding("enter", "next_field", "Next", show=False),
    ]
    DEFAULT_CSS = """
    Form {
        & > .dialog--frame { scrollbar-size-vertical: 1; }
        & .form--row { height: auto; margin-bottom: 1; }
        & .form--foot { dock: bottom; height: auto; background: $surface; }
        & .form--foot > .dialog--keys { margin-top: 0; }
        & .form--label { width: 12; color: $foreground 60%; }
        & Input { width: 1fr; }
        & .form--value { width: 1fr; padding: 0 1; height: auto; }
        & .form--label-near { width: auto; padding: 0 1 0 2; color: $foreground 60%; }
        & TextArea {
            width: 1fr; height: 5; border: none; padding: 0 1; background: $panel;
            scrollbar-size-vertical: 1;
        }
        &.-tall TextArea { height: 12; }
        & TextArea:focus { border: none; background: $primary 15%; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("^s", "save"),
        ("esc", "cancel"),
        ("tab", "next field"),
    )

    def __init__(self, app: PasoApp) -> None:
        super().__init__()
        self.paso = app
        self.values_before: dict[str, Any] = {}
        self._saving = False

    # what a form says of itself

    def heading(self) -> str:
        """Escaped words for the frame."""
        raise LookupError

    def fields(self) -> Iterable[Widget]:
        """Rows of the form; `row` makes one."""
        raise LookupError

    async def save(self, values: dict[str, Any]) -> T:
        """Write the values.

        Raises:
            PasoError: it is shown, and the form stays open with all that was typed.
        """
        raise LookupError(values)

    # the window

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog--frame", can_focus=False) as frame:
            frame.border_title = Content(self.heading())
            yield from self.fields()
            with Vertical(classes="form--foot"):
                yield plain("", "dialog--note", "note")
                yield plain("", "dialog--error", "error")
                yield keys_line(self.KEYS)

    def on_mount(self) -> None:
        self.show_words("note", "")
        self.show_words("error", "")
        self.values_before = self.values()
        for field in self.query("TextLine, TextBlock, Choice"):
            self.set_focus(field)
            break

    def values(self) -> dict[str, Any]:
        """Value of each field, by its name."""
        found: dict[str, Any] = {}
        for field in self.query("TextLine, TextBlock, Choice").results():
            if field.id:
                found[field.id] = _value(field)
        return found

    def set_value(self, name: str, value: Any) -> None:
        """Put a value into a field."""
        field = self.query_one(f"#{name}")
        if isinstance(field, TextBlock):
            field.typed = value or ""
        elif isinstance(field, TextLine):
            field.text = value or ""
        elif isinstance(field, Choice):
            field.value = value

    @property
    def dirty(self) -> bool:
        """True when something would be lost by closing."""
        return self.values() != self.values_before

    def show_words(self, place: str, text: str) -> None:
        """Show a `note` or an `error` in the form; empty text takes it away."""
        line = self.query_one(f"#{place}", Static)
        line.update(Content(text))
        line.display = bool(text)

    # keys

    def action_save(self) -> None:
        self._after_keys([*(self.focused or self).ancestors_with_self])

    def _after_keys(self, way: list[DOMNode]) -> None:
        """Save once the keys before this one have acted.

        They are on their way from the field up to the app; this goes after them.
        """
        if way:
            way[0].call_later(self._after_keys, way[1:])
        else:
            self._begin_to_save()

    def _begin_to_save(self) -> None:
        if not self._saving:
            self._saving = True
            self.run_worker(self._save(), name="save")

    async def _save(self) -> None:
        try:
            result = await self.save(self.values())
        except ChangedMeanwhile as error:
            self.changed_meanwhile(error)
        except PasoError as error:
            self.show_words("error", error_words(error))
        else:
            self.dismiss(result)
        finally:
            self._saving = False

    def changed_meanwhile(self, error: ChangedMeanwhile) -> None:
        """Others changed the same fields; forms that can, let the user choose."""
        self.show_words("error", error.message)

    def on_input_submitted(self) -> None:
        self.focus_next()

    def action_next_field(self) -> None:
        self.focus_next()

    def action_leave(self) -> None:
        if not self.dirty:
            self.dismiss(None)
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                self.dismiss(None)

        text = "What you typed is not saved."
        question = Confirm("Leave the form?", text, "y", "leave it", "go on writing")
        self.app.push_screen(question, decide)

    def action_editor(self) -> None:
        """Edit the long text of the form in the user's own editor."""
        areas = self.query(TextBlock)
        if not areas:
            return
        from paso.tui.editor import edit_text

        area = areas.first()
        try:
            text = edit_text(self.app, area.typed, self.paso.config.editor)
        except PasoError as error:
            self.show_words("error", error.message)
        else:
            if text is not None:
                area.typed = text


def _value(field: Widget) -> Any:
    if isinstance(field, TextBlock):
        return field.typed
    if isinstance(field, TextLine):
        return field.text
    assert isinstance(field, Choice)
    return field.value


def row(label: str, *widgets: Widget) -> Horizontal:
    """A field with its name before it."""
    name = Static(label, classes="form--label", markup=False)
    return Horizontal(name, *widgets, classes="form--row")


def near(label: str) -> Static:
    """The name of a second field on the same row."""
    return Static(label, classes="form--label-near", markup=False)
