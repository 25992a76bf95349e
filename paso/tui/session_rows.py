"""The rows of the list of sessions in cells: what goes where, not how it looks.

    ? Deploy agent          WEB-12   needs you: Proceed?     3m Proceed? [y/N]
    ▾ laptop  live                                            4
      ▾ WEB                                                   2
        ► build             WEB-3    working                12s compiling foo.c

Never: import textual, know colours or the cursor.
"""

from __future__ import annotations

from typing import NamedTuple

from paso.text import escape, fit
from paso.tui.card_lines import Piece, spread
from paso.tui.session_book import LIVE
from paso.tui.session_tree import COMPUTER, HEAD
from paso.tui.session_words import (
    age_of,
    age_word,
    one_line,
    sign_of,
    state_of,
    told_words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from paso.model import Session
    from paso.tui.session_book import Computer
    from paso.tui.session_tree import Row

WIDE = 110
"""Cells from which the columns are given more room."""
AGE_CELLS = 4


class Place(NamedTuple):
    """What the words of a row depend on, beside the row itself.

    Arguments:
        width: cells of a row.
        now: the time that ages are counted to.
        clock: the same, on the clock of `Computer.at`.
        many: whether sessions of several computers are there.
    """

    width: int
    now: datetime
    clock: float
    many: bool


def row_pieces(row: Row, place: Place) -> list[Piece]:
    """A row, exactly `place.width` cells wide."""
    if row.session is not None:
        return _session(row, row.session, place)
    if row.kind == HEAD:
        return spread([Piece(f"{row.text} ({row.count})", "head")], [], place.width)
    fold = "▾" if row.open else "▸"
    left = [Piece("  " * row.depth, "blank"), Piece(f"{fold} {row.text}", "node")]
    if row.kind == COMPUTER and row.computer is not None:
        words = computer_words(row.computer, place.clock)
        left += [Piece("  ", "blank"), Piece(words, "fact")]
    right = [Piece(f"{row.count or 'no sessions'} ", "fact")]
    return _greyed(spread(left, right, place.width), row)


def computer_words(computer: Computer, clock: float) -> str:
    """How well a computer is known: `live`, `stale 3m`, `offline`."""
    if computer.this:
        return "this computer"
    if computer.state == LIVE or computer.age_s is None:
        return computer.state
    age = age_word(computer.age_s + max(clock - computer.at, 0.0))
    return f"{computer.state} {age}"


def _session(row: Row, session: Session, place: Place) -> list[Piece]:
    title, task, words = (40, 12, 34) if place.width >= WIDE else (25, 9, 21)
    state = state_of(session)
    indent = "  " * row.depth
    name = one_line(session.title, title) or "untitled"
    age = age_of(session, place.now).rjust(AGE_CELLS)
    doing = told_words(session, fresh=_is_fresh(row))
    pieces = [
        Piece(indent, "blank"),
        Piece(f"{sign_of(session)} ", f"mark-{state}"),
        Piece(fit(name, title - len(indent) - 2) + " ", "title"),
        Piece(fit(_card_word(row, session, place), task) + " ", "task"),
        Piece(fit(doing, words) + " ", "words"),
        Piece(age, "age"),
        Piece(" ", "blank"),
    ]
    used = title + task + words + AGE_CELLS + 4
    preview = one_line(session.preview, max(place.width - used, 0))
    pieces.append(Piece(preview, "preview"))
    return _greyed(spread(pieces, [], place.width), row)


def _is_fresh(row: Row) -> bool:
    computer = row.computer
    return computer is None or computer.this or computer.state == LIVE


def _card_word(row: Row, session: Session, place: Place) -> str:
    """The card of a session; where the computer is not said above, its name."""
    if row.depth == 0 and place.many and row.computer and not row.computer.this:
        return f"@{escape(row.computer.name)}"
    return escape(session.task or "")


def _greyed(pieces: list[Piece], row: Row) -> list[Piece]:
    """What is not fresh is grey, but for the sign."""
    if _is_fresh(row):
        return pieces
    return [
        p if p.role.startswith("mark-") else p._replace(role="grey") for p in pieces
    ]
