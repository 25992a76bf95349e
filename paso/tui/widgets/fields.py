"""Text fields that show control characters instead of obeying them.

A value that was not touched is given back as it came, control characters and all.

Never: know what the text is for.
"""

from __future__ import annotations

from textual.widgets import Input, TextArea

from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events


class TextLine(Input):
    """A field of one line.

    Arguments:
        text: where it begins.
        id: the name of the field.
        most: characters it takes.
        hint: shown while it is empty.
        offered: where it begins is a guess, which typing replaces.
    """

    def __init__(
        self,
        text: str,
        id: str,
        most: int = 0,
        hint: str = "",
        offered: bool = False,
    ) -> None:
        self._original = text
        super().__init__(
            escape(text),
            id=id,
            placeholder=hint,
            max_length=most,
            select_on_focus=offered,
        )

    @property
    def text(self) -> str:
        """What the field holds now."""
        same = self.value == escape(self._original)
        return self._original if same else self.value

    @text.setter
    def text(self, text: str) -> None:
        self._original = text
        self.value = escape(text)

    def _on_paste(self, event: events.Paste) -> None:
        # Textual calls the handler of the base class after this one.
        event.text = escape(" ".join(event.text.splitlines()).strip())


class TextBlock(TextArea):
    """A field of several lines.

    Arguments:
        text: where it begins.
        id: the name of the field.
    """

    def __init__(self, text: str, id: str) -> None:
        self._original = text
        super().__init__(escape(text, lines=True), id=id, tab_behavior="focus")

    @property
    def typed(self) -> str:
        """What the field holds now."""
        same = self.text == escape(self._original, lines=True)
        return self._original if same else self.text

    @typed.setter
    def typed(self, text: str) -> None:
        self._original = text
        self.text = escape(text, lines=True)

    async def _on_paste(self, event: events.Paste) -> None:
        clean = event.text.replace("\r\n", "\n").replace("\r", "\n")
        event.text = escape(clean, lines=True)
