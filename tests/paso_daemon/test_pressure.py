"""Who is behind, and for how long producers wait for them."""

from __future__ import annotations

import pytest

from paso_daemon.hub import Batch
from paso_daemon.outbox import Outbox
from paso_daemon.pressure import HOLD_S, TAKING_S, Pressure

HIGH, LOW = 100, 20


def outbox(size: int, last_taken: float = 0.0) -> Outbox:
    made = Outbox(10_000, last_taken)
    made.put(memoryview(b"x" * size))
    return made


@pytest.fixture
def pressure() -> Pressure:
    return Pressure(HIGH, LOW)


def test_nobody_behind_holds_nobody(pressure: Pressure) -> None:
    pressure.note(outbox(HIGH - 1))
    assert not pressure.behind
    assert not pressure.begin(1, 0.0)


def test_a_good_part_that_is_behind_and_reads_holds_producers(
    pressure: Pressure,
) -> None:
    for _ in range(25):
        pressure.note(outbox(HIGH))
    assert pressure.begin(100, 0.01)
    assert pressure.holding
    assert not pressure.begin(100, 0.01), "a hold begins once"


def test_one_slow_client_among_many_holds_nobody(pressure: Pressure) -> None:
    pressure.note(outbox(HIGH))
    assert not pressure.begin(100, 0.01)


def test_who_takes_nothing_holds_nobody(pressure: Pressure) -> None:
    pressure.note(outbox(HIGH))
    assert not pressure.begin(1, TAKING_S)


def test_a_hold_ends_when_clients_have_caught_up(pressure: Pressure) -> None:
    box = outbox(HIGH)
    pressure.note(box)
    assert pressure.begin(1, 0.0)
    box.took(HIGH - LOW - 1, 0.001)
    pressure.note(box)
    assert not pressure.end(1, 0.002), "still above the lower mark"
    box.took(1, 0.003)
    pressure.note(box)
    assert pressure.end(1, 0.004)
    assert not pressure.holding


def test_no_hold_is_longer_than_the_bound(pressure: Pressure) -> None:
    box = outbox(HIGH * 5)
    pressure.note(box)
    assert pressure.begin(1, 0.0)
    box.took(1, HOLD_S)
    assert pressure.end(1, HOLD_S)


def test_who_is_withheld_events_or_left_does_not_count(pressure: Pressure) -> None:
    full, gone = Outbox(HIGH, 0.0), outbox(HIGH)
    full.put(memoryview(b"x" * HIGH))
    pressure.note(full)
    pressure.note(gone)
    assert len(pressure.behind) == 2
    full.offer(Batch(b"more", 1, (("db", 1, ""),)))
    pressure.note(full)
    pressure.forget(gone)
    assert not pressure.behind
