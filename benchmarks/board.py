"""The board in a terminal: first paint, memory, the cost of a key, live changes.

Never: measure in another process than the user's: it runs in a real pseudo-terminal.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import NamedTuple

from benchmarks.ours import Paso
from benchmarks.processes import environment, program, scratch, stop_daemon_of
from benchmarks.report import Cell, Check, Result, median, percentile
from benchmarks.samples import TITLE, make_home
from benchmarks.terminal import Terminal

SIZES = (0, 1_000, 10_000)
KEYS = 25
QUIET_S = 0.06
PACE_S = 0.1

LIMITS = {0: (0.30, 45.0), 1_000: (0.35, 45.0), 10_000: (0.45, 60.0)}
"""Cards to seconds of the first paint and MiB of resident memory."""

FLOOR = """
from textual.app import App
from textual.widgets import Static
class Floor(App):
    def compose(self):
        yield Static("card-00000-x")
Floor().run()
"""
"""The smallest program of the library that the board is built on."""


class Opened(NamedTuple):
    paint_s: float
    rss_mib: float
    key_cpu_ms: float
    key_bytes: float


def run(quick: bool) -> Result:
    """Open boards of each size and the smallest Textual program, in turn."""
    rounds = 3 if quick else 7
    floor = [sys.executable, "-c", FLOOR]
    with scratch() as folder, contextlib.ExitStack() as stack:
        homes = {cards: make_home(folder, cards) for cards in SIZES}
        seen: dict[str, list[Opened]] = {}
        for home in homes.values():
            stack.callback(stop_daemon_of, home)
        for _ in range(rounds + 1):
            smallest = look(floor, folder, TITLE % 0, 0)
            seen.setdefault("smallest Textual program", []).append(smallest)
            for cards, home in homes.items():
                mark = TITLE % 0 if cards else "To do"
                found = look(program(folder), home, mark, KEYS if cards else 0)
                seen.setdefault(f"paso, {cards:,} cards", []).append(found)
    return report({name: opened[1:] for name, opened in seen.items()})


def look(argv: list[str], home: str, mark: str, keys: int) -> Opened:
    """Open it, wait for the first card, press `j` some times, end it."""
    terminal = Terminal(argv, environment(home))
    try:
        paint_s = terminal.wait_for(mark.encode()) - terminal.started
        terminal.settle(0.5)
        rss_mib = terminal.rss_mib
        return Opened(paint_s, rss_mib, *press(terminal, keys))
    finally:
        terminal.kill()


def press(terminal: Terminal, keys: int) -> tuple[float, float]:
    """CPU milliseconds and bytes painted for one `j`, the mean of `keys`."""
    if not keys:
        return 0.0, 0.0
    terminal.forget()
    before = terminal.cpu_s
    for _ in range(keys):
        terminal.press(b"j")
        terminal.settle(QUIET_S)
    return (terminal.cpu_s - before) * 1e3 / keys, len(terminal.output) / keys


def report(seen: dict[str, list[Opened]]) -> Result:
    rows = [_row(name, opened) for name, opened in seen.items()]
    checks = []
    for cards, (paint_s, rss_mib) in LIMITS.items():
        found = seen[f"paso, {cards:,} cards"]
        paint = median([each.paint_s for each in found])
        rss = median([each.rss_mib for each in found])
        checks.append(Check(f"first paint, {cards:,} cards", paint, paint_s, "s"))
        checks.append(Check(f"resident, {cards:,} cards", rss, rss_mib, "MiB"))
        if cards:
            cpu = median([each.key_cpu_ms for each in found])
            sent = median([each.key_bytes for each in found])
            checks.append(Check(f"CPU per key, {cards:,} cards", cpu, 6, "ms"))
            checks.append(Check(f"output per key, {cards:,} cards", sent, 4096, "B"))
    columns = ("board", "first paint s", "RSS MiB", "CPU ms per key", "bytes per key")
    notes = ["120 x 40, from the start of the process; medians; key: j, one by one"]
    return Result("Board", columns, rows, checks, notes)


def _row(name: str, opened: list[Opened]) -> tuple[Cell, ...]:
    return (name, *(median(list(column)) for column in zip(*opened, strict=True)))


def run_paint(quick: bool) -> Result:
    """A change committed by another process, until its bytes reach the terminal."""
    rounds = 60 if quick else 300
    with scratch() as folder, contextlib.ExitStack() as stack:
        server = Paso(folder)
        os.rmdir(server.home)
        os.rename(make_home(folder, 1_000), server.home)
        server.start()
        stack.callback(server.stop)
        server.connect().close()
        terminal = Terminal(program(folder), environment(server.home))
        stack.callback(terminal.kill)
        terminal.wait_for((TITLE % 0).encode())
        terminal.settle(0.5)
        writer = _writer(server.home, stack)
        seen = [_change(terminal, writer, turn) for turn in range(rounds)]
    begun, committed = (list(column) for column in zip(*seen, strict=True))
    rows: list[tuple[Cell, ...]] = [
        ("from the call that writes", *_spread(begun)),
        ("from its return (committed, announced)", *_spread(committed)),
    ]
    checks = [
        Check("write to paint, p50", percentile(begun, 50), 20, "ms"),
        Check("write to paint, p99", percentile(begun, 99), 50, "ms"),
    ]
    notes = [f"{rounds} edits, 1,000 cards, another process writes, live board"]
    columns = ("clock", "p50 ms", "p99 ms", "max ms")
    title = "Write in one process to paint in another's terminal"
    return Result(title, columns, rows, checks, notes)


def _spread(values: list[float]) -> tuple[float, float, float]:
    return median(values), percentile(values, 99), max(values)


def _writer(home: str, stack: contextlib.ExitStack) -> subprocess.Popen[str]:
    writer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.writer", home, "edit", "1"],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(writer.wait)
    stack.callback(writer.kill)
    assert writer.stdout is not None
    writer.stdout.readline()
    return writer


def _change(
    terminal: Terminal, writer: subprocess.Popen[str], turn: int
) -> tuple[float, float]:
    """Milliseconds to the paint, from before the write and from after it."""
    assert writer.stdin is not None and writer.stdout is not None
    time.sleep(PACE_S)
    terminal.settle(0.02)
    terminal.forget()
    # Another first and last letter each time: a board that sends only the letters
    # that differ sends the whole word.
    letter = "abcdefghijklmnopqrstuvwxyz"[turn % 26]
    title = f"{letter}{turn:05d}{letter}"
    writer.stdin.write(title + "\n")
    writer.stdin.flush()
    painted = terminal.wait_for(title.encode(), 10.0)
    before, after = map(float, writer.stdout.readline().split())
    return (painted - before) * 1e3, (painted - after) * 1e3
