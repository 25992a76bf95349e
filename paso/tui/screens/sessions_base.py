"""The list of sessions without its actions: rows, cursor, parts, filter, news.

Never: act on a session; the actions built on this do.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from paso.errors import PasoError
from paso.model import LIVE_PHASES, Session
from paso.text import escape
from paso.tui.keys import SESSION_ACTIONS, hints_of, key_for
from paso.tui.screens.filter_screen import FilterScreen
from paso.tui.session_book import MOST_LOCAL
from paso.tui.session_rows import Place
from paso.tui.session_tree import key_of
from paso.tui.session_words import SIGNS, needs_words
from paso.tui.widgets.session_list import SessionList
from paso.tui.widgets.status_bar import StatusBar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult

    from paso.tui.board_app import PasoApp
    from paso.tui.board_data import News

AGES_S = 5.0
"""Between two looks at the ages that are shown."""

EMPTY = """No sessions yet.

A session is a command whose state this board follows.

  {new}                             starts one in a tmux of its own
  paso run -- make test         follows a command in your own terminal
  paso session adopt PANE       follows a tmux pane that is there"""


class SessionsBase(FilterScreen):
    """Head line, rows, bottom line; the cursor and its news."""

    AUTO_FOCUS = ""
    ACTIONS = SESSION_ACTIONS
    FILTER_HINT = "words of title, card, state, output"
    BINDINGS: ClassVar[list[Any]] = [
        Binding(a.keys, a.method, a.title, id=a.id, show=False) for a in SESSION_ACTIONS
    ]
    DEFAULT_CSS = """
    SessionsBase {
        layout: vertical; background: $background;

        & > #sessions-head {
            height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1;
        }
    }
    """

    def __init__(self, app: PasoApp) -> None:
        super().__init__()
        self.view = app.session_view
        self.list = SessionList(self.view)
        self._read_at = -1
        self._head = Content("")

    def compose(self) -> ComposeResult:
        self.bar = StatusBar(hints_of(SESSION_ACTIONS, self.paso.config.keys))
        board = self.paso.board.bar
        if board is not None:
            self.bar.show_connection(board.connection)
        yield Static("", id="sessions-head", markup=False)
        yield self.list
        yield self.bar

    def on_mount(self) -> None:
        new = key_for("session_new", self.paso.config.keys)
        self.list.empty_text = EMPTY.format(new=new or "?")
        self.show()
        self.paso.show_peers()
        self.set_interval(AGES_S, self.show)

    # news

    def news_came(self, news: News) -> None:
        """Show the sessions as they are now; the cursor stays on its row."""
        if news.sessions or news.whole or news.tasks:
            if news.whole or news.tasks:
                self._read_at = -1  # titles and keys of cards are shown, too
            self.show()

    def show(self) -> None:
        """Draw all rows; those of this computer are read when they have changed."""
        from datetime import UTC, datetime

        self._read()
        book = self.paso.book
        self.view.show(book)
        self.list.place = Place(80, datetime.now(UTC), monotonic(), bool(book.others()))
        self.list.show()
        self._show_head(book.sessions())

    def _read(self) -> None:
        data = self.paso.data
        if self._read_at == data.seen_sessions:
            return
        from paso.commands.session_reading import list_sessions

        try:
            found = list_sessions(data.db, limit=MOST_LOCAL)
        except PasoError as error:
            self.paso.say_error(error)
            return
        self._read_at = data.seen_sessions
        self.paso.book.take_local(found)

    def _show_head(self, sessions: list[Session]) -> None:
        needs = sum(session.attention != "none" for session in sessions)
        live = sum(session.phase in LIVE_PHASES for session in sessions)
        parts: list[Content | str] = [Content.styled("Sessions ", "bold $primary")]
        parts.append(f"  {live} running   {len(sessions) - live} over")
        if needs:
            text = f"   {SIGNS['waiting']} {needs_words(needs)}"
            parts.append(Content.styled(text, "bold $warning"))
        if self.view.search:
            search = escape(self.view.search)
            parts.append(Content.styled(f"   / {search}", "bold $accent"))
        head = Content.assemble(*parts)
        if head != self._head:
            self._head = head
            self.query_one("#sessions-head", Static).update(head)

    # the cursor

    def action_cursor(self, step: int) -> None:
        self.view.go(step)
        self.list.show()

    def action_cursor_edge(self, side: int) -> None:
        self.view.go_edge(side)
        self.list.show()

    def action_cursor_page(self, side: int) -> None:
        self.action_cursor(side * self.list.page_rows)

    def on_session_list_picked(self, message: SessionList.Picked) -> None:
        if self.view.select(self.view.rows[message.index].key):
            self.list.show()
            row = self.view.current
            if message.clicks == 2 and row is not None:
                method = "fold" if row.can_fold else "attach"
                self.call_later(self.run_action, method)

    def select(self, session: Session) -> None:
        """Put the cursor on a session, when it is shown."""
        self.view.selected = key_of(session)
        self.show()

    def session(self) -> Session | None:
        """The session under the cursor; says so when there is none."""
        row = self.view.current
        if row is None or row.session is None:
            self.say("no session here", "warning")
            return None
        return row.session

    # parts

    def action_fold(self) -> None:
        row = self.view.current
        if row is not None and row.can_fold:
            self.view.folded ^= {row.key}
            self.show()

    def action_unfold(self, open: bool) -> None:
        """Open or close the part under the cursor; from within, go to it first."""
        row = self.view.current
        if row is None:
            return
        if not row.can_fold or (not open and not row.open):
            above = self.view.parent()
            if not open and above is not None:
                self.view.select(above)
        elif open:
            self.view.folded.discard(row.key)
        else:
            self.view.folded.add(row.key)
        self.show()

    def action_toggle_tree(self) -> None:
        self.view.flat = not self.view.flat
        self.show()

    # filter

    def filter_text(self) -> str:
        return self.view.search

    def filter_by(self, text: str) -> None:
        self.view.search = text.strip()
        self.show()

    def show_filter(self) -> None:
        """The head line tells it."""
