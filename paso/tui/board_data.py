"""Between the database and what is shown: loads a board, then reads only what changed.

A notice from anywhere only says "look": what has changed is read from the change
log, from the last change seen to its head, so nothing is missed and nothing is read
twice (docs/protocol.md, "Guarantee").

Never: import textual, write the board, or know a screen.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from paso.commands.cards import board_cards, changed_cards
from paso.commands.columns import list_columns
from paso.commands.labels import list_labels
from paso.commands.projects import list_projects
from paso.database.change_log import announced_rows
from paso.database.failures import typed
from paso.database.sessions import head as session_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from paso.commands.filters import Filter
    from paso.database.connection import Database
    from paso.tui.board_state import BoardState

LIMIT = 500
"""Changes read one by one; more at once, and the whole board is read instead."""


class News(NamedTuple):
    """What came in: everything anew, or these columns and tasks.

    Arguments:
        whole: columns, labels and cards were all read anew.
        tabs: the list of projects was read anew.
        lanes: ids of the columns whose cards changed.
        tasks: ids of the tasks that look different, or whose comments do.
        sessions: sessions look different, here or on another computer.
    """

    whole: bool = False
    tabs: bool = False
    lanes: frozenset[int] = frozenset()
    tasks: frozenset[int] = frozenset()
    sessions: bool = False


class BoardData:
    """Reads for the board on screen, in the thread of the screen.

    Arguments:
        db: a connection of this thread, for reading.
        state: what is shown; filled here.
        me: who `assignee:me` is in a filter.
        today: gives the user's day.
    """

    def __init__(
        self, db: Database, state: BoardState, me: str, today: Callable[[], date]
    ) -> None:
        self.db = db
        self.state = state
        self.today = today
        self.filter: Filter | None = None
        self.seen = 0
        self.seen_sessions = 0
        self._me = me

    def open_project(self, project_id: int | None) -> None:
        """Show a project; without one, or when it is gone, the first there is."""
        self.filter = None
        with self.db.read():
            self._read_tabs()
            tabs = self.state.projects
            wanted = [p for p in tabs if p.id == project_id] or tabs
            self.state.show_project(wanted[0] if wanted else None)
            self._read_board()

    def reload(self) -> News:
        """Read everything of the project anew; the cursor stays where it was."""
        with self.db.read():
            self._read_tabs()
            self._follow_project()
            self._read_board()
        return News(whole=True, tabs=True)

    def catch_up(self) -> News | None:
        """Read what has changed since the last look; None when nothing has."""
        with self.db.read():
            head = self.db.change_head()
            if head == self.seen:
                return self._take_sessions()
            if self.seen < head <= self.seen + LIMIT:
                return self._with_marks(self._take(head))
        return self.reload()

    def show_only(self, filter: Filter | None) -> None:
        """Filter the cards; None shows all."""
        self.filter = filter
        self.state.show_only(self._matches())

    def _take(self, head: int) -> News:
        """Read what the changes after `seen` made different, in one state."""
        rows = announced_rows(self.db.conn, self.seen, LIMIT)
        tabs = any(row[2] == "project" for row in rows)
        if tabs:
            self._read_tabs()
            self._follow_project()
        project = self.state.project
        ids = None
        if project is not None and not tabs:
            ids = changed_cards(self.db, project.id, self.seen + 1, head)
        if ids is None:
            self._read_board()
            return News(whole=True, tabs=tabs)
        self.seen = head
        return News(False, tabs, self._read_cards(ids), frozenset(ids))

    def _take_sessions(self) -> News | None:
        """Read what sessions are up to when their log has grown."""
        if self._session_head() == self.seen_sessions:
            return None
        return self._with_marks(News())._replace(sessions=True)

    def _with_marks(self, news: News) -> News:
        """The news with the cards whose sessions look different.

        A card may come back, with sessions of its own, by a change of the board alone.
        """
        sessions = news.sessions or self._session_head() != self.seen_sessions
        changed = self._read_marks()
        if news.whole or not changed:
            return news._replace(sessions=sessions)
        found = [self.state.cards.get(task_id) for task_id in changed]
        lanes = {card.column_id for card in found if card is not None}
        return news._replace(
            lanes=news.lanes | lanes, tasks=news.tasks | changed, sessions=sessions
        )

    def _session_head(self) -> int:
        try:
            return session_head(self.db.conn)
        except sqlite3.Error as error:
            raise typed(error, self.db.path) from error

    def _read_marks(self) -> set[int]:
        """Read the marks of the project's cards; the tasks whose marks differ."""
        self.seen_sessions = self._session_head()
        project = self.state.project
        if not self.seen_sessions:
            self.state.needs = {}
            return self.state.set_marks({})
        from paso.database.task_sessions import needs_by_project, session_marks

        self.state.needs = needs_by_project(self.db)
        return self.state.set_marks(
            {} if project is None else session_marks(self.db, project.id)
        )

    def _read_cards(self, ids: set[int]) -> frozenset[int]:
        """Read these cards anew; the columns that look different."""
        project = self.state.project
        if project is None or not ids:
            return frozenset()
        cards = board_cards(self.db, project.id, ids=ids)
        lanes = self.state.apply(ids, cards, self._matches())
        if self.filter is None:
            return frozenset(lanes)
        # Whether a card passes may depend on others: a filter is asked as a whole.
        self.state.show_only(self._matches())
        return frozenset(column.id for column in self.state.columns)

    def _read_board(self) -> None:
        project = self.state.project
        self.seen = self.db.change_head()
        self._read_marks()
        if project is None:
            self.state.load([], [], [])
            return
        self.state.load(
            list_columns(self.db, project.id),
            list_labels(self.db, project.id),
            board_cards(self.db, project.id),
            self._matches(),
        )

    def _read_tabs(self) -> None:
        self.state.projects = list_projects(self.db)

    def _follow_project(self) -> None:
        """Keep the project by its id; when it is gone, show the first there is."""
        project = self.state.project
        tabs = self.state.projects
        same = [p for p in tabs if project and p.id == project.id]
        if same:
            self.state.project = same[0]
        else:
            self.filter = None
            self.state.show_project(tabs[0] if tabs else None)

    def _matches(self) -> set[int] | None:
        project = self.state.project
        if self.filter is None or project is None:
            return None
        from paso.commands.filters import matching_ids

        return matching_ids(
            self.db, project.id, self.filter, me=self._me, today=self.today()
        )
