"""Sessions under random commands in any order: what always holds does hold."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from paso.commands import sessions, tasks
from paso.commands.session_phases import EDGES, OVER
from paso.commands.session_rules import set_rules
from paso.commands.sessions import BackendRef
from paso.database.connection import Database, open_database
from paso.errors import PasoError
from paso.model import ACTIVITIES, ATTENTIONS, LIVE_PHASES, PHASES, Session
from tests.paso.commands.running import ELSEWHERE, HERE, create

Deed = Callable[[Database, str], object]

DEEDS: dict[str, Deed] = {
    "running": lambda db, one: sessions.session_running(db, one, HERE),
    "running elsewhere": lambda db, one: sessions.session_running(db, one, ELSEWHERE),
    "running nowhere": lambda db, one: sessions.session_running(db, one, BackendRef()),
    "stopping": lambda db, one: sessions.session_stopping(db, one, "asked"),
    "ended": lambda db, one: sessions.session_ended(db, one, exit_code=0),
    "failed": lambda db, one: sessions.session_ended(db, one, exit_code=1),
    "killed": lambda db, one: sessions.session_ended(
        db, one, exit_code=None, signal=9, tail="x"
    ),
    "not started": lambda db, one: sessions.session_start_failed(db, one, "no file"),
    "lost": lambda db, one: sessions.session_lost(db, one, "gone"),
    "works": lambda db, one: sessions.set_activity(db, one, "working", preview="x"),
    "rings": lambda db, one: sessions.set_activity(
        db, one, "waiting", attention="input"
    ),
    "reports": lambda db, one: sessions.report(db, one, "waiting", "push?"),
    "reports idle": lambda db, one: sessions.report(db, one, "idle"),
    "seen": sessions.acknowledge,
    "named": lambda db, one: sessions.rename_session(db, one, "other"),
    "tied": lambda db, one: sessions.link_session(db, one, 1),
    "loose": lambda db, one: sessions.link_session(db, one, None),
    "output": lambda db, one: sessions.save_output(db, one, preview="y"),
    "moved": lambda db, one: tasks.move_task(db, 1, column_id=1),
    "removed": sessions.remove_session,
    "pruned": lambda db, one: sessions.prune_sessions(db, older_than_days=1, keep=0),
}

steps = st.lists(
    st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 1)), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_is_told_in_whatever_order(told: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        db = open_database(f"{folder}/tasks.db", actor="ann")
        try:
            play(db, told)
        finally:
            db.close()


def play(db: Database, told: list[tuple[str, int]]) -> None:
    tasks.create_task(db, 1, "x")
    set_rules(db, 1, start_moves=True)
    known = {one.id: one for one in (create(db, task_id=1), create(db))}
    ids = sorted(known)
    gone: dict[str, int] = {}
    for name, which in told:
        bells: list[object] = []
        db.on_commit = bells.append
        before, changes = log_length(db), db.change_head()
        try:
            DEEDS[name](db, ids[which])
        except PasoError:
            assert bells == [], f"{name} was refused, and announced"
        rang = log_length(db) > before or db.change_head() > changes
        assert len(bells) == rang, name
        for session_id in ids:
            follow(db, known, gone, session_id)


def log_length(db: Database) -> int:
    return int(db.value("SELECT seq FROM sqlite_sequence WHERE name = 'session_log'"))


def follow(
    db: Database, known: dict[str, Session], gone: dict[str, int], session_id: str
) -> None:
    """Compare a session with what it was before the last deed."""
    history = sessions.session_history(db, session_id)
    found = sessions.list_sessions(db)
    now = next((one for one in found if one.id == session_id), None)
    if now is None:
        (stone,) = history
        assert stone.version > known[session_id].version
        assert gone.setdefault(session_id, stone.version) == stone.version
        return
    was, known[session_id] = known[session_id], now
    assert session_id not in gone, "a removed one came back"
    assert now.phase == was.phase or now.phase in EDGES[was.phase]
    if was.phase in OVER:
        assert (now.phase, now.exit_code, now.ended_at) == (
            was.phase, was.exit_code, was.ended_at,
        )  # fmt: skip
    assert now.version - was.version in (0, 1)
    same = now._replace(preview=was.preview, active_at=was.active_at) == was
    assert same == (now.version == was.version)
    assert [event.version for event in history] == list(range(1, now.version + 1))
    last = history[-1]
    assert (last.phase, last.activity, last.attention, last.reason) == (
        now.phase, now.activity, now.attention, now.reason,
    )  # fmt: skip
    well_formed(now)


def well_formed(now: Session) -> None:
    assert now.phase in PHASES
    assert now.activity in ACTIVITIES
    assert now.attention in ATTENTIONS
    live = now.phase in LIVE_PHASES
    assert (now.ended_at is None) == live
    assert live or now.activity == "idle"
    assert live or now.attention != "input"
    assert now.phase != "running" or now.started_at is not None
