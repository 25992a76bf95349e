"""Several computers: a change on one to a client, and to a screen, of another.

Two daemons with a home each and a redis-server, all on this machine: what is measured
is the software, a network adds its own time.

Never: import paso_daemon, or write to a home in another way than the commands do.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.ours import Paso, read_line
from benchmarks.peers import Redis, read_until
from benchmarks.processes import environment, program, rss_kib, scratch, wait_until
from benchmarks.report import Cell, Check, Result, median, percentile
from benchmarks.samples import make_home
from benchmarks.terminal import Terminal
from paso.commands import sessions
from paso.config import load_config
from paso.database.connection import Database
from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.model import PTY
from paso.paths import Paths
from paso.peers_file import PeersConfig, save_peers
from paso.store import close_store, open_store

KEY = "ab" * 32
PACE_S = 0.06
CARDS = 10_000
SESSIONS = 5_000
QUIET_S, QUIET_QUICK_S = 60.0, 40.0
"""A sign of life each 20 s, a look each 30 s: a minute has some of each."""

Spent = list[float]


class Pair(NamedTuple):
    """Two daemons that see each other; changes are made on the second."""

    here: Paso
    there: Paso
    redis: Redis


def run(quick: bool) -> Result:
    """Measure all of it."""
    rounds = 60 if quick else 300
    with scratch() as folder, contextlib.ExitStack() as stack:
        pair = _pair(folder, stack)
        memory = rss_kib(pair.here.pid) / 1024
        quiet_s = QUIET_QUICK_S if quick else QUIET_S
        commands = _commands_per_minute(pair, quiet_s)
        with _session(pair.there) as (db, session):
            told = _to_a_client(pair, db, session, rounds)
            painted = _to_a_screen(folder, pair, db, session, rounds, stack)
        board_s = _first_sight_of_a_board(pair)
        after = rss_kib(pair.here.pid) / 1024
    with scratch() as folder, contextlib.ExitStack() as stack:
        taken_s, waits, full = _first_sight_of_sessions(_pair(folder, stack))
    rows: list[tuple[Cell, ...]] = [
        ("to a client there, ms", *_spread(told)),
        ("painted on a board there, ms", *_spread(painted)),
        (f"first sight of {CARDS:,} tasks there, ms", board_s * 1000, None, None),
        (f"first sight of {SESSIONS:,} sessions there, ms", taken_s * 1000, None, None),
        ("an answer to a client here meanwhile, ms", *_spread(waits)),
        ("Redis commands a minute, nobody looks", commands, None, None),
        ("resident MiB: joined; that board; sessions", memory, after, full),
    ]
    checks = [
        Check("remote change to screen, p95", percentile(painted, 95), 1000, "ms"),
        Check("aim: remote change to screen, p95", percentile(painted, 95), 100, "ms"),
        Check("Redis commands a minute of a computer", commands, 12, ""),
        Check("resident with peers", memory, 45, "MiB"),
    ]
    notes = [
        f"{rounds} changes of a session by another process, from before the write",
        f"commands counted by INFO for {quiet_s:g} s, divided by the two daemons",
    ]
    columns = ("a change on another computer", "p50", "p95", "max")
    return Result("Several computers over Redis", columns, rows, checks, notes)


def _spread(values: Spent) -> tuple[float, float, float]:
    return median(values), percentile(values, 95), max(values)


# Set up ----------------------------------------------------------------------


def _pair(folder: str, stack: contextlib.ExitStack) -> Pair:
    redis = Redis(folder)
    redis.start()
    stack.callback(redis.stop)
    redis.connect().close()
    url = f"unix://{os.path.join(folder, 'redis.sock')}"
    here, there = (_joined(folder, name, url, stack) for name in ("here", "there"))
    for one in (here, there):
        found = wait_until(lambda p=one: _status(p)["peers"].get("live") == 1, 20)
        assert found, _status(one)
    return Pair(here, there, redis)


def _joined(folder: str, name: str, url: str, stack: contextlib.ExitStack) -> Paso:
    below = os.path.join(folder, name)
    os.mkdir(below, 0o700)
    cards = 100 if name == "here" else CARDS
    server = Paso(below)
    os.rmdir(server.home)
    os.rename(make_home(below, cards), server.home)
    save_peers(server.home, PeersConfig(url, "bench", KEY))
    server.start()
    stack.callback(server.stop)
    server.connect().close()
    return server


def _ask(server: Paso, method: str, **params: Any) -> Any:
    with server.connect() as made:
        made.sendall(b'{"type":"subscribe","topics":[]}\n')
        request = {"type": "request", "id": 1, "method": method, "params": params}
        made.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(read_line(made, b'"reply"'))["result"]


def _status(server: Paso) -> Any:
    return _ask(server, "status")


@contextlib.contextmanager
def _session(server: Paso) -> Iterator[tuple[Database, str]]:
    """A session of our own process, whose title is then changed."""
    with _store(server) as db:
        yield db, _start(db, ["bench"], "/")


@contextlib.contextmanager
def _store(server: Paso) -> Iterator[Database]:
    paths = Paths(server.home, os.path.join(server.home, "paso.sock"))
    db = open_store(paths, load_config(paths), "bench")
    try:
        yield db
    finally:
        close_store(db)


def _start(db: Database, argv: list[str], cwd: str) -> str:
    pid = os.getpid()
    made = sessions.create_session(db, argv=argv, cwd=cwd, backend=PTY)
    ticks = start_ticks(pid)
    ref = BackendRef(pid, ticks, boot_id(), keeper=pid, keeper_ticks=ticks)
    sessions.session_running(db, made.id, ref)
    return made.id


# Measure ---------------------------------------------------------------------


def _commands_per_minute(pair: Pair, quiet_s: float) -> float:
    """Of one computer, with no client anywhere; INFO itself is not counted."""
    with pair.redis.connect() as conn:
        before = _commands(conn)
        time.sleep(quiet_s)
        return (_commands(conn) - before - 1) / 2 / quiet_s * 60


def _commands(conn: socket.socket) -> int:
    conn.sendall(b"INFO stats\r\nPING\r\n")
    text = read_until(conn, b"+PONG\r\n").decode()
    line = next(x for x in text.split("\r\n") if x.startswith("total_commands_"))
    return int(line.partition(":")[2]) // 1 - text.count("PONG")


def _title(turn: int) -> str:
    """No letter is where it was before: a screen paints all of it."""
    return "abcdefghijklmnopqrstuvwxyz"[turn % 26] * 12


def _change(db: Database, session: str, turn: int) -> float:
    """Change the session; return when that began."""
    time.sleep(PACE_S)
    begun = time.monotonic()
    sessions.rename_session(db, session, _title(turn))
    return begun


def _to_a_client(pair: Pair, db: Database, session: str, rounds: int) -> Spent:
    with pair.here.connect() as made:
        made.sendall(b'{"type":"subscribe","topics":["sessions"]}\n')
        _wait_for_title(made, db, session)
        spent = []
        for turn in range(rounds):
            begun = _change(db, session, turn)
            _read_past(made, _title(turn).encode())
            spent.append((time.monotonic() - begun) * 1000)
    return spent


def _wait_for_title(made: socket.socket, db: Database, session: str) -> None:
    """Until the lease has reached the other computer, nothing comes from there."""
    made.settimeout(0.5)
    for turn in range(40):
        sessions.rename_session(db, session, f"warm-{turn}")
        with contextlib.suppress(TimeoutError):
            _read_past(made, f"warm-{turn}".encode())
            return
    raise TimeoutError("the other computer's session was never told")


def _read_past(made: socket.socket, mark: bytes) -> None:
    got = b""
    while mark not in got or not got.endswith(b"\n"):
        chunk = made.recv(1 << 20)
        if not chunk:
            raise ConnectionResetError(f"closed before {mark!r}")
        got += chunk


def _to_a_screen(
    folder: str,
    pair: Pair,
    db: Database,
    session: str,
    rounds: int,
    stack: contextlib.ExitStack,
) -> Spent:
    terminal = Terminal(program(folder), environment(pair.here.home))
    stack.callback(terminal.kill)
    terminal.settle(1.0)
    terminal.press(b"S")
    sessions.rename_session(db, session, "on-the-screen")
    terminal.wait_for(b"on-the-screen")
    spent = []
    for turn in range(rounds):
        terminal.settle(0.02)
        terminal.forget()
        begun = _change(db, session, turn)
        painted = terminal.wait_for(_title(turn).encode())
        spent.append((painted - begun) * 1000)
    return spent


def _first_sight_of_a_board(pair: Pair) -> float:
    """From the first question until all tasks are there; seconds."""
    with open(os.path.join(pair.there.home, "computer.id"), encoding="ascii") as file:
        owner = file.read().strip()
    uid = _only_project(pair.there.home)
    begun = time.monotonic()
    whose = {"computer": owner, "project_uid": uid}
    found = wait_until(
        lambda: _ask(pair.here, "tasks", limit=1, **whose)["data"], 60, 0.01
    )
    assert found, "the board of the other computer did not come"
    return time.monotonic() - begun


def _only_project(home: str) -> str:
    with contextlib.closing(sqlite3.connect(os.path.join(home, "tasks.db"))) as conn:
        return str(conn.execute("SELECT uid FROM projects").fetchone()[0])


def _first_sight_of_sessions(pair: Pair) -> tuple[float, Spent, float]:
    """Seconds until all are known, what another client waited, resident MiB after."""
    with _store(pair.there) as db:
        for number in range(SESSIONS):
            _start(db, ["make", f"part-{number}"], f"/srv/work/project-{number % 7}")
        known = wait_until(lambda: _known(_status(pair.there)) == SESSIONS, 60)
        assert known, "the sessions are not known where they run"
        with pair.here.connect() as looks, pair.here.connect() as asks:
            asks.sendall(b'{"type":"subscribe","topics":[]}\n')
            looks.sendall(b'{"type":"subscribe","topics":["sessions"]}\n')
            looks.setblocking(False)
            taken_s, waits = _ask_until_known(asks, looks)
        return taken_s, waits, rss_kib(pair.here.pid) / 1024


def _ask_until_known(asks: socket.socket, looks: socket.socket) -> tuple[float, Spent]:
    """Ask each millisecond, and for a second after: the clients are told then."""
    begun, taken_s, waits = time.monotonic(), 0.0, []
    request = b'{"type":"request","id":1,"method":"status","params":{}}\n'
    while not taken_s or time.monotonic() - begun < taken_s + 1.0:
        asked = time.monotonic()
        assert asked - begun < 60, "the sessions of the other computer did not come"
        asks.sendall(request)
        result = json.loads(read_line(asks, b'"reply"'))["result"]
        waits.append((time.monotonic() - asked) * 1000)
        if not taken_s and _known(result) >= SESSIONS:
            taken_s = time.monotonic() - begun
        with contextlib.suppress(BlockingIOError):
            while looks.recv(1 << 20):
                continue
        time.sleep(0.001)
    return taken_s, waits


def _known(status: Any) -> int:
    return int(status["sessions"]["known"])
