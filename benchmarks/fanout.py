"""A burst of events to 100 subscribers: how many deliveries, at what cost, any lost?

Never: compare figures of different runs; the rounds of all servers alternate.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.generator import Burst, Load, loads
from benchmarks.ours import Paso
from benchmarks.peers import FRAME, Server, installed, running
from benchmarks.processes import cpu_s, scratch
from benchmarks.report import Cell, Check, Result, median, rotated

SUBSCRIBERS = 100
EVENTS = 20_000
SLOW_EVENTS = 2_000
"""For mosquitto, which would take ten seconds for the whole burst."""

SATURATED = 0.9
"""From this share of a core on, the generator and not the server is measured."""


class Round(NamedTuple):
    burst: Burst
    server_cpu_s: float

    @property
    def rate(self) -> float:
        return self.burst.deliveries / self.burst.wall_s

    @property
    def per_cpu_s(self) -> float:
        return self.burst.deliveries / self.server_cpu_s

    @property
    def generator(self) -> float:
        return self.burst.generator_cpu_s / self.burst.wall_s


def run(quick: bool) -> Result:
    """Alternate bursts at Paso, Redis, NATS and mosquitto."""
    with scratch() as folder, running([Paso(folder), *installed(folder)]) as servers:
        seen = measure(servers, 3 if quick else 9, EVENTS, SUBSCRIBERS)
    return report(seen, SUBSCRIBERS)


def measure(
    servers: list[Server], rounds: int, events: int, subscribers: int
) -> dict[str, list[Round]]:
    """`rounds` bursts at each server in turn, after one that does not count."""
    seen: dict[str, list[Round]] = {server.name: [] for server in servers}
    with loads(servers, subscribers) as made:
        for turn in range(rounds + 1):
            for load in rotated(made, turn):
                found = one(load, turn * events, events)
                if turn:
                    seen[load.server.name].append(found)
    return seen


def one(load: Load, first: int, events: int) -> Round:
    if load.server.name == "mosquitto":
        events = min(events, SLOW_EVENTS)
    before = cpu_s(load.server.pid)
    burst = load.burst(first, events)
    return Round(burst, cpu_s(load.server.pid) - before)


def report(seen: dict[str, list[Round]], subscribers: int) -> Result:
    rows = [_row(name, rounds) for name, rounds in seen.items()]
    columns = ("server", "deliveries/s", "per server CPU s", "lost", "doubled")
    notes = [
        f"{subscribers} subscribers, {FRAME} bytes of payload to each for each event; "
        "medians of alternating rounds, ratios of the same round",
        "a generator at 90 % of a core or more bounds the figure, not the server",
    ]
    title = "Burst of 20,000 events to 100 clients (mosquitto: 2,000)"
    more = ("generator CPU", "bound by")
    return Result(title, columns + more, rows, _checks(seen), notes)


def _row(name: str, rounds: list[Round]) -> tuple[Cell, ...]:
    generator = median([r.generator for r in rounds])
    return (
        name,
        median([r.rate for r in rounds]),
        median([r.per_cpu_s for r in rounds]),
        sum(r.burst.lost for r in rounds),
        sum(r.burst.doubled for r in rounds),
        f"{generator:.0%}",
        _bound(generator, median([r.server_cpu_s / r.burst.wall_s for r in rounds])),
    )


def _bound(generator: float, server: float) -> str:
    if generator < SATURATED:
        return "server"
    return "both" if server >= SATURATED else "generator"


def _checks(seen: dict[str, list[Round]]) -> list[Check]:
    ours = seen["paso"]
    lost = float(sum(r.burst.lost + r.burst.doubled for r in ours))
    checks = [Check("lost or doubled", lost, 0, "deliveries")]
    if "redis" in seen:
        pairs = list(zip(ours, seen["redis"], strict=True))
        rate = median([mine.rate / redis.rate for mine, redis in pairs])
        cpu = median([mine.per_cpu_s / redis.per_cpu_s for mine, redis in pairs])
        checks += [
            Check("deliveries/s", rate, 1.2, "x Redis", at_most=False),
            Check("per server CPU second", cpu, 2.5, "x Redis", at_most=False),
        ]
    return checks
