"""The program that shows the board: holds the state, listens, writes, tells screens.

    keys ---> screens ---> write() ---> store (own thread) ---> COMMIT --+
                                                                         |
    board state <--- catch_up() <--- Look <---+--------------------------+
         |                                    +--- listener <--- daemon, others
         +---> every open screen: news_came()

Never: know a rule of the board, draw a card.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections import deque
from typing import Any, ClassVar, NamedTuple

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.message import Message

from paso.errors import PasoError, StoreBusy
from paso.tui.board_data import BoardData, News
from paso.tui.board_state import BoardState
from paso.tui.keys import ALWAYS, IDS, key_problems
from paso.tui.messages import error_words
from paso.tui.screens.bottom_line import BottomLineScreen
from paso.tui.session_book import SessionBook
from paso.tui.session_calls import SessionCalls
from paso.tui.session_tree import SessionView
from paso.tui.store import Store
from paso.tui.themes import DEFAULT, THEMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from textual.screen import Screen

    from paso.config import Config
    from paso.paths import Paths
    from paso.tui.screens.board import BoardScreen
    from paso.tui.step import Step

LOOK_S = 5.0
"""Between two looks at what became of sessions, while no daemon does that."""
BUSY = "the database is busy, trying again…"


class Wish(NamedTuple):
    """A write that waits for its turn."""

    prepare: Callable[[], Step | None]
    then: Callable[[Any], object] | None
    refused: Callable[[PasoError], bool] | None


class Look(Message):
    """Something was committed: read what has changed."""


class PasoApp(App[int]):
    """The running board.

    Arguments:
        paths: where the board is.
        config: keys, theme, actor, whether the daemon may be started.
        project: key, name or id to begin with; None for the last used.
        today: gives the user's day.
    Raises:
        PasoError: the database cannot be used, or there is no such project.
    """

    TITLE = "Paso"
    CSS_PATH = "paso.tcss"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[Any]] = [
        Binding(a.keys, a.method, a.title, id=a.id, show=False, priority=True)
        for a in ALWAYS
    ]

    def __init__(
        self,
        paths: Paths,
        config: Config,
        project: str | None,
        today: Callable[[], date] | None = None,
    ) -> None:
        super().__init__()
        self.paths = paths
        self.config = config
        self.state = BoardState()
        self.store = Store(paths, config)
        self.data = BoardData(self.store.db, self.state, config.actor, today or _today)
        self.book = SessionBook()
        self.calls = SessionCalls(self)
        self.session_view = SessionView()
        self._told = 0
        self._waiting: deque[Wish] = deque()
        self._writing = False
        self._leaving = False
        self._opening: Awaitable[None] | None = None
        try:
            self.data.open_project(self._first_project(project))
        except BaseException:
            self.store.close()
            raise
        self.store.on_commit = lambda: self.post_message(Look())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self._theme_name()
        self.set_keymap({k: v for k, v in config.keys.items() if k in IDS})

    def _first_project(self, ref: str | None) -> int | None:
        from paso.commands.projects import find_project, last_used_project

        if ref is None:
            return last_used_project(self.store.db)
        return find_project(self.store.db, ref).id

    def _theme_name(self) -> str:
        name = self.config.theme
        return name if name in self.available_themes else DEFAULT

    @property
    def board(self) -> BoardScreen:
        """The screen at the bottom of the stack."""
        from paso.tui.screens.board import BoardScreen

        screen = self.screen_stack[0]
        assert isinstance(screen, BoardScreen)
        return screen

    def get_default_screen(self) -> Screen[Any]:
        from paso.tui.screens.board import BoardScreen

        return BoardScreen(self.state)

    def on_mount(self) -> None:
        if not self.is_headless:
            # The terminal is given back as it was, whoever ends the board.
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.exit, 128 + signal.SIGTERM)
        self.call_after_refresh(self._start_listening)
        self.call_after_refresh(self._tell_key_problems)
        self.set_interval(60, self._look_at_clock)
        self._looking = self.set_interval(LOOK_S, self.calls.look, pause=True)

    def _start_listening(self) -> None:
        from paso.tui.listener import listen

        if not gc.isenabled():
            # What is loaded now stays: the collector need not look at it again.
            gc.freeze()
            gc.enable()
        self.run_worker(listen(self), name="listener", group="listener")

    def _tell_key_problems(self) -> None:
        problems = key_problems(self.config.keys)
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            self.say(problems[0] + more, "error")

    def push_screen(self, *args: Any, **options: Any) -> Any:
        """Open a screen; the keys after this one wait until it can take them."""
        self._opening = opening = super().push_screen(*args, **options)
        return opening

    async def on_event(self, event: events.Event) -> None:
        """Take keys one after another, also when many come at once.

        Textual hands a key to the screen and takes the next one before the first has
        acted; of `a` and a title in one piece, the title would go to the board.
        """
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if self.return_value is not None:
            return
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await opening
        screen = self.screen
        if self.focused is not None or not isinstance(screen, BottomLineScreen):
            await super().on_event(event)
            return
        screen.key_came()
        if not await self._check_bindings(event.key, priority=True):
            await self._check_bindings(event.key)

    # screens

    def show_sessions(self) -> None:
        """Open the list of all sessions, or come back to it."""
        from paso.tui.screens.sessions import Sessions

        self.push_screen(Sessions(self))

    def show_computers(self) -> None:
        """Pick another computer, then look at its board."""
        from paso.tui.screens.computers import ComputerPicker
        from paso.tui.screens.remote_board import RemoteScreen

        def done(computer: str | None) -> None:
            if computer is not None:
                self.push_screen(RemoteScreen(computer))

        self.push_screen(ComputerPicker(self), done)

    # changes that come in

    def on_look(self) -> None:
        self.catch_up()

    def catch_up(self) -> None:
        """Show what has changed since the last look, on every open screen."""
        try:
            news = self._add_told(self.data.catch_up())
        except StoreBusy:
            self.say(BUSY, "warning")
            self.set_timer(0.5, self.catch_up)
            return
        except PasoError as error:
            self.say_error(error)
            return
        if news is not None:
            self.tell(news)

    def _add_told(self, news: News | None) -> News | None:
        """The news with what the daemon told of other computers since the last look."""
        if self._told == self.book.version:
            return news
        self._told = self.book.version
        return (news or News())._replace(sessions=True)

    def needs(self) -> int:
        """Sessions that need the user, on this computer and the others."""
        return sum(self.state.needs.values()) + self.book.remote_needs()

    def reload(self, *, replaced: bool) -> None:
        """Read everything anew, from the file that is there now if it was replaced."""
        try:
            if replaced:
                self.store.reopen()
                self.data.db = self.store.db
            self.tell(self.data.reload())
        except PasoError as error:
            self.say_error(error)

    def tell(self, news: News) -> None:
        """Let every open screen show the news."""
        if news.sessions:
            self.show_peers()
        for screen in self.screen_stack:
            show = getattr(screen, "news_came", None)
            if show is not None and screen.is_mounted:
                show(news)
            elif show is not None:
                screen.call_later(show, news)  # its widgets are not there yet

    def _look_at_clock(self) -> None:
        self.board.look_at_day()

    # writes

    def write(
        self,
        prepare: Callable[[], Step | None],
        then: Callable[[Any], object] | None = None,
        refused: Callable[[PasoError], bool] | None = None,
    ) -> None:
        """Queue a write; it is decided and run after those before it.

        Arguments:
            prepare: called when its turn comes, on the state as it is then; gives
                the command, or None when there is nothing to do any more.
            then: called with the result once it is painted.
            refused: called with the error; True when it has been dealt with.
        """
        self._waiting.append(Wish(prepare, then, refused))
        if not self._writing:
            self._writing = True
            self.run_worker(self._write_all(), name="writes", group="writes")

    @property
    def writing(self) -> bool:
        """True while writes are waiting or under way."""
        return self._writing

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_one(self._waiting.popleft())
        finally:
            self._writing = False
            if self._leaving:
                self.exit(0)

    async def _write_one(self, wish: Wish) -> None:
        step = wish.prepare()
        if step is None:
            return
        try:
            result = await self.save(step.command, *step.args, **step.options)
        except PasoError as error:
            self.catch_up()
            if wish.refused is None or not wish.refused(error):
                self.say_error(error)
        else:
            if wish.then is not None:
                wish.then(result)

    async def save(
        self, command: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        """Run a command that writes and show what it changed.

        Raises:
            PasoError: what the command raises; nothing was written.
        """
        busy = lambda: self.say(BUSY, "warning")  # noqa: E731
        result = await self.store.write(busy, command, *args, **options)
        self.catch_up()
        return result

    # words for the user

    def say(self, text: str, severity: str = "information") -> None:
        """Show a message in the bottom line that is seen."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, BottomLineScreen):
                screen.say(text, severity)
                return

    def show_connection(self, name: str, reason: str) -> None:
        """Show the state of the connection to the daemon on every screen."""
        for screen in self.screen_stack:
            if isinstance(screen, BottomLineScreen):
                screen.show_connection(name, reason)
        self.show_peers()
        if name == "live":
            self._looking.pause()
        elif name == "offline":
            self._looking.resume()

    def show_peers(self) -> None:
        """Show what is wrong with the way to other computers."""
        for screen in self.screen_stack:
            if isinstance(screen, BottomLineScreen) and screen.bar is not None:
                screen.bar.show_peers(self.book.peers_words())

    def say_error(self, error: PasoError) -> None:
        """Show what went wrong and how to repair it."""
        self.say(error_words(error), "error")

    async def action_quit(self) -> None:
        """Leave; what was asked for before is written first."""
        if not self._writing or self._leaving:
            self.exit(0)
            return
        self._leaving = True
        self.say("finishing what you began; once more leaves at once", "warning")


def _today() -> date:
    from datetime import date

    return date.today()
