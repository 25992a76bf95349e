"""What faces do to sessions, with real terminals and without a daemon."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from paso.commands import sessions as store
from paso.commands.tasks import create_task
from paso.database.connection import Database, open_database
from paso.errors import (
    InvalidValue,
    NotFound,
    PhaseRefused,
    Refused,
    StoreReadOnly,
    ToolFailed,
    ToolMissing,
)
from paso.events.process import boot_id, start_ticks
from paso.events.types import Commit
from paso.model import ENDED, FAILED, LOST, PTY, RUNNING, STARTING, TMUX
from paso.paths import Paths
from paso.sessions import actions
from paso.sessions.tmux import Tmux
from tests.conftest import is_running
from tests.paso.sessions.terminals import python, stubborn, tmux, until
from tests.support.programs import needs

pytestmark = pytest.mark.tmux


@pytest.fixture(autouse=True)
def tmux_is_there() -> None:
    needs("tmux")


def shows(db: Database, session_id: str, text: str) -> str:
    until(lambda: text in actions.output(db, session_id))
    return actions.output(db, session_id)


def panes() -> list[str]:
    return [pane.owner for pane in Tmux().panes()]


# start --------------------------------------------------------------------------


def test_a_started_session_runs_and_everybody_is_told(
    db: Database, paths: Paths, heard: list[Commit], tmp_path: Path
) -> None:
    session = actions.start(db, paths, ["sleep", "600"], cwd=str(tmp_path))
    assert (session.phase, session.backend, session.adopted) == (RUNNING, TMUX, False)
    assert (session.argv, session.cwd) == (("sleep", "600"), str(tmp_path))
    assert (session.title, session.created_by) == ("sleep 600", "ann")
    ref = store.backend_of(db, session.id)
    assert session.pid == ref.pid and is_running(ref.pid or 0)
    assert ref.pid_ticks == start_ticks(ref.pid or 0)
    assert panes() == [session.id]
    history = [event.phase for event in store.session_history(db, session.id)]
    assert history == [STARTING, RUNNING]
    assert len(heard) == 2


def test_a_session_of_a_task_knows_it(db: Database, paths: Paths) -> None:
    task = create_task(db, 1, "Fix #(login); now")
    code = "echo $PASO_TASK $PASO_SESSION_ID $PASO_HOME"
    session = actions.start(db, paths, ["sh", "-c", code], task_id=task.id)
    assert (session.task, session.title) == (task.key, task.title)
    shown = shows(db, session.id, paths.home[-8:]).replace("\n", "")
    assert shown == f"{task.key} {session.id} {paths.home}"
    title = tmux(
        Tmux().socket,
        "show-options",
        "-qv",
        "-t",
        f"=paso-{session.id}:",
        "@paso_title",
    )
    assert title == f"{task.key}  Fix ##(login); now\n"


def test_the_starters_environment_and_a_size_are_taken(
    db: Database, paths: Paths
) -> None:
    code = "stty size; echo $MINE $TERM; tty"
    session = actions.start(
        db,
        paths,
        ["sh", "-c", code],
        size=(91, 17),
        environ={**os.environ, "MINE": "yes", "TERM": "xterm", "TMUX": "/x,1,0"},
    )
    shown = shows(db, session.id, "/dev/pts")
    assert shown.startswith("16 91\n") or shown.startswith("17 91\n")
    assert "yes xterm" not in shown and "yes " in shown


def test_a_folder_with_an_odd_name_is_the_folder(
    db: Database, paths: Paths, tmp_path: Path
) -> None:
    for name in ("two  blanks", "line\nbreak", os.fsdecode(b"no \xff utf8")):
        folder = tmp_path / name
        folder.mkdir()
        actions.start(db, paths, ["touch", "here"], cwd=str(folder))
        until((folder / "here").exists)


@pytest.mark.parametrize("argv", [["paso-no-such-program"], ["./nothing"]])
def test_a_program_that_is_not_there_is_told_and_stands_in_the_list(
    db: Database, paths: Paths, argv: list[str]
) -> None:
    with pytest.raises(ToolMissing, match=f"no program {argv[0]}"):
        actions.start(db, paths, argv)
    (session,) = store.list_sessions(db)
    assert (session.phase, session.attention) == (FAILED, "failed")
    assert session.reason == f"there is no program {argv[0]}"
    assert panes() == []


@pytest.mark.parametrize("file", ["/etc", "/etc/passwd"])
def test_a_file_that_is_no_program_is_told_apart(
    db: Database, paths: Paths, file: str
) -> None:
    with pytest.raises(ToolFailed, match=f"{file} cannot be executed") as caught:
        actions.start(db, paths, [file])
    assert not isinstance(caught.value, ToolMissing)
    (session,) = store.list_sessions(db)
    assert (session.phase, session.reason) == (FAILED, f"{file} cannot be executed")


def test_what_fails_only_when_it_is_executed_is_told_too(
    db: Database, paths: Paths, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o700)
    with pytest.raises(ToolFailed, match="cannot run .*No such file"):
        actions.start(db, paths, [str(script)])
    (session,) = store.list_sessions(db)
    assert session.phase == FAILED and "No such file" in session.reason
    until(lambda: panes() == [])


def test_a_call_that_is_wrong_leaves_nothing(db: Database, paths: Paths) -> None:
    with pytest.raises(InvalidValue, match="no folder"):
        actions.start(db, paths, ["true"], cwd="/nowhere")
    with pytest.raises(InvalidValue):
        actions.start(db, paths, [])
    with pytest.raises(NotFound):
        actions.start(db, paths, ["true"], task_id=999)
    nowhere = {"PATH": "/nowhere"}
    with pytest.raises(ToolMissing, match="tmux is not installed"):
        actions.start(db, paths, ["true"], environ=nowhere)
    assert store.list_sessions(db) == []


def test_a_start_that_is_interrupted_is_no_session_that_starts_for_ever(
    db: Database, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Tmux, "start", interrupt)
    with pytest.raises(KeyboardInterrupt):
        actions.start(db, paths, ["true"])
    (session,) = store.list_sessions(db)
    assert (session.phase, session.reason) == (FAILED, "its start was interrupted")


# by itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "phase", "attention"), [(0, ENDED, "finished"), (7, FAILED, "failed")]
)
def test_how_it_ended_is_known_without_a_daemon(
    db: Database, paths: Paths, code: int, phase: str, attention: str
) -> None:
    argv = ["sh", "-c", f"echo first; echo last words; exit {code}"]
    session = actions.start(db, paths, argv)
    until(lambda: actions.look_again(db, session.id).phase != RUNNING)
    session = store.get_session(db, session.id)
    assert (session.phase, session.exit_code) == (phase, code)
    assert (session.attention, session.preview) == (attention, "last words")
    assert actions.output(db, session.id) == "first\nlast words\n"
    assert actions.output(db, session.id, 1) == "last words\n"
    assert panes() == [], "nothing is left in tmux"


def test_all_are_looked_at(db: Database, paths: Paths) -> None:
    ids = [actions.start(db, paths, ["true"]).id for _ in range(3)]
    lives = actions.start(db, paths, ["sleep", "600"]).id
    for session_id in ids:
        pid = store.get_session(db, session_id).pid or 0
        until(lambda pid=pid: not is_running(pid))  # type: ignore[misc]
    assert actions.look_at_all(db) == 3
    assert actions.look_at_all(db) == 0
    assert {store.get_session(db, one).phase for one in ids} == {ENDED}
    assert store.get_session(db, lives).phase == RUNNING


# send, output, attach -----------------------------------------------------------


def test_text_is_typed_and_who_waited_waits_no_more(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, ["cat"])
    store.report(db, session.id, "waiting", "which one?")
    after = actions.send(db, session.id, "the second; -x")
    assert after.attention == "none"
    assert shows(db, session.id, "x\nthe") == "the second; -x\nthe second; -x\n"
    assert actions.send(db, session.id, "y", enter=False).version == after.version


def test_attaching_counts_as_seen(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, ["cat"])
    store.report(db, session.id, "waiting")
    argv = actions.attach_argv(db, session.id, environ={})
    ref = store.backend_of(db, session.id)
    assert argv[:3] == ["tmux", "-S", ref.tmux_socket]
    assert argv[3:] == ["attach-session", "-t", ref.tmux_session]
    assert store.get_session(db, session.id).attention == "none"


def test_what_is_over_is_neither_attached_to_nor_sent_text(
    db: Database, paths: Paths
) -> None:
    session = actions.start(db, paths, ["true"])
    until(lambda: not is_running(session.pid or 0))
    with pytest.raises(PhaseRefused, match="the session is ended") as raised:
        actions.attach_argv(db, session.id)
    assert raised.value.hint == f"paso session output {session.id}"
    with pytest.raises(PhaseRefused):
        actions.send(db, session.id, "x")


def test_one_in_a_terminal_of_its_own_is_left_alone(db: Database) -> None:
    session = kept_session(db)
    with pytest.raises(Refused, match="runs in its own terminal"):
        actions.send(db, session, "x")
    with pytest.raises(Refused, match="runs in its own terminal"):
        actions.attach_argv(db, session)
    store.save_output(db, session, tail="one\ntwo\nthree\n\n")
    assert actions.output(db, session, 2) == "two\nthree\n"


def test_no_such_session_is_told_by_all(db: Database) -> None:
    for call in (actions.end, actions.output, actions.attach_argv, actions.look_again):
        with pytest.raises(NotFound):
            call(db, "ab" * 8)


# end ----------------------------------------------------------------------------


def test_an_end_is_an_end_with_its_code_and_leaves_nothing(
    db: Database, paths: Paths
) -> None:
    code = "trap 'echo bye; exit 3' HUP; echo ready; while :; do sleep 0.1; done"
    session = actions.start(db, paths, ["sh", "-c", code])
    shows(db, session.id, "ready")
    over = actions.end(db, session.id)
    assert (over.phase, over.exit_code, over.signal) == (ENDED, 3, None)
    assert (over.attention, over.reason) == ("none", "ended by the user")
    shown = actions.output(db, session.id).splitlines()
    assert (shown[0], shown[-1], over.preview) == ("ready", "bye", "bye")
    assert panes() == []
    phases = [event.phase for event in store.session_history(db, session.id)]
    assert phases == [STARTING, RUNNING, "stopping", ENDED]
    assert actions.end(db, session.id) == over, "and once is enough"


def test_a_stubborn_command_is_killed_after_the_grace(
    db: Database, paths: Paths
) -> None:
    session = actions.start(db, paths, stubborn("SIGHUP", "SIGTERM"))
    shows(db, session.id, "ready")
    began = time.monotonic()
    over = actions.end(db, session.id, grace_s=0.6)
    assert time.monotonic() - began >= 0.6
    assert (over.phase, over.exit_code, over.signal) == (ENDED, 137, 9)
    assert not is_running(session.pid or 0)


def test_many_ends_all_know_their_signal(db: Database, paths: Paths) -> None:
    """tmux itself misses every fifth or so, and is made to look."""
    for _ in range(12):
        session = actions.start(db, paths, ["sleep", "600"])
        over = actions.end(db, session.id)
        assert (over.signal, over.exit_code) == (signal.SIGHUP, 129)
    assert Tmux().panes() == []


def test_children_in_the_group_end_with_it(
    db: Database, paths: Paths, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    code = f"trap '' HUP TERM; sleep 600 & echo $! > {note}; trap - HUP; wait"
    session = actions.start(db, paths, ["sh", "-c", code])
    until(lambda: note.exists() and note.read_text().strip())
    actions.end(db, session.id, grace_s=0.6)
    until(lambda: not is_running(int(note.read_text())))


def test_only_this_session_ends(db: Database, paths: Paths) -> None:
    ids = [actions.start(db, paths, ["sleep", "600"]).id for _ in range(3)]
    actions.end(db, ids[1])
    assert set(panes()) == {ids[0], ids[2]}
    assert actions.look_at_all(db) == 0


def test_two_who_end_it_and_one_who_looks_agree(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, stubborn("SIGHUP"))
    shows(db, session.id, "ready")
    found = []

    def act(what: str) -> None:
        own = open_database(paths.database, actor="bob")
        try:
            if what == "end":
                found.append(actions.end(own, session.id, grace_s=0.6))
            else:
                until(lambda: actions.look_again(own, session.id).phase == ENDED)
        finally:
            own.close()

    threads = [threading.Thread(target=act, args=(w,)) for w in ("end", "end", "look")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2
    for over in found:
        assert (over.phase, over.signal, over.exit_code) == (ENDED, 15, 143)
    phases = [event.phase for event in store.session_history(db, session.id)]
    assert phases.count(ENDED) == phases.count("stopping") == 1


def test_it_ends_though_the_database_cannot_be_written(
    db: Database, paths: Paths
) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    db.run("PRAGMA query_only=ON")
    with pytest.raises(StoreReadOnly, match=r"it has ended, which cannot be noted: .+"):
        actions.end(db, session.id)
    assert not is_running(session.pid or 0)
    db.run("PRAGMA query_only=OFF")
    over = actions.look_again(db, session.id)
    assert (over.phase, over.signal) == (FAILED, signal.SIGHUP)


def test_what_ended_by_itself_is_not_ended_again(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, ["sh", "-c", "exit 4"])
    until(lambda: not is_running(session.pid or 0))
    over = actions.end(db, session.id)
    assert (over.phase, over.exit_code, over.reason) == (FAILED, 4, "")


def test_a_pane_that_somebody_closed_is_lost_and_its_command_can_be_ended(
    db: Database, paths: Paths
) -> None:
    session = actions.start(db, paths, stubborn("SIGHUP"))
    shows(db, session.id, "ready")
    ref = store.backend_of(db, session.id)
    tmux(Tmux().socket, "kill-pane", "-t", str(ref.tmux_pane))
    lost = actions.look_again(db, session.id)
    assert lost.phase == LOST
    assert lost.reason.endswith(f"its command still runs as process {session.pid}")
    over = actions.end(db, session.id, grace_s=0.6)
    assert (over.phase, over.exit_code, over.attention) == (ENDED, None, "none")
    assert over.reason == "ended by the user; its exit code is not known"
    assert not is_running(session.pid or 0)


def test_a_server_that_is_gone_is_told_and_nothing_is_made_anew(
    db: Database, paths: Paths
) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    tmux(Tmux().socket, "kill-server")
    until(lambda: not is_running(session.pid or 0))
    lost = actions.look_again(db, session.id)
    assert (lost.phase, lost.attention) == (LOST, "failed")
    assert lost.reason == "its tmux server is gone"
    assert actions.end(db, session.id) == lost
    with pytest.raises(PhaseRefused):
        actions.send(db, session.id, "x")
    with pytest.raises(PhaseRefused):
        actions.attach_argv(db, session.id)
    assert Tmux().panes() == []


def test_the_end_is_definite_though_tmux_hangs(
    db: Database, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paso.sessions.tmux.QUICK_S", 0.3)
    session = actions.start(db, paths, ["sleep", "600"])
    server = store.backend_of(db, session.id).tmux_server or 0
    os.kill(server, signal.SIGSTOP)
    try:
        over = actions.end(db, session.id)
    finally:
        os.kill(server, signal.SIGCONT)
    assert (over.phase, over.exit_code) == (ENDED, None)
    assert over.reason == "ended by the user; its exit code is not known"


def test_what_a_dead_server_showed_is_what_was_kept(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, ["cat"])
    store.save_output(db, session.id, tail="kept\n")
    tmux(Tmux().socket, "kill-server")
    assert actions.output(db, session.id) == "kept\n"


def test_a_grace_must_be_a_time(db: Database, paths: Paths) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    for grace_s in (-1.0, 1e9, float("nan")):
        with pytest.raises(InvalidValue):
            actions.end(db, session.id, grace_s=grace_s)
    assert store.get_session(db, session.id).phase == RUNNING


def test_one_that_never_started_ends_at_once(db: Database) -> None:
    session = store.create_session(db, argv=["x"], cwd="/", backend=TMUX)
    over = actions.end(db, session.id, reason="by hand")
    assert (over.phase, over.exit_code) == (ENDED, None)


def test_what_survives_being_killed_is_told(
    db: Database, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = actions.start(db, paths, ["sleep", "600"])
    monkeypatch.setattr(actions, "end_command", lambda *_, **__: False)
    with pytest.raises(ToolFailed, match=f"process {session.pid} does not end"):
        actions.end(db, session.id)
    assert store.get_session(db, session.id).phase == "stopping"


# a pty --------------------------------------------------------------------------


def kept_session(db: Database, pid: int | None = None) -> str:
    """A session of `paso run` whose keeper is this test."""
    session = store.create_session(db, argv=["x"], cwd="/", backend=PTY)
    pid = pid or os.getpid()
    ref = store.BackendRef(
        pid=pid,
        pid_ticks=start_ticks(pid),
        boot_id=boot_id(),
        keeper=os.getpid(),
        keeper_ticks=start_ticks(os.getpid()),
    )
    return store.session_running(db, session.id, ref).id


def test_of_a_pty_the_keeper_tells_the_code(db: Database, paths: Paths) -> None:
    import subprocess

    child = subprocess.Popen(python("import time; time.sleep(600)"))
    session_id = kept_session(db, child.pid)

    def keep() -> None:
        code = child.wait()
        own = open_database(paths.database, actor="bob")
        store.session_ended(own, session_id, exit_code=None, signal=-code)
        own.close()

    thread = threading.Thread(target=keep)
    thread.start()
    over = actions.end(db, session_id)
    thread.join(30)
    assert (over.phase, over.signal, over.exit_code) == (ENDED, 1, 129)


def test_of_a_pty_whose_keeper_says_nothing_the_code_is_unknown(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    monkeypatch.setattr(actions, "_NOTED_S", 0.1)
    child = subprocess.Popen(["sleep", "600"])
    over = actions.end(db, kept_session(db, child.pid))
    child.wait()
    assert (over.phase, over.exit_code, over.signal) == (ENDED, None, None)
    assert over.reason == "ended by the user; its exit code is not known"
