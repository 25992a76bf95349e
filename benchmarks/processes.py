"""Start, measure and stop the processes under test, and give them a private home.

Never: know what the processes do, or leave one running.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

SCRIPT = """\
#!{python}
import sys
from paso.__main__ import main
if __name__ == '__main__':
    sys.exit(main())
"""


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """A private folder with a short path (socket paths are limited), removed after."""
    folder = tempfile.mkdtemp(prefix="paso-bench-", dir="/tmp")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(home: str, **more: str) -> dict[str, str]:
    """The environment of a process of Paso whose home is `home` and nothing else.

    Without the settings of Python too: where it may not keep compiled files
    (PYTHONDONTWRITEBYTECODE), a start after a change to the source compiles again.
    """
    ours = ("PASO_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**kept, "PASO_HOME": home, "PYTHONPATH": ROOT, **more}


def program(folder: str) -> list[str]:
    """The installed `paso`, else the same script as an installer writes, in `folder`.

    `python -m paso` would cost 5 ms more than what users run.
    """
    installed = os.path.join(os.path.dirname(sys.executable), "paso")
    if os.path.exists(installed):
        return [installed]
    script = os.path.join(folder, "paso")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT.format(python=sys.executable))
    os.chmod(script, 0o700)
    return [script]


class Process:
    """A running program: its times, its memory, its end.

    Arguments:
        argv: program and arguments.
        env: whole environment; absent = ours.
        log: file that takes what it prints.
    """

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None, log: str
    ) -> None:
        self._log = log
        with open(log, "ab") as out:
            self._popen = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.pid = self._popen.pid

    def check_alive(self) -> None:
        """Raise `RuntimeError` when the program has ended."""
        if self._popen.poll() is None:
            return
        with open(self._log, encoding="utf-8", errors="replace") as file:
            said = file.read()[-2000:]
        raise RuntimeError(f"{self._popen.args!r} ended, having said:\n{said}")

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the program: asked first, forced after `timeout_s`."""
        self._popen.terminate()
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def cpu_s(pid: int) -> float:
    """CPU seconds (user and system) of all threads of `pid` so far.

    From schedstat, in nanoseconds, where the kernel has it; else from stat, in ticks.
    """
    tasks = f"/proc/{pid}/task"
    try:
        return sum(_thread_ns(f"{tasks}/{tid}") for tid in os.listdir(tasks)) / 1e9
    except FileNotFoundError:
        return _ticks(pid) * TICK_S


def _thread_ns(folder: str) -> int:
    with open(f"{folder}/schedstat", "rb") as file:
        return int(file.read().split()[0])


def _ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[11]) + int(fields[12])


def rss_kib(pid: int) -> int:
    """Resident memory of `pid` in KiB (proc(5): VmRSS)."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def switches(pid: int) -> int:
    """Times that `pid` was given the processor: its wake-ups."""
    total = 0
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/schedstat", "rb") as file:
            total += int(file.read().split()[2])
    return total


def stop_daemon_of(home: str, timeout_s: float = 5.0) -> None:
    """Stop the daemon that the PID file of `home` names, if one runs."""
    pid = daemon_pid(home)
    if pid is None:
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        if wait_until(lambda: not os.path.exists(f"/proc/{pid}"), timeout_s):
            return


def daemon_pid(home: str) -> int | None:
    """The pid in the PID file of `home`, when that process is a Paso daemon."""
    try:
        with open(f"{home}/paso.pid", encoding="ascii") as file:
            pid = int(file.read().split()[0])
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return pid if b"paso" in file.read() else None
    except (OSError, ValueError, IndexError):
        return None


def wait_until(condition: object, timeout_s: float, step_s: float = 0.005) -> bool:
    """True as soon as calling `condition` gives a true value, False after the time."""
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_s)
    return True
