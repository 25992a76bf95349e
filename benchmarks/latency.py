"""One event to the last of 100 clients, at a gentle pace.

Never: let two servers work at the same time; their rounds alternate one by one.
"""

from __future__ import annotations

import select
import time

from benchmarks.generator import Load, loads
from benchmarks.ours import Paso
from benchmarks.peers import Server, installed, running
from benchmarks.processes import scratch
from benchmarks.report import Cell, Check, Result, median, percentile, rotated

SUBSCRIBERS = 100
ROUNDS = 1_000
PACE_S = 0.002
LIMIT_S = 5.0
"""An event that has not reached everybody by then is lost."""


class Clock:
    """The subscribers of one load, watched together."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self._poll = select.epoll()
        self._by_fd = {sock.fileno(): sock for sock in load.subscribers}
        for sock in load.subscribers:
            sock.setblocking(False)
            self._poll.register(sock, select.EPOLLIN)
        load.publisher.setblocking(True)
        self._buffer = memoryview(bytearray(65536))

    def one(self, number: int) -> tuple[float, int]:
        """Seconds until the last subscriber has event `number`; how many have not."""
        frame = self.load.server.publish(number)
        wanted = self.load.server.delivered(number, 1)
        start = time.perf_counter()
        self.load.publisher.sendall(frame)
        lost = self._gather(wanted, start + LIMIT_S)
        return time.perf_counter() - start, lost

    def _gather(self, wanted: bytes, deadline: float) -> int:
        missing = len(self._by_fd)
        size, buffer = len(wanted), self._buffer
        while missing and time.perf_counter() < deadline:
            for fd, _ in self._poll.poll(LIMIT_S):
                got = self._by_fd[fd].recv_into(buffer)
                if got == size and buffer[:got] == wanted:
                    missing -= 1
        return missing

    def close(self) -> None:
        self._poll.close()


def run(quick: bool) -> Result:
    """Alternate single events at Paso, Redis, NATS and mosquitto."""
    rounds = 250 if quick else ROUNDS
    with scratch() as folder, running([Paso(folder), *installed(folder)]) as servers:
        seen, lost = measure(servers, rounds, SUBSCRIBERS)
    return report(seen, lost, rounds)


def measure(
    servers: list[Server], rounds: int, subscribers: int
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Latencies in microseconds and missing deliveries, by server."""
    seen: dict[str, list[float]] = {server.name: [] for server in servers}
    lost = dict.fromkeys(seen, 0)
    with loads(servers, subscribers) as made:
        clocks = [Clock(load) for load in made]
        for number in range(rounds + 20):
            for clock in rotated(clocks, number):
                time.sleep(PACE_S)
                seconds, missing = clock.one(number)
                lost[clock.load.server.name] += missing
                if number >= 20:
                    seen[clock.load.server.name].append(seconds * 1e6)
        for clock in clocks:
            clock.close()
    return seen, lost


def report(seen: dict[str, list[float]], lost: dict[str, int], rounds: int) -> Result:
    rows: list[tuple[Cell, ...]] = [
        (name, median(v), percentile(v, 99), max(v), lost[name])
        for name, v in seen.items()
    ]
    return Result(
        "One event to the last of 100 clients",
        ("server", "p50 us", "p99 us", "max us", "lost"),
        rows,
        _checks(seen, lost),
        [f"{rounds:,} rounds at each server, in turn, with {PACE_S * 1e3} ms pause"],
    )


def _checks(seen: dict[str, list[float]], lost: dict[str, int]) -> list[Check]:
    checks = [Check("lost", float(lost["paso"]), 0, "deliveries")]
    if "redis" in seen:
        ours, redis = seen["paso"], seen["redis"]
        for name, percent in (("p50", 50), ("p99", 99)):
            ratio = percentile(ours, percent) / percentile(redis, percent)
            checks.append(Check(name, ratio, 1.1, "x Redis"))
    return checks
