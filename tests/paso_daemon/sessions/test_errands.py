"""What the threads do: one look at a server, what it gave written, panes closed."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from paso.commands import sessions as store
from paso.commands.sessions import remove_session
from paso.database.connection import Database
from paso.sessions import reconcile
from paso_daemon.sessions import errands
from paso_daemon.sessions.errands import Leftover, Wish
from tests.conftest import is_running
from tests.paso_daemon.sessions.bench import Bench, wrapped
from tests.support.daemon import wait_for


def wish(db: Database, session_id: str, in_phase_s: float = 0.0) -> Wish:
    session, ref = store.get_session(db, session_id), store.backend_of(db, session_id)
    return Wish(session, ref, in_phase_s, False)


def look(bench: Bench, *ids: str) -> errands.Look:
    wishes = [wish(bench.db, one) for one in ids]
    return errands.look(bench.tmux.socket, wishes, bench.computer)


@pytest.mark.tmux
def test_one_look_tells_who_runs_and_how_who_is_over_has_ended(bench: Bench) -> None:
    one, other = bench.start("echo last words; exit 7"), bench.start("sleep 1000")
    bench.ended(one)
    over, runs = look(bench, one, other).found
    assert over.verdict[:2] == (reconcile.OVER, 7)
    assert "last words" in over.tail
    assert (runs.verdict.do, runs.calm) == (reconcile.NOTHING, True)
    errands.write(bench.db, over)
    found = bench.session(one)
    assert (found.phase, found.exit_code) == ("failed", 7)
    assert [pane.owner for pane in bench.panes()] == [other]


@pytest.mark.tmux
def test_dead_panes_that_nobody_asked_for_are_left_over_if_they_are_ours(
    bench: Bench,
) -> None:
    one, other, theirs = (bench.start("exit 0") for _ in range(3))
    for each in (one, other, theirs):
        bench.ended(each)
    pane = bench.ref(theirs).tmux_pane or ""
    bench.talk("set-option", "-p", "-t", pane, "@paso_home", "another home")
    seen = look(bench, one)
    assert [left.session_id for left in seen.leftovers] == [other]
    assert seen.leftovers[0].ref.tmux_pane == bench.ref(other).tmux_pane
    assert [found.wish.session.id for found in seen.found] == [one]


@pytest.mark.tmux
def test_a_socket_that_was_swept_away_is_made_again(bench: Bench) -> None:
    one = bench.start("sleep 1000")
    os.unlink(bench.tmux.socket)
    (found,) = look(bench, one).found
    assert (found.verdict.do, found.calm) == (reconcile.NOTHING, True)
    assert Path(bench.tmux.socket).is_socket()


@pytest.mark.tmux
def test_where_tmux_does_not_answer_nothing_is_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = bench.start("exit 3")
    bench.ended(one)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        seen = look(bench, one)
        assert not errands.clear_away(bench.db, Leftover("0" * 16, bench.ref(one)))
    assert seen.leftovers == []
    assert [(found.verdict.do, found.calm) for found in seen.found] == [
        (reconcile.NOTHING, False)
    ]


@pytest.mark.tmux
def test_an_end_that_nobody_drives_on_is_driven_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "AGAIN_S", 0.3)
    one = bench.start("trap '' HUP TERM; while :; do sleep 0.1; done")
    store.session_stopping(bench.db, one, "ended by the user")
    late = wish(bench.db, one, in_phase_s=reconcile.STOP_LIMIT_S)
    (found,) = errands.look(bench.tmux.socket, [late], bench.computer).found
    assert found.verdict.do == reconcile.END
    wait_for(lambda: not is_running(bench.ref(one).pid or 0))


def test_without_free_descriptors_nothing_is_known(db: Database) -> None:
    one = wish(db, wrapped(db, os.getpid()))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        seen = errands.look("", [one], "")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    (found,) = seen.found
    assert (found.verdict.do, found.calm) == (reconcile.NOTHING, False)


def test_what_was_removed_meanwhile_is_not_written(db: Database) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as gone:
        one = wrapped(db, gone.pid)
    (found,) = errands.look("", [wish(db, one)], "").found
    assert found.verdict.do == reconcile.GONE
    store.session_start_failed(db, one, "no")
    remove_session(db, one)
    errands.write(db, found)
    assert db.value("SELECT count(*) FROM sessions") == 0
