"""Which sessions are looked at, and when again; the looks are real ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from paso.commands import sessions as store
from paso.database.connection import Database
from paso.sessions import reconcile
from paso_daemon.sessions import enquiry, writer
from paso_daemon.sessions.enquiry import Enquiry
from paso_daemon.sessions.errands import Found, Look, Wish
from tests.paso_daemon.sessions.bench import Bench, wrapped
from tests.paso_daemon.sessions.conftest import MakeThread
from tests.paso_daemon.sessions.threads import held, settled, until


class Desk:
    """Asks about the sessions of the board, and keeps the answers."""

    def __init__(self, db: Database, thread: MakeThread) -> None:
        self.db = db
        self.looks, self.writes = thread("looks"), thread("writes")
        self.wished: list[tuple[str, bool]] = []
        self.answers: list[Found] = []
        self.servers: list[Look] = []
        self.unknown: set[str] = set()
        self.enquiry = Enquiry(
            asyncio.get_running_loop(),
            computer="ab" * 8,
            looks=self.looks,
            writes=self.writes,
            answers=self,
        )

    def wish(self, session_id: str, asked_again: bool) -> Wish | None:
        self.wished.append((session_id, asked_again))
        if session_id in self.unknown:
            return None
        session = store.get_session(self.db, session_id)
        return Wish(session, store.backend_of(self.db, session_id), 0.0, asked_again)

    def found(self, found: Found) -> None:
        self.answers.append(found)

    def left_over(self, look: Look) -> None:
        self.servers.append(look)

    def verdicts(self) -> list[str]:
        return [one.verdict.do for one in self.answers]


@pytest.fixture
async def desk(db: Database, thread: MakeThread) -> AsyncIterator[Desk]:
    made = Desk(db, thread)
    yield made
    made.enquiry.close()
    assert len(made.enquiry) == 0


@pytest.fixture
def keeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between two looks that are short, so that the test is."""
    monkeypatch.setattr(enquiry, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(enquiry, "RETRY_MOST_S", 0.02)


async def test_one_that_runs_for_certain_is_looked_at_once(
    desk: Desk, keeper: subprocess.Popen[bytes]
) -> None:
    one = wrapped(desk.db, keeper.pid)
    desk.enquiry.want(one, suspect=True)
    await until(lambda: len(desk.enquiry) == 0)
    assert (desk.wished, desk.answers) == ([(one, False)], [])


async def test_what_is_found_is_told_until_it_is_forgotten(
    desk: Desk,
    keeper: subprocess.Popen[bytes],
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may not have been written: then it is found again."""
    monkeypatch.setattr(enquiry, "WRITTEN_S", 0.02)
    one = wrapped(desk.db, keeper.pid)
    keeper.kill()
    keeper.wait()
    desk.enquiry.want(one, suspect=False)
    await until(lambda: len(desk.answers) == 2)
    assert set(desk.verdicts()) == {reconcile.GONE}
    assert desk.answers[0].verdict.reason == "its terminal is gone"
    desk.enquiry.forget(one)
    told = len(desk.answers)
    await asyncio.sleep(0.2)
    assert len(desk.answers) == told


async def test_what_may_end_by_itself_is_asked_again_before_the_answer_counts(
    desk: Desk, keeper: subprocess.Popen[bytes], quick: None
) -> None:
    one = wrapped(desk.db, keeper.pid, command=os.getpid())
    keeper.kill()
    keeper.wait()
    desk.enquiry.want(one, suspect=False)
    await until(lambda: desk.answers)
    again = [asked_again for _, asked_again in desk.wished]
    assert again[: enquiry.ASKS + 1] == [False] * enquiry.ASKS + [True]
    assert "its command still runs" in desk.answers[0].verdict.reason


async def test_what_nobody_knows_any_more_is_forgotten(desk: Desk) -> None:
    desk.unknown.add("gone")
    desk.enquiry.want("gone", suspect=True)
    assert len(desk.enquiry) == 1
    await until(lambda: len(desk.enquiry) == 0)
    assert desk.wished == [("gone", False)]


async def test_a_look_that_finds_no_room_is_asked_for_again(
    desk: Desk,
    keeper: subprocess.Popen[bytes],
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = wrapped(desk.db, keeper.pid)
    keeper.kill()
    keeper.wait()
    with monkeypatch.context() as patch:
        patch.setattr(writer, "QUEUE_MAX", 0)
        desk.enquiry.want(one, suspect=False)
        await until(lambda: len(desk.wished) >= 3)
        assert desk.answers == []
    await until(lambda: desk.answers)
    assert desk.verdicts() == [reconcile.GONE]


async def test_a_look_later_comes_sooner_when_it_is_wanted_now_and_only_then(
    desk: Desk, keeper: subprocess.Popen[bytes]
) -> None:
    one = wrapped(desk.db, keeper.pid)
    desk.enquiry.want_later(one, 1000)
    desk.enquiry.want_later(one, 0)
    desk.enquiry.want(one, suspect=True, now=False)
    await asyncio.sleep(0.05)
    assert desk.wished == []
    desk.enquiry.want(one, suspect=False)
    await until(lambda: len(desk.enquiry) == 0)
    assert desk.wished == [(one, False)]


async def test_a_look_later_comes_when_its_time_has_come(
    desk: Desk, keeper: subprocess.Popen[bytes]
) -> None:
    one = wrapped(desk.db, keeper.pid)
    desk.enquiry.want_later(one, 0.05)
    await until(lambda: len(desk.enquiry) == 0)
    assert desk.wished == [(one, False)]


async def test_after_the_close_nothing_is_looked_at(
    desk: Desk, keeper: subprocess.Popen[bytes]
) -> None:
    one, other = wrapped(desk.db, keeper.pid), wrapped(desk.db, keeper.pid)
    desk.enquiry.want(one, suspect=True)
    desk.enquiry.want_later(other, 0.02)
    desk.enquiry.look_at_server("/nowhere")
    desk.enquiry.close()
    await asyncio.sleep(0.1)
    assert (len(desk.enquiry), desk.wished, desk.servers) == (0, [], [])


@pytest.mark.tmux
async def test_sessions_of_one_server_are_one_look_and_one_at_a_time(
    desk: Desk, bench: Bench
) -> None:
    ones = [bench.start("sleep 1000") for _ in range(3)]
    late = bench.start("exit 4")
    with held(desk.looks):
        for one in ones:
            desk.enquiry.want(one, suspect=True)
        desk.enquiry.look_at_server(bench.tmux.socket)
        await until(lambda: len(desk.looks) == 1)
        desk.enquiry.want(late, suspect=True)
        await until(lambda: len(desk.wished) == 4)
        assert len(desk.looks) == 1
        assert desk.servers == []
    await until(lambda: desk.answers)
    first, second = desk.servers[:2]
    assert {found.wish.session.id for found in first.found} == set(ones)
    assert [found.wish.session.id for found in second.found] == [late]
    assert desk.answers[0].verdict[:2] == (reconcile.OVER, 4)
    await until(lambda: len(desk.enquiry) == 1)  # what runs is settled


@pytest.mark.tmux
async def test_a_server_alone_is_looked_at_for_what_is_left(
    desk: Desk, bench: Bench
) -> None:
    bench.start("sleep 1000")
    desk.enquiry.look_at_server(bench.tmux.socket)
    await until(lambda: desk.servers)
    await asyncio.sleep(0.05)
    assert desk.servers == [Look([], [])]
    assert desk.wished == []


async def test_what_was_forgotten_during_a_look_is_not_told(
    desk: Desk, keeper: subprocess.Popen[bytes]
) -> None:
    one = wrapped(desk.db, keeper.pid)
    keeper.kill()
    keeper.wait()
    with held(desk.writes):
        desk.enquiry.want(one, suspect=True)
        await until(lambda: len(desk.writes) == 1)
        desk.enquiry.forget(one)
    await settled(desk.writes)
    assert (len(desk.enquiry), desk.answers) == (0, [])
