"""Which session is meant, which are listed, in which order."""

from __future__ import annotations

import pytest

from paso.commands import sessions, tasks
from paso.database.connection import Database
from paso.errors import Ambiguous, NotFound
from paso.model import FINAL_PHASES, LIVE_PHASES, LOST, PHASES, RUNNING
from tests.paso.commands.running import HERE, create, end, in_phase, run

A, B, C = "3f2a91c400000001", "3f2a91c400000002", "face0ff000000003"


def test_an_id_or_its_beginning_names_a_session(home_db: Database) -> None:
    for one in (A, C):
        create(home_db, session_id=one)
    assert sessions.find_session(home_db, A).id == A
    assert sessions.find_session(home_db, " 3F2A ").id == A
    assert sessions.find_session(home_db, "face0").id == C
    with pytest.raises(NotFound):
        sessions.find_session(home_db, "3f2")


def test_a_part_of_the_title_names_a_session(home_db: Database) -> None:
    create(home_db, session_id=A, title="run the tests")
    create(home_db, session_id=B, title="Serve the page")
    assert sessions.find_session(home_db, "TEST").id == A
    assert sessions.find_session(home_db, "serve").id == B
    with pytest.raises(Ambiguous) as refused:
        sessions.find_session(home_db, "the")
    assert set(refused.value.candidates) == {
        "3f2a91 run the tests", "3f2a91 Serve the page",
    }  # fmt: skip


def test_a_whole_title_wins_over_a_part(home_db: Database) -> None:
    create(home_db, session_id=A, title="tests")
    create(home_db, session_id=B, title="tests of the page")
    assert sessions.find_session(home_db, "tests").id == A


def test_one_that_lives_wins_over_those_that_are_over(home_db: Database) -> None:
    for _ in range(2):
        end(home_db, run(home_db, title="tests"))
    live = run(home_db, title="tests again")
    assert sessions.find_session(home_db, "tests aga").id == live.id
    assert sessions.find_session(home_db, "again").id == live.id
    other = run(home_db, title="tests")
    assert sessions.find_session(home_db, "tests").id == other.id
    with pytest.raises(Ambiguous):
        sessions.find_session(home_db, "tests", live_first=False)


def test_a_beginning_of_ids_may_be_a_word_of_a_title(home_db: Database) -> None:
    create(home_db, session_id=A, title="x")
    create(home_db, session_id=B, title="y")
    with pytest.raises(Ambiguous):
        sessions.find_session(home_db, "3f2a")
    named = create(home_db, session_id=C, title="release 3f2a")
    assert sessions.find_session(home_db, "3f2a") == named


def test_a_miss_offers_those_that_live(home_db: Database) -> None:
    with pytest.raises(NotFound) as refused:
        sessions.find_session(home_db, "")
    assert refused.value.candidates == ()
    create(home_db, session_id=A, title="run the tests")
    sessions.session_start_failed(home_db, A, "no")
    with pytest.raises(NotFound) as refused:
        sessions.find_session(home_db, "nothing")
    assert refused.value.candidates == ("3f2a91 run the tests",)
    create(home_db, session_id=C, title="serve")
    with pytest.raises(NotFound) as refused:
        sessions.find_session(home_db, "nothing")
    assert refused.value.candidates == ("face0f serve",)


def test_those_that_need_the_user_come_first(home_db: Database) -> None:
    seen = in_phase(home_db, "ended")
    sessions.acknowledge(home_db, seen.id)
    calls = run(home_db)
    sessions.report(home_db, calls.id, "waiting")
    runs = run(home_db)
    failed = in_phase(home_db, "failed")
    newer = run(home_db)
    sessions.session_ended(home_db, newer.id, exit_code=0, attention="none")
    # Two of one millisecond have no order of their own.
    for place, one in enumerate((seen, calls, runs, failed, newer)):
        home_db.conn.execute(
            "UPDATE sessions SET created_at = ? WHERE id = ?", (f"{place}", one.id)
        )
    listed = [one.id for one in sessions.list_sessions(home_db)]
    # A failed one is over, so a live one that waits goes before it.
    assert listed == [calls.id, failed.id, runs.id, newer.id, seen.id]
    needy = sessions.list_sessions(home_db, needs_user=True)
    assert [one.id for one in needy] == [calls.id, failed.id]
    short = sessions.list_sessions(home_db, limit=2)
    assert [one.id for one in short] == listed[:2]


def test_they_are_listed_by_task_project_and_phase(home_db: Database) -> None:
    task = tasks.create_task(home_db, 1, "x")
    of_task = run(home_db, task_id=task.id)
    of_project = create(home_db, project_id=1)
    alone = in_phase(home_db, "ended")

    def ids(**scope: object) -> set[str]:
        found = sessions.list_sessions(home_db, **scope)  # type: ignore[arg-type]
        return {one.id for one in found}

    assert ids(task_id=task.id) == {of_task.id}
    assert ids(project_id=1) == {of_task.id, of_project.id}
    assert ids(project_id=99) == ids(task_id=99) == set()
    assert ids(phases=[RUNNING]) == {of_task.id}
    assert ids(phases=FINAL_PHASES) == {alone.id}
    assert ids(phases=()) == set()
    assert ids(phases=PHASES) == ids() == {of_task.id, of_project.id, alone.id}
    assert ids(task_id=task.id, phases=FINAL_PHASES) == set()


def test_those_that_live_are_read_with_their_places(home_db: Database) -> None:
    assert sessions.live_backends(home_db) == []
    there = {in_phase(home_db, phase) for phase in LIVE_PHASES}
    lost = in_phase(home_db, LOST)
    found = dict(sessions.live_backends(home_db))
    assert set(found) == there
    assert {one.phase: ref.tmux_pane for one, ref in found.items()} == {
        "starting": None, "running": "%2", "stopping": "%2",
    }  # fmt: skip
    assert sessions.live_backends(home_db, phases=[LOST]) == [(lost, HERE)]


def test_the_history_tells_every_step(home_db: Database) -> None:
    session = run(home_db)
    sessions.report(home_db, session.id, "waiting", "push?")
    end(home_db, session, 3)
    told = [
        (event.op, event.version, event.phase, event.activity, event.attention)
        for event in sessions.session_history(home_db, session.id)
    ]
    assert told == [
        ("insert", 1, "starting", "idle", "none"),
        ("update", 2, "running", "idle", "none"),
        ("update", 3, "running", "waiting", "input"),
        ("update", 4, "failed", "idle", "failed"),
    ]
    reasons = [e.reason for e in sessions.session_history(home_db, session.id)]
    assert reasons == ["", "", "push?", ""]
