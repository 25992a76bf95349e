"""What a session shows on its own screen, live while it is looked at.

Never: send anything to it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from paso.errors import PasoError
from paso.text import cut, escape
from paso.tui.messages import error_words
from paso.tui.screens.dialog import Dialog
from paso.tui.session_words import phase_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult

    from paso.model import Session
    from paso.tui.board_app import PasoApp
    from paso.tui.board_data import News

NEAR_S, FAR_S = 1.0, 3.0
"""Between two looks at the output, here and on another computer."""
MOST_FAILURES = 5
"""After so many looks in a row that failed, only news of the session start another."""


class SessionOutput(Dialog[None]):
    """The last lines of a session; stays at the end while one is there."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,o", "close", show=False),
        Binding("j,down", "scroll(1)", show=False, priority=True),
        Binding("k,up", "scroll(-1)", show=False, priority=True),
        Binding("ctrl+d,pagedown", "scroll(10)", show=False, priority=True),
        Binding("ctrl+u,pageup", "scroll(-10)", show=False, priority=True),
        Binding("g,home", "edge(-1)", show=False, priority=True),
        Binding("G,end", "edge(1)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SessionOutput > .dialog--frame {
        width: 96%; max-width: 96%; height: 92%; max-height: 92%; padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, app: PasoApp, session: Session) -> None:
        super().__init__()
        self.paso = app
        self.session = session
        self._text: str | None = None
        self._failures = 0
        self._reading = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog--frame") as frame:
            frame.border_subtitle = "j k scroll · g G ends · esc close"
            yield Static("reading …", id="output", markup=False)

    def on_mount(self) -> None:
        self._show_title()
        self._look()
        near = self.paso.calls.is_local(self.session)
        self.set_interval(NEAR_S if near else FAR_S, self._look_again)

    def news_came(self, news: News) -> None:
        """Show the phase of the session as it is now."""
        if news.sessions:
            found = self.paso.book.get(self.session.computer, self.session.id)
            self.session = found or self.session
            self._failures = 0
            self._show_title()
            self._look()

    def _show_title(self) -> None:
        title = cut(escape(self.session.title), 40)
        words = cut(phase_words(self.session), 40)
        self.query_one(".dialog--frame").border_title = Content(f"{title}: {words}")

    def _look_again(self) -> None:
        if self._failures < MOST_FAILURES:
            self._look()

    def _look(self) -> None:
        # One look at a time: a slow answer is waited for, not asked for again.
        if not self._reading:
            self._reading = True
            self.run_worker(self._read(), name="output")

    async def _read(self) -> None:
        try:
            text = await self.paso.calls.output(self.session)
            self._failures = 0
        except PasoError as error:
            self._failures += 1
            text = self._text or error_words(error)
            self.query_one(".dialog--frame").border_subtitle = error_words(error)
        finally:
            self._reading = False
        if text != self._text:
            self._text = text
            self._show(text)

    def _show(self, text: str) -> None:
        frame = self.query_one(VerticalScroll)
        at_end = frame.scroll_offset.y >= frame.max_scroll_y
        shown = escape(text.rstrip(), lines=True).expandtabs()
        self.query_one("#output", Static).update(Content(shown or "(no output)"))
        if at_end:
            self.call_after_refresh(frame.scroll_end, animate=False)

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_edge(self, side: int) -> None:
        frame = self.query_one(VerticalScroll)
        if side < 0:
            frame.scroll_home(animate=False)
        else:
            frame.scroll_end(animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
