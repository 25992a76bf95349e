"""The command line: wall time of whole processes beside that of a bare interpreter.

Never: time a shell or a pipe; the output goes to /dev/null.
"""

from __future__ import annotations

import os
import sys
import time
from typing import NamedTuple

from benchmarks.ours import Paso
from benchmarks.processes import environment, program, scratch, stop_daemon_of
from benchmarks.report import Cell, Check, Result, median, rotated
from benchmarks.samples import make_home
from paso.commands.sessions import create_session
from paso.database.connection import open_database
from paso.paths import Paths

CARDS = 1_000
LIMITS = {
    "paso --version": 2.5,
    "paso add": 5.0,
    "paso task list": 5.0,
    "paso task list --json": 5.0,
    "paso session list": 5.0,
    "paso session report": 5.0,
}
"""Times the wall time of `python -c pass` (docs/cli.md, "Speed")."""


class Ran(NamedTuple):
    wall_ms: float
    cpu_ms: float


def run(quick: bool) -> Result:
    """Each command in turn, 1,000 tasks on the board, the daemon running."""
    with scratch() as folder:
        server = Paso(folder)
        os.rmdir(server.home)
        os.rename(make_home(folder, CARDS), server.home)
        server.start()
        try:
            server.connect().close()
            paso = program(folder)
            seen = measure(paso, server.home, 11 if quick else 31)
        finally:
            server.stop()
            stop_daemon_of(server.home)
    return report(seen)


def commands(paso: list[str]) -> dict[str, list[str]]:
    """What is timed, by the name that the table shows."""
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "paso --version": [*paso, "--version"],
        "paso add": [*paso, "add", "one more"],
        "paso task list": [*paso, "task", "list"],
        "paso task list --json": [*paso, "task", "list", "--json"],
        "paso task move": [*paso, "task", "move", "1", "--top"],
        "paso task show": [*paso, "task", "show", "1"],
        "paso __complete": [*paso, "__complete", "bash", "paso task show "],
        "paso session list": [*paso, "session", "list"],
        "paso session report": [*paso, "session", "report", "--state", "idle"],
        "paso --help": [*paso, "--help"],
    }


def make_session(home: str) -> str:
    """A session that never starts; return its id."""
    db = open_database(Paths(home).database)
    try:
        return create_session(db, argv=["agent"], cwd="/", backend="pty").id
    finally:
        db.close()


def measure(paso: list[str], home: str, rounds: int) -> dict[str, list[Ran]]:
    env = environment(home, PASO_SESSION_ID=make_session(home))
    cases = commands(paso)
    seen: dict[str, list[Ran]] = {name: [] for name in cases}
    for turn in range(rounds + 1):
        for name in rotated(list(cases), turn):
            found = one(cases[name], env)
            if turn:
                seen[name].append(found)
    return seen


def one(argv: list[str], env: dict[str, str]) -> Ran:
    """Run it to its end. Raises `RuntimeError` when it fails."""
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1)]
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=null)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{argv} ended with status {status}")
    cpu = usage.ru_utime + usage.ru_stime
    return Ran(wall * 1e3, cpu * 1e3)


def report(seen: dict[str, list[Ran]]) -> Result:
    bare = median([ran.wall_ms for ran in seen["python -c pass"]])
    rows = [_row(name, rans, bare) for name, rans in seen.items()]
    ratios = {str(row[0]): row[-1] for row in rows}
    checks = []
    for name, limit in LIMITS.items():
        ratio = ratios[name]
        assert isinstance(ratio, float)
        checks.append(Check(name, ratio, limit, "x python -c pass"))
    columns = ("command", "wall ms", "min", "cpu ms", "x python -c pass")
    notes = [f"{CARDS:,} tasks on the board, daemon running, medians, in turn"]
    return Result("Command line", columns, rows, checks, notes)


def _row(name: str, rans: list[Ran], bare: float) -> tuple[Cell, ...]:
    walls = [ran.wall_ms for ran in rans]
    cpu = median([ran.cpu_ms for ran in rans])
    return (name, median(walls), min(walls), cpu, median(walls) / bare)
