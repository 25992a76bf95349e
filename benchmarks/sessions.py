"""Snapshots of many sessions, and many changes of them, at the daemon's server.

Never: measure the client's own work; it reads bytes and looks for the last frame.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.processes import environment, rss_kib, scratch
from benchmarks.report import Check, Result, percentile

COUNT = 5_000
ROUNDS = 40
RATE, POUR_S = 10_000, 4.0
READERS = 5

SUBSCRIBE = b'{"type":"subscribe","topics":["sessions"]}\n'


class Host:
    """`benchmarks.session_host` in a process of its own."""

    def __init__(self, folder: str) -> None:
        home = os.path.join(folder, "home")
        os.makedirs(home, mode=0o700)
        self.path = os.path.join(folder, "host.sock")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.session_host", self.path, home],
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._answer()["ready"]

    def ask(self, *words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.connect(self.path)
        made.settimeout(30)
        return made

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def hosting() -> Iterator[Host]:
    with scratch() as folder:
        host = Host(folder)
        try:
            yield host
        finally:
            host.stop()


def run(quick: bool) -> Result:
    """A snapshot of 5,000 sessions; 10,000 changes a second with readers."""
    with hosting() as host:
        empty = rss_kib(host.pid)
        host.ask("fill", COUNT)
        held = (rss_kib(host.pid) - empty) / 1024
        times, size = snapshots(host, 10 if quick else ROUNDS)
        with readers(host):
            seen = host.ask("pour", RATE, 1.0 if quick else POUR_S)
    p95 = percentile(times, 95) * 1000
    return Result(
        f"{COUNT:,} sessions, and {RATE:,} changes a second",
        ("snapshot p50 ms", "p95 ms", "MB", "MiB held", "lag p50 ms", "p99", "max",
         "CPU %", "changes"),
        [(percentile(times, 50) * 1000, p95, size / 1e6, held, seen["lag_p50_ms"],
          seen["lag_p99_ms"], seen["lag_max_ms"], seen["cpu"], seen["changes"])],
        [
            Check("snapshot of 5,000 sessions, p95", p95, 50, "ms"),
            Check("loop lag at 10,000 changes a second, p99",
                  seen["lag_p99_ms"], 10, "ms"),
            Check("clients that fell behind", float(seen["slow"]), 0, "of 5"),
        ],
        [
            "from subscribe to the last byte of the snapshot, at one client",
            f"changes of all sessions in turn, {READERS} clients hear each of them",
        ],
    )  # fmt: skip


def snapshots(host: Host, rounds: int) -> tuple[list[float], int]:
    """Seconds of each snapshot, and its size in bytes."""
    times, size = [], 0
    for _ in range(rounds):
        with host.connect() as client:
            begin = time.perf_counter()
            client.sendall(SUBSCRIBE)
            size = read_snapshot(client)
            times.append(time.perf_counter() - begin)
    return times, size


def read_snapshot(client: socket.socket) -> int:
    """Read up to the end of the last frame; return how many bytes that were."""
    size, line = 0, b""
    while True:
        data = client.recv(1 << 18)
        if not data:
            raise ConnectionResetError("closed in the middle of a snapshot")
        size += len(data)
        for piece in data.splitlines(keepends=True):
            line = (line + piece)[:400]  # its head says whether there is more
            if piece.endswith(b"\n"):
                if b"_initial" in line and b'"more":true' not in line:
                    return size
                line = b""


@contextmanager
def readers(host: Host) -> Iterator[None]:
    """Clients that subscribe to sessions and take what comes."""
    clients = [host.connect() for _ in range(READERS)]
    done = threading.Event()
    for client in clients:
        client.sendall(SUBSCRIBE)
        read_snapshot(client)
    taking = threading.Thread(target=_take, args=(clients, done))
    taking.start()
    try:
        yield
    finally:
        done.set()
        taking.join()
        for client in clients:
            client.close()


def _take(clients: list[socket.socket], done: threading.Event) -> None:
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        while not done.is_set():
            for key, _ in selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.recv(1 << 20)
