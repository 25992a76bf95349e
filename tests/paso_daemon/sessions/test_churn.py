"""Sessions come and go: memory, descriptors and threads stay as they are."""

from __future__ import annotations

import os

import pytest

from paso.commands import sessions as store
from tests.paso_daemon.sessions.bench import (
    Bench,
    both_loops,
    faults,
    forgets,
    keeper,
)
from tests.paso_daemon.sessions.conftest import Begin
from tests.support.daemon import RunningDaemon, wait_for

pytestmark = pytest.mark.tmux

TOGETHER = 8
WARM_UP = 2
"""Rounds until everything is loaded and every cache has its size."""
DATABASE = 4
"""Descriptors of a thread that opens the database only when it needs it."""
MIB = 1024 * 1024


def churn(bench: Bench, daemon: RunningDaemon, rounds: int) -> None:
    """Open and close sessions, some by themselves and some killed, and remove them."""
    for _ in range(rounds):
        ones = [
            bench.start("sleep 1000" if n % 4 else "exit 3") for n in range(TOGETHER)
        ]
        for number, one in enumerate(ones):
            if number % 4:
                bench.kill(one)
        for one in ones:
            bench.becomes(one, "failed")
            store.remove_session(bench.db, one)
    forgets(daemon)


def descriptors(daemon: RunningDaemon) -> int:
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def threads(daemon: RunningDaemon) -> int:
    return len(os.listdir(f"/proc/{daemon.pid}/task"))


def check_flat(bench: Bench, daemon: RunningDaemon, rounds: int, growth: int) -> None:
    churn(bench, daemon, WARM_UP)
    wait_for(lambda: daemon.status()["clients"] == 1)
    before = descriptors(daemon), threads(daemon), daemon.rss_bytes()
    churn(bench, daemon, rounds)
    wait_for(lambda: descriptors(daemon) <= before[0] + DATABASE)
    assert threads(daemon) == before[1]
    assert daemon.rss_bytes() - before[2] < growth
    assert faults(daemon) == []
    wait_for(lambda: daemon.status()["sessions"]["known"] == 0)
    assert not any(keeper(daemon).values())


@both_loops
def test_sessions_that_came_and_went_leave_nothing(bench: Bench, begin: Begin) -> None:
    check_flat(bench, begin(), rounds=3, growth=2 * MIB)


@pytest.mark.soak
@both_loops
def test_a_thousand_sessions_that_came_and_went_leave_nothing(
    bench: Bench, begin: Begin
) -> None:
    check_flat(bench, begin(), rounds=1000 // TOGETHER, growth=4 * MIB)
