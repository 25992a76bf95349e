"""Tasks tell of their sessions, cards show them; where there are none it is free."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from paso.commands import projects, sessions, tasks
from paso.commands.sessions import BackendRef, needs_by_project, session_marks
from paso.database.connection import Database
from paso.database.task_sessions import REFS_OF_TASK, SessionMark
from paso.model import Session, SessionRef

ROOT = Path(__file__).parents[3]


def create(
    db: Database, task_id: int | None = None, project_id: int | None = None
) -> Session:
    return sessions.create_session(
        db,
        argv=["make"],
        cwd="/",
        backend="tmux",
        task_id=task_id,
        project_id=project_id,
    )


def run(db: Database, task_id: int | None = None) -> Session:
    session = create(db, task_id)
    return sessions.session_running(db, session.id, BackendRef(pid=4))


def test_a_task_names_its_sessions_newest_first(db: Database) -> None:
    one, two = tasks.create_task(db, 1, "one"), tasks.create_task(db, 1, "two")
    assert one.sessions == two.sessions == ()
    old, new = run(db, one.id), create(db, one.id)
    db.conn.execute("UPDATE sessions SET created_at = '1' WHERE id = ?", (old.id,))
    create(db)
    sessions.report(db, old.id, "waiting")
    refs = (
        SessionRef(new.id, "starting", "idle", "none"),
        SessionRef(old.id, "running", "waiting", "input"),
    )
    assert tasks.get_task(db, one.id).sessions == refs
    assert [task.sessions for task in tasks.list_tasks(db, 1)] == [refs, ()]
    assert tasks.task_details(db, one.id).task.sessions == refs


def test_a_task_names_the_newest_only(db: Database) -> None:
    task = tasks.create_task(db, 1, "x")
    made = [create(db, task.id).id for _ in range(REFS_OF_TASK + 5)]
    for place, one in enumerate(made):
        db.conn.execute(
            "UPDATE sessions SET created_at = ? WHERE id = ?", (f"{place:02}", one)
        )
    named = [ref.id for ref in tasks.get_task(db, task.id).sessions]
    assert named == made[: -REFS_OF_TASK - 1 : -1]


def test_a_card_is_marked_by_what_its_sessions_are_up_to(db: Database) -> None:
    task, quiet = tasks.create_task(db, 1, "x"), tasks.create_task(db, 1, "y")
    assert session_marks(db, 1) == {}
    sessions.set_activity(db, run(db, task.id).id, "working")
    sessions.set_activity(db, run(db, task.id).id, "working")
    create(db, task.id)
    sessions.report(db, run(db, task.id).id, "waiting")
    sessions.session_ended(db, run(db, task.id).id, exit_code=0)
    sessions.session_ended(db, run(db, task.id).id, exit_code=1)
    sessions.session_lost(db, run(db, task.id).id, "gone")
    sessions.session_ended(db, run(db, quiet.id).id, exit_code=0, attention="none")
    run(db)
    assert session_marks(db, 1) == {task.id: SessionMark(2, 1, 1, 1, 1, 1)}


def test_what_was_seen_leaves_no_mark(db: Database) -> None:
    task = tasks.create_task(db, 1, "x")
    for code in (0, 1):
        over = sessions.session_ended(db, run(db, task.id).id, exit_code=code)
        sessions.acknowledge(db, over.id)
    waits = run(db, task.id)
    sessions.report(db, waits.id, "waiting")
    assert session_marks(db, 1) == {task.id: SessionMark(waiting=1)}
    sessions.acknowledge(db, waits.id)
    assert session_marks(db, 1) == {task.id: SessionMark(idle=1)}


def test_marks_are_those_of_one_project(db: Database) -> None:
    other = projects.create_project(db, "Api")
    here, there = tasks.create_task(db, 1, "x"), tasks.create_task(db, other.id, "y")
    run(db, here.id)
    run(db, there.id)
    assert session_marks(db, 1) == {here.id: SessionMark(idle=1)}
    assert session_marks(db, other.id) == {there.id: SessionMark(idle=1)}


def test_it_is_counted_how_many_need_the_user(db: Database) -> None:
    other = projects.create_project(db, "Api")
    task = tasks.create_task(db, other.id, "x")
    sessions.session_lost(db, run(db, task.id).id, "gone")
    sessions.session_lost(db, create(db, project_id=other.id).id, "gone")
    sessions.session_lost(db, run(db).id, "gone")
    run(db, task.id)
    assert needs_by_project(db) == {other.id: 2, None: 1}


def queries(db: Database, act: Callable[[], object]) -> list[str]:
    seen: list[str] = []
    db.conn.set_trace_callback(seen.append)
    act()
    db.conn.set_trace_callback(None)
    return [sql for sql in seen if "session" in sql]


def test_sessions_of_a_thousand_tasks_are_one_query(db: Database) -> None:
    for title in ("a", "b", "c"):
        tasks.create_task(db, 1, title)
    assert len(queries(db, lambda: tasks.list_tasks(db, 1))) == 1
    run(db)
    assert len(queries(db, lambda: tasks.list_tasks(db, 1))) == 1, "none has a task"
    run(db, 1)
    run(db, 2)
    assert len(queries(db, lambda: tasks.list_tasks(db, 1))) == 2
    assert len(queries(db, lambda: session_marks(db, 1))) == 1


def test_marks_are_found_from_the_sessions_not_from_all_cards(db: Database) -> None:
    from paso.database.task_sessions import _MARKS

    plan = " ".join(row[3] for row in db.rows(f"EXPLAIN QUERY PLAN {_MARKS}", (1,)))
    assert "SEARCH t USING INDEX" in plan
    assert "(uid=?)" in plan


def test_without_sessions_nothing_of_them_is_loaded(db: Database) -> None:
    script = (
        "import sys\n"
        "from paso.commands import tasks\n"
        "from paso.database.connection import open_database\n"
        "tasks.list_tasks(open_database(sys.argv[1]), 1)\n"
        "print([name for name in sys.modules if 'session' in name])\n"
    )
    tasks.create_task(db, 1, "x")
    done = subprocess.run(
        [sys.executable, "-c", script, db.path],
        capture_output=True, text=True, check=True, timeout=20, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == "[]\n"
