"""Where tmux servers are, by the rules of tmux itself."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from paso.database.sessions import BackendRef
from paso.errors import ToolFailed, UnsafePath
from paso.sessions import server
from paso.sessions.server import (
    configuration,
    environment,
    named_socket,
    own_socket,
    says_no_server,
    users_socket,
)
from tests.support.programs import needs


def test_the_socket_is_where_tmux_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("tmux")
    place = named_socket("which")
    done = subprocess.run(
        ["tmux", "-L", "which", "-f", "/dev/null", "new-session", "-d", ";",
         "display-message", "-p", "#{socket_path}", ";", "kill-server"],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert done.stdout.strip() == place


def test_a_folder_for_sockets_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    gone = {"TMUX_TMPDIR": str(tmp_path / "gone")}
    assert named_socket("x", gone) == f"/tmp/tmux-{os.geteuid()}/x"
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    found = named_socket("x", {"TMUX_TMPDIR": str(link)})
    assert found == f"{tmp_path}/tmux-{os.geteuid()}/x"


def test_our_folder_is_made_private(tmp_path: Path) -> None:
    place = own_socket({"TMUX_TMPDIR": str(tmp_path)})
    folder = os.path.dirname(place)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert own_socket({"TMUX_TMPDIR": str(tmp_path)}) == place
    os.chmod(folder, 0o777)
    with pytest.raises(UnsafePath):
        own_socket({"TMUX_TMPDIR": str(tmp_path)})


def test_a_folder_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(ToolFailed, match="Permission denied"):
        own_socket({"TMUX_TMPDIR": str(tmp_path)})


def test_the_users_server_is_the_one_he_is_in() -> None:
    inside = {"TMUX": "/run/a,b/sock,123,0"}
    assert users_socket(inside) == "/run/a,b/sock"
    assert users_socket({}).endswith("/default")


def test_clients_are_not_told_of_a_tmux_around_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMUX", "/t,1,0")
    monkeypatch.setenv("TMUX_PANE", "%1")
    assert {"TMUX", "TMUX_PANE"}.isdisjoint(environment())
    assert environment()["HOME"] == os.environ["HOME"]


def test_only_a_configuration_of_the_home_is_read(paso_home: Path) -> None:
    assert configuration(str(paso_home)) == "/dev/null"
    (paso_home / "tmux.conf").touch()
    assert configuration(str(paso_home)) == str(paso_home / "tmux.conf")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("no server running on /tmp/tmux-0/paso\n", True),
        ("error connecting to /tmp/x (No such file or directory)", True),
        ("server exited unexpectedly", True),
        ("lost server", True),
        ("can't find pane: %7", False),
        ("", False),
    ],
)
def test_a_missing_server_is_told_from_a_failure(words: str, says: bool) -> None:
    assert says_no_server(words) == says


def test_a_server_that_was_never_noted_hears_nothing() -> None:
    assert not server.is_same_server(BackendRef())
    server.have_children_reaped(BackendRef())
    server.offer_socket_again(BackendRef())


def test_the_interpreter_must_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "")
    with pytest.raises(ToolFailed, match="interpreter"):
        server.launcher_argv("/x")
