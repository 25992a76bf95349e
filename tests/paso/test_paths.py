"""paso/paths.py: where things are, and when a place is not private."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paso.errors import SocketPathTooLong, StoreReadOnly, UnsafePath
from paso.paths import (
    MAX_SOCKET_PATH,
    Paths,
    check_private_dir,
    check_private_file,
    ensure_private_dir,
)


def test_everything_lies_in_the_home() -> None:
    paths = Paths(environ={"PASO_HOME": "/x/y"})
    assert {
        name: getattr(paths, name)
        for name in ("home", "socket", "database", "pid_file", "spawn_lock")
    } == {
        "home": "/x/y",
        "socket": "/x/y/paso.sock",
        "database": "/x/y/tasks.db",
        "pid_file": "/x/y/paso.pid",
        "spawn_lock": "/x/y/spawn.lock",
    }
    assert paths.daemon_log == "/x/y/logs/daemon.log"
    assert (paths.config, paths.backups) == ("/x/y/config.toml", "/x/y/backups")


def test_the_home_is_that_of_the_call_then_of_the_environment() -> None:
    environ = {"PASO_HOME": "/env", "PASO_SOCKET": "/env.sock"}
    assert Paths("/call", environ=environ).home == "/call"
    assert Paths("/call", "/call.sock", environ).socket == "/call.sock"
    assert Paths(environ=environ).socket == "/env.sock"
    assert Paths(environ={}).home == os.path.expanduser("~/.paso")
    assert Paths("rel", environ={}).home == os.path.abspath("rel")
    assert Paths("~/x", environ={}).home == os.path.expanduser("~/x")


def test_making_paths_touches_nothing(tmp_path: Path) -> None:
    Paths(str(tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("letter", ["x", "é"])
def test_a_socket_path_is_measured_in_bytes(letter: str) -> None:
    width = len(letter.encode())
    whole, rest = divmod(MAX_SOCKET_PATH - 1, width)
    fits = "/" + letter * whole + "y" * rest
    Paths("/h", fits, {}).check_socket_length()
    with pytest.raises(SocketPathTooLong, match="108 bytes") as caught:
        Paths("/h", fits + "y", {}).check_socket_length()
    assert "PASO_SOCKET" in str(caught.value.hint)


def test_a_folder_is_made_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        ensure_private_dir(str(tmp_path / "a" / "place"))
    finally:
        os.umask(old)
    assert (tmp_path / "a" / "place").stat().st_mode & 0o777 == 0o700
    ensure_private_dir(str(tmp_path / "a" / "place"))


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o777])
def test_a_folder_open_to_others_is_refused_with_the_repair(
    tmp_path: Path, mode: int
) -> None:
    home = tmp_path / "place"
    home.mkdir()
    home.chmod(mode)
    with pytest.raises(UnsafePath, match="open to other users") as caught:
        ensure_private_dir(str(home))
    assert caught.value.hint == f"chmod 700 {home}"


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePath, match="symbolic link"):
        ensure_private_dir(str(tmp_path / "link"))


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("")
    with pytest.raises(UnsafePath, match="not a folder"):
        ensure_private_dir(str(tmp_path / "place"))


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "place"
    home.mkdir(mode=0o700)
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(UnsafePath, match="belongs to uid"):
        check_private_dir(str(home))


def test_a_folder_that_is_absent_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsafePath, match="cannot look at"):
        check_private_dir(str(tmp_path / "absent"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreReadOnly, match="cannot make the folder") as caught:
        ensure_private_dir(str(tmp_path / ("x" * 300)))
    assert "PASO_HOME" in str(caught.value.hint)


def test_an_open_file_is_proven_to_be_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    reader, writer = os.pipe()
    try:
        check_private_file(fd, str(path))
        with pytest.raises(UnsafePath, match="not a regular file"):
            check_private_file(reader, str(path))
        stranger = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: stranger)
        with pytest.raises(UnsafePath, match="belongs to uid"):
            check_private_file(fd, str(path))
    finally:
        for each in (fd, reader, writer):
            os.close(each)
