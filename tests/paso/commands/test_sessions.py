"""Sessions: made, named, tied to a task, removed; each change is announced once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from paso.commands import projects, sessions, tasks, undo
from paso.database.connection import Database, open_database
from paso.errors import InvalidValue, NotFound, PhaseRefused
from paso.events.types import Commit
from paso.model import FINAL_PHASES, LIVE_PHASES, PTY, TMUX, Session, to_json
from tests.paso.commands.running import HERE, create, end, in_phase, run
from tests.paso.database.processes import run_all


def test_a_new_session_is_about_to_start(home_db: Database) -> None:
    session = create(home_db, backend=PTY)
    assert len(session.id) == 16
    assert set(session.id) <= set("0123456789abcdef")
    assert (session.phase, session.activity, session.attention) == (
        "starting", "idle", "none",
    )  # fmt: skip
    assert (session.title, session.argv, session.cwd) == (
        "make test", ("make", "test"), "/src",
    )  # fmt: skip
    assert (session.backend, session.adopted, session.created_by) == (PTY, False, "ann")
    assert session.version == 1
    assert (session.project_id, session.task, session.pid) == (None, None, None)
    assert (session.started_at, session.ended_at, session.active_at) == (
        None, None, None,
    )  # fmt: skip
    assert sessions.backend_of(home_db, session.id) == (None,) * len(HERE)


def test_it_names_the_computer_of_its_home(home_db: Database, paso_home: Path) -> None:
    session = create(home_db)
    assert session.computer == (paso_home / "computer.id").read_text().strip()


def test_a_task_gives_it_title_and_project(home_db: Database) -> None:
    task = tasks.create_task(home_db, 1, "Fix login")
    session = create(home_db, task_id=task.id)
    assert (session.title, session.task_title) == ("Fix login", "Fix login")
    assert (session.task, session.task_id, session.task_uid) == (
        "PASO-1", task.id, task.uid,
    )  # fmt: skip
    assert (session.project, session.project_id) == ("PASO", 1)
    assert create(home_db, task_id=task.id, title="tests").title == "tests"


def test_a_project_alone_is_enough(home_db: Database) -> None:
    session = create(home_db, project_id=1, adopted=True, session_id="0123456789abcdef")
    assert (session.id, session.project, session.task) == (
        "0123456789abcdef", "PASO", None,
    )  # fmt: skip
    assert session.adopted is True


def test_what_cannot_be_is_refused(home_db: Database) -> None:
    other = projects.create_project(home_db, "Api")
    task = tasks.create_task(home_db, 1, "x")
    refused: tuple[dict[str, Any], ...] = (
        {"argv": []},
        {"backend": "screen"},
        {"title": "a\nb"},
        {"title": "x" * 256},
        {"task_id": task.id, "project_id": other.id},
    )
    for wrong in refused:
        with pytest.raises(InvalidValue):
            create(home_db, **wrong)
    for absent in ({"task_id": 99}, {"project_id": 99}):
        with pytest.raises(NotFound):
            create(home_db, **absent)
    assert sessions.list_sessions(home_db) == []


def test_a_command_of_any_bytes_and_length_becomes_a_record(home_db: Database) -> None:
    odd = os.fsdecode(b"caf\xe9")
    session = create(
        home_db, argv=["sh", "-c", "one\n two\0", odd, "x" * 5000], cwd="/tmp/" + odd
    )
    assert session.argv[:3] == ("sh", "-c", "one\n two\ufffd")
    assert session.argv[3] == "caf?"
    assert session.argv[4] == "x" * 999 + "…"
    assert len(session.title) == 255
    assert session.title.startswith("sh -c 'one two")
    assert session.cwd == "/tmp/caf?"
    json.dumps(to_json(session), ensure_ascii=False).encode()
    many = create(home_db, argv=["x"] * 500)
    assert len(many.argv) == 101
    assert many.argv[-1] == "…"


def test_ids_are_not_given_out_twice(home_db: Database) -> None:
    made = {create(home_db).id for _ in range(50)}
    assert len(made) == 50


def test_it_is_renamed_and_tied_to_another_task(home_db: Database) -> None:
    task = tasks.create_task(home_db, 1, "Fix login")
    session = run(home_db)
    named = sessions.rename_session(home_db, session.id, " the tests ")
    assert (named.title, named.version) == ("the tests", session.version + 1)
    tied = sessions.link_session(home_db, session.id, task.id)
    assert (tied.task, tied.project, tied.title) == ("PASO-1", "PASO", "the tests")
    loose = sessions.link_session(home_db, session.id, None)
    assert (loose.task, loose.project) == (None, "PASO")
    with pytest.raises(InvalidValue):
        sessions.rename_session(home_db, session.id, " ")
    with pytest.raises(NotFound):
        sessions.link_session(home_db, session.id, 99)
    assert sessions.get_session(home_db, session.id) == loose


def test_a_task_that_goes_leaves_the_session(home_db: Database) -> None:
    task = tasks.create_task(home_db, 1, "Fix login")
    session = run(home_db, task_id=task.id)
    tasks.delete_task(home_db, task.id)
    left = sessions.get_session(home_db, session.id)
    assert (left.task, left.task_id, left.task_title) == (None, None, None)
    assert (left.title, left.task_uid, left.project) == ("Fix login", task.uid, "PASO")
    assert left.version == session.version
    undo.undo(home_db)
    assert sessions.get_session(home_db, session.id) == session


@pytest.mark.parametrize("phase", FINAL_PHASES)
def test_what_is_over_can_be_removed(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    sessions.save_output(home_db, session.id, tail="x")
    sessions.remove_session(home_db, session.id)
    with pytest.raises(NotFound):
        sessions.get_session(home_db, session.id)
    assert sessions.saved_tail(home_db, session.id) == ""
    # The stone that keeps late writers out.
    (stone,) = sessions.session_history(home_db, session.id)
    assert (stone.op, stone.version, stone.phase) == (
        "delete", session.version + 1, phase,
    )  # fmt: skip
    with pytest.raises(NotFound):
        sessions.session_running(home_db, session.id, HERE)


@pytest.mark.parametrize("phase", LIVE_PHASES)
def test_what_lives_cannot_be_removed(home_db: Database, phase: str) -> None:
    session = in_phase(home_db, phase)
    with pytest.raises(PhaseRefused, match=f"is {phase}"):
        sessions.remove_session(home_db, session.id)
    assert sessions.get_session(home_db, session.id) == session


def aged(db: Database, session: Session, days: int) -> str:
    db.conn.execute(
        "UPDATE sessions SET ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)"
        " WHERE id = ?",
        (f"-{days} days", session.id),
    )
    return session.id


def test_old_ones_go_and_the_newest_stay(home_db: Database) -> None:
    old = [aged(home_db, in_phase(home_db, phase), 40) for phase in FINAL_PHASES]
    oldest = aged(home_db, in_phase(home_db, "ended"), 400)
    young = in_phase(home_db, "ended").id
    living = {in_phase(home_db, phase).id for phase in LIVE_PHASES}

    def left() -> set[str]:
        return {one.id for one in sessions.list_sessions(home_db)}

    assert sessions.prune_sessions(home_db, older_than_days=30, keep=10) == 0
    assert sessions.prune_sessions(home_db, older_than_days=30, keep=4) == 1
    assert left() == {*old, young, *living}
    assert sessions.prune_sessions(home_db, older_than_days=30, keep=0) == 3
    assert left() == {young, *living}
    assert [one.op for one in sessions.session_history(home_db, oldest)] == ["delete"]


def test_the_last_traces_go_with_time(home_db: Database) -> None:
    gone = in_phase(home_db, "ended").id
    sessions.remove_session(home_db, gone)
    home_db.conn.execute("UPDATE session_log SET at = '2020-01-01T00:00:00.000Z'")
    fresh = in_phase(home_db, "ended").id
    sessions.remove_session(home_db, fresh)
    sessions.prune_sessions(home_db, older_than_days=30, keep=0)
    assert sessions.session_history(home_db, gone) == []
    sessions.prune_sessions(home_db, older_than_days=0, keep=0)
    assert len(sessions.session_history(home_db, fresh)) == 1


@pytest.fixture
def heard(home_db: Database) -> list[Commit]:
    bells: list[Commit] = []
    home_db.on_commit = bells.append
    return bells


def test_each_change_is_announced_once_after_its_commit(
    home_db: Database, heard: list[Commit]
) -> None:
    head = home_db.change_head()
    session = create(home_db)
    told = [Commit(head, head, 0, ())]
    assert heard == told
    sessions.session_running(home_db, session.id, HERE)
    sessions.report(home_db, session.id, "waiting")
    sessions.acknowledge(home_db, session.id)
    sessions.rename_session(home_db, session.id, "x")
    sessions.session_stopping(home_db, session.id, "")
    sessions.session_ended(home_db, session.id, exit_code=0, preview="x", tail="y")
    sessions.remove_session(home_db, session.id)
    assert heard == told * 8
    assert home_db.change_head() == head
    assert not home_db.rows("SELECT 1 FROM batches WHERE kind = 'write'")


def test_the_bell_rings_when_the_change_is_in_the_file(home_db: Database) -> None:
    seen: list[int] = []
    other = open_database(home_db.path)
    home_db.on_commit = lambda _: seen.append(len(sessions.list_sessions(other)))
    create(home_db)
    create(home_db)
    other.close()
    assert seen == [1, 2]


def test_what_changes_nothing_is_not_announced(
    home_db: Database, heard: list[Commit]
) -> None:
    session = in_phase(home_db, "ended")
    sessions.acknowledge(home_db, session.id)
    heard.clear()
    sessions.acknowledge(home_db, session.id)
    sessions.session_lost(home_db, session.id, "late")
    sessions.session_ended(home_db, session.id, exit_code=1)
    sessions.set_activity(home_db, session.id, "working", preview="late")
    sessions.rename_session(home_db, session.id, session.title)
    sessions.save_output(home_db, session.id, tail="more")
    sessions.prune_sessions(home_db, older_than_days=1, keep=0)
    assert heard == []


def test_what_is_refused_or_taken_back_is_not_announced(
    home_db: Database, heard: list[Commit]
) -> None:
    session = in_phase(home_db, "ended")
    heard.clear()
    with pytest.raises(PhaseRefused):
        sessions.session_running(home_db, session.id, HERE)
    with pytest.raises(RuntimeError), home_db.write():
        create(home_db)
        raise RuntimeError
    assert heard == []
    assert sessions.list_sessions(home_db) == [session]


def test_a_move_by_a_rule_is_announced_with_its_session(
    home_db: Database, heard: list[Commit]
) -> None:
    from paso.commands.session_rules import set_rules

    task = tasks.create_task(home_db, 1, "x")
    set_rules(home_db, 1, start_moves=True)
    session = create(home_db, task_id=task.id)
    heard.clear()
    sessions.session_running(home_db, session.id, HERE)
    (bell,) = heard
    assert (bell.first, bell.last) == (home_db.change_head(),) * 2
    assert [(one.entity, one.op, one.id) for one in bell.entities] == [
        ("task", "update", task.id)
    ]


def test_many_changes_in_one_write_are_one_bell(
    home_db: Database, heard: list[Commit]
) -> None:
    with home_db.write():
        for _ in range(3):
            end(home_db, run(home_db))
    assert len(heard) == 1


def test_a_record_is_written_as_json(home_db: Database) -> None:
    task = tasks.create_task(home_db, 1, "x")
    session = run(home_db, task_id=task.id)
    document = json.loads(json.dumps(to_json(session)))
    assert list(document) == list(Session._fields)
    assert document["argv"] == ["make", "test"]
    assert (document["backend"], document["adopted"]) == (TMUX, False)


CREATE_AND_END = """
import sys
from paso.commands import sessions
from paso.commands.sessions import BackendRef
from paso.database.connection import open_database

db = open_database(sys.argv[1], actor=sys.argv[2])
for turn in range(5):
    made = sessions.create_session(
        db, argv=["true"], cwd="/", backend="pty", task_id=1, title=sys.argv[2]
    )
    sessions.session_running(db, made.id, BackendRef(pid=turn + 2))
    sessions.set_activity(db, made.id, "working", preview=str(turn))
    over = sessions.session_ended(db, made.id, exit_code=turn % 2)
    print(over.id, over.phase, over.version)
db.close()
"""


def test_sixteen_processes_make_and_end_sessions_at_once(home_db: Database) -> None:
    from paso.commands.session_rules import set_rules

    tasks.create_task(home_db, 1, "x")
    set_rules(home_db, 1, start_moves=True)
    out = run_all(CREATE_AND_END, [(home_db.path, f"w{i}") for i in range(16)])
    told = [line.split() for text in out for line in text.splitlines()]
    assert len(told) == 80
    kept = {one.id: one for one in sessions.list_sessions(home_db)}
    assert {(one.id, one.phase, str(one.version)) for one in kept.values()} == {
        tuple(line) for line in told
    }
    for session_id, session in kept.items():
        history = sessions.session_history(home_db, session_id)
        assert [event.version for event in history] == [1, 2, 3, 4]
        assert (history[-1].phase, session.version) == (session.phase, 4)
    moves = home_db.rows("SELECT summary FROM batches WHERE summary LIKE '%started%'")
    assert len(moves) == 1
    logged = home_db.rows("SELECT id FROM session_log ORDER BY id")
    assert [row[0] for row in logged] == list(range(1, 80 * 4 + 1))
