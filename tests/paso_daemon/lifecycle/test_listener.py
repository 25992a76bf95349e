"""The socket: private from the first instant, taken from nobody, removed if ours."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from paso.errors import DaemonRunning, StoreReadOnly, UnsafePath
from paso_daemon.lifecycle.listener import listen_at


def can_connect(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True


@pytest.fixture
def path(paso_home: Path) -> str:
    return str(paso_home / "paso.sock")


def test_it_listens_with_mode_0700_and_goes_when_closed(path: str) -> None:
    listener = listen_at(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert can_connect(path)
    assert listener.state() == "ours"
    listener.close()
    listener.close()
    assert not os.path.exists(path)
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_it_is_never_wider_for_an_instant(path: str, umask: str) -> None:
    """Whatever the umask: the modes are those that the kernel made, by strace."""
    code = (
        "import sys\n"
        "from paso_daemon.lifecycle.listener import listen_at\n"
        "listen_at(sys.argv[1])\n"
    )
    trace = path + ".trace"
    command = ["strace", "-f", "-o", trace, "-e", "trace=umask,bind,chmod,fchmod"]
    command += [sys.executable, "-c", code, path]
    if subprocess.run(["which", "strace"], capture_output=True).returncode:
        command = command[5:]
    subprocess.run(
        ["sh", "-c", f'umask {umask}; exec "$@"', "sh", *command], check=True
    )
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    if os.path.exists(trace):
        calls = Path(trace).read_text()
        assert "chmod" not in calls, "the mode is right from the start"
        assert calls.index("umask(077)") < calls.index("bind(")


def test_a_stale_socket_is_replaced(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    listener = listen_at(path)
    assert can_connect(path)
    listener.close()


def test_a_live_socket_is_not_taken(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(path)
        live.listen()
        with pytest.raises(DaemonRunning):
            listen_at(path)
        assert can_connect(path)


def test_the_socket_of_another_is_not_removed(path: str) -> None:
    listener = listen_at(path)
    os.unlink(path)
    assert listener.state() == "gone"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        assert listener.state() == "foreign"
        listener.close()
        assert can_connect(path)


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling", "fifo"])
def test_what_is_no_socket_is_left_alone(path: str, kind: str) -> None:
    target = path + ".target"
    if kind == "file":
        Path(path).write_text("precious")
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        os.symlink(target, path)
    if kind == "link":
        Path(target).write_text("precious")
    with pytest.raises(UnsafePath):
        listen_at(path)
    if kind in ("file", "link"):
        assert Path(path).read_text() == "precious"
    assert kind == "link" or not os.path.exists(target)


def test_a_path_of_107_bytes_works(paso_home: Path) -> None:
    folder = str(paso_home)
    name = "s" * (107 - len(os.fsencode(folder)) - 1)
    path = os.path.join(folder, name)
    listener = listen_at(path)
    assert can_connect(path)
    assert os.listdir(folder) == [name]
    listener.close()


def test_the_current_folder_stays(path: str) -> None:
    before = os.getcwd()
    listen_at(path).close()
    assert os.getcwd() == before


def test_a_folder_that_is_missing_is_made_private(paso_home: Path) -> None:
    listener = listen_at(str(paso_home / "run" / "paso.sock"))
    assert stat.S_IMODE(os.stat(paso_home / "run").st_mode) == 0o700
    listener.close()


def test_a_folder_open_to_others_is_refused(paso_home: Path) -> None:
    folder = paso_home / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(UnsafePath, match="chmod 700|open to other"):
        listen_at(str(folder / "paso.sock"))


def test_a_folder_where_others_may_add_but_not_replace_is_fine(
    paso_home: Path,
) -> None:
    folder = paso_home / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    listener = listen_at(str(folder / "paso.sock"))
    assert stat.S_IMODE(os.stat(folder / "paso.sock").st_mode) == 0o700
    listener.close()


def test_a_folder_that_cannot_be_made_is_said(paso_home: Path) -> None:
    (paso_home / "file").touch()
    with pytest.raises((StoreReadOnly, UnsafePath)):
        listen_at(str(paso_home / "file" / "paso.sock"))
