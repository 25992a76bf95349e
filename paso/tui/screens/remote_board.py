"""Another computer's board, to be looked at: the columns of the own board, no writing.

It is kept fresh by events while it is looked at; what is shown stays, with its age,
while the other computer cannot be reached.

Never: write, or let a key that writes pass without a word.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from textual.content import Content
from textual.widgets import Static

from paso.model import TaskDetails
from paso.text import escape
from paso.tui.board_state import BoardState
from paso.tui.keys import ACTIONS
from paso.tui.listener import Pacer
from paso.tui.remote_data import RemoteBoard
from paso.tui.screens.board_base import BoardBase
from paso.tui.session_book import LIVE
from paso.tui.session_rows import computer_words
from paso.tui.session_words import age_word
from paso.tui.widgets.project_tabs import ProjectTabs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.app import ComposeResult

    from paso.tui.board_data import News
    from paso.tui.session_book import Computer

AGES_S = 5.0
"""Between two looks at the age that is shown."""
TOPICS = ("projects", "tasks")


class RemoteScreen(BoardBase):
    """The board of one other computer.

    Arguments:
        computer: id of the computer.
    """

    FILTER_HINT = "words of key, title, description"
    DEFAULT_CSS = """
    RemoteScreen > #remote-head {
        height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1;
    }
    """

    def __init__(self, computer: str) -> None:
        super().__init__(BoardState())
        self.remote = RemoteBoard(computer, self.state)
        self._told_at = monotonic()
        self._came = False
        self._head = Content("")

    @property
    def computer(self) -> Computer:
        return self.paso.book.computer(self.remote.computer)

    def compose(self) -> ComposeResult:
        yield Static("", id="remote-head", markup=False)
        yield from super().compose()

    def on_mount(self) -> None:
        super().on_mount()
        board = self.paso.board.bar
        if self.bar is not None and board is not None:
            self.bar.show_connection(board.connection)
        self.paso.show_peers()
        self._show_head()
        self.set_interval(AGES_S, self._show_head)
        self.run_worker(self._follow(), name="remote board")

    # what comes in

    async def _follow(self) -> None:
        from paso.events.client import EventClient, Other

        client = EventClient(
            self.paso.paths,
            client="tui",
            topics=TOPICS,
            computer=self.remote.computer,
            auto_start=False,
        )
        refreshes = {
            f"{topic}_updated": Pacer(
                lambda topic=topic: client.refresh(topic, self.remote.computer),  # type: ignore[misc]
                self.set_timer,
            )
            for topic in TOPICS
        }
        pace = Pacer(self._show_all, self.set_timer)
        async with client:
            async for notice in client:
                if not isinstance(notice, Other):
                    continue
                kind = str(notice.event.get("type"))
                if kind in refreshes:
                    refreshes[kind].wish()
                elif self.remote.take(notice.event):
                    self._came = self._came or kind == "tasks_initial"
                    self._told_at = monotonic()
                    pace.wish()

    def _show_all(self) -> None:
        self._show(self.state.project.id if self.state.project else None)

    def _show(self, project_id: int | None) -> None:
        sessions = self.paso.book.remote.get(self.remote.computer, {}).values()
        self.remote.show(project_id, sessions)
        self.show_board()
        self._show_emptiness()
        self._show_head()

    def news_came(self, news: News) -> None:
        """Sessions look different, or how well the computer can be reached."""
        if news.sessions:
            found = self.paso.book.remote.get(self.remote.computer, {}).values()
            if self.remote.show_marks(found):
                self.show_cards()
            self.show_needs()
            self._show_head()

    # words

    def _empty_text(self, column_id: int) -> str:
        return "no card matches" if self.state.filtered else "no cards"

    def _welcome_text(self) -> str:
        if self.state.project is not None:
            return ""
        return "no projects there" if self._came else "asking for its boards …"

    def _show_head(self) -> None:
        computer = self.computer
        name = escape(computer.name)
        parts: list[Content | str] = [Content.styled(f"{name} ", "bold $primary")]
        look = "$success" if computer.state == LIVE else "$warning"
        parts.append(Content.styled(f"  {computer_words(computer, monotonic())}", look))
        parts.append("   read-only")
        age = self._age()
        if age:
            parts.append(f"   as it was {age} ago")
        parts.append(
            Content.styled("   esc: back to your own board", "$foreground 60%")
        )
        head = Content.assemble(*parts)
        if head != self._head:
            self._head = head
            self.query_one("#remote-head", Static).update(head)

    def _age(self) -> str:
        """How old the tasks are; empty when they are fresh, or not there."""
        source = self.remote.source
        if source.get("state") == "fresh" and self.computer.state == LIVE:
            return ""
        age = source.get("age_s", 0)
        if not self._came or type(age) not in (int, float):
            return ""
        return age_word(age + monotonic() - self._told_at)

    def refuse(self) -> None:
        """Say why a key that writes does nothing."""
        name = escape(self.computer.name)
        self.say(f"read-only: this board is on {name}", "warning")

    # keys

    def on_project_tabs_picked(self, message: ProjectTabs.Picked) -> None:
        self._show(message.project_id)

    def action_project(self, step: int) -> None:
        ids = [project.id for project in self.state.projects]
        if self.state.project is None or len(ids) < 2:
            self.say("there is no other project", "warning")
            return
        at = ids.index(self.state.project.id)
        self._show(ids[(at + step) % len(ids)])

    def action_view_task(self) -> None:
        card = self.card()
        task = self.remote.tasks.get(card.id) if card is not None else None
        if task is not None:
            from paso.tui.screens.remote_details import RemoteDetails

            self.app.push_screen(RemoteDetails(TaskDetails(task, (), (), ())))

    def action_copy_key(self) -> None:
        card = self.card()
        if card is not None:
            key = self.state.key_of(card.number)
            self.app.copy_to_clipboard(key)
            self.say(f"copied {key}")

    def filter_text(self) -> str:
        return self.remote.search

    def filter_by(self, text: str) -> None:
        self.remote.search = text.strip()
        self.state.show_only(self.remote.matches())
        self.show_cards()

    def action_clear_filter(self) -> None:
        if self.remote.search:
            super().action_clear_filter()
        else:
            self.dismiss(None)

    def action_quit(self) -> None:
        self.dismiss(None)

    def on_unmount(self) -> None:
        self._columns.clear()


def _refused(screen: RemoteScreen, *_: Any) -> None:
    screen.refuse()


for _action in ACTIONS:
    # Every key of the board means something here: what is not there is refused.
    if not hasattr(RemoteScreen, f"action_{_action.name}"):
        setattr(RemoteScreen, f"action_{_action.name}", _refused)
