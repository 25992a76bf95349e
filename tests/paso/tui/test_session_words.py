from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from paso.database.task_sessions import SessionMark
from paso.tui.session_words import (
    SIGNS,
    age_of,
    age_word,
    attach_there,
    mark_words,
    needs_of,
    needs_words,
    phase_words,
    sign_of,
    signal_name,
    state_of,
    told_words,
)
from tests.paso.tui.sessions import session

NOW = datetime(2026, 5, 5, 11, 0, tzinfo=UTC)


def texts(mark: SessionMark, room: int = 99) -> str:
    return " ".join(text for _, text in mark_words(mark, room))


def test_every_state_has_a_shape_of_its_own_one_cell_wide() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS)
    assert all(len(sign) == 1 for sign in SIGNS.values())


def test_the_most_pressing_stands_first_with_its_count() -> None:
    assert texts(SessionMark(working=3, waiting=2, failed=1)) == "?2 ✗ ►3"
    assert texts(SessionMark(idle=1)) == "◇"
    assert texts(SessionMark(lost=1, finished=12)) == "∅ ✓12"


@pytest.mark.parametrize("room", range(1, 16))
def test_what_finds_no_room_is_counted(room: int) -> None:
    mark = SessionMark(working=3, idle=2, waiting=2, finished=1, failed=4, lost=1)
    words = mark_words(mark, room)
    shown = [text for name, text in words if name != "more"]
    more = [int(text[1:]) for name, text in words if name == "more"]
    counted = sum(int(text[1:] or 1) for text in shown)
    assert counted + sum(more) == sum(mark)
    assert len(texts(mark, room)) <= max(room, len("?2 +11"))


def test_what_needs_the_user_is_all_but_working_and_idle() -> None:
    assert needs_of(SessionMark(5, 5, 1, 2, 3, 4)) == 10


@pytest.mark.parametrize(
    ("fields", "state", "sign", "words"),
    [
        ({"activity": "working"}, "working", "►", "working"),
        ({}, "idle", "◇", "idle"),
        ({"attention": "input"}, "waiting", "?", "needs you"),
        (
            {"attention": "input", "reason": "Proceed?\x07"},
            "waiting",
            "?",
            "needs you: Proceed?\\x07",
        ),
        ({"phase": "starting"}, "moving", "…", "starting"),
        (
            {"phase": "stopping", "reason": "ended by the user"},
            "moving",
            "…",
            "stopping: ended by the user",
        ),
        ({"phase": "ended", "attention": "finished"}, "finished", "✓", "finished"),
        ({"phase": "ended"}, "over", "·", "finished"),
        (
            {"phase": "ended", "exit_code": 129, "reason": "ended by the user"},
            "over",
            "·",
            "ended by the user",
        ),
        ({"phase": "ended", "exit_code": 1}, "over", "·", "ended with 1"),
        (
            {"phase": "failed", "exit_code": 2, "attention": "failed"},
            "failed",
            "✗",
            "failed: exit 2",
        ),
        (
            {"phase": "failed", "exit_code": 137, "signal": 9},
            "over",
            "✗",
            "failed: SIGKILL",
        ),
        ({"phase": "lost", "reason": "gone"}, "over", "∅", "lost: gone"),
    ],
)
def test_states_in_signs_and_words(
    fields: dict[str, Any], state: str, sign: str, words: str
) -> None:
    found = session(1, **fields)
    assert (state_of(found), sign_of(found), phase_words(found)) == (state, sign, words)


def test_the_words_for_a_shell_on_another_computer_do_nothing_else() -> None:
    assert attach_there("laptop", "3f2a") == "ssh -t laptop 'paso session attach 3f2a'"
    words = attach_there("x; rm -rf ~", "a b")
    assert shlex.split(words)[2] == "x; rm -rf ~"
    assert shlex.split(shlex.split(words)[3])[-1] == "a b"


def test_what_nobody_knows_any_more_has_a_question_mark() -> None:
    runs, over = session(1), session(2, phase="ended")
    assert told_words(runs, fresh=True) == "idle"
    assert told_words(runs, fresh=False) == "idle?"
    assert told_words(over, fresh=False) == "finished"


def test_one_needs_you_two_need_you() -> None:
    assert [needs_words(count) for count in (1, 2)] == ["1 needs you", "2 need you"]


def test_a_signal_without_a_name_has_its_number() -> None:
    assert signal_name(15) == "SIGTERM"
    assert signal_name(999) == "signal 999"


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        (None, ""),
        (0.4, "now"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (86_399, "23h"),
        (86_400 * 5000, "999d"),
    ],
)
def test_an_age_takes_four_cells_at_most(seconds: float | None, word: str) -> None:
    assert age_word(seconds) == word
    assert len(word) <= 4


def test_the_age_is_since_the_start_then_since_the_end() -> None:
    began, ended = "2026-05-05T10:57:00.000Z", "2026-05-05T10:59:30.000Z"
    assert age_of(session(1, started_at=began), NOW) == "3m"
    assert age_of(session(1, started_at=began, ended_at=ended), NOW) == "30s"


def test_another_computers_clock_that_goes_ahead_counts_as_now() -> None:
    assert age_of(session(1, created_at="2031-01-01T00:00:00Z"), NOW) == "now"
    assert age_of(session(1, created_at="nonsense"), NOW) == ""
