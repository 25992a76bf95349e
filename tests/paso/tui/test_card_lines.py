from __future__ import annotations

from datetime import date

import pytest

from paso.database.task_sessions import SessionMark
from paso.model import PRIORITIES, Card
from paso.text import cell_width
from paso.tui.card_lines import (
    PRIORITY_SIGNS,
    Look,
    card_pieces,
    card_rows,
    due_word,
    spread,
    wrap,
)
from paso.tui.card_lines import Piece as P
from tests.paso.tui.cards import card, label

TODAY = date(2026, 5, 5)
MARKS: dict[int, SessionMark] = {}
LABELS = {1: label(1, "bug"), 2: label(2, "help wanted"), 3: label(3, "漢字")}


def look(width: int = 22) -> Look:
    def labels_of(found: Card) -> list[object]:
        ids = found.label_ids.split(",") if found.label_ids else []
        return [LABELS[int(at)] for at in ids]

    return Look(
        width,
        lambda n: f"WEB-{n}",
        labels_of,  # type: ignore[arg-type]
        frozenset({3}),
        TODAY,
        MARKS.get,
    )


def drawn(found: Card, width: int = 22) -> list[str]:
    return ["".join(p.text for p in row) for row in card_pieces(found, look(width))]


def test_a_card_says_key_type_priority_and_title() -> None:
    rows = drawn(card(12, type="bug", priority="critical"))
    assert rows == ["WEB-12 bug          ↑↑", "title 12              "]


def test_the_last_row_says_labels_due_children_comments_and_assignee() -> None:
    found = card(
        1,
        label_ids="1",
        due="2026-05-08",
        comments=3,
        children=5,
        children_done=2,
        assignee="ana",
    )
    assert drawn(found, 40)[-1] == "bug                     Fri └2/5 ✎3 @ana"


def test_a_blocked_card_is_marked_without_colour() -> None:
    assert "⊘" in drawn(card(1, blocked=1))[0]
    assert "⊘ blocked" in drawn(card(1, blocked=1), 40)[0]


def test_every_priority_has_a_sign_of_its_own() -> None:
    assert PRIORITY_SIGNS.keys() == PRIORITIES.keys()
    assert len(set(PRIORITY_SIGNS.values())) == len(PRIORITIES)


def test_labels_that_do_not_fit_are_counted() -> None:
    assert drawn(card(1, label_ids="1,2,3"))[-1].rstrip() == "bug help wanted 漢字"
    assert drawn(card(1, label_ids="1,2,3"), 20)[-1].rstrip() == "bug help wanted +1"
    assert drawn(card(1, label_ids="1,2,3"), 12)[-1].rstrip() == "bug +2"


def test_control_characters_of_a_title_are_shown() -> None:
    assert drawn(card(1, title="\x1b[31mred\x07"))[1].rstrip() == "\\x1b[31mred\\x07"


@pytest.mark.parametrize("width", [8, 9, 13, 22, 40, 62])
@pytest.mark.parametrize(
    "title",
    [
        "short",
        "a title that has to be broken once or be cut in the end",
        "Supercalifragilisticexpialidocious and on",
        "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        "emoji 🎉 and 👩‍👩‍👧 family ❤️ heart and some more words",
        "e\u0301" * 50,
        "\x00\x1b\u202e" * 9,
        " ",
    ],
)
def test_every_row_is_exactly_as_wide_as_the_column(title: str, width: int) -> None:
    found = card(
        123456,
        title=title,
        type="feature",
        blocked=1,
        label_ids="1,2,3",
        due="2025-01-01",
        comments=12,
        children=9,
        assignee="anastasia the third",
    )
    rows = drawn(found, width)
    assert {cell_width(row) for row in rows} == {width}
    assert len(rows) == card_rows(found, width)


@pytest.mark.parametrize("title", ["x" * 22, "x" * 23, "漢" * 11, "漢" * 12, "\t" * 12])
def test_the_height_is_known_without_drawing(title: str) -> None:
    found = card(1, title=title)
    assert len(drawn(found)) == card_rows(found, 22)


def test_titles_break_at_blanks_and_end_with_an_ellipsis() -> None:
    assert wrap("one two three four", 9) == ["one two  ", "three fo…"]
    assert wrap("onetwothreefour", 9) == ["onetwothr", "eefour   "]
    assert wrap("", 4) == ["    "]


def test_the_left_end_of_a_row_gives_way() -> None:
    pieces = spread([P("left", "a"), P("middle", "b")], [P("right", "c")], 12)
    assert "".join(piece.text for piece in pieces) == "leftmi…right"


@pytest.mark.parametrize(
    ("due", "word", "late"),
    [
        ("2026-05-05", "today", False),
        ("2026-05-06", "Wed", False),
        ("2026-05-11", "Mon", False),
        ("2026-05-12", "May 12", False),
        ("2026-05-04", "May 4", True),
        ("2025-12-31", "2025-12-31", True),
        ("2027-01-02", "2027-01-02", False),
    ],
)
def test_due_dates_are_short(due: str, word: str, late: bool) -> None:
    assert due_word(due, TODAY) == (word, late)


def test_a_late_card_that_is_done_is_not_alarming() -> None:
    late, done = card(1, due="2026-05-01"), card(1, 3, due="2026-05-01")
    assert drawn(late)[-1].endswith("May 1!")
    assert drawn(done)[-1].endswith("May 1")
    roles = [{p.role for p in card_pieces(at, look())[-1]} for at in (late, done)]
    assert "late" in roles[0]
    assert "late" not in roles[1]
