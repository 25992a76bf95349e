"""What the board shows and where its cursor is: cards in order, by column.

The cursor is an identity (the id of a task in each column, the id of the column);
the integer that goes with it is found again after every change.

Never: import textual, touch the database, or remember anything by position alone.
"""

from __future__ import annotations

from bisect import bisect_left

from paso.tui.session_words import needs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from paso.database.task_sessions import SessionMark
    from paso.model import Card, Column, Label, Project


def _place(card: Card) -> tuple[str, str]:
    """Order within a column; the same as the database's (rank, then uid)."""
    return card.rank, card.uid


class Lane:
    """The cards of one column, top to bottom, and the cursor in it."""

    __slots__ = ("all", "index", "selected", "visible")

    def __init__(self) -> None:
        self.all: list[Card] = []
        self.visible: list[Card] = self.all
        self.index = -1
        self.selected: int | None = None

    @property
    def current(self) -> Card | None:
        return self.visible[self.index] if self.index >= 0 else None

    def place(self, index: int) -> None:
        """Put the cursor on the card at `index`, or on the nearest there is."""
        self.index = min(max(index, 0), len(self.visible) - 1)
        card = self.current
        self.selected = None if card is None else card.id

    def find(self, card: Card) -> int:
        """Index of `card` among the visible ones, or -1."""
        return _index_of(self.visible, card)


def _index_of(cards: list[Card], card: Card) -> int:
    at = bisect_left(cards, _place(card), key=_place)
    return at if at < len(cards) and cards[at].id == card.id else -1


def _insert(cards: list[Card], card: Card) -> None:
    if not cards or _place(cards[-1]) < _place(card):
        cards.append(card)
    else:
        cards.insert(bisect_left(cards, _place(card), key=_place), card)


def _remove(cards: list[Card], card: Card) -> None:
    at = _index_of(cards, card)
    if at >= 0:
        del cards[at]


class BoardState:
    """One project as it is shown, and the tabs of all projects."""

    def __init__(self) -> None:
        self.projects: list[Project] = []
        self.project: Project | None = None
        self.columns: list[Column] = []
        self.labels: dict[int, Label] = {}
        self.cards: dict[int, Card] = {}
        self.column_id: int | None = None
        self.marks: dict[int, SessionMark] = {}
        self.needs: dict[int | None, int] = {}
        """Sessions that need the user, by the id of their project."""
        self._lanes: dict[int, Lane] = {}
        self._matches: Collection[int] | None = None

    # what is there

    @property
    def filtered(self) -> bool:
        return self._matches is not None

    @property
    def current(self) -> Card | None:
        """The card under the cursor."""
        lane = self._lanes.get(self.column_id or 0)
        return None if lane is None else lane.current

    @property
    def column(self) -> Column | None:
        """The column of the cursor."""
        return self.find_column(self.column_id)

    def find_column(self, column_id: int | None) -> Column | None:
        return next((c for c in self.columns if c.id == column_id), None)

    def lane(self, column_id: int) -> Lane:
        """Cards of a column; an empty lane when it is gone."""
        return self._lanes.get(column_id) or Lane()

    def key_of(self, number: int) -> str:
        """Key of a task of this project, such as `WEB-12`."""
        return f"{self.project.key}-{number}" if self.project else str(number)

    def labels_of(self, card: Card) -> Iterator[Label]:
        """Labels of a card, in the order of their names."""
        for text in card.label_ids.split(",") if card.label_ids else ():
            label = self.labels.get(int(text))
            if label is not None:
                yield label

    def mark_of(self, task_id: int) -> SessionMark | None:
        """What the sessions of a card are up to; None when it has none."""
        return self.marks.get(task_id)

    def column_needs(self, column_id: int) -> int:
        """Sessions on the cards of a column that need the user."""
        found = 0
        for task_id, mark in self.marks.items():
            card = self.cards.get(task_id)
            if card is not None and card.column_id == column_id:
                found += needs_of(mark)
        return found

    def set_marks(self, marks: dict[int, SessionMark]) -> set[int]:
        """Take what the sessions of the cards are up to; the tasks that differ."""
        was, self.marks = self.marks, marks
        return {
            task_id
            for task_id in was.keys() | marks.keys()
            if was.get(task_id) != marks.get(task_id)
        }

    def neighbour(self, card: Card, step: int) -> Card | None:
        """The visible card `step` places below (above when negative) `card`."""
        lane = self.lane(card.column_id)
        at = lane.find(card)
        target = at + step
        if at < 0 or not 0 <= target < len(lane.visible):
            return None
        return lane.visible[target]

    # changes of the data

    def show_project(self, project: Project | None) -> None:
        """Show another project, empty until `load`; the filter goes."""
        self.project = project
        self.columns, self.labels, self.cards, self.marks = [], {}, {}, {}
        self._lanes, self._matches, self.column_id = {}, None, None

    def load(
        self,
        columns: Sequence[Column],
        labels: Iterable[Label],
        cards: Iterable[Card],
        matches: Collection[int] | None = None,
    ) -> None:
        """Take the whole project anew; the cursor stays on its card and column."""
        old, order = self._lanes, [column.id for column in self.columns]
        was, self.columns = self.current, list(columns)
        self.labels = {label.id: label for label in labels}
        self._lanes = {column.id: Lane() for column in columns}
        self._matches = matches
        self.cards = {}
        for card in cards:
            lane = self._lanes.get(card.column_id)
            if lane is not None:
                self.cards[card.id] = card
                lane.all.append(card)
        for column_id, lane in self._lanes.items():
            before = old.get(column_id)
            if before is not None:
                lane.selected, lane.index = before.selected, before.index
        self._show_matching()
        self._keep_column(order)
        self._keep_cursor(was)

    def apply(
        self,
        ids: Iterable[int],
        cards: Iterable[Card],
        matches: Collection[int] | None = None,
    ) -> set[int]:
        """Replace the tasks `ids` by `cards`; those without a card are gone.

        Returns:
            Ids of the columns that look different.
        """
        was, touched = self.current, set[int]()
        self._matches = matches
        for task_id in ids:
            gone = self.cards.pop(task_id, None)
            if gone is not None:
                touched.add(gone.column_id)
                self._take_out(gone)
        for card in cards:
            if card.column_id in self._lanes:
                touched.add(card.column_id)
                self._put_in(card)
        self._keep_cursor(was)
        return touched

    def show_only(self, matches: Collection[int] | None) -> None:
        """Show the cards of these ids only; absent = all."""
        was, self._matches = self.current, matches
        self._show_matching()
        self._keep_cursor(was)
        if self.filtered and self.current is None:
            found = [c.id for c in self.columns if self.lane(c.id).visible]
            self.column_id = found[0] if found else self.column_id

    def _take_out(self, card: Card) -> None:
        lane = self.lane(card.column_id)
        _remove(lane.all, card)
        if lane.visible is not lane.all:
            _remove(lane.visible, card)

    def _put_in(self, card: Card) -> None:
        self.cards[card.id] = card
        lane = self._lanes[card.column_id]
        _insert(lane.all, card)
        if lane.visible is not lane.all and card.id in (self._matches or ()):
            _insert(lane.visible, card)

    def _show_matching(self) -> None:
        wanted = self._matches
        for lane in self._lanes.values():
            lane.visible = (
                lane.all
                if wanted is None
                else [card for card in lane.all if card.id in wanted]
            )

    def _keep_column(self, order: list[int]) -> None:
        """Stay in the column of the cursor, or in the one that took its place."""
        if self.column_id in self._lanes or not self.columns:
            return
        at = order.index(self.column_id) if self.column_id in order else 0
        self.column_id = self.columns[min(at, len(self.columns) - 1)].id

    def _keep_cursor(self, was: Card | None) -> None:
        """Find every cursor again by the id of its card."""
        now = self.cards.get(was.id) if was is not None else None
        if now is not None and now.column_id != self.column_id:
            lane = self._lanes[now.column_id]
            if lane.find(now) >= 0:
                self.column_id, lane.selected = now.column_id, now.id
        for column_id, lane in self._lanes.items():
            card = self.cards.get(lane.selected or 0)
            at = lane.find(card) if card and card.column_id == column_id else -1
            lane.place(at if at >= 0 else lane.index)

    # the cursor

    def go(self, step: int) -> None:
        """Move the cursor by `step` cards; it stops at the ends."""
        lane = self.lane(self.column_id or 0)
        lane.place(lane.index + step)

    def go_edge(self, side: int) -> None:
        """Move the cursor to the first (-1) or last (+1) card."""
        lane = self.lane(self.column_id or 0)
        lane.place(0 if side < 0 else len(lane.visible) - 1)

    def go_column(self, step: int) -> None:
        """Move the cursor by `step` columns; it stops at the ends."""
        ids = [column.id for column in self.columns]
        if self.column_id in ids:
            at = ids.index(self.column_id) + step
            self.column_id = ids[min(max(at, 0), len(ids) - 1)]

    def select(self, task_id: int) -> bool:
        """Put the cursor on a task; False when it is not shown."""
        card = self.cards.get(task_id)
        lane = self._lanes.get(card.column_id) if card else None
        at = lane.find(card) if lane is not None and card is not None else -1
        if lane is None or card is None or at < 0:
            return False
        lane.place(at)
        self.column_id = card.column_id
        return True
