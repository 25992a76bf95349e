"""The list of sessions as rows: who needs the user first, then a tree or a list.

    Needs you (2)                      what has not been dealt with, from anywhere
    ▾ this computer (3)                then computer, project, session
      ▾ WEB Website (2)

The cursor is the identity of a row; its place is found again after every change, and
when the row is gone, its neighbour takes the cursor.

Never: import textual, read the database, know how a row is drawn.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from paso.model import LIVE_PHASES, Session
from paso.text import escape
from paso.tui.search import fits
from paso.tui.session_words import SIGNS, phase_words, state_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paso.tui.session_book import Computer, SessionBook

HEAD, COMPUTER, PROJECT, SESSION = "head", "computer", "project", "session"
_PRESSING = {state: at for at, state in enumerate(SIGNS)}

Key = tuple[str, ...]


class Row(NamedTuple):
    """One line of the list.

    Arguments:
        key: kind, and the ids that make it the same row after a change.
        depth: how far in it stands.
        text: of a part: its name, escaped.
        session: of a session.
        computer: on which it is, or that it is.
        count: sessions of a part; of a computer also those that stand above.
        open: whether what is below a part is shown.
    """

    key: Key
    depth: int = 0
    text: str = ""
    session: Session | None = None
    computer: Computer | None = None
    count: int = 0  # type: ignore[assignment]  # hides tuple.count
    open: bool = True

    @property
    def kind(self) -> str:
        return self.key[0]

    @property
    def can_fold(self) -> bool:
        return self.kind in (COMPUTER, PROJECT)


def key_of(session: Session) -> Key:
    """The identity of a session's row, in whatever part it stands."""
    return SESSION, session.computer, session.id


class SessionView:
    """How the list is looked at; the app keeps it while it runs."""

    def __init__(self) -> None:
        self.flat = False
        self.search = ""
        self.folded: set[Key] = set()
        self.selected: Key | None = None
        self.index = 0
        self.rows: list[Row] = []

    @property
    def current(self) -> Row | None:
        return self.rows[self.index] if self.rows else None

    def show(self, book: SessionBook) -> None:
        """Take the rows anew; the cursor stays on its row."""
        self.rows = list(rows_of(book, self))
        self._find_cursor()

    def go(self, step: int) -> None:
        """Move the cursor by `step` rows; headings are stepped over."""
        target = min(max(self.index + step, 0), len(self.rows) - 1)
        self._place(target, 1 if step > 0 else -1)

    def go_edge(self, side: int) -> None:
        """Move the cursor to the first (-1) or last (+1) row."""
        self._place(0 if side < 0 else len(self.rows) - 1, -side)

    def select(self, key: Key) -> bool:
        """Put the cursor on a row; False when it is not shown."""
        at = next((i for i, row in enumerate(self.rows) if row.key == key), -1)
        if at < 0:
            return False
        self.index, self.selected = at, key
        return True

    def parent(self) -> Key | None:
        """The part that the row under the cursor stands in."""
        row = self.current
        if row is None:
            return None
        above = self.rows[: self.index]
        inside = [r for r in above if r.can_fold and r.depth < row.depth]
        return inside[-1].key if inside else None

    def _find_cursor(self) -> None:
        if self.selected is not None and self.select(self.selected):
            return
        if self.selected is None or self.selected[0] == SESSION:
            at = self.index if self.selected else 0
            found = [i for i, row in enumerate(self.rows) if row.session]
            if found:
                # A session that is gone leaves the cursor to the one beside it.
                near = min(found, key=lambda i: (abs(i - at), i < at))
                self._place(near, 1)
                return
        self._place(self.index, 1)

    def _place(self, index: int, step: int) -> None:
        """Put the cursor on the row at `index`, or on the nearest that can have it."""
        last = len(self.rows) - 1
        index = min(max(index, 0), max(last, 0))
        for way in (step, -step):
            at = index
            while 0 <= at <= last:
                if self.rows[at].kind != HEAD:
                    self.index, self.selected = at, self.rows[at].key
                    return
                at += way
        self.index = 0


def rows_of(book: SessionBook, view: SessionView) -> Iterator[Row]:
    """The rows of all sessions that pass the search, as the view wants them."""
    found = [s for s in book.sessions() if _passes(s, book, view.search)]
    found.sort(key=_order, reverse=True)
    urgent = [s for s in found if s.attention != "none"]
    rest = [s for s in found if s.attention == "none"]
    if urgent:
        urgent.sort(key=lambda session: _PRESSING[state_of(session)])
        yield Row((HEAD, "needs"), text="Needs you", count=len(urgent))
        yield from _sessions(urgent, book, 0)
    if view.flat:
        yield from _flat(rest, book)
    else:
        yield from _tree(rest, urgent, book, view)


def _flat(sessions: list[Session], book: SessionBook) -> Iterator[Row]:
    live = [s for s in sessions if s.phase in LIVE_PHASES]
    over = [s for s in sessions if s.phase not in LIVE_PHASES]
    for name, part in (("Running", live), ("Over", over)):
        if part:
            yield Row((HEAD, name), text=name, count=len(part))
            yield from _sessions(part, book, 0)


def _tree(
    sessions: list[Session],
    urgent: list[Session],
    book: SessionBook,
    view: SessionView,
) -> Iterator[Row]:
    above = Counter(session.computer for session in urgent)
    by_owner: dict[str, list[Session]] = {}
    for session in sessions:
        by_owner.setdefault(session.computer, []).append(session)
    known = [c.id for c in book.others()] if not view.search else []
    own = [book.own] if book.own in by_owner else []
    for owner in dict.fromkeys([*own, *known, *by_owner]):
        mine = by_owner.get(owner, [])
        yield from _computer(book.computer(owner), mine, above[owner], book, view)


def _computer(
    computer: Computer,
    sessions: list[Session],
    above: int,
    book: SessionBook,
    view: SessionView,
) -> Iterator[Row]:
    key = (COMPUTER, computer.id)
    name = escape(computer.name)
    is_open = key not in view.folded
    yield Row(key, 0, name, None, computer, len(sessions) + above, is_open)
    if not is_open:
        return
    by_project: dict[tuple[str, str], list[Session]] = {}
    for session in sessions:
        project = (session.project or "~", session.project_uid or "")
        by_project.setdefault(project, []).append(session)
    for (project_key, uid), part in sorted(by_project.items(), key=lambda at: at[0]):
        below = (PROJECT, computer.id, uid)
        is_open = below not in view.folded
        text = "no project" if project_key == "~" else escape(project_key)
        yield Row(below, 1, text, None, computer, len(part), is_open)
        if is_open:
            yield from _sessions(part, book, 2)


def _sessions(
    sessions: Iterable[Session], book: SessionBook, depth: int
) -> Iterator[Row]:
    for session in sessions:
        computer = book.computer(session.computer)
        yield Row(key_of(session), depth, "", session, computer)


def _order(session: Session) -> tuple[bool, str, str]:
    """From last to first: those that are over, then by the time they were made."""
    return session.phase in LIVE_PHASES, session.created_at, session.id


def _passes(session: Session, book: SessionBook, search: str) -> bool:
    if not search:
        return True
    words = (
        session.title,
        session.task or "",
        session.task_title or "",
        session.project or "no project",
        book.computer(session.computer).name,
        phase_words(session),
        session.preview,
        " ".join(session.argv),
    )
    return fits(search, " ".join(words))
