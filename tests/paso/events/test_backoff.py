"""Waits double up to a bound, are spread, and start anew after a success."""

from __future__ import annotations

from paso.events.backoff import Backoff


def test_waits_double_up_to_the_most_and_are_spread_below() -> None:
    for _ in range(50):
        backoff = Backoff(0.05, 5.0)
        bounds = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
        for bound in bounds:
            assert bound / 2 <= backoff.wait() <= bound


def test_two_clients_do_not_wait_the_same_time() -> None:
    assert len({Backoff(1.0, 5.0).wait() for _ in range(50)}) > 10


def test_success_resets() -> None:
    backoff = Backoff(0.05, 5.0)
    for _ in range(10):
        backoff.wait()
    backoff.reset()
    assert backoff.wait() <= 0.05
