"""The keeper in a real daemon: ends are noticed, told, and nothing is left over."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paso.commands import sessions as store
from paso.sessions import actions
from paso.sessions.adopting import adopt
from paso.sessions.tmux import Tmux
from paso.store import Announcer, close_store
from tests.conftest import is_running
from tests.paso_daemon.sessions.bench import (
    Bench,
    both_loops,
    faults,
    follows,
    forgets,
    keeper,
    locked,
    standing_still,
    wrapped,
)
from tests.paso_daemon.sessions.conftest import Begin
from tests.support.daemon import RunningDaemon, new_board, wait_for

pytestmark = pytest.mark.tmux


def follow_one(bench: Bench, begin: Begin) -> tuple[RunningDaemon, str]:
    """A daemon that looks after a session which lasts; also the id of that."""
    daemon = begin()
    one = bench.start("sleep 1000")
    follows(daemon)
    return daemon, one


@both_loops
def test_an_end_is_told_with_its_exit_code_and_its_last_lines(
    bench: Bench, begin: Begin
) -> None:
    daemon = begin()
    one = bench.start("echo first; echo last words; read _; exit 7")
    with daemon.client() as client:
        client.subscribe(["sessions"])
        follows(daemon)
        actions.send(bench.db, one, "go")
        told = client.read_until(
            lambda frame: (
                frame["type"] == "event"
                and frame["event"]["session"].get("phase") == "failed"
            )
        )["event"]["session"]
    found = bench.becomes(one, "failed")
    assert (found.exit_code, found.signal, found.attention) == (7, None, "failed")
    assert "last words" in store.saved_tail(bench.db, one)
    assert (told["exit_code"], told["version"]) == (7, found.version)
    wait_for(lambda: not bench.panes())
    forgets(daemon)


@both_loops
def test_a_command_that_is_killed_is_told_with_its_signal(
    bench: Bench, begin: Begin
) -> None:
    daemon, one = follow_one(bench, begin)
    found = bench.killed(one)
    assert (found.exit_code, found.signal) == (137, 9)


def test_a_clean_end_is_ended_and_wants_to_be_seen(bench: Bench, begin: Begin) -> None:
    begin()
    found = bench.becomes(bench.start("exit 0"), "ended")
    assert (found.exit_code, found.attention) == (0, "finished")


@both_loops
def test_the_next_daemon_tells_what_happened_without_one(
    bench: Bench, begin: Begin
) -> None:
    daemon = begin()
    codes = {bench.start(f"read _; exit {code}"): code for code in (0, 3, 4)}
    lasting = bench.start("sleep 1000")
    follows(daemon, 4)
    daemon.kill()
    for one in codes:
        bench.tmux.send(bench.ref(one), "go")
    wait_for(lambda: not any(is_running(bench.ref(one).pid or 0) for one in codes))
    again = begin()
    for one, code in codes.items():
        assert bench.becomes(one, "failed" if code else "ended").exit_code == code
    follows(again)
    assert bench.session(lasting).phase == "running"
    wait_for(lambda: len(bench.panes()) == 1)


@both_loops
def test_a_server_that_is_killed_takes_its_sessions_and_no_other(
    bench: Bench, begin: Begin
) -> None:
    daemon = begin()
    ones = [bench.start("sleep 1000") for _ in range(3)]
    follows(daemon, 3)
    os.kill(bench.server(ones[0]), signal.SIGKILL)
    for one in ones:
        found = bench.becomes(one, "lost")
        assert found.reason == "its tmux server is gone"
    forgets(daemon)
    assert not bench.panes(), "nothing is started again"
    late = bench.start("read _; exit 5")
    follows(daemon)
    bench.tmux.send(bench.ref(late), "go")
    assert bench.becomes(late, "failed").exit_code == 5
    assert faults(daemon) == []


@both_loops
def test_a_pane_that_somebody_closed_is_lost(bench: Bench, begin: Begin) -> None:
    daemon = begin()
    one, other = bench.start("sleep 1000"), bench.start("sleep 1000")
    follows(daemon, 2)
    bench.talk("kill-pane", "-t", bench.ref(one).tmux_pane or "")
    assert bench.becomes(one, "lost").reason == "its tmux pane was closed"
    assert bench.session(other).phase == "running"


def test_what_ran_before_a_restart_of_the_computer_is_lost(
    bench: Bench, begin: Begin
) -> None:
    one = bench.start("sleep 1000")
    with bench.db.write() as conn:
        conn.execute("UPDATE sessions SET boot_id = 'another'")
    begin()
    assert bench.becomes(one, "lost").reason == "the computer was restarted"
    assert is_running(bench.ref(one).pid or 0), "its pid is another's by now"


def test_a_lost_session_whose_pane_is_there_runs_again(
    bench: Bench, begin: Begin
) -> None:
    one = bench.start("sleep 1000")
    store.session_lost(bench.db, one, "nobody found it")
    daemon = begin()
    bench.becomes(one, "running")
    follows(daemon)


def test_a_start_that_nobody_finished_is_settled_when_its_time_is_over(
    bench: Bench, begin: Begin
) -> None:
    nothing = store.create_session(bench.db, argv=["x"], cwd="/", backend="tmux").id
    running, ref = bench.made("sleep 1000")
    young = store.create_session(bench.db, argv=["x"], cwd="/", backend="tmux").id
    for one in (nothing, running):
        bench.age(one)
    begin()
    assert "did not start within" in bench.becomes(nothing, "failed").reason
    bench.becomes(running, "running")
    assert bench.ref(running).tmux_pane == ref.tmux_pane
    assert bench.session(young).phase == "starting"


def test_a_folder_of_sockets_that_is_open_to_others_is_not_used(
    bench: Bench, begin: Begin
) -> None:
    one = store.create_session(bench.db, argv=["x"], cwd="/", backend="tmux").id
    bench.age(one)
    folder = Path(bench.tmux.socket).parent
    folder.chmod(0o777)
    daemon = begin()
    wait_for(lambda: "session " in daemon.said())
    assert bench.session(one).phase == "starting"
    folder.chmod(0o700)
    daemon.terminate()
    begin()
    bench.becomes(one, "failed")


def test_an_end_that_nobody_drives_on_is_driven_on(bench: Bench, begin: Begin) -> None:
    one = bench.start("trap '' HUP TERM; while :; do sleep 0.1; done")
    store.session_stopping(bench.db, one, "ended by the user")
    bench.age(one)
    begin()
    found = bench.becomes(one, "ended")
    assert found.signal == 9


@both_loops
def test_a_locked_database_delays_the_word_and_nobody_else(
    bench: Bench, begin: Begin
) -> None:
    daemon, one = follow_one(bench, begin)
    with locked(bench.db.path), daemon.client() as client:
        bench.kill(one)
        wait_for(lambda: "session writes" in faults(daemon))
        assert client.ping() < 0.5
        assert bench.session(one).phase == "running"
    assert bench.becomes(one, "failed").signal == 9
    wait_for(lambda: faults(daemon) == [])
    assert daemon.said().count("session writes: works again") == 1


@both_loops
def test_without_free_descriptors_nothing_is_known_and_nothing_is_lost(
    bench: Bench, begin: Begin
) -> None:
    daemon, _ = follow_one(bench, begin)
    wait_for(lambda: daemon.status()["uptime_s"] > 0.5)  # all that it needs is loaded
    limit = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (5, limit[1]))
    ones = [bench.start("sleep 1000") for _ in range(4)]
    for one in ones:
        bench.kill(one)
    wait_for(lambda: "Too many open files" in daemon.said())
    time.sleep(0.5)
    assert {bench.session(one).phase for one in ones} == {"running"}
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, limit)
    for one in ones:
        assert bench.becomes(one, "failed").signal == 9
    wait_for(lambda: faults(daemon) == [])


def test_a_server_that_stands_still_loses_nothing(bench: Bench, begin: Begin) -> None:
    daemon, one = follow_one(bench, begin)
    with standing_still(bench.server(one)):
        wait_for(lambda: any(bench.tmux.socket in name for name in faults(daemon)), 30)
        assert bench.session(one).phase == "running"
    wait_for(lambda: faults(daemon) == [], 30)
    assert bench.killed(one).signal == 9


def test_panes_of_others_are_left_alone(bench: Bench, begin: Begin) -> None:
    one = bench.start("sleep 1000")
    server = bench.talk
    server("new-session", "-d", "-s", "paso-0123456789abcdef", "sleep 1000")
    server("set-option", "-g", "remain-on-exit", "on")
    server("new-session", "-d", "-s", "mine", "exit 3")
    pane = ("set-option", "-p", "-t", "=mine:")
    server(*pane, "@paso_session", "00000000000000aa")
    server(*pane, "@paso_home", "another home")
    bench.kill(one)
    begin()
    bench.becomes(one, "failed")
    wait_for(lambda: len(bench.panes()) == 2)
    left = {pane.session_name for pane in bench.panes()}
    assert left == {"paso-0123456789abcdef", "mine"}


def test_a_dead_pane_stays_while_somebody_looks_at_it_and_needs_nobody(
    bench: Bench, begin: Begin
) -> None:
    daemon = begin()
    one = bench.start("read _; exit 3")
    follows(daemon)
    with bench.looked_at(one):
        actions.send(bench.db, one, "go")
        over = bench.becomes(one, "failed")
        assert (over.exit_code, over.attention) == (3, "none")
        wait_for(lambda: keeper(daemon)["leftovers"] == 1)
        assert [pane.dead for pane in bench.panes()] == [True]


def test_a_pane_of_the_users_own_server_is_followed_from_outside(
    bench: Bench, begin: Begin
) -> None:
    """Nothing is put into it, and it is not kept alive."""
    daemon = begin()
    socket = os.path.join(os.path.dirname(bench.tmux.socket), "theirs")
    bench.talk("new-session", "-d", "-s", "work", "sleep 1000", socket=socket)
    one = adopt(bench.db, bench.paths, "=work:", socket=socket).id
    follows(daemon)
    wait_for(lambda: bench.session(one).activity == "idle")
    sessions = bench.talk("list-sessions", "-F", "#{session_name}", socket=socket)
    assert sessions == "work"
    bench.kill(one)
    assert bench.becomes(one, "ended").attention == "none"
    forgets(daemon)
    wait_for(lambda: not Tmux(socket).panes())


def test_a_daemon_with_another_folder_for_sockets_finds_them_by_the_record(
    bench: Bench, begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = bench.start("read _; exit 6")
    with monkeypatch.context() as patch:
        patch.setenv("TMUX_TMPDIR", str(tmp_path))
        daemon = begin()
    follows(daemon)
    bench.tmux.send(bench.ref(one), "go")
    assert bench.becomes(one, "failed").exit_code == 6


@both_loops
def test_a_terminal_whose_keeper_is_killed_is_lost(bench: Bench, begin: Begin) -> None:
    daemon = begin()
    holder = subprocess.Popen(["sleep", "1000"])
    one = wrapped(bench.db, holder.pid)
    follows(daemon)
    assert keeper(daemon)["processes"] == 1
    holder.kill()
    holder.wait()
    assert bench.becomes(one, "lost").reason == "its terminal is gone"


@both_loops
def test_what_is_deleted_by_hand_is_forgotten(bench: Bench, begin: Begin) -> None:
    daemon, one = follow_one(bench, begin)
    with bench.db.write() as conn:
        conn.execute("DELETE FROM sessions WHERE id = ?", (one,))
    forgets(daemon)
    with daemon.client() as client:
        client.send({"type": "subscribe", "topics": ["sessions"]})
        assert client.read_until("sessions_initial")["data"] == []


def test_without_a_session_nothing_of_it_is_loaded(bench: Bench, begin: Begin) -> None:
    daemon = begin()
    time.sleep(0.3)
    assert "session_keeper" not in daemon.status()
    threads = len(os.listdir(f"/proc/{daemon.pid}/task"))
    one = bench.start("sleep 1000")
    follows(daemon)
    bench.killed(one)
    assert len(os.listdir(f"/proc/{daemon.pid}/task")) == threads + 2


@both_loops
def test_the_first_session_is_followed_at_the_bell(
    bench: Bench, begin: Begin, paso_home: Path
) -> None:
    daemon = begin(poll_s=1000)
    bench.db.on_commit = Announcer(bench.paths, "test", auto_start=False)
    bench.start("sleep 1000")
    follows(daemon)
    close_store(bench.db)


def test_another_database_has_other_sessions(
    bench: Bench, begin: Begin, paso_home: Path
) -> None:
    daemon, _ = follow_one(bench, begin)
    (paso_home / "user").mkdir(mode=0o700)
    empty = new_board(paso_home / "user")
    empty.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    empty.close()
    for suffix in ("-wal", "-shm"):
        (paso_home / f"tasks.db{suffix}").unlink(missing_ok=True)
    (paso_home / "user" / "tasks.db").rename(paso_home / "tasks.db")
    forgets(daemon)
    wait_for(lambda: daemon.status()["sessions"]["known"] == 0)


def test_a_daemon_does_not_leave_the_sessions_that_live(
    bench: Bench, begin: Begin
) -> None:
    one = bench.start("sleep 1000")
    daemon = begin(idle_exit_s=0.3, tick_s=0.05)
    time.sleep(0.8)
    assert daemon.process.poll() is None
    bench.killed(one)
    assert daemon.process.wait(10) == 0


def test_without_tmux_nothing_is_known_and_nothing_is_lost(
    bench: Bench, begin: Begin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = bench.start("sleep 1000")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        daemon = begin()
    wait_for(lambda: any(bench.tmux.socket in name for name in faults(daemon)))
    bench.kill(one)
    time.sleep(0.5)
    assert bench.session(one).phase == "running"
    daemon.terminate()
    begin()
    assert bench.becomes(one, "failed").signal == 9


def test_a_stop_does_not_wait_for_a_server_that_stands_still(
    bench: Bench, begin: Begin
) -> None:
    one = bench.start("sleep 1000")
    daemon = begin()
    follows(daemon)
    with standing_still(bench.server(one)):
        time.sleep(0.3)
        start = time.monotonic()
        assert daemon.terminate() == 0
        assert time.monotonic() - start < 5


def test_old_sessions_alone_load_no_keeper(bench: Bench, begin: Begin) -> None:
    one = store.create_session(bench.db, argv=["x"], cwd="/", backend="pty").id
    store.session_start_failed(bench.db, one, "no")
    daemon = begin()
    wait_for(lambda: daemon.status()["sessions"]["known"] == 1)
    assert keeper(daemon) == {}


@pytest.mark.parametrize("loop", ["asyncio"])
def test_activity_and_bell_are_written_once_each(bench: Bench, begin: Begin) -> None:
    daemon = begin()
    script = "echo one; read _; printf 'need you\\a\\n'; read _; echo on; read _"
    one = bench.start(script)
    follows(daemon)
    wait_for(lambda: bench.session(one).activity == "idle")
    wait_for(lambda: bench.session(one).preview == "one")
    bench.tmux.send(bench.ref(one), "x")
    wait_for(lambda: bench.session(one).activity == "waiting")
    assert bench.session(one).attention == "input"
    wait_for(lambda: bench.session(one).preview == "need you")
    time.sleep(1.6)  # what follows the bell at once belongs to it
    bench.tmux.send(bench.ref(one), "y")
    wait_for(lambda: bench.session(one).attention == "none")
    wait_for(lambda: bench.session(one).activity == "idle")
    story = [row.activity for row in store.session_history(bench.db, one)]
    assert len(story) < 12, story


def test_previews_go_to_those_who_look_and_are_not_written(
    bench: Bench, begin: Begin
) -> None:
    daemon = begin()
    one = bench.start("n=0; while :; do n=$((n+1)); echo line $n; sleep 0.3; done")
    follows(daemon)
    with daemon.client() as client:
        client.subscribe(["sessions"])
        seen: set[str] = set()
        while len(seen) < 3:
            frame = client.read_until(
                lambda frame: (
                    frame["type"] == "event"
                    and frame["event"]["type"] == "session_activity"
                )
            )
            assert frame["event"]["session"]["id"] == one
            seen.add(frame["event"]["session"]["preview"])
    assert all(preview.startswith("line ") for preview in seen)
    assert bench.session(one).version < 6


def test_the_program_of_the_daemon_knows_nothing_of_sessions_at_first() -> None:
    code = "import sys, paso_daemon.daemon; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20
    )
    loaded = done.stdout.split()
    assert "paso_daemon.server" in loaded
    ours = ("paso_daemon.sessions.", "paso.sessions.", "paso.commands.sessions")
    assert not [name for name in loaded if name.startswith(ours)]
