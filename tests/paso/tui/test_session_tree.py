from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from paso.model import Session
from paso.text import cell_width
from paso.tui.session_book import Computer, SessionBook
from paso.tui.session_rows import Place, computer_words, row_pieces
from paso.tui.session_tree import SESSION, SessionView, key_of
from tests.paso.tui.sessions import FAR, OWN, session

NOW = datetime(2026, 5, 5, 11, 0, tzinfo=UTC)


def book(*sessions: Session, far_state: str = "live") -> SessionBook:
    made = SessionBook(OWN, "here")
    made.take_local(s for s in sessions if s.computer == OWN)
    made.remote[FAR] = {s.id: s for s in sessions if s.computer == FAR}
    made.computers[FAR] = Computer(FAR, "far", far_state, 180.0, 0.0, False)
    return made


def shown(view: SessionView) -> list[str]:
    """The rows in words."""
    return [
        "  " * row.depth
        + (row.session.title if row.session else f"{row.text} ({row.count})")
        for row in view.rows
    ]


def view_of(found: SessionBook) -> SessionView:
    view = SessionView()
    view.show(found)
    return view


LIVE = session(1, project="WEB", project_uid="w")
OLDER = session(2, project="WEB", project_uid="w", created_at="2026-05-05T09:00:00Z")
OVER = session(3, phase="ended", project="WEB", project_uid="w")
LOOSE = session(4)
ASKS = session(5, attention="input", project="WEB", project_uid="w")
DONE = session(6, FAR, phase="ended", attention="finished", project="API")
AWAY = session(7, FAR, project="API", project_uid="a")


def test_who_needs_you_first_then_computer_project_session() -> None:
    view = view_of(book(DONE, OVER, OLDER, AWAY, LIVE, LOOSE, ASKS))
    assert shown(view) == [
        "Needs you (2)",
        "session 5",
        "session 6",
        "here (5)",
        "  WEB (3)",
        "    session 1",
        "    session 2",
        "    session 3",
        "  no project (1)",
        "    session 4",
        "far (2)",
        "  API (1)",
        "    session 7",
    ]


def test_as_a_list_those_that_run_stand_before_those_that_are_over() -> None:
    view = SessionView()
    view.flat = True
    view.show(book(OVER, OLDER, AWAY, LIVE, ASKS))
    assert shown(view) == [
        "Needs you (1)",
        "session 5",
        "Running (3)",
        "session 7",
        "session 1",
        "session 2",
        "Over (1)",
        "session 3",
    ]


def test_a_computer_without_sessions_is_shown_with_its_state() -> None:
    assert shown(view_of(book(LIVE))) == [
        "here (1)",
        "  WEB (1)",
        "    session 1",
        "far (0)",
    ]


def test_the_cursor_begins_on_the_first_session() -> None:
    view = view_of(book(LIVE, LOOSE))
    assert view.current is not None
    assert view.current.key == key_of(LIVE)


def test_the_cursor_stays_on_its_session_wherever_it_goes() -> None:
    view = view_of(book(LIVE, OLDER, LOOSE))
    view.select(key_of(OLDER))
    view.show(book(LIVE, OLDER._replace(attention="input"), LOOSE, ASKS))
    assert view.current is not None
    assert view.current.key == key_of(OLDER)
    assert view.current.depth == 0
    view.show(book(OLDER._replace(phase="ended"), LOOSE))
    assert view.current.key == key_of(OLDER)


def test_a_session_that_goes_leaves_the_cursor_to_its_neighbour() -> None:
    view = view_of(book(LIVE, OLDER, OVER))
    view.select(key_of(OLDER))
    view.show(book(LIVE, OVER))
    assert view.current is not None
    assert view.current.key == key_of(OVER)
    view.show(book(LIVE))
    assert view.current.key == key_of(LIVE)
    view.show(book())
    assert view.current.key[0] == "computer"


def test_what_is_closed_stays_closed_and_leaves_the_cursor_outside() -> None:
    view = view_of(book(LIVE, LOOSE, AWAY))
    view.folded.add(("computer", OWN))
    view.show(book(LIVE, LOOSE, AWAY, OLDER))
    assert shown(view) == ["here (3)", "far (1)", "  API (1)", "    session 7"]
    assert view.current is not None


def test_a_search_looks_at_title_card_state_computer_and_output() -> None:
    everything = [
        LIVE._replace(preview="compiling foo.c"),
        LOOSE._replace(task="WEB-12", task_title="Login fails"),
        AWAY,
        ASKS,
    ]
    for words, found in [
        ("foo", ["session 1"]),
        ("login web-12", ["session 4"]),
        ("far", ["session 7"]),
        ("needs", ["session 5"]),
        ("nothing of the kind", []),
    ]:
        view = SessionView()
        view.search = words
        view.show(book(*everything))
        titles = [row.session.title for row in view.rows if row.session]
        assert titles == found, words


def test_the_cursor_steps_over_headings_and_stops_at_the_ends() -> None:
    view = view_of(book(ASKS, LIVE))
    for _ in range(20):
        view.go(-1)
    assert view.current is not None
    assert view.current.key == key_of(ASKS)
    view.go_edge(1)
    assert view.current.text == "far"
    view.go(50)
    assert view.current.text == "far"
    view.go_edge(-1)
    assert view.current.key == key_of(ASKS)
    assert view.parent() is None
    view.select(key_of(LIVE))
    assert view.parent() == ("project", OWN, "w")


def test_an_empty_list_has_no_cursor() -> None:
    view = view_of(SessionBook(OWN))
    view.go(1)
    view.go_edge(-1)
    assert view.current is None


def test_any_course_of_events_keeps_the_cursor_on_a_row_that_can_have_it() -> None:
    chance = random.Random(7)
    view, there = SessionView(), dict[int, Session]()
    for _ in range(400):
        number = chance.randrange(12)
        if chance.random() < 0.4:
            there.pop(number, None)
        else:
            phase = chance.choice(["running", "ended", "failed", "lost"])
            attention = chance.choice(["none", "none", "input", "finished"])
            owner = chance.choice([OWN, FAR])
            there[number] = session(number, owner, phase=phase, attention=attention)
        view.flat = chance.random() < 0.3
        before = view.selected
        view.show(book(*there.values()))
        if view.rows:
            assert view.current is not None
            assert view.current.kind != "head"
            assert view.current.key == view.selected
            if before is not None and before in [row.key for row in view.rows]:
                assert view.selected == before
        view.go(chance.choice([-1, 1, 5, -5]))


@pytest.mark.parametrize("width", [40, 78, 109, 110, 198])
def test_every_row_fills_its_width_exactly(width: int) -> None:
    found = [
        ASKS._replace(title="漢字のセッション" * 9, reason="很長的原因" * 20),
        LIVE._replace(title="evil\x1b[31m\n", preview="\x07漢字" * 50, task="WEB-1"),
        AWAY,
        OVER._replace(title="e" * 255, task="PROJECT123-99999"),
    ]
    view = view_of(book(*found, far_state="offline"))
    for many in (True, False):
        for row in view.rows:
            pieces = row_pieces(row, Place(width, NOW, 0.0, many))
            text = "".join(piece.text for piece in pieces)
            assert cell_width(text) == width
            assert text.isprintable()


def words_of(view: SessionView, title: str, width: int = 110) -> str:
    row = next(r for r in view.rows if r.session and r.session.title == title)
    pieces = row_pieces(row, Place(width, NOW, 0.0, True))
    return "".join(piece.text for piece in pieces)


def test_a_row_says_sign_title_card_state_age_and_the_last_line() -> None:
    found = LIVE._replace(
        activity="working", task="WEB-12", preview="12 of 40", title="build"
    )
    words = words_of(view_of(book(found)), "build").split()
    assert words == ["►", "build", "WEB-12", "working", "59m", "12", "of", "40"]


def test_where_the_computer_is_not_said_above_the_row_names_it() -> None:
    assert "@far" in words_of(view_of(book(DONE)), "session 6")
    assert "@far" not in words_of(view_of(book(AWAY)), "session 7")


def test_what_is_not_fresh_is_grey_and_says_how_old_it_is() -> None:
    view = view_of(book(AWAY, far_state="stale"))
    row = next(row for row in view.rows if row.kind == SESSION)
    roles = {p.role for p in row_pieces(row, Place(110, NOW, 60.0, True))}
    assert roles == {"mark-idle", "grey"}
    assert row.computer is not None
    assert computer_words(row.computer, 60.0) == "stale 4m"
    assert computer_words(row.computer._replace(state="live"), 60.0) == "live"
    assert computer_words(row.computer._replace(this=True), 0.0) == "this computer"
