"""From the start of the process to a socket that answers.

Never: keep a server of one round for the next, or its files.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import NamedTuple

from benchmarks.ours import Paso, read_line
from benchmarks.peers import Server, installed
from benchmarks.processes import scratch
from benchmarks.report import Cell, Check, Result, median, rotated

ROUNDS = 15
STEP_S = 0.0002
LIMIT_S = 10.0


FLOOR = """
import asyncio, orjson, os, sys, uvloop
async def serve(reader, writer):
    writer.write(orjson.dumps({"type": "welcome"}) + b"\\n")
async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    await server.serve_forever()
uvloop.run(main())
"""


class Floor(Paso):
    """The libraries of the daemon alone: a socket, a loop, one line of JSON."""

    name = "smallest uvloop server"

    def argv(self) -> list[str]:
        place = os.path.join(self.folder, "floor.sock")
        return [sys.executable, "-c", FLOOR, place]

    def dial(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(os.path.join(self.folder, "floor.sock"))
        except OSError:
            made.close()
            raise
        return made

    def greet(self, made: socket.socket) -> None:
        read_line(made, b'"welcome"')


class Start(NamedTuple):
    """Milliseconds since the process was started."""

    connected: float
    greeted: float


def run(quick: bool) -> Result:
    """Alternate fresh starts of Paso, Redis, NATS and mosquitto."""
    with scratch() as folder:
        servers = [Paso(folder), Floor(folder), *installed(folder)]
        seen = measure(servers, 7 if quick else ROUNDS)
    return report(seen)


def measure(servers: list[Server], rounds: int) -> dict[str, list[Start]]:
    seen: dict[str, list[Start]] = {server.name: [] for server in servers}
    for turn in range(rounds + 1):
        for server in rotated(servers, turn):
            found = one(server)
            if turn:
                seen[server.name].append(found)
    return seen


def one(server: Server) -> Start:
    """Start it, be greeted, stop it."""
    for name in os.listdir(server.folder):
        if name.endswith(".sock"):
            os.unlink(os.path.join(server.folder, name))
    start = time.perf_counter()
    server.start()
    try:
        return _greeting(server, start)
    finally:
        server.stop()


def _greeting(server: Server, start: float) -> Start:
    while True:
        try:
            made = server.dial()
            break
        except OSError:
            if time.perf_counter() - start > LIMIT_S:
                raise
            time.sleep(STEP_S)
    connected = time.perf_counter()
    with made:
        server.greet(made)
    return Start((connected - start) * 1e3, (time.perf_counter() - start) * 1e3)


def report(seen: dict[str, list[Start]]) -> Result:
    rows: list[tuple[Cell, ...]] = []
    for name, starts in seen.items():
        greeted = [start.greeted for start in starts]
        connected = median([start.connected for start in starts])
        rows.append((name, connected, median(greeted), min(greeted), max(greeted)))
    ours = rows[0]
    assert isinstance(ours[1], float) and isinstance(ours[2], float)
    return Result(
        "Start of the process to the first welcome",
        ("server", "socket ms", "welcome ms", "min", "max"),
        rows,
        [
            Check("socket ready", ours[1], 100, "ms"),
            Check("first welcome", ours[2], 100, "ms"),
        ],
        ["medians; the aim is 70 ms; welcome: PONG of Redis and NATS, CONNACK of MQTT"],
    )
