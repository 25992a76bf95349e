"""The words of a card, laid out on rows of cells: what goes where, not how it looks.

    WEB-12 bug     ?2 ►  ⊘ ↑↑      head: key, type, sessions, blocked, priority
    Login fails on Safari when     title, one row or two
    cookies are off
    ui backend     Fri └2/5 ✎3     labels; due, children, comments, assignee

Never: import textual, know colours or the cursor.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from paso.text import cell_width, clusters, cut, escape
from paso.tui.session_words import mark_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from paso.database.task_sessions import SessionMark
    from paso.model import Card, Label

PRIORITY_SIGNS = {
    "trivial": "↓↓",
    "low": "↓",
    "medium": "=",
    "high": "↑",
    "critical": "↑↑",
}
"""Readable without colour."""

BLOCKED_SIGN = "⊘"
CHILDREN_SIGN = "└"
COMMENTS_SIGN = "✎"

TITLE_ROWS = 2


class Piece(NamedTuple):
    """Text of one look. `tint` is a colour from the data, over the role's own."""

    text: str
    role: str
    tint: str = ""


class Look(NamedTuple):
    """What the words of a card depend on, beside the card itself.

    Arguments:
        width: cells of a row.
        key_of: number of a task to its key.
        labels_of: a card to its labels.
        done_columns: ids of the columns with the role `completed`.
        today: the user's day.
        mark_of: id of a task to what its sessions are up to.
    """

    width: int
    key_of: Callable[[int], str]
    labels_of: Callable[[Card], Iterable[Label]]
    done_columns: frozenset[int]
    today: date
    mark_of: Callable[[int], SessionMark | None]


def title_rows(title: str, width: int) -> int:
    """Rows the title takes; cheap, it runs over every card of a column."""
    if title.isprintable():
        # No character is wider than two cells.
        if title.isascii() or len(title) * 2 <= width:
            return 1 if len(title) <= width else TITLE_ROWS
        return 1 if cell_len(title) <= width else TITLE_ROWS
    return 1 if cell_width(escape(title)) <= width else TITLE_ROWS


def has_footer(card: Card) -> bool:
    """True when there is something to say below the title."""
    return bool(
        card.label_ids or card.due or card.children or card.comments or card.assignee
    )


def card_rows(card: Card, width: int) -> int:
    """Rows of a card, without the gap below it."""
    return 1 + title_rows(card.title, width) + has_footer(card)


def card_pieces(card: Card, look: Look) -> list[list[Piece]]:
    """The rows of a card, each exactly `look.width` cells wide."""
    rows = [_head(card, look)]
    rows += [[Piece(row, "title")] for row in wrap(escape(card.title), look.width)]
    if has_footer(card):
        rows.append(_footer(card, look))
    return rows


def wrap(text: str, width: int, rows: int = TITLE_ROWS) -> list[str]:
    """Break escaped text at blanks into at most `rows` rows, padded to `width`."""
    found: list[str] = []
    rest = text
    while rest and len(found) < rows - 1 and cell_width(rest) > width:
        row, rest = _break(rest, width)
        found.append(row)
    if rest or not found:
        found.append(cut(rest, width))
    return [row + " " * (width - cell_width(row)) for row in found]


def _break(text: str, width: int) -> tuple[str, str]:
    """Split where the row is full, at the last blank if there is one."""
    head = text[:width] if text.isascii() else _fill(text, width)
    if text[len(head) : len(head) + 1] != " ":
        blank = head.rfind(" ")
        # A word longer than two thirds of a row is broken: it would leave a hole.
        if blank > width // 3:
            head = head[:blank]
    return head.rstrip(), text[len(head) :].lstrip()


def _fill(text: str, width: int) -> str:
    head, room = "", width
    for cluster, cells in clusters(text):
        if cells > room:
            break
        head, room = head + cluster, room - cells
    return head


def spread(left: list[Piece], right: list[Piece], width: int) -> list[Piece]:
    """Pieces at both ends of a row, blanks between; the left gives way."""
    room, kept = width - _cells(right), list[Piece]()
    for piece in left:
        text = cut(piece.text, room)
        kept.append(piece._replace(text=text))
        room -= cell_width(text)
    return [*kept, Piece(" " * room, "blank"), *right]


def _head(card: Card, look: Look) -> list[Piece]:
    left = [Piece(look.key_of(card.number), "key"), Piece(" ", "blank")]
    left.append(Piece(card.type, f"type-{card.type}"))
    sign = PRIORITY_SIGNS.get(card.priority, "?")
    right = [Piece(sign.rjust(2), "priority", card.priority)]
    if card.blocked:
        word = f"{BLOCKED_SIGN} blocked " if look.width >= 34 else f"{BLOCKED_SIGN} "
        right.insert(0, Piece(word, "blocked"))
    mark = look.mark_of(card.id)
    if mark is not None:
        right = [*_marks(mark, look.width // 2), *right]
        if _cells(left) + _cells(right) >= look.width:
            del left[1:]
    return spread(left, right, look.width)


def _marks(mark: SessionMark, room: int) -> list[Piece]:
    """The sessions of a card, a blank on either side of each."""
    pieces = [Piece(" ", "blank")]
    for name, text in mark_words(mark, room):
        pieces += [Piece(text, f"mark-{name}"), Piece(" ", "blank")]
    return pieces


def _cells(pieces: list[Piece]) -> int:
    return sum(cell_width(piece.text) for piece in pieces)


def _footer(card: Card, look: Look) -> list[Piece]:
    right = _facts(card, look)
    room = look.width - _cells(right)
    if room < 0:
        return spread([], _shorten(right, look.width), look.width)
    return spread(_labels(card, look, room - 1), right, look.width)


def _facts(card: Card, look: Look) -> list[Piece]:
    """Due date, children, comments and assignee, a blank before each."""
    pieces: list[Piece] = []
    if card.due:
        done = card.column_id in look.done_columns
        word, late = due_word(card.due, look.today)
        if late and not done:
            pieces.append(Piece(f"{word}!", "late"))
        else:
            pieces.append(Piece(word, "due"))
    if card.children:
        done_of = f"{CHILDREN_SIGN}{card.children_done}/{card.children}"
        pieces.append(Piece(done_of, "fact"))
    if card.comments:
        pieces.append(Piece(f"{COMMENTS_SIGN}{card.comments}", "fact"))
    if card.assignee:
        name = cut(escape(card.assignee), max(4, look.width // 3))
        pieces.append(Piece(f"@{name}", "assignee"))
    spaced = [part for piece in pieces for part in (Piece(" ", "blank"), piece)]
    return spaced[1:]


def _shorten(pieces: list[Piece], width: int) -> list[Piece]:
    kept, room = list[Piece](), width
    for piece in pieces:
        text = cut(piece.text, room)
        kept.append(piece._replace(text=text))
        room -= cell_width(text)
    return kept


def _labels(card: Card, look: Look, room: int) -> list[Piece]:
    """As many labels as fit, then how many there are more."""
    labels = list(look.labels_of(card))
    pieces: list[Piece] = []
    for at, label in enumerate(labels):
        left = len(labels) - at
        spare = len(f" +{left - 1}") if left > 1 else 0
        text = escape(label.name)
        if cell_width(text) > room - spare and (pieces or room - spare < 4):
            pieces.append(Piece(f"+{left}", "fact"))
            break
        text = cut(text, room - spare)
        pieces += [Piece(text, "label", label.color), Piece(" ", "blank")]
        room -= cell_width(text) + 1
    return pieces


def due_word(due: str, today: date) -> tuple[str, bool]:
    """A due date as short as it is clear, and whether it has passed."""
    from datetime import date

    day = date.fromisoformat(due)
    days = (day - today).days
    if days == 0:
        return "today", False
    if 0 < days < 7:
        return f"{day:%a}", False
    shown = f"{day:%b} {day.day}" if day.year == today.year else f"{day:%Y-%m-%d}"
    return shown, days < 0
