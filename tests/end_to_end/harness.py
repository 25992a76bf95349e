"""Real processes of one throw-away home: commands, daemons, workers, all ended.

Never: reach into a running part of Paso; what is known of it comes from its socket,
its files, its output and `/proc`.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from tests.support.protocol_client import ConnectionEnded, Frame, ProtocolClient

ROOT = Path(__file__).resolve().parents[2]
PASO = [sys.executable, "-m", "paso"]
DAEMON = [sys.executable, "-m", "paso_daemon"]
WORKER = [sys.executable, "-m", "tests.end_to_end.workers"]
IS_ROOT = os.geteuid() == 0
LISTENING = 0x10000
"""Flag of /proc/net/unix: __SO_ACCEPTCON of include/uapi/linux/net.h."""

Found = TypeVar("Found")


def wait_for(
    condition: Callable[[], Found], timeout_s: float = 15.0, what: str = ""
) -> Found:
    """The first true answer of `condition`; fails after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what or condition}")
        time.sleep(0.01)
    return found


class Result(NamedTuple):
    """What one command left: exit code, stdout, stderr, seconds."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def data(self) -> Any:
        """The `data` of the JSON envelope of a command that succeeded."""
        assert self.code == 0, self
        document = json.loads(self.out)
        assert document["ok"] is True, document
        return document["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The `error` of the JSON envelope of a command that failed."""
        assert self.code != 0, self
        document = json.loads(self.out)
        assert document["ok"] is False, document
        error: dict[str, Any] = document["error"]
        assert error["code"] and error["message"], document
        return error


class Home:
    """One Paso home and every process that a test started on it."""

    def __init__(self, path: Path) -> None:
        self.path = self._first_path = path
        self.socket = str(path / "paso.sock")
        self.pid_file = path / "paso.pid"
        self.database = path / "tasks.db"
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PASO_") and name not in {"COLUMNS", "LINES"}
        }
        self.environ |= {
            "PASO_HOME": str(path),
            "PASO_ACTOR": "tester",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
        }
        self.children: list[subprocess.Popen[str]] = []
        self.clients: list[ProtocolClient] = []

    # commands -----------------------------------------------------------------

    def paso(
        self,
        *arguments: str,
        stdin: str = "",
        timeout_s: float = 40.0,
        environ: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Result:
        """Run one `paso` command to its end."""
        before = time.perf_counter()
        done = subprocess.run(
            [*prefix, *PASO, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=self.path.parent,
            env={**self.environ, **(environ or {})},
        )
        seconds = time.perf_counter() - before
        assert "Traceback" not in done.stdout + done.stderr, done
        return Result(done.returncode, done.stdout, done.stderr, seconds)

    def add(self, title: str) -> Any:
        """`paso add`; the record of the new task."""
        return self.paso("add", title, "--json").data

    # processes ----------------------------------------------------------------

    def spawn(
        self,
        command: list[str],
        *,
        environ: Mapping[str, str] | None = None,
        stderr: int | IO[str] | None = subprocess.DEVNULL,
        preexec: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a process that is killed at the end of the test at the latest."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=ROOT,
            env={**self.environ, **(environ or {})},
            preexec_fn=preexec,
        )
        self.children.append(process)
        return process

    def worker(self, *arguments: object, **options: Any) -> Worker:
        """Start `tests/end_to_end/workers.py` in a mode."""
        log = self.path.parent / f"worker-{len(self.children)}.err"
        with log.open("w") as stderr:
            process = self.spawn(
                [*WORKER, *map(str, arguments)], stderr=stderr, **options
            )
        return Worker(process, log)

    def start_daemon(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        preexec: Callable[[], None] | None = None,
        timeout_s: float = 20.0,
    ) -> Daemon:
        """Start a daemon in the foreground and wait until it welcomes a client."""
        log = self.path.parent / "daemon.err"
        with log.open("a") as stderr:
            process = self.spawn(
                DAEMON, environ=environ, stderr=stderr, preexec=preexec
            )

        def ready() -> bool:
            ended = process.poll()
            assert ended is None, f"the daemon ended {ended}: {log.read_text()}"
            return self.welcome() is not None

        wait_for(ready, timeout_s, "the daemon's welcome")
        return Daemon(self, process)

    def welcome(self) -> Frame | None:
        """The daemon's welcome; None when nobody answers."""
        try:
            with self.client(timeout_s=5.0) as client:
                return client.hello()
        except (OSError, ConnectionEnded):
            return None

    def client(self, **options: Any) -> ProtocolClient:
        """A new independent client, connected and no more."""
        client = ProtocolClient(self.socket, **options)
        self.clients.append(client)
        return client

    def daemons(self) -> list[int]:
        """Pids of every living daemon process of this home, seen in `/proc`."""
        mark = f"PASO_HOME={self.path}".encode()
        return [
            pid
            for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if _is_daemon(pid, mark, os.fsencode(str(self.path)))
        ]

    def listeners(self) -> list[int]:
        """Pids of the daemons of this home that hold a listening socket now."""
        rows = [line.split() for line in Path("/proc/net/unix").read_text().split("\n")]
        listening = {
            f"socket:[{row[6]}]"
            for row in rows[1:]
            if len(row) > 6 and int(row[3], 16) & LISTENING
        }
        return [pid for pid in self.daemons() if listening & _open_files(pid)]

    def close(self) -> None:
        """Kill, by its pid, every process that belongs to this home."""
        for client in self.clients:
            client.close()
        for pid in self.daemons():
            kill(pid)
        for process in self.children:
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            process.wait(10)
        for pid in self.daemons():
            kill(pid)
        if not self._first_path.is_dir() or self._first_path.is_symlink():
            self._first_path.unlink(missing_ok=True)
            self._first_path.mkdir()
        wait_for(lambda: not self.daemons(), 10, "the end of all daemons")

    # the database, from outside -----------------------------------------------

    @contextmanager
    def sql(self, *, timeout_s: float = 15.0) -> Iterator[sqlite3.Connection]:
        """A raw connection, as the sqlite3 shell has one."""
        connection = sqlite3.connect(
            self.database, timeout=timeout_s, isolation_level=None
        )
        try:
            yield connection
        finally:
            connection.close()

    def head(self) -> int:
        """The newest change number."""
        with self.sql() as connection:
            row = connection.execute("SELECT max(id) FROM change_log").fetchone()
            return int(row[0] or 0)

    def titles(self) -> set[str]:
        """The titles of all tasks."""
        with self.sql() as connection:
            return {row[0] for row in connection.execute("SELECT title FROM tasks")}

    def assert_sound(self) -> None:
        """SQLite finds nothing wrong with the database."""
        with self.sql() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Daemon:
    """A daemon that the test started itself."""

    def __init__(self, home: Home, process: subprocess.Popen[str]) -> None:
        self.home = home
        self.process = process
        self.pid = process.pid

    @property
    def rss_bytes(self) -> int:
        return rss_bytes(self.pid)

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self, timeout_s: float = 15.0) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)


class Worker:
    """A process of `workers.py`: JSON lines out, lines in."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self._reader: threading.Thread | None = None
        self._printed: list[str] = []

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def collect(self) -> None:
        """Take what it prints from now on, so that a full pipe never holds it."""
        self._reader = threading.Thread(target=self._collect)
        self._reader.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        self._printed = self.process.stdout.readlines()

    def result(self, timeout_s: float = 60.0) -> list[Any]:
        """Wait for its end; every JSON line it printed."""
        if self._reader is None:
            self.collect()
        assert self._reader is not None
        self._reader.join(timeout_s)
        assert not self._reader.is_alive(), f"not ended within {timeout_s} s"
        code = self.process.wait(timeout_s)
        assert code == 0, (code, self.errors())
        return [json.loads(line) for line in self._printed]

    def lines(self) -> Iterator[Any]:
        """Its JSON lines while it runs."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def errors(self) -> str:
        return self.log.read_text()


def _open_files(pid: int) -> set[str]:
    """What the descriptors of a process lead to, as `/proc` names it."""
    found = set()
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found.add(os.readlink(entry.path))
    return found


def _is_daemon(pid: int, mark: bytes, path: bytes) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    named = any(b"paso_daemon" in word or b"paso-daemon" in word for word in command)
    ours = mark in environ or any(path in word for word in command)
    return state != "Z" and named and ours


def kill(pid: int, sign: int = signal.SIGKILL) -> bool:
    """Send a signal; False when the process is gone."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return False
    return True


def rss_bytes(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def assert_clear_error(result: Result, code: int | None = None) -> None:
    """It failed, and said why in words on stderr, in a few lines, no traceback."""
    assert result.code != 0, result
    assert result.code in {1, 2, 3, 4, 5, 6}, result
    if code is not None:
        assert result.code == code, result
    said = [line for line in result.err.splitlines() if line.strip()]
    assert 1 <= len(said) <= 6, result
    assert len(result.err) > 20, result
