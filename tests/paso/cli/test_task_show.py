"""`paso task show`: the sessions of a task stand below it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paso.commands import sessions
from paso.commands.sessions import BackendRef
from paso.database.connection import Database, open_database
from paso.model import SessionRef
from tests.paso.cli.conftest import Cli


@pytest.fixture
def db(paso: Cli) -> Iterator[Database]:
    paso("add", "Fix login")
    found = open_database(f"{paso.home}/tasks.db", actor="ann")
    yield found
    found.close()


def start(db: Database, title: str) -> str:
    made = sessions.create_session(
        db, argv=["make"], cwd="/", backend="tmux", task_id=1, title=title
    )
    sessions.session_running(db, made.id, BackendRef(pid=4))
    return made.id


def test_a_task_without_sessions_does_not_speak_of_any(paso: Cli, db: Database) -> None:
    assert "Sessions" not in paso("task", "show", "1").out
    assert paso.json("task", "show", "1")["sessions"] == []


def test_each_session_is_a_line_those_that_need_the_user_first(
    paso: Cli, db: Database
) -> None:
    works, waits = start(db, "serve \x1b[2J"), start(db, "agent")
    over, failed = start(db, "lint"), start(db, "tests")
    sessions.set_activity(db, works, "working")
    sessions.report(db, waits, "waiting", "push?")
    sessions.session_ended(db, over, exit_code=0, attention="none")
    sessions.session_ended(db, failed, exit_code=3)
    out = paso("task", "show", "1").out
    lines = out.partition("Sessions\n")[2].split("\n\n")[0].splitlines()
    found = [line.split()[:3] for line in lines]
    assert found[0] == [waits[:6], "needs", "you"]
    assert found[1] == [failed[:6], "failed", "(3)"]
    assert found[2] == [works[:6], "working", "serve"]
    assert found[3] == [over[:6], "ended", "lint"]
    assert "\\x1b[2J" in lines[2]
    assert out.index("Sessions\n") < out.index("History\n")


def test_json_names_them(paso: Cli, db: Database) -> None:
    waits = start(db, "agent")
    sessions.report(db, waits, "waiting")
    wanted = SessionRef(waits, "running", "waiting", "input")._asdict()
    assert paso.json("task", "show", "1")["sessions"] == [wanted]
    assert paso.json("task", "list")[0]["sessions"] == [wanted]
