"""One look at a session, and what is written of it, whoever looks."""

from __future__ import annotations

import os
import signal

import pytest

from paso.commands import sessions as store
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.events.process import boot_id
from paso.model import ENDED, FAILED, LOST, PTY, RUNNING, STARTING, TMUX
from paso.paths import Paths
from paso.sessions import actions, reconcile
from paso.sessions.looking import (
    look,
    look_again,
    look_at_all,
    phase_age_s,
    write,
)
from paso.sessions.reconcile import Verdict
from paso.sessions.tmux import Tmux
from tests.conftest import is_running
from tests.paso.sessions.terminals import Terminals, stubborn, tmux, until

pytestmark = pytest.mark.tmux


def aged(db: Database, session_id: str, seconds: int = 3600) -> None:
    """Let it be in its phase for so long."""
    with db.write() as conn:
        conn.execute(
            "UPDATE session_log SET at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)"
            " WHERE session_id = ?",
            (f"{-seconds:+d} seconds", session_id),
        )


def test_the_age_of_a_phase_counts_from_its_first_row(db: Database) -> None:
    session = store.create_session(db, argv=["x"], cwd="/", backend=PTY)
    assert phase_age_s(db, session) < 60
    aged(db, session.id)
    session = store.rename_session(db, session.id, "another")
    assert 3590 < phase_age_s(db, session) < 3700
    store.session_stopping(db, session.id)
    assert phase_age_s(db, store.get_session(db, session.id)) < 60


def test_a_clock_that_was_put_back_makes_nothing_old(db: Database) -> None:
    session = store.create_session(db, argv=["x"], cwd="/", backend=PTY)
    aged(db, session.id, -3600)
    assert phase_age_s(db, session) == 0.0


@pytest.mark.parametrize("backend", [PTY, TMUX])
def test_one_that_never_started_has_failed_after_its_time(
    db: Database, terminals: Terminals, backend: str
) -> None:
    session = store.create_session(db, argv=["x"], cwd="/", backend=backend)
    assert look_again(db, session.id).phase == STARTING
    aged(db, session.id)
    after = look_again(db, session.id)
    assert (after.phase, after.reason) == (FAILED, "it did not start within 30 s")


def test_one_whose_starter_died_is_found_by_the_mark_of_its_pane(
    db: Database, terminals: Terminals
) -> None:
    """Killed between the start of the command and the note of it."""
    session = store.create_session(db, argv=["cat"], cwd="/", backend=TMUX)
    ref = terminals.tmux.start(
        session.id, ["cat"], "/", {"PATH": os.environ["PATH"]},
        home=str(terminals.home), computer=session.computer,
    )  # fmt: skip
    assert look_again(db, session.id).phase == STARTING
    aged(db, session.id)
    assert look_again(db, session.id).phase == RUNNING
    assert store.backend_of(db, session.id) == ref
    actions.send(db, session.id, "hello")
    assert actions.end(db, session.id).phase == ENDED


def test_the_command_of_another_computer_is_not_taken_for_ours(
    db: Database, terminals: Terminals
) -> None:
    session = store.create_session(db, argv=["cat"], cwd="/", backend=TMUX)
    terminals.tmux.start(
        session.id, ["cat"], "/", {"PATH": os.environ["PATH"]},
        home=str(terminals.home), computer="another one",
    )  # fmt: skip
    aged(db, session.id)
    assert look_again(db, session.id).phase == FAILED
    assert len(terminals.tmux.panes()) == 1


def test_after_a_restart_of_the_computer_it_is_lost(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    with db.write() as conn:
        conn.execute("UPDATE sessions SET boot_id = 'before'")
    after = look_again(db, session.id)
    assert (after.phase, after.reason) == (LOST, "the computer was restarted")
    # An equal pid is another process now: it is not ended.
    assert actions.end(db, session.id).phase == LOST
    assert is_running(session.pid or 0)


def test_a_lost_one_that_is_found_again_runs(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    session = actions.start(db, paths, ["cat"])
    store.session_lost(db, session.id, "somebody could not find it")
    after = look_again(db, session.id)
    assert (after.phase, after.attention) == (RUNNING, "none")
    actions.send(db, session.id, "still here")
    assert look_at_all(db) == 0


def test_a_server_that_does_not_answer_changes_nothing(
    db: Database,
    paths: Paths,
    terminals: Terminals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = actions.start(db, paths, ["cat"])
    monkeypatch.setattr("paso.sessions.tmux.QUICK_S", 0.3)
    server = store.backend_of(db, session.id).tmux_server or 0
    os.kill(server, signal.SIGSTOP)
    try:
        assert look_again(db, session.id) == session
    finally:
        os.kill(server, signal.SIGCONT)


def test_a_look_at_all_asks_each_server_once(
    db: Database,
    paths: Paths,
    terminals: Terminals,
    users: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(4):
        actions.start(db, paths, ["sleep", "600"])
    actions.adopt(db, paths, "work", socket=users)
    store.session_lost(db, actions.start(db, paths, ["cat"]).id, "by mistake")
    asked: list[str] = []
    panes = Tmux.panes

    def counted(self: Tmux) -> object:
        asked.append(self.socket)
        return panes(self)

    monkeypatch.setattr(Tmux, "panes", counted)
    assert look_at_all(db) == 1
    assert sorted(asked) == sorted([terminals.tmux.socket] * 2 + [users])
    asked.clear()
    assert look_at_all(db) == 0
    assert sorted(asked) == sorted([terminals.tmux.socket, users])


def test_a_look_at_all_finds_a_server_whose_socket_was_swept_away(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    os.unlink(terminals.tmux.socket)
    assert look_at_all(db) == 0
    assert store.get_session(db, session.id) == session


def test_an_end_that_was_left_is_for_the_caller_to_drive_on(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    session = actions.start(db, paths, stubborn("SIGHUP"))
    session = store.session_stopping(db, session.id, "by a command that was killed")
    ref = store.backend_of(db, session.id)
    assert look(db, session, ref) == Verdict(reconcile.NOTHING)
    aged(db, session.id)
    assert look(db, session, ref) == Verdict(reconcile.END)
    assert look_again(db, session.id) == session
    assert actions.end(db, session.id, grace_s=0.3).phase == ENDED


def test_what_somebody_else_wrote_first_stays(db: Database) -> None:
    session = store.create_session(db, argv=["x"], cwd="/", backend=PTY)
    over = store.session_ended(db, session.id, exit_code=0)
    ref = BackendRef(pid=1, pid_ticks=1, boot_id=boot_id())
    for verdict in (
        Verdict(reconcile.RUNS),
        Verdict(reconcile.GONE, reason="late"),
        Verdict(reconcile.NOT_STARTED, reason="late"),
        Verdict(reconcile.OVER, 3, reason="late"),
        Verdict(reconcile.AGAIN),
        Verdict(reconcile.END),
    ):
        assert write(db, session, ref, verdict) == over


def test_a_long_output_is_kept_at_its_end(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    session = actions.start(db, paths, ["sh", "-c", "seq 1 1800; sleep 0.3"])
    until(lambda: look_again(db, session.id).phase == ENDED)
    kept = actions.output(db, session.id, 100_000).splitlines()
    assert (len(kept), kept[0], kept[-1]) == (1000, "801", "1800")


def test_nothing_is_left_of_many_sessions(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    keeper = actions.start(db, paths, ["sleep", "600"])
    server = store.backend_of(db, keeper.id).tmux_server or 0

    def descriptors() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{server}/fd"))

    before = descriptors()
    for _ in range(20):
        actions.end(db, actions.start(db, paths, ["sleep", "600"]).id)
    # tmux closes what a client had a moment after that has gone.
    until(lambda: all(map(int.__le__, descriptors(), before)))
    assert [pane.owner for pane in Tmux().panes()] == [keeper.id]
    assert tmux(Tmux().socket, "list-buffers") == ""
    assert os.listdir(os.path.dirname(Tmux().socket)) == ["paso"]
