"""Panes that Paso did not make: followed, typed into, shown, never closed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from paso.commands import sessions as store
from paso.commands.tasks import create_task
from paso.database.connection import Database, open_database
from paso.errors import Conflict, NotFound
from paso.model import ENDED, RUNNING
from paso.paths import Paths
from paso.sessions import actions
from paso.sessions.tmux import Tmux
from tests.conftest import is_running
from tests.paso.sessions.terminals import Terminals, tmux, until

pytestmark = pytest.mark.tmux


def marks(socket: str) -> list[tuple[str, str, str]]:
    return [(pane.owner, pane.home, pane.adopted) for pane in Tmux(socket).panes()]


def test_a_pane_is_followed_as_it_is(
    db: Database, paths: Paths, users: str, tmp_path: Path
) -> None:
    tmux(users, "new-window", "-d", "-t", "=work:", "-n", "logs", "-c", str(tmp_path),
         "--", "sh", "-c", "echo old line; cat; exit 3")  # fmt: skip
    pane = next(one for one in Tmux(users).panes() if one.window_name == "logs")
    until(lambda: b"cat" in Path(f"/proc/{pane.pid}/cmdline").read_bytes())
    session = actions.adopt(db, paths, "work:logs", socket=users)
    assert (session.phase, session.adopted) == (RUNNING, True)
    assert session.argv == ("sh", "-c", "echo old line; cat; exit 3")
    assert (session.cwd, session.pid) == (str(tmp_path), pane.pid)
    assert (session.id in session.title, session.title[:2]) == (False, "sh")
    assert actions.output(db, session.id) == "old line\n"
    actions.send(db, session.id, "typed")
    until(lambda: "typed\ntyped" in actions.output(db, session.id))
    assert actions.look_again(db, session.id) == store.get_session(db, session.id)


def test_the_users_server_is_found_by_where_he_is(
    db: Database, paths: Paths, users: str
) -> None:
    (pane,) = Tmux(users).panes()
    inside = {**os.environ, "TMUX": f"{users},1,0", "TMUX_PANE": pane.pane}
    session = actions.adopt(db, paths, ".", environ=inside)
    assert store.backend_of(db, session.id).tmux_socket == users
    with pytest.raises(NotFound, match="no tmux server runs at .*/default"):
        actions.adopt(db, paths, "work", environ=dict(os.environ))
    with pytest.raises(NotFound, match="in no pane of the tmux server at .*/default"):
        actions.adopt(db, paths, ".", environ=dict(os.environ))


def test_the_pane_we_are_in_is_no_pane_of_another_server(
    db: Database, paths: Paths, users: str
) -> None:
    (pane,) = Tmux(users).panes()
    inside = {**os.environ, "TMUX": "/elsewhere/sock,1,0", "TMUX_PANE": pane.pane}
    with pytest.raises(NotFound, match="in no pane of the tmux server"):
        actions.adopt(db, paths, ".", socket=users, environ=inside)
    assert store.list_sessions(db) == []


def test_a_server_may_be_named_as_in_tmux(
    db: Database, paths: Paths, users: str
) -> None:
    session = actions.adopt(db, paths, "work", socket="users")
    assert store.backend_of(db, session.id).tmux_socket == users


def test_task_and_title_are_taken(db: Database, paths: Paths, users: str) -> None:
    task = create_task(db, 1, "Look at logs")
    session = actions.adopt(db, paths, "=work", socket=users, task_id=task.id)
    assert (session.task, session.title) == (task.key, "Look at logs")


@pytest.mark.parametrize("target", ["%99", "wor", "work:9", "work2", "", "work:main.4"])
def test_what_is_not_there_is_not_found_and_nothing_is_noted(
    db: Database, paths: Paths, users: str, target: str
) -> None:
    with pytest.raises(NotFound):
        actions.adopt(db, paths, target, socket=users)
    assert store.list_sessions(db) == []
    assert marks(users) == [("", "", "")]


def test_a_pane_is_followed_once(db: Database, paths: Paths, users: str) -> None:
    first = actions.adopt(db, paths, "work", socket=users)
    with pytest.raises(Conflict, match=f"the session {first.id[:6]}"):
        actions.adopt(db, paths, "%0", socket=users)
    assert len(store.list_sessions(db)) == 1


def test_a_pane_of_paso_is_not_adopted_by_another_home(
    db: Database, paths: Paths, terminals: Terminals
) -> None:
    ref = terminals.start("sleep", "600")
    with pytest.raises(Conflict, match="made by Paso"):
        actions.adopt(db, paths, str(ref.tmux_pane), socket=terminals.tmux.socket)


def test_a_dead_pane_is_not_adopted(db: Database, paths: Paths, users: str) -> None:
    tmux(users, "set-option", "-p", "-t", "%0", "remain-on-exit", "on")
    tmux(users, "respawn-pane", "-k", "-t", "%0", "--", "false")
    until(lambda: Tmux(users).panes()[0].dead)
    with pytest.raises(Conflict, match="has ended"):
        actions.adopt(db, paths, "%0", socket=users)


def test_a_pane_that_the_user_closes_has_ended_and_nobody_knows_how(
    db: Database, paths: Paths, users: str
) -> None:
    tmux(users, "new-session", "-d", "-s", "other")
    session = actions.adopt(db, paths, "work", socket=users)
    tmux(users, "kill-session", "-t", "=work")
    until(lambda: not is_running(session.pid or 0))
    over = actions.look_again(db, session.id)
    assert (over.phase, over.exit_code, over.attention) == (ENDED, None, "none")
    assert over.reason == "its tmux pane was closed; its exit code is not known"


def test_the_last_pane_takes_the_server_with_it_and_has_ended_too(
    db: Database, paths: Paths, users: str
) -> None:
    session = actions.adopt(db, paths, "work", socket=users)
    actions.send(db, session.id, "exit 3")
    until(lambda: Tmux(users).panes() == [])
    assert actions.look_again(db, session.id).phase == ENDED


def test_where_the_pane_stays_the_code_is_known(
    db: Database, paths: Paths, users: str
) -> None:
    tmux(users, "set-option", "-p", "-t", "%0", "remain-on-exit", "on")
    session = actions.adopt(db, paths, "work", socket=users)
    actions.send(db, session.id, "exit 3")
    until(lambda: not is_running(session.pid or 0))
    over = actions.look_again(db, session.id)
    assert (over.phase, over.exit_code) == ("failed", 3)
    assert len(Tmux(users).panes()) == 1, "it is the user's, and stays"


def test_its_end_ends_the_process_of_the_pane_only(
    db: Database, paths: Paths, users: str, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    tmux(users, "split-window", "-d", "-t", "%0", "--", "sleep", "601")
    session = actions.adopt(db, paths, "%0", socket=users)
    actions.send(db, session.id, f"nohup sleep 600 >/dev/null 2>&1 & echo $! > {note}")
    until(lambda: note.exists() and note.read_text().strip())
    over = actions.end(db, session.id)
    assert (over.phase, over.attention) == (ENDED, "none")
    assert not is_running(session.pid or 0)
    child = int(note.read_text())
    assert is_running(child)
    os.kill(child, signal.SIGKILL)
    assert [pane.pane for pane in Tmux(users).panes()] == ["%1"]


def test_two_homes_share_a_server_and_leave_each_other_alone(
    db: Database, paths: Paths, tmp_path: Path
) -> None:
    home = tmp_path / "other"
    home.mkdir(mode=0o700)
    other = open_database(str(home / "tasks.db"), actor="bob")
    try:
        ours = actions.start(db, paths, ["sleep", "600"])
        theirs = actions.start(other, Paths(str(home)), ["sleep", "600"])
        assert ours.computer != theirs.computer
        actions.end(db, ours.id)
        assert actions.look_at_all(db) == 0
        assert [pane.owner for pane in Tmux().panes()] == [theirs.id]
        assert actions.look_again(other, theirs.id).phase == RUNNING
    finally:
        other.close()
