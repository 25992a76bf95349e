"""The store: reads of a whole board, one commit, sixteen writers at once.

Never: measure without a bare SQLite figure beside it, taken in turn.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.processes import environment, scratch, stop_daemon_of
from benchmarks.report import Cell, Check, Result, median, percentile, rotated
from benchmarks.samples import first_project, make_home
from paso.commands import tasks
from paso.database.connection import Database, open_database
from paso.paths import Paths

WRITERS, EACH = 16, 50
BARE_READ = (
    "SELECT id, uid, column_id, number, rank, title, type, priority, due, assignee"
    " FROM tasks WHERE project_id = ? AND archived_at IS NULL"
    " ORDER BY column_id, rank, uid"
)
BARE_WRITE = "INSERT INTO plain (project, title) VALUES (1, ?)"

Case = tuple[str, Callable[[], object]]


def run(quick: bool) -> Result:
    """Reads, commits and writers, each beside plain SQLite on the same files."""
    rounds = 15 if quick else 60
    with scratch() as folder:
        rows = [
            row for cards in (1_000, 10_000) for row in _reads(folder, cards, rounds)
        ]
        rows += _commits(folder, rounds * 4)
        writers, made = many_writers(folder)
    rows += writers
    seen = {str(row[0]): row[1] for row in rows}
    checks = [
        Check("board_cards, 1,000", _ms(seen["board_cards, 1,000"]), 6, "ms"),
        Check("list_tasks, 1,000", _ms(seen["list_tasks, 1,000"]), 15, "ms"),
        Check("tasks of 16 writers", made, WRITERS * EACH, "tasks", at_most=False),
    ]
    notes = ["a commit waits for the disk (synchronous=FULL), ours and the bare one"]
    return Result("Store", ("what", "p50 ms", "p99 ms"), rows, checks, notes)


def _ms(cell: Cell) -> float:
    assert isinstance(cell, float)
    return cell


def timed(cases: list[Case], rounds: int) -> list[tuple[Cell, ...]]:
    """Milliseconds of each case, all cases in turn, after one round for the caches."""
    spent: dict[str, list[float]] = {name: [] for name, _ in cases}
    for turn in range(rounds + 1):
        for name, call in rotated(cases, turn):
            start = time.perf_counter()
            call()
            if turn:
                spent[name].append((time.perf_counter() - start) * 1e3)
    return [(name, median(v), percentile(v, 99)) for name, v in spent.items()]


@contextlib.contextmanager
def opened(home: str) -> Iterator[Database]:
    db = open_database(Paths(home).database, actor="bench", client="bench")
    try:
        yield db
    finally:
        db.close()


def _reads(folder: str, cards: int, rounds: int) -> list[tuple[Cell, ...]]:
    with opened(make_home(folder, cards)) as db:
        project = first_project(db)
        few = {card.id for card in tasks.board_cards(db, project)[:3]}
        return timed(
            [
                (f"board_cards, {cards:,}", lambda: tasks.board_cards(db, project)),
                (f"list_tasks, {cards:,}", lambda: tasks.list_tasks(db, project)),
                (
                    f"board_cards of 3 among {cards:,}",
                    lambda: tasks.board_cards(db, project, ids=few),
                ),
                (
                    f"affected_cards among {cards:,}",
                    lambda: _affected(db, project, few),
                ),
                (f"bare SELECT of {cards:,}", lambda: _bare_read(db, project)),
            ],
            rounds if cards <= 1_000 else max(5, rounds // 5),
        )


def _affected(db: Database, project: int, few: set[int]) -> object:
    return tasks.affected_cards(db, project, few)


def _bare_read(db: Database, project: int) -> object:
    return db.conn.execute(BARE_READ, (project,)).fetchall()


def _commits(folder: str, rounds: int) -> list[tuple[Cell, ...]]:
    """One task created or moved, one commit; a bare row into a bare table."""
    bare = bare_database(os.path.join(folder, "bare.db"))
    with opened(os.path.join(folder, "home-1000")) as db:
        project = first_project(db)
        card = tasks.board_cards(db, project)[0].id
        found = timed(
            [
                ("create_task", lambda: tasks.create_task(db, project, "one more")),
                ("move_task", lambda: _move(db, card)),
                ("bare INSERT", lambda: bare.execute(BARE_WRITE, ("one more",))),
            ],
            rounds,
        )
    bare.close()
    return found


def _move(db: Database, card: int) -> None:
    at_top = tasks.get_task(db, card).position == 1
    tasks.move_task(db, card, top=not at_top, bottom=at_top)


def bare_database(path: str) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, project, title)")
    return conn


def many_writers(folder: str) -> tuple[list[tuple[Cell, ...]], float]:
    """Sixteen processes create fifty tasks each at once; how many tasks there are."""
    home = make_home(folder, 0)
    argv = [sys.executable, "-m", "benchmarks.writer", home, "create", str(EACH)]
    with contextlib.ExitStack() as stack:
        stack.callback(stop_daemon_of, home)
        running = [_writer(argv, home, stack) for _ in range(WRITERS)]
        start = time.perf_counter()
        for process in running:
            _tell(process)
        spent = [s * 1e3 for process in running for s in _answer(process)]
        wall_s = time.perf_counter() - start
    with opened(home) as db:
        made = len({task.number for task in tasks.list_tasks(db, first_project(db))})
    name = f"create_task, {WRITERS} processes at once"
    total = f"{WRITERS} x {EACH} tasks, wall"
    return [
        (name, median(spent), percentile(spent, 99)),
        (total, wall_s * 1e3, None),
    ], float(made)


def _writer(
    argv: list[str], home: str, stack: contextlib.ExitStack
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        argv,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[str]) -> list[float]:
    assert process.stdout is not None
    return [float(s) for s in json.loads(process.stdout.readline() or "[]")]
