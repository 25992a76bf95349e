"""Resident memory with no client and with many; processor time when nothing happens.

Never: count memory that belongs to the clients.
"""

from __future__ import annotations

import os
import socket
import time

from benchmarks.ours import Paso
from benchmarks.peers import Server, installed, running
from benchmarks.processes import cpu_s, rss_kib, scratch, switches
from benchmarks.report import Cell, Check, Result
from benchmarks.samples import make_home

CARDS = 1_000
STEPS = (0, 100, 500)
IDLE_CLIENTS = 20
IDLE_S = 20.0


def run(quick: bool) -> Result:
    """Resident memory at 0, 100 and 500 subscribers."""
    del quick
    with scratch() as folder:
        paso = Paso(folder)
        os.rmdir(paso.home)
        os.rename(make_home(folder, CARDS), paso.home)
        with running([paso, *installed(folder)]) as servers:
            seen = {server.name: sizes(server, STEPS) for server in servers}
    columns = ("server", *(f"{n} clients MiB" for n in STEPS), "KiB per client")
    rows = [_row(name, found) for name, found in seen.items()]
    notes = [
        "VmRSS; per client: from the first to the last column, all subscribed",
        f"paso serves a board of {CARDS:,} cards",
    ]
    idle, each = seen["paso"][0] / 1024, _each(seen["paso"])
    checks = [
        Check("resident, no client", idle, 26, "MiB"),
        Check("each further client", each, 4, "KiB"),
    ]
    return Result("Resident memory", columns, rows, checks, notes)


def sizes(server: Server, steps: tuple[int, ...]) -> list[int]:
    """Resident KiB of the server at each number of subscribers."""
    held: list[socket.socket] = []
    found = []
    try:
        for step in steps:
            held += [server.subscriber() for _ in range(step - len(held))]
            time.sleep(0.3)
            found.append(rss_kib(server.pid))
    finally:
        for sock in held:
            sock.close()
    return found


def _each(found: list[int]) -> float:
    return (found[-1] - found[0]) / (STEPS[-1] - STEPS[0])


def _row(name: str, found: list[int]) -> tuple[Cell, ...]:
    return (name, *(kib / 1024 for kib in found), _each(found))


def run_idle(quick: bool) -> Result:
    """Processor time of quiet servers with 20 subscribers, all in the same seconds."""
    seconds = 6.0 if quick else IDLE_S
    with scratch() as folder, running([Paso(folder), *installed(folder)]) as servers:
        seen = idle(servers, IDLE_CLIENTS, seconds)
    rows: list[tuple[Cell, ...]] = [(name, *found) for name, found in seen.items()]
    columns = ("server", "% of a core", "wake-ups/s")
    notes = [f"{seconds:.0f} s, {IDLE_CLIENTS} subscribers, nothing published"]
    checks = [Check("idle", seen["paso"][0], 0.2, "% of a core")]
    return Result("Idle", columns, rows, checks, notes)


def idle(
    servers: list[Server], clients: int, seconds: float
) -> dict[str, tuple[float, float]]:
    """Per cent of a core and wake-ups a second, by server."""
    held = [server.subscriber() for server in servers for _ in range(clients)]
    time.sleep(max(server.warm_up_s for server in servers))
    before = [(cpu_s(server.pid), switches(server.pid)) for server in servers]
    time.sleep(seconds)
    found = {}
    for server, (cpu, woken) in zip(servers, before, strict=True):
        share = (cpu_s(server.pid) - cpu) / seconds * 100
        found[server.name] = (share, (switches(server.pid) - woken) / seconds)
    for sock in held:
        sock.close()
    return found
