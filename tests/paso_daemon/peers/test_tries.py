"""A Redis that comes back is used soon; one that refuses us is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from paso.errors import PasoError, PeerUnreachable, Refused, TimedOut
from paso_daemon.peers import service
from paso_daemon.peers.tries import Tries, cause_of, state_after
from tests.paso_daemon.peers.node import Node, until
from tests.support.redis import RedisServer


def waits(error: BaseException, count: int = 12) -> list[float]:
    tries = Tries()
    return [tries.wait_after(error) for _ in range(count)]


@pytest.mark.parametrize("error", [PeerUnreachable("away"), TimedOut("it hangs")])
def test_what_may_be_over_at_any_moment_is_tried_within_five_seconds(
    error: PasoError,
) -> None:
    found = waits(error)
    assert found[0] <= 0.25
    assert all(2.5 <= wait <= 5.0 for wait in found[5:])


@pytest.mark.parametrize("error", [Refused("the password"), ZeroDivisionError()])
def test_what_somebody_has_to_mend_is_tried_ever_more_seldom(
    error: BaseException,
) -> None:
    found = waits(error)
    assert found[0] <= 0.25
    assert all(15.0 <= wait <= 30.0 for wait in found[8:])


def test_both_begin_anew_once_it_worked() -> None:
    tries = Tries()
    for error in (PeerUnreachable("away"), Refused("the password")) * 8:
        tries.wait_after(error)
    tries.worked()
    assert tries.wait_after(PeerUnreachable("away")) <= 0.25
    assert tries.wait_after(Refused("the password")) <= 0.25


def test_a_failure_has_the_name_of_its_state() -> None:
    assert state_after(PeerUnreachable("away")) == "unreachable"
    assert state_after(TimedOut("it hangs")) == "slow"
    assert state_after(Refused("the password")) == "refused"
    assert state_after(ZeroDivisionError()) == "unreachable"


def test_a_fault_of_ours_is_told_rather_than_what_it_broke() -> None:
    away, fault = PeerUnreachable("away"), ZeroDivisionError()
    assert cause_of(away) is away
    assert cause_of(ExceptionGroup("", [away, TimedOut("then")])) is away
    assert cause_of(ExceptionGroup("", [away, ExceptionGroup("", [fault])])) is fault


tried: list[Noted] = []


class Noted(Tries):
    """Waits a hundredth of what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        tried.append(self)

    def wait_after(self, error: BaseException) -> float:
        self.waits.append(super().wait_after(error))
        return self.waits[-1] / 100


async def test_a_redis_that_is_away_for_long_is_used_soon_after_it_is_back(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "Tries", Noted)
    node = Node(tmp_path, redis.url)
    try:
        await node.joined()
        redis.stop()
        found = tried[-1].waits
        await until(lambda: len(found) >= 10)
        assert node.peers.state == "unreachable"
        assert 2.5 <= found[9] <= 5.0
        redis.start()
        await until(lambda: node.peers.state == "live")
        so_far = len(found)
        redis.stop()
        await until(lambda: len(found) > so_far)
        assert found[so_far] <= 0.25, "it begins anew"
    finally:
        await node.stop()


async def test_a_redis_that_refuses_us_is_tried_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "Tries", Noted)
    with RedisServer("--requirepass", "right") as redis:
        node = Node(tmp_path, f"unix://:wrong@{redis.socket}")
        try:
            await node.start()
            await until(lambda: node.peers.state == "refused")
            found = tried[-1].waits
            await until(lambda: len(found) >= 9)
            assert node.peers.state == "refused"
            assert found[8] >= 15.0
        finally:
            await node.stop()
