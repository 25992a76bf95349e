"""The board's screen without its actions: columns, cursor, news, messages.

Never: write the board; the actions built on this do.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal

from paso.text import escape
from paso.tui.card_lines import Look
from paso.tui.keys import ACTIONS, hints_of, key_for
from paso.tui.screens.filter_screen import FilterScreen
from paso.tui.widgets.card_column import CardColumn
from paso.tui.widgets.card_styles import CardStyles
from paso.tui.widgets.project_tabs import ProjectTabs
from paso.tui.widgets.status_bar import StatusBar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from paso.model import Card, Column
    from paso.tui.board_data import News
    from paso.tui.board_state import BoardState

COLUMN_CELLS = 26
"""The least width of a column, also in the stylesheet."""


class BoardBase(FilterScreen):
    """Tabs, columns side by side, and the bottom line."""

    AUTO_FOCUS = ""
    COMPONENT_CLASSES: ClassVar[set[str]] = set(CardStyles.COMPONENTS)
    BINDINGS: ClassVar[list[Any]] = [
        Binding(a.keys, a.method, a.title, id=a.id, show=False) for a in ACTIONS
    ]

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self.state = state
        self.tabs = ProjectTabs(state)
        self._card_styles = CardStyles(self)
        self._columns: dict[int, CardColumn] = {}
        self._shown_column: int | None = None
        self._shown_project = state.project
        self._shown_needs: dict[int | None, int] = {}
        self._day: Any = None

    # layout

    def compose(self) -> ComposeResult:
        keymap = self.paso.config.keys
        self.bar = StatusBar(hints_of(ACTIONS, keymap), key_for("sessions", keymap))
        yield self.tabs
        with Horizontal(id="columns") as box:
            yield from self._make_columns()
        self._crowd(box)
        yield self.bar

    def _make_columns(self) -> list[CardColumn]:
        state = self.state
        self._columns = {
            c.id: CardColumn(c.id, state, self._card_styles) for c in state.columns
        }
        self._give_data()
        return list(self._columns.values())

    def _give_data(self) -> None:
        """Tell each column what is active and what to say when it is empty."""
        look = self._look()
        for column_id, widget in self._columns.items():
            widget.active = column_id == self.state.column_id
            widget.empty_text = self._empty_text(column_id)
            widget.look = look

    def _look(self) -> Look:
        state = self.state
        done = frozenset(c.id for c in state.columns if c.role == "completed")
        self._day = self.paso.data.today()
        return Look(0, state.key_of, state.labels_of, done, self._day, state.mark_of)

    def _empty_text(self, column_id: int) -> str:
        if self.state.filtered:
            return "no card matches"
        if self.state.cards or column_id != self.state.columns[0].id:
            return "no cards"
        return "No cards yet.\n\nPress a to add one,\n? for help."

    def on_mount(self) -> None:
        self._show_emptiness()
        self.show_needs()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._card_styles.clear()
        for widget in self._columns.values():
            widget.restyle()

    def on_resize(self, event: events.Resize) -> None:
        self._crowd(self.query_one("#columns", Horizontal))
        self.call_after_refresh(self._show_active_column)

    def _crowd(self, box: Horizontal) -> None:
        """Columns share the width while each has enough; then they scroll."""
        wanted = len(self._columns) * COLUMN_CELLS
        box.set_class(wanted > self.app.size.width, "-crowded")

    # news

    def news_came(self, news: News) -> None:
        """Show what has changed; the cursor keeps its card."""
        if news.sessions:
            self.show_needs()
        if news.tabs:
            self.tabs.refresh()
            self._tell_gone_project()
        if news.whole:
            self.show_board()
            return
        for column_id, widget in self._columns.items():
            text = self._empty_text(column_id)
            if column_id in news.lanes or text != widget.empty_text:
                widget.empty_text = text
                widget.show(news.tasks)
        self._follow_cursor()

    def show_needs(self) -> None:
        """Show how many sessions need the user, here and on every project."""
        if self._shown_needs != self.state.needs:
            self._shown_needs = self.state.needs
            self.tabs.refresh()
        if self.bar is not None:
            self.bar.show_needs(self.paso.needs())

    def _tell_gone_project(self) -> None:
        was, now = self._shown_project, self.state.project
        if was is not None and (now is None or now.id != was.id):
            self.say(f"the project {was.key} {escape(was.name)} is gone", "warning")

    def show_board(self) -> None:
        """Show the project of the state, whatever was shown before."""
        self._shown_project = self.state.project
        self.tabs.refresh()
        if list(self._columns) == [column.id for column in self.state.columns]:
            for widget in self._columns.values():
                widget.restyle()
            self.show_cards()
        else:
            self.run_worker(self._rebuild(), exclusive=True, group="columns")

    def show_cards(self) -> None:
        """Show the cards of the state in the columns that are there."""
        self._give_data()
        for widget in self._columns.values():
            widget.show()
        self._follow_cursor()

    async def _rebuild(self) -> None:
        """Other columns than before: mount them anew, in one paint."""
        box = self.query_one("#columns", Horizontal)
        with self.app.batch_update():
            await box.remove_children()
            await box.mount_all(self._make_columns())
            self._crowd(box)
        self._shown_column = None
        self._show_emptiness()
        self.call_after_refresh(self._show_active_column)

    def _show_emptiness(self) -> None:
        """Without any project the screen says what to press."""
        text, there = self._welcome_text(), self.query("#welcome")
        if not text:
            there.remove()
            return
        from textual.widgets import Static

        if there:
            there.first(Static).update(text)
        else:
            welcome = Static(text, id="welcome", markup=False)
            self.query_one("#columns").mount(welcome)

    def _welcome_text(self) -> str:
        """What is shown in the place of columns; empty where there are some."""
        if self.state.project is not None:
            return ""
        return "No project yet.\n\nPress P to make one, ? for help."

    def look_at_day(self) -> None:
        """At midnight, due dates read differently."""
        if self.paso.data.today() != self._day:
            self.show_board()

    # the cursor

    def _follow_cursor(self) -> None:
        """Repaint where the cursor was and where it is."""
        for column_id, widget in self._columns.items():
            active = column_id == self.state.column_id
            if active or widget.active:
                widget.active = active
                widget.show_cursor()
        if self.state.column_id != self._shown_column:
            self._show_active_column()

    def _show_active_column(self) -> None:
        widget = self._columns.get(self.state.column_id or 0)
        if widget is None or not widget.is_attached:
            return
        self._shown_column = self.state.column_id
        box = self.query_one("#columns", Horizontal)
        box.scroll_to_widget(widget, animate=False, force=True, immediate=True)
        self._tell_hidden(box)

    def _tell_hidden(self, box: Horizontal) -> None:
        """Count the columns that are out of sight for the most part."""
        left = right = 0
        for widget in self._columns.values():
            middle = widget.virtual_region.x + widget.virtual_region.width // 2
            left += middle < box.scroll_offset.x
            right += middle > box.scroll_offset.x + box.size.width
        self.tabs.show_hidden(left, right)

    def action_cursor(self, step: int) -> None:
        self.state.go(step)
        self._follow_cursor()

    def action_cursor_edge(self, side: int) -> None:
        self.state.go_edge(side)
        self._follow_cursor()

    def action_cursor_page(self, side: int) -> None:
        widget = self._columns.get(self.state.column_id or 0)
        if widget is not None:
            self.action_cursor(side * widget.page_cards())

    def action_column(self, step: int) -> None:
        self.state.go_column(step)
        self._follow_cursor()

    def select_task(self, task_id: int) -> None:
        """Put the cursor on a task, when it is shown."""
        self.state.select(task_id)
        self._follow_cursor()

    def on_card_column_picked(self, message: CardColumn.Picked) -> None:
        self.state.column_id = message.column_id
        if message.task_id is not None:
            self.state.select(message.task_id)
        self._follow_cursor()
        if message.clicks == 2 and message.task_id is not None:
            self.call_later(self.run_action, "view_task")

    # what actions need

    def card(self) -> Card | None:
        """The card under the cursor; says so when there is none."""
        card = self.state.current
        if card is None:
            self.say("no card here", "warning")
        return card

    def column(self) -> Column | None:
        """The column of the cursor; says so when there is none."""
        column = self.state.column
        if column is None:
            self.say("no column here", "warning")
        return column
