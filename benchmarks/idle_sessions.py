"""What looking after sessions costs while nothing happens in them.

Counted is all of it: the daemon, the `tmux` that it calls, the tmux server.

Never: count the commands of the sessions.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.ours import Paso
from benchmarks.peers import running
from benchmarks.processes import TICK_S, cpu_s, scratch, switches
from benchmarks.report import Cell, Check, Result
from paso.database.connection import Database, open_database
from paso.paths import Paths
from paso.sessions import actions
from paso.sessions.tmux import Tmux

SESSIONS = 20
IDLE_S = 20.0
SETTLE_S = 4.0
"""Until all are idle, and nobody looks at them more often than he must."""

CONFIG = "[sessions]\nidle_after_s = 1.0\n"


class Cost(NamedTuple):
    """Per cent of a core, and wake-ups a second of the daemon."""

    daemon: float
    tools: float
    server: float
    woken: float

    @property
    def total(self) -> float:
        return self.daemon + self.tools + self.server


def run(quick: bool) -> Result:
    """Processor time of 20 idle sessions, with and without a client that looks."""
    columns = ("sessions", "daemon %", "tmux calls %", "tmux server %", "wake-ups/s")
    if shutil.which("tmux") is None:
        return Result("Idle sessions", columns, [], [], ["tmux is not installed"])
    seen = measure(SESSIONS, 8.0 if quick else IDLE_S)
    rows: list[tuple[Cell, ...]] = [
        (name, cost.daemon, cost.tools, cost.server, cost.woken)
        for name, cost in seen.items()
    ]
    checks = [
        Check(f"{SESSIONS} idle sessions, {name}", cost.total, 1.0, "% of a core")
        for name, cost in seen.items()
        if name != "none"
    ]
    notes = ["all in tmux; a client that looks has them asked each second"]
    return Result("Idle sessions", columns, rows, checks, notes)


def measure(
    sessions: int, seconds: float, settle_s: float = SETTLE_S
) -> dict[str, Cost]:
    """Cost without sessions, with sessions, and with sessions and a client."""
    with (
        scratch() as folder,
        _terminals(folder),
        _board(folder) as (db, paths),
        running([Paso(folder)]) as (server,),
    ):
        found = {"none": _cost(server.pid, None, seconds)}
        for _ in range(sessions):
            actions.start(db, paths, ["sleep", "1000"], cwd="/")
        tmux = Tmux().panes()[0].server
        time.sleep(settle_s)
        found["nobody looks"] = _cost(server.pid, tmux, seconds)
        with server.connect() as client:
            client.sendall(b'{"type":"subscribe","topics":["sessions"]}\n')
            time.sleep(settle_s)
            found["a client looks"] = _cost(server.pid, tmux, seconds)
    return found


def _cost(daemon: int, server: int | None, seconds: float) -> Cost:
    def now() -> tuple[float, float, float, float]:
        tmux = cpu_s(server) if server is not None else 0.0
        return cpu_s(daemon), _children_s(daemon), tmux, float(switches(daemon))

    before = now()
    time.sleep(seconds)
    spent = [(b - a) / seconds for a, b in zip(before, now(), strict=True)]
    return Cost(spent[0] * 100, spent[1] * 100, spent[2] * 100, spent[3])


def _children_s(pid: int) -> float:
    """CPU seconds of the children that `pid` has waited for (proc(5): cutime)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[13]) + int(fields[14])) * TICK_S


@contextlib.contextmanager
def _board(folder: str) -> Iterator[tuple[Database, Paths]]:
    paths = Paths(os.path.join(folder, "home"))
    os.makedirs(paths.home, mode=0o700)
    with open(paths.config, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    db = open_database(paths.database, actor="bench")
    try:
        yield db, paths
    finally:
        db.close()


@contextlib.contextmanager
def _terminals(folder: str) -> Iterator[None]:
    """A tmux server of our own below `folder`, stopped after."""
    names = ("TMUX", "TMUX_TMPDIR")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["TMUX_TMPDIR"] = folder
    try:
        yield
    finally:
        socket = Tmux().socket
        subprocess.run(
            ["tmux", "-S", socket, "kill-server"], capture_output=True, timeout=10
        )
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
