"""The course of a session: how it starts, how it ends, what is told of the end."""

from __future__ import annotations

import pytest

from paso.commands import sessions
from paso.commands.sessions import BackendRef
from paso.database.connection import Database
from paso.errors import InvalidValue, NotFound, PhaseRefused
from paso.model import (
    ENDED,
    FAILED,
    FINAL_PHASES,
    LOST,
    PTY,
    RUNNING,
    STOPPING,
    TMUX,
)
from tests.paso.commands.running import ELSEWHERE, HERE, create, in_phase, run


def test_a_session_runs_where_it_was_said_to(home_db: Database) -> None:
    session = run(home_db)
    assert (session.phase, session.pid, session.reason) == (RUNNING, 41, "")
    assert session.created_at <= (session.started_at or "") <= session.updated_at
    assert session.ended_at is None
    assert sessions.backend_of(home_db, session.id) == HERE


def test_running_told_twice_is_told_once(home_db: Database) -> None:
    session = run(home_db)
    assert sessions.session_running(home_db, session.id, HERE) == session
    with pytest.raises(PhaseRefused):
        sessions.session_running(home_db, session.id, ELSEWHERE)
    assert sessions.get_session(home_db, session.id) == session


def test_what_it_reported_at_once_is_not_forgotten(home_db: Database) -> None:
    session = create(home_db)
    told = sessions.report(home_db, session.id, "waiting", "log in first")
    after = sessions.session_running(home_db, session.id, HERE)
    assert (after.phase, after.activity) == (RUNNING, "waiting")
    assert (after.attention, after.reason) == (told.attention, "log in first")


@pytest.mark.parametrize("phase", [ENDED, FAILED, STOPPING])
def test_who_comes_late_cannot_revive_it(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    with pytest.raises(PhaseRefused):
        sessions.session_running(home_db, session.id, HERE)
    assert sessions.get_session(home_db, session.id) == session


def test_a_lost_one_runs_again_where_it_ran(home_db: Database) -> None:
    session = in_phase(home_db, LOST)
    assert session.attention == "failed"
    assert session.ended_at is not None
    found = sessions.session_running(home_db, session.id, HERE)
    assert (found.phase, found.attention, found.reason) == (RUNNING, "none", "")
    assert (found.started_at, found.ended_at) == (session.started_at, None)


@pytest.mark.parametrize(
    "other",
    [
        ELSEWHERE,
        HERE._replace(tmux_server_ticks=9),
        HERE._replace(boot_id="b2"),
        HERE._replace(pid_ticks=8),
        BackendRef(),
    ],
)
def test_a_lost_one_is_not_found_again_elsewhere(
    home_db: Database, other: BackendRef
) -> None:
    session = in_phase(home_db, LOST)
    with pytest.raises(PhaseRefused, match="not where it ran"):
        sessions.session_running(home_db, session.id, other)
    assert sessions.get_session(home_db, session.id) == session
    assert sessions.backend_of(home_db, session.id) == HERE


def test_one_lost_while_it_started_may_be_found(home_db: Database) -> None:
    session = create(home_db)
    sessions.session_lost(home_db, session.id, "nobody heard of it")
    assert sessions.session_running(home_db, session.id, HERE).phase == RUNNING


@pytest.mark.parametrize(
    ("code", "signal", "phase", "kept"),
    [
        (0, None, ENDED, 0),
        (1, None, FAILED, 1),
        (127, None, FAILED, 127),
        (None, 9, FAILED, 137),
        (137, 9, FAILED, 137),
        (None, None, FAILED, None),
    ],
)
def test_the_exit_code_decides_how_it_ended(
    home_db: Database,
    code: int | None,
    signal: int | None,
    phase: str,
    kept: int | None,
) -> None:
    session = run(home_db)
    over = sessions.session_ended(home_db, session.id, exit_code=code, signal=signal)
    assert (over.phase, over.exit_code, over.signal) == (phase, kept, signal)
    assert over.attention == ("finished" if phase == ENDED else "failed")
    assert over.activity == "idle"
    assert (over.ended_at or "") >= (over.started_at or "") > ""


def test_an_adopted_pane_that_was_closed_has_ended(home_db: Database) -> None:
    session = run(home_db, adopted=True)
    over = sessions.session_ended(home_db, session.id, exit_code=None, reason="closed")
    assert (over.phase, over.exit_code, over.attention) == (ENDED, None, "none")
    session = run(home_db, adopted=True)
    over = sessions.session_ended(home_db, session.id, exit_code=None, signal=9)
    assert (over.phase, over.exit_code, over.attention) == (FAILED, 137, "failed")


def test_one_that_was_asked_to_end_has_ended_however(home_db: Database) -> None:
    session = in_phase(home_db, STOPPING)
    over = sessions.session_ended(home_db, session.id, exit_code=None, signal=15)
    assert (over.phase, over.exit_code, over.signal) == (ENDED, 143, 15)
    assert over.reason == "asked"
    # Who asked for it knows.
    assert over.attention == "none"
    session = in_phase(home_db, STOPPING)
    over = sessions.session_ended(home_db, session.id, exit_code=None, reason="gone")
    assert (over.phase, over.reason) == (ENDED, "asked; gone")
    session = in_phase(home_db, LOST)
    over = sessions.session_ended(
        home_db, session.id, exit_code=None, reason="asked at last", asked=True
    )
    assert (over.phase, over.attention) == (ENDED, "none")
    assert over.reason == "asked at last"


@pytest.mark.parametrize(
    ("backend", "code", "signal", "attention"),
    [
        (PTY, 0, None, "none"),
        (PTY, 130, None, "none"),
        (PTY, None, 2, "none"),
        (PTY, 1, None, "failed"),
        (PTY, None, 9, "failed"),
        (TMUX, 0, None, "finished"),
        (TMUX, 130, None, "failed"),
        (TMUX, 1, None, "failed"),
    ],
)
def test_nobody_is_called_to_an_end_that_he_saw(
    home_db: Database,
    backend: str,
    code: int | None,
    signal: int | None,
    attention: str,
) -> None:
    session = run(home_db, backend=backend)
    over = sessions.session_ended(home_db, session.id, exit_code=code, signal=signal)
    assert over.attention == attention


def test_whoever_tells_the_end_may_say_who_is_needed(home_db: Database) -> None:
    one, other = run(home_db), run(home_db)
    said = {"exit_code": 1, "attention": "none"}
    assert sessions.session_ended(home_db, one.id, **said).attention == "none"  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        sessions.session_ended(home_db, other.id, exit_code=1, attention="all")
    assert sessions.get_session(home_db, other.id) == other


@pytest.mark.parametrize("phase", [ENDED, FAILED])
def test_the_end_is_told_once(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    sessions.acknowledge(home_db, session.id)
    seen = sessions.get_session(home_db, session.id)
    for late in (
        sessions.session_ended(home_db, session.id, exit_code=3, preview="x"),
        sessions.session_lost(home_db, session.id, "gone"),
        sessions.session_start_failed(home_db, session.id, "late"),
    ):
        assert late == seen


def test_a_lost_one_can_end_after_all(home_db: Database) -> None:
    session = in_phase(home_db, LOST)
    assert sessions.session_lost(home_db, session.id, "again") == session
    over = sessions.session_ended(home_db, session.id, exit_code=0)
    assert (over.phase, over.exit_code, over.reason) == (ENDED, 0, "")


def test_asked_to_stop_twice_is_asked_once(home_db: Database) -> None:
    session = in_phase(home_db, STOPPING)
    assert sessions.session_stopping(home_db, session.id, "by another") == session


def test_a_start_that_failed_says_why(home_db: Database) -> None:
    session = create(home_db)
    failed = sessions.session_start_failed(home_db, session.id, "no\nsuch  file\0")
    assert (failed.phase, failed.attention) == (FAILED, "failed")
    assert failed.reason == "no such file\ufffd"
    assert (failed.started_at, failed.exit_code) == (None, None)


def test_the_last_output_is_kept_with_the_end(home_db: Database) -> None:
    session = run(home_db)
    over = sessions.session_ended(
        home_db, session.id, exit_code=2, preview="3 failed", tail="one\n3 failed"
    )
    assert over.preview == "3 failed"
    assert sessions.saved_tail(home_db, session.id) == "one\n3 failed"


def test_what_it_waited_for_is_no_reason_of_its_end(home_db: Database) -> None:
    session = run(home_db)
    sessions.report(home_db, session.id, "waiting", "may I delete it?")
    over = sessions.session_ended(home_db, session.id, exit_code=0)
    assert (over.reason, over.attention) == ("", "finished")


@pytest.mark.parametrize("phase", FINAL_PHASES)
def test_nothing_works_or_waits_that_is_over(home_db: Database, phase: str) -> None:
    session = run(home_db)
    sessions.set_activity(home_db, session.id, "working", attention="input")
    if phase == LOST:
        over = sessions.session_lost(home_db, session.id, "gone")
    else:
        over = sessions.session_ended(
            home_db, session.id, exit_code=int(phase == FAILED)
        )
    assert (over.phase, over.activity) == (phase, "idle")
    assert over.attention == ("finished" if phase == ENDED else "failed")


def test_there_must_be_such_a_session(home_db: Database) -> None:
    none = "0" * 16
    for act in (
        lambda: sessions.session_running(home_db, none, HERE),
        lambda: sessions.session_stopping(home_db, none),
        lambda: sessions.session_ended(home_db, none, exit_code=0),
        lambda: sessions.session_lost(home_db, none, ""),
        lambda: sessions.session_start_failed(home_db, none, ""),
        lambda: sessions.set_activity(home_db, none, "idle"),
        lambda: sessions.report(home_db, none, "idle"),
        lambda: sessions.save_output(home_db, none, tail="x"),
        lambda: sessions.acknowledge(home_db, none),
        lambda: sessions.rename_session(home_db, none, "x"),
        lambda: sessions.link_session(home_db, none, None),
        lambda: sessions.remove_session(home_db, none),
        lambda: sessions.get_session(home_db, none),
        lambda: sessions.backend_of(home_db, none),
    ):
        with pytest.raises(NotFound, match="no session"):
            act()
    assert sessions.list_sessions(home_db) == []
