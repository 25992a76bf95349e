"""What a session is up to: guesses from its output, and its own word."""

from __future__ import annotations

import pytest

from paso.commands import sessions
from paso.commands.session_activity import KEPT_EVENTS, TAIL_MAX
from paso.database.connection import Database
from paso.errors import InvalidValue, PhaseRefused
from paso.model import FINAL_PHASES, LIVE_PHASES
from tests.paso.commands.running import create, in_phase, run


def test_output_tells_what_it_does(home_db: Database) -> None:
    session = run(home_db)
    after = sessions.set_activity(home_db, session.id, "working", preview="Compiling")
    assert (after.activity, after.preview) == ("working", "Compiling")
    assert after.version == session.version + 1
    assert (after.active_at or "") >= session.updated_at


def test_more_of_the_same_makes_no_version(home_db: Database) -> None:
    session = run(home_db)
    one = sessions.set_activity(home_db, session.id, "working", preview="a")
    two = sessions.set_activity(home_db, session.id, "working", preview="b")
    assert (one.preview, two.preview) == ("a", "b")
    assert one.version == two.version
    assert len(sessions.session_history(home_db, session.id)) == two.version


def test_a_look_that_saw_no_output_says_so(home_db: Database) -> None:
    session = run(home_db)
    seen = sessions.set_activity(home_db, session.id, "working")
    later = sessions.set_activity(home_db, session.id, "idle", active_at=False)
    assert later.activity == "idle"
    assert later.active_at == seen.active_at


def test_a_bell_calls_the_user_until_it_is_taken_back(home_db: Database) -> None:
    session = run(home_db)
    rung = sessions.set_activity(home_db, session.id, "waiting", attention="input")
    assert (rung.activity, rung.attention) == ("waiting", "input")
    same = sessions.set_activity(home_db, session.id, "working")
    assert same.attention == "input"
    over = sessions.set_activity(home_db, session.id, "working", attention="none")
    assert over.attention == "none"


def test_its_own_word_wins_over_all_guesses(home_db: Database) -> None:
    session = run(home_db)
    told = sessions.report(home_db, session.id, "waiting", "may I\npush?")
    assert (told.activity, told.attention) == ("waiting", "input")
    assert told.reason == "may I push?"
    guessed = sessions.set_activity(
        home_db, session.id, "working", attention="none", preview="ok?"
    )
    assert guessed == told._replace(preview="ok?", active_at=guessed.active_at)
    assert guessed.active_at is not None


@pytest.mark.parametrize("state", ["working", "idle"])
def test_an_answered_one_needs_nobody(home_db: Database, state: str) -> None:
    session = run(home_db)
    sessions.report(home_db, session.id, "waiting", "push?")
    told = sessions.report(home_db, session.id, state)
    assert (told.activity, told.attention, told.reason) == (state, "none", "")


def test_an_acknowledged_one_still_waits(home_db: Database) -> None:
    session = run(home_db)
    sessions.report(home_db, session.id, "waiting")
    seen = sessions.acknowledge(home_db, session.id)
    assert (seen.activity, seen.attention) == ("waiting", "none")
    assert sessions.acknowledge(home_db, session.id) == seen
    assert sessions.report(home_db, session.id, "waiting").attention == "input"


@pytest.mark.parametrize("phase", LIVE_PHASES)
def test_whatever_lives_may_report(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    assert sessions.report(home_db, session.id, "working").activity == "working"


@pytest.mark.parametrize("phase", FINAL_PHASES)
def test_what_is_over_has_nothing_to_tell(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    with pytest.raises(PhaseRefused):
        sessions.report(home_db, session.id, "waiting")
    # A guess that comes late is nobody's fault.
    late = sessions.set_activity(
        home_db, session.id, "working", attention="input", preview="late"
    )
    assert late == session
    assert sessions.get_session(home_db, session.id) == session


def test_words_that_mean_nothing_are_refused(home_db: Database) -> None:
    session = run(home_db)
    with pytest.raises(InvalidValue, match="no state 'sleepy'"):
        sessions.report(home_db, session.id, "sleepy")
    with pytest.raises(InvalidValue):
        sessions.set_activity(home_db, session.id, "sleepy")
    with pytest.raises(InvalidValue):
        sessions.set_activity(home_db, session.id, "idle", attention="all")
    assert sessions.get_session(home_db, session.id) == session


def test_output_is_kept_without_a_version(home_db: Database) -> None:
    session = run(home_db)
    sessions.save_output(home_db, session.id, preview="one", tail="zero\none")
    sessions.save_output(home_db, session.id, preview="two")
    after = sessions.get_session(home_db, session.id)
    assert after == session._replace(preview="two", active_at=after.active_at)
    assert sessions.saved_tail(home_db, session.id) == "zero\none"
    assert sessions.saved_tail(home_db, create(home_db).id) == ""


def test_output_of_any_kind_and_length_is_taken(home_db: Database) -> None:
    session = run(home_db)
    sessions.save_output(
        home_db, session.id, preview="x\udcff\0" * 500, tail="0" + "y" * TAIL_MAX
    )
    after = sessions.get_session(home_db, session.id)
    assert len(after.preview) == 500
    assert after.preview.startswith("x?\ufffdx?\ufffd")
    assert sessions.saved_tail(home_db, session.id) == "y" * TAIL_MAX


def test_the_history_of_a_long_life_is_bounded(home_db: Database) -> None:
    session = run(home_db)
    with home_db.write():
        for turn in range(KEPT_EVENTS + 300):
            state = "idle" if turn % 2 else "working"
            sessions.set_activity(home_db, session.id, state, active_at=False)
    history = sessions.session_history(home_db, session.id)
    assert KEPT_EVENTS <= len(history) <= KEPT_EVENTS + 100
    last = sessions.get_session(home_db, session.id)
    assert (history[-1].version, history[-1].activity) == (last.version, last.activity)
    versions = [event.version for event in history]
    assert versions == list(range(versions[0], last.version + 1))
