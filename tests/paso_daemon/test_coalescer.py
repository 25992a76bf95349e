"""Many changes of one record are one event, and no other record loses its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.coalescer import (
    ACTIVITY,
    REMOVED,
    STARTED,
    TOLD_PER_TURN,
    UPDATED,
    WINDOW_S,
    Coalescer,
    Key,
    News,
    joined,
)


class Told:
    """What was told, with the time of it."""

    def __init__(self, may_send: Callable[[], bool] = lambda: True) -> None:
        self.loop = asyncio.get_running_loop()
        self.news: list[tuple[str, str, float]] = []
        self.flushed = 0
        self.coalescer = Coalescer(self.loop, self._tell, self._flush, may_send)

    def _tell(self, key: Key, news: News) -> None:
        self.news.append((key[2], news.what, self.loop.time()))

    def _flush(self) -> None:
        self.flushed += 1

    def mark(self, id: str, what: str = UPDATED) -> None:
        self.coalescer.mark(("sessions", "me", id), News(what))

    @property
    def names(self) -> list[str]:
        return [id for id, _, _ in self.news]

    async def settle(self) -> None:
        async with asyncio.timeout(10):
            while len(self.coalescer):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_changes_of_a_turn_are_one_event_of_each_record() -> None:
    told = Told()
    for _ in range(100):
        told.mark("a")
        told.mark("b")
    assert told.names == []
    await asyncio.sleep(0)
    assert told.names == ["a", "b"]
    assert told.flushed == 1


async def test_a_busy_record_is_told_twenty_times_a_second_and_last_of_all() -> None:
    told = Told()
    begin = told.loop.time()
    while told.loop.time() - begin < 0.5:
        told.mark("a")
        await asyncio.sleep(0.001)
    await told.settle()
    passed = told.loop.time() - begin
    assert 2 <= len(told.news) <= passed / WINDOW_S + 2
    count = len(told.news)
    await asyncio.sleep(2 * WINDOW_S)
    assert len(told.news) == count


async def test_another_record_does_not_wait_for_a_busy_one() -> None:
    told = Told()
    told.mark("a")
    await asyncio.sleep(0)
    told.mark("a")
    told.mark("b")
    await asyncio.sleep(0)
    assert told.names == ["a", "b"]
    await told.settle()
    assert told.names == ["a", "b", "a"]


async def test_many_records_are_told_over_several_turns() -> None:
    told = Told()
    count = 3 * TOLD_PER_TURN
    for number in range(count):
        told.mark(str(number))
    await asyncio.sleep(0)
    assert len(told.news) == TOLD_PER_TURN
    await told.settle()
    assert told.names == [str(number) for number in range(count)]


async def test_while_clients_are_behind_the_newest_waits() -> None:
    free = False
    told = Told(lambda: free)
    told.mark("a", STARTED)
    await asyncio.sleep(0.02)
    assert told.names == []
    told.mark("a", REMOVED)
    free = True
    await told.settle()
    assert [(id, what) for id, what, _ in told.news] == [("a", REMOVED)]


async def test_drain_tells_everything_at_once() -> None:
    told = Told()
    told.mark("a")
    await asyncio.sleep(0)
    told.mark("a")
    for number in range(2 * TOLD_PER_TURN):
        told.mark(str(number))
    told.coalescer.drain()
    assert len(told.news) == 2 + 2 * TOLD_PER_TURN
    assert not len(told.coalescer)


def test_two_changes_joined_are_what_a_client_must_know() -> None:
    cases = {
        (STARTED, UPDATED): STARTED,
        (STARTED, ACTIVITY): STARTED,
        (STARTED, REMOVED): REMOVED,
        (UPDATED, ACTIVITY): UPDATED,
        (ACTIVITY, UPDATED): UPDATED,
        (ACTIVITY, ACTIVITY): ACTIVITY,
        (REMOVED, STARTED): STARTED,
        (UPDATED, REMOVED): REMOVED,
    }
    for (before, after), both in cases.items():
        assert joined(News(before, 3), News(after, 3)).what == both


def test_a_record_that_moved_between_projects_is_told_to_both() -> None:
    assert joined(News(UPDATED, 3), News(UPDATED, 3)).project_id == 3
    assert joined(News(UPDATED, 3), News(UPDATED, 4)).project_id == 0
    assert joined(News(UPDATED, 0), News(UPDATED, 4)).project_id == 0


whats = st.sampled_from([STARTED, UPDATED, ACTIVITY, REMOVED])


@given(st.lists(whats, min_size=1))
def test_a_removal_at_the_end_is_never_lost(changes: list[str]) -> None:
    news = None
    for what in changes:
        news = joined(news, News(what))
    assert news is not None
    assert (news.what == REMOVED) == (changes[-1] == REMOVED)
