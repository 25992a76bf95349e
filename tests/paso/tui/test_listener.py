from __future__ import annotations

from collections.abc import Callable

from paso.tui.listener import BETWEEN_S, REST, Pacer


class Clock:
    """Time that stands still until it is moved, and the timers that wait for it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], object]]] = []
        self.runs: list[float] = []
        self.cost = 0.0

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        self.timers.append((self.now + seconds, callback))

    def run(self) -> None:
        self.runs.append(self.now)
        self.now += self.cost

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            timer = min(due, key=lambda at: at[0])
            self.timers.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = max(self.now, end)


def pacer(clock: Clock) -> Pacer:
    return Pacer(clock.run, clock.later, lambda: clock.now)


def test_the_first_wish_is_fulfilled_at_once() -> None:
    clock = Clock()
    pacer(clock).wish()
    assert clock.runs == [100.0]


def test_a_burst_becomes_one_run_now_and_one_at_the_end_of_the_pause() -> None:
    clock = Clock()
    pace = pacer(clock)
    for _ in range(100):
        pace.wish()
    clock.advance(1.0)
    assert clock.runs == [100.0, 100.0 + BETWEEN_S]


def test_a_steady_stream_is_run_once_in_each_pause() -> None:
    clock = Clock()
    pace = pacer(clock)
    for _ in range(100):
        pace.wish()
        clock.advance(0.01)
    clock.advance(1.0)
    assert 1.0 / BETWEEN_S - 1 <= len(clock.runs) <= 1.0 / BETWEEN_S + 2


def test_nothing_that_was_wished_for_is_forgotten() -> None:
    clock = Clock()
    pace = pacer(clock)
    pace.wish()
    clock.advance(BETWEEN_S / 2)
    pace.wish()
    clock.advance(BETWEEN_S)
    assert len(clock.runs) == 2
    clock.advance(1.0)
    pace.wish()
    assert len(clock.runs) == 3


def test_a_slow_refresh_rests_in_proportion() -> None:
    clock = Clock()
    clock.cost = 0.2
    pace = pacer(clock)
    pace.wish()
    pace.wish()
    clock.advance(REST * 0.2 - 0.01)
    assert len(clock.runs) == 1
    clock.advance(0.02)
    assert len(clock.runs) == 2
