"""`paso run` in a terminal beside the bare command and script(1).

Never: time what the command itself does.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress

from benchmarks.cli import one
from benchmarks.processes import environment, program, scratch
from benchmarks.report import Cell, Check, Result, median, percentile, rotated
from benchmarks.terminal import Terminal

LIMIT = 3.0
"""First output of the command, in times of `python -c pass`."""
LINE = b"a line of the length that most output has, more or less, and then its end\n"


class Case:
    """One way to run a command, and what was seen of it."""

    def __init__(self, name: str, before: list[str], env: dict[str, str]) -> None:
        self.name = name
        self.before = before
        self.env = env
        self.first_ms: list[float] = []
        self.whole_ms: list[float] = []
        self.echo_us: list[float] = []
        self.mb_s: list[float] = []

    def argv(self, *command: str) -> list[str]:
        if self.name == "script":
            return [*self.before, " ".join(command), "/dev/null"]
        return [*self.before, *command]

    def start(self, echo: str) -> None:
        terminal = Terminal(self.argv(echo, "started"), self.env)
        try:
            first = terminal.wait_for(b"started") - terminal.started
            read_to_end(terminal)
            whole = time.monotonic() - terminal.started
        finally:
            terminal.kill()
        self.first_ms.append(first * 1e3)
        self.whole_ms.append(whole * 1e3)

    def type(self, cat: str, keys: int) -> None:
        terminal = Terminal(self.argv(cat), self.env)
        try:
            terminal.press(b"ready\n")
            terminal.wait_for(b"ready\r\nready")
            terminal.settle(0.5)
            for _ in range(keys):
                terminal.forget()
                began = time.monotonic()
                terminal.press(b"x")
                self.echo_us.append((terminal.wait_for(b"x") - began) * 1e6)
                time.sleep(0.002)
        finally:
            terminal.kill()

    def flood(self, cat: str, path: str) -> None:
        terminal = Terminal(self.argv(cat, path), self.env)
        try:
            read_to_end(terminal)
            took = time.monotonic() - terminal.started
        finally:
            terminal.kill()
        self.mb_s.append(os.path.getsize(path) / took / 1e6)


def read_to_end(terminal: Terminal) -> None:
    with suppress(OSError):
        while os.read(terminal.fd, 65536):
            terminal.forget()


def run(quick: bool) -> Result:
    """Each way in turn: start, key presses, much output."""
    rounds, keys, megabytes = (7, 100, 20) if quick else (21, 400, 100)
    with scratch() as folder:
        home = os.path.join(folder, "home")
        os.mkdir(home, 0o700)
        text = os.path.join(folder, "text")
        with open(text, "wb") as file:
            file.write(LINE * (megabytes * 1_000_000 // len(LINE)))
        env = environment(home, PASO_AUTO_START="0")
        cases, pass_ms = measure(program(folder), env, text, rounds, keys)
    return report(cases, median(pass_ms))


def measure(
    paso: list[str], env: dict[str, str], text: str, rounds: int, keys: int
) -> tuple[list[Case], list[float]]:
    echo, cat = _path("echo"), _path("cat")
    pass_ms = []
    cases = [Case("bare", [], env), Case("paso run", [*paso, "run", "--"], env)]
    script = shutil.which("script")
    if script:
        cases.append(Case("script", [script, "-qec"], env))
    for turn in range(rounds):
        pass_ms.append(one([sys.executable, "-c", "pass"], env).wall_ms)
        for case in rotated(cases, turn):
            case.start(echo)
    for case in cases:
        case.type(cat, keys)
    for turn in range(3):
        for case in rotated(cases, turn):
            case.flood(cat, text)
    return cases, pass_ms


def _path(name: str) -> str:
    found = shutil.which(name)
    assert found, name
    return found


def report(cases: list[Case], pass_ms: float) -> Result:
    rows = [_row(case) for case in cases]
    ours = next(case for case in cases if case.name == "paso run")
    ratio = median(ours.first_ms) / pass_ms
    checks = [Check("first output", ratio, LIMIT, "x python -c pass")]
    notes = [
        f"in a terminal, no daemon; python -c pass takes {pass_ms:.1f} ms",
        "the terminal is read by a Python process, which bounds the output per second",
    ]
    columns = ("", "first output ms", "whole ms", "echo p50 us", "p99 us", "MB/s")
    return Result("paso run", columns, rows, checks, notes)


def _row(case: Case) -> tuple[Cell, ...]:
    return (
        case.name,
        median(case.first_ms),
        median(case.whole_ms),
        median(case.echo_us),
        percentile(case.echo_us, 99),
        median(case.mb_s),
    )
