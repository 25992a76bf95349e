"""Homes that cannot be trusted or used: said in words, nothing followed, nothing lost.

Where a case needs root (another uid, a mount) and the suite runs without, the nearest
thing a user can make takes its place; no case is left out.
"""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.harness import (
    IS_ROOT,
    Home,
    Result,
    assert_clear_error,
    wait_for,
)
from tests.end_to_end.observers import Recorder

STRANGER = 65534
"""A uid that is not ours: nobody."""

READS_AND_WRITES = [("list",), ("add", "lost?"), ("project", "list")]


def assert_refused_everywhere(home: Home, code: str) -> None:
    """Readers, writers and the daemon all say the same code, in words and as JSON."""
    for command in READS_AND_WRITES:
        assert_clear_error(home.paso(*command), 1)
        assert home.paso(*command, "--json").error["code"] == code
    assert_daemon_refuses(home)
    assert home.daemons() == []


def assert_daemon_refuses(home: Home) -> Result:
    """`paso daemon start` fails in words; so does the daemon in the foreground."""
    started = home.paso("daemon", "start", timeout_s=30)
    assert_clear_error(started)
    assert_clear_error(home.paso("daemon", "run", timeout_s=30))
    return started


# The home itself ------------------------------------------------------------------


def test_a_home_open_to_others_is_refused_with_the_repair(home: Home) -> None:
    home.path.chmod(0o777)
    assert_refused_everywhere(home, "unsafe_path")
    assert "chmod 700" in home.paso("list").err
    assert list(home.path.iterdir()) == []
    home.path.chmod(0o700)
    assert home.paso("add", "now").code == 0


def test_a_home_of_another_user_is_refused(home: Home) -> None:
    if IS_ROOT:
        os.chown(home.path, STRANGER, STRANGER)
        foreign = home.path
    else:
        foreign = Path("/usr")
    home.environ["PASO_HOME"] = str(foreign)
    before = sorted(os.listdir(foreign))
    assert_refused_everywhere(home, "unsafe_path")
    assert sorted(os.listdir(foreign)) == before


@pytest.mark.parametrize("kind", ["symlink", "dangling", "fifo", "file"])
def test_a_home_that_is_no_folder_of_ours_is_refused(home: Home, kind: str) -> None:
    target = home.path.parent / "elsewhere"
    home.path.rmdir()
    plant(home.path, kind, target)
    assert_refused_everywhere(home, "unsafe_path")
    assert not target.is_dir() or list(target.iterdir()) == []


def plant(path: Path, kind: str, target: Path) -> None:
    if kind == "symlink":
        target.mkdir(mode=0o700)
        path.symlink_to(target)
    elif kind == "dangling":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.write_text("mine\n")


def test_a_home_that_cannot_be_made_is_said(home: Home) -> None:
    home.environ["PASO_HOME"] = "/dev/null/paso"
    for command in READS_AND_WRITES:
        result = home.paso(*command)
        assert_clear_error(result, 1)
        assert "/dev/null" in result.err
    assert_daemon_refuses(home)


def test_a_user_without_a_home_is_told_what_to_set(home: Home) -> None:
    del home.environ["PASO_HOME"]
    home.environ["HOME"] = "/dev/null"
    result = home.paso("list")
    assert_clear_error(result, 1)
    assert "PASO_HOME" in result.err


# A path that the kernel does not take -----------------------------------------------


def longer_home(home: Home, length: int) -> None:
    """A home whose socket path has `length` bytes."""
    room = length - len(str(home.path)) - len("/paso.sock") - 1
    home.path = home.path / ("d" * room)
    home.environ["PASO_HOME"] = str(home.path)
    home.socket = str(home.path / "paso.sock")
    home.pid_file = home.path / "paso.pid"
    home.database = home.path / "tasks.db"
    assert len(home.socket) == length


def test_a_socket_path_over_107_bytes_is_refused_but_the_board_works(
    home: Home,
) -> None:
    longer_home(home, 120)
    added = home.paso("add", "still works")
    assert added.code == 0, added
    assert "still works" in home.paso("list").out
    result = home.paso("daemon", "start", "--json")
    assert result.error["code"] == "socket_path_too_long", result
    assert "107" in result.error["message"]
    assert "PASO_SOCKET" in (result.error["hint"] or "")
    assert_daemon_refuses(home)
    assert home.titles() == {"still works"}


def test_a_socket_path_of_107_bytes_works_whatever_names_are_made_beside_it(
    home: Home,
) -> None:
    longer_home(home, 107)
    assert home.paso("daemon", "start").code == 0
    assert home.welcome() is not None


def test_a_shorter_socket_path_of_ones_own_helps(home: Home) -> None:
    longer_home(home, 150)
    private = home.path.parent.parent / "s"
    private.mkdir(mode=0o700)
    home.environ["PASO_SOCKET"] = str(private / "p")
    home.socket = str(private / "p")
    assert home.paso("daemon", "start").code == 0
    assert home.welcome() is not None
    assert home.paso("daemon", "stop").code == 0


# Planted files ----------------------------------------------------------------------

PLACES = ["paso.sock", "paso.pid", "spawn.lock", "logs", "logs/daemon.log"]
KINDS = ["symlink", "dangling", "fifo", "directory"]


def plant_file(path: Path, kind: str, victim: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if kind == "directory":
        path.mkdir(mode=0o700)
        (path / "inside").write_text("mine\n")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.symlink_to(victim)


def a_victim(home: Home, kind: str) -> Path:
    victim = home.path.parent / "victim"
    if kind != "dangling":
        victim.write_text("precious\n")
        victim.chmod(0o600)
    return victim


def assert_untouched(victim: Path, kind: str) -> None:
    if kind == "dangling":
        assert not victim.exists()
    else:
        assert victim.read_text() == "precious\n"
        assert stat.S_IMODE(victim.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_in_the_daemons_place_is_not_followed(
    home: Home, place: str, kind: str
) -> None:
    """The daemon heals it or refuses in words; a write works in any case."""
    if (place, kind) == ("logs", "directory"):
        kind = "fifo"
    victim = a_victim(home, kind)
    plant_file(home.path / place, kind, victim)
    assert home.paso("add", "in spite of it").code == 0
    result = home.paso("daemon", "start", timeout_s=30)
    if result.code:
        assert_clear_error(result)
        assert place.split("/")[-1] in result.err, result
    else:
        assert home.welcome() is not None
    assert_untouched(victim, kind)
    assert "in spite of it" in home.paso("list").out


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_in_the_place_of_the_database_is_not_followed(
    home: Home, kind: str
) -> None:
    victim = a_victim(home, kind)
    plant_file(home.database, kind, victim)
    for command in READS_AND_WRITES:
        result = home.paso(*command, timeout_s=20)
        assert_clear_error(result, 1)
        assert "tasks.db" in result.err, result
    assert_untouched(victim, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_in_the_place_of_the_configuration_hangs_nothing(
    home: Home, kind: str
) -> None:
    victim = a_victim(home, kind)
    plant_file(home.path / "config.toml", kind, victim)
    result = home.paso("list", timeout_s=20)
    if kind == "dangling" and result.code == 0:
        return
    assert_clear_error(result)
    assert "config.toml" in result.err
    assert_untouched(victim, kind)


def test_nothing_in_the_home_is_open_to_others_whatever_the_umask(
    home: Home,
) -> None:
    home.path.rmdir()
    subprocess.run(
        ["sh", "-c", 'umask 0; exec "$0" -m paso add "private"', sys.executable],
        env=home.environ,
        cwd=home.path.parent,
        check=True,
        capture_output=True,
        timeout=20,
    )
    wait_for(home.welcome, 15, "the daemon that the write started")
    home.paso("backup", prefix=("sh", "-c", 'umask 0; exec "$@"', "sh"))
    modes = {
        path.relative_to(home.path): oct(stat.S_IMODE(path.lstat().st_mode))
        for path in [home.path, *home.path.rglob("*")]
        if path.lstat().st_mode & 0o077
    }
    assert not modes
    assert stat.S_IMODE(os.lstat(home.socket).st_mode) == 0o700


# Other users --------------------------------------------------------------------------

SPEAK = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setgroups([])
os.setresgid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
os.setresuid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
c = socket.socket(socket.AF_UNIX)
c.settimeout(5)
try:
    c.connect("paso.sock")
    c.sendall(b'{"type":"hello","v":1,"client":"stranger"}\\n')
    print(len(c.recv(65536)))
except PermissionError:
    print("no permission")
except (BrokenPipeError, ConnectionResetError):
    print(0)
"""

LISTEN = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setgroups([])
os.setresgid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
os.setresuid(int(sys.argv[2]), int(sys.argv[2]), int(sys.argv[2]))
s = socket.socket(socket.AF_UNIX)
s.bind("paso.sock")
s.listen(100)
print("listening", flush=True)
while True:
    c, _ = s.accept()
    c.settimeout(3)
    try:
        print(len(c.recv(65536)), flush=True)
    except TimeoutError:
        print(0, flush=True)
    c.close()
"""


def test_another_user_is_turned_away_with_nothing_sent(board: Home) -> None:
    board.start_daemon()
    assert stat.S_IMODE(board.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(os.lstat(board.socket).st_mode) == 0o700
    if not IS_ROOT:
        return
    command = [sys.executable, "-c", SPEAK, str(board.path), str(STRANGER)]

    def said() -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    assert said() == "no permission"
    board.path.chmod(0o777)
    os.chmod(board.socket, 0o777)
    try:
        assert said() == "0"
    finally:
        board.path.chmod(0o700)
    assert board.welcome() is not None


def test_an_impostor_of_another_user_is_told_nothing(board: Home) -> None:
    """A socket that a stranger listens on: no doorbell, no second daemon behind it."""
    if not IS_ROOT:
        # Without root nobody can make one in a private folder: that is the guard.
        assert stat.S_IMODE(board.path.stat().st_mode) == 0o700
        return
    board.path.chmod(0o777)
    impostor = board.spawn(
        [sys.executable, "-c", LISTEN, str(board.path), str(STRANGER)]
    )
    assert impostor.stdout is not None
    assert impostor.stdout.readline() == "listening\n"
    board.path.chmod(0o700)
    result = board.paso("add", "a secret")
    assert result.code == 0, result
    status = board.paso("daemon", "status")
    assert status.code != 0
    impostor.kill()
    heard = [line for line in impostor.stdout if line.strip() != "0"]
    assert not heard, "a stranger was told something"


# No room ------------------------------------------------------------------------------


@pytest.fixture
def small_disk(home: Home) -> Iterator[Callable[[int], None]]:
    """`room(bytes)` leaves so much space in the home: a small tmpfs, filled up.

    Where a mount is not permitted, RLIMIT_FSIZE of the commands takes its place.
    """
    mounted = (
        IS_ROOT
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "tmpfs", home.path],
            capture_output=True,
        ).returncode
    )
    filler = home.path / "filler"

    def filled(left: int) -> bool:
        filler.unlink(missing_ok=True)
        free = os.statvfs(home.path)
        try:
            filler.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - left))
        except OSError as error:
            # A daemon that is alive took some of it meanwhile: measure again.
            assert error.errno == errno.ENOSPC
            return False
        return True

    def fill(left: int) -> None:
        wait_for(lambda: filled(left), 10, "the disk has the room that is wanted")

    def limit(left: int) -> None:
        size = max((p.stat().st_size for p in home.path.glob("tasks.db*")), default=0)
        wanted = size + left if left < 1 << 20 else resource.RLIM_INFINITY
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wanted, hard))

    yield fill if mounted else limit
    home.close()
    limit(1 << 30)
    if mounted:
        subprocess.run(["umount", "-l", home.path], check=True)


def test_a_full_disk_refuses_a_write_in_words_and_loses_nothing(
    home: Home, small_disk: Callable[[int], None]
) -> None:
    home.environ["PASO_AUTO_START"] = "0"
    for number in range(5):
        home.add(f"before {number}")
    daemon = home.start_daemon()
    with Recorder(home) as recorder:
        wait_for(lambda: recorder.connections)
        head = home.head()
        small_disk(20_000)
        result = home.paso("add", "too much", "-d", "-", stdin="y" * 90_000)
        assert_clear_error(result, 1)
        assert "full" in result.err or "space" in result.err, result
        listed = home.paso("list", "--json")
        assert [task["title"] for task in listed.data] == [
            f"before {number}" for number in range(5)
        ]
        assert daemon.process.poll() is None
        assert home.welcome() is not None
        small_disk(3 << 20)
        assert home.head() == head
        home.add("after")
        wait_for(lambda: recorder.last == home.head(), 10, "announced")
        assert all(seen.changes for seen in recorder.events())
    assert "too much" not in home.titles()
    assert "after" in home.titles()
    home.assert_sound()


def test_a_disk_that_is_full_from_the_beginning_is_said_and_leaves_no_wreck(
    home: Home, small_disk: Callable[[int], None]
) -> None:
    home.environ["PASO_AUTO_START"] = "0"
    small_disk(30_000)
    result = home.paso("add", "first")
    assert_clear_error(result, 1)
    small_disk(4 << 20)
    assert home.add("first")["number"] == 1
    home.assert_sound()


def test_a_daemon_on_a_full_disk_starts_or_says_why(
    home: Home, small_disk: Callable[[int], None]
) -> None:
    home.add("before")
    home.paso("daemon", "stop")
    small_disk(0)
    result = home.paso("daemon", "start", timeout_s=30)
    if result.code:
        assert_clear_error(result)
        assert "space" in result.err or "full" in result.err
        assert home.daemons() == []
    else:
        assert home.welcome() is not None


# Nothing may be written -------------------------------------------------------------


@pytest.fixture
def read_only(home: Home) -> Iterator[Callable[[], None]]:
    """Calling it makes the home read-only: a remount, or without root, its mode."""
    mounted = (
        IS_ROOT
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", home.path],
            capture_output=True,
        ).returncode
    )

    def seal() -> None:
        if mounted:
            remount = ["mount", "-o", "remount,ro", str(home.path)]
            subprocess.run(remount, check=True, timeout=10)
        else:
            home.path.chmod(0o500)

    yield seal
    home.close()
    if mounted:
        subprocess.run(["umount", "-l", home.path], check=True)
    else:
        home.path.chmod(0o700)


def test_a_read_only_home_without_a_board_is_said(
    home: Home, read_only: Callable[[], None]
) -> None:
    read_only()
    for command in READS_AND_WRITES:
        result = home.paso(*command)
        assert_clear_error(result, 1)
        assert home.paso(*command, "--json").error["code"] == "store_read_only"
    assert_daemon_refuses(home)


def test_a_read_only_home_with_a_board_can_be_read_and_not_written(
    home: Home, read_only: Callable[[], None]
) -> None:
    home.environ["PASO_AUTO_START"] = "0"
    home.add("before")
    read_only()
    result = home.paso("add", "lost?", "--json")
    assert result.error["code"] == "store_read_only", result
    assert result.code == 1
    listed = home.paso("list", "--json")
    if listed.code:
        assert listed.error["code"] == "store_read_only"
    else:
        assert [task["title"] for task in listed.data] == ["before"]


def test_a_read_only_database_in_a_writable_home_is_said(home: Home) -> None:
    """For root a mode means nothing, so the file system has to say it."""
    home.environ["PASO_AUTO_START"] = "0"
    home.add("before")
    bind = str(home.database)
    if (
        IS_ROOT
        and not subprocess.run(
            ["mount", "--bind", bind, bind], capture_output=True
        ).returncode
    ):
        subprocess.run(["mount", "-o", "remount,bind,ro", bind], check=True)
        try:
            result = home.paso("add", "lost?", "--json")
        finally:
            subprocess.run(["umount", "-l", bind], check=True)
    else:
        home.database.chmod(0o400)
        result = home.paso("add", "lost?", "--json")
    assert result.code == 1
    assert result.error["code"] in {"store_read_only", "store_failed"}
