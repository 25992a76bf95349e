"""Questions between computers: one definite answer, done once, never too late.

The wire between the two ends is a list here; test_computers.py has the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from paso.errors import (
    NotFound,
    PeerUnreachable,
    PhaseRefused,
    Refused,
    TimedOut,
    WireError,
)
from paso_daemon.peers.answering import MAX_UNDER_WAY, Answering
from paso_daemon.peers.requests import MAX_TTL_MS, Asking, checked
from paso_daemon.tasks import Health, TaskRegistry

Body = dict[str, Any]
ME, OTHER = "a" * 16, "b" * 16


class Post:
    """Both inboxes: what is sent is handed over in the next turn of the loop."""

    def __init__(self) -> None:
        self.handlers: dict[tuple[str, str], Callable[[str, Body, int], None]] = {}
        self.sent: list[tuple[str, str, Body]] = []
        self.age_ms = 0
        self.broken = False

    def of(self, own: str) -> End:
        return End(self, own)


class End:
    def __init__(self, post: Post, own: str) -> None:
        self._post = post
        self._own = own

    async def send(self, computer: str, kind: str, body: Body) -> None:
        if self._post.broken:
            raise PeerUnreachable("Redis is away")
        self._post.sent.append((computer, kind, body))
        handler = self._post.handlers.get((computer, kind))
        if handler is not None:
            asyncio.get_running_loop().call_soon(
                handler, self._own, body, self._post.age_ms
            )


class Kept:
    """What a daemon finds again when it is started anew."""

    def __init__(self) -> None:
        self.results: dict[str, Body] = {}
        self.full = False

    async def result(self, idem: str) -> Body | None:
        return self.results.get(idem)

    async def keep_result(self, idem: str, result: Body) -> None:
        if self.full:
            raise OSError("no space left on device")
        self.results[idem] = result


class Pair:
    """A computer that asks and one that answers."""

    def __init__(self) -> None:
        self.post, self.kept = Post(), Kept()
        self.tasks = TaskRegistry(Health())
        self.control = "all"
        self.why_not: str | None = None
        self.done: list[tuple[str, str]] = []
        self.asking = Asking(self.post.of(ME), lambda _: self.why_not)
        self.answering = self.start()

    def start(self) -> Answering:
        """A new daemon on the other computer, which keeps what was kept."""
        made = Answering(
            self.post.of(OTHER),
            self.kept,
            control=lambda: self.control,
            start=self._start,
        )
        made.operations = {
            "session_end": self.note("end"),
            "session_send": self.note("send"),
            "session_output": self.note("output"),
            "board": self.note("board"),
        }
        self.post.handlers[OTHER, "request"] = made.requested
        self.post.handlers[ME, "reply"] = self.asking.replied
        self.answering = made
        return made

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> object:
        return self.tasks.start(name, work)

    def note(self, word: str) -> Callable[[str, Body], Awaitable[Body]]:
        async def act(sender: str, params: Body) -> Body:
            assert sender == ME
            self.done.append((word, params.get("id", "")))
            return {"state": "done"}

        return act

    async def ask(self, op: str, timeout_s: float = 5.0, **params: Any) -> Body:
        return await self.asking.ask(OTHER, op, params, timeout_s)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


def both(test: Callable[[Pair], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        async def whole() -> None:
            pair = Pair()
            try:
                await test(pair)
            finally:
                await pair.tasks.stop()

        asyncio.run(whole())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@both
async def test_an_answer_comes_back(pair: Pair) -> None:
    assert await pair.ask("session_end", id="s1") == {"state": "done"}
    assert pair.done == [("end", "s1")]
    assert len(pair.asking) == pair.answering.under_way == 0


@both
async def test_what_control_does_not_allow_is_refused_and_not_done(pair: Pair) -> None:
    allowed = {
        "none": ["board"],
        "send": ["board", "session_output", "session_send"],
        "all": ["board", "session_output", "session_send", "session_end"],
    }
    for control, good in allowed.items():
        pair.control = control
        for op in allowed["all"]:
            if op in good:
                assert await pair.ask(op, id="s1") == {"state": "done"}
                continue
            before = list(pair.done)
            with pytest.raises(Refused, match="paso peers control"):
                await pair.ask(op, id="s1")
            assert pair.done == before


@both
async def test_errors_there_are_errors_here(pair: Pair) -> None:
    for error in (NotFound("no session"), PhaseRefused("it runs in its own terminal")):

        async def fail(sender: str, params: Body, error: Exception = error) -> Body:
            raise error

        pair.answering.operations["session_send"] = fail
        with pytest.raises(type(error), match=str(error)):
            await pair.ask("session_send", id="s1", text="x")


@both
async def test_an_operation_that_nobody_knows_is_no_silence(pair: Pair) -> None:
    with pytest.raises(Exception, match="no operation 'format'"):
        await pair.ask("format", id="s1")


@both
async def test_a_fault_there_is_logged_there_and_told_as_unknown(pair: Pair) -> None:
    async def fail(sender: str, params: Body) -> Body:
        raise ZeroDivisionError

    pair.answering.operations["session_end"] = fail
    for _ in range(2):
        with pytest.raises(TimedOut, match="log there"):
            await pair.ask("session_end", id="s1", idem="k")
    assert pair.done == []


def test_what_hangs_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paso_daemon.peers.answering.WORK_S", 0.05)

    async def hang(sender: str, params: Body) -> Body:
        await asyncio.Event().wait()
        return {}

    async def asked(pair: Pair) -> None:
        pair.answering.operations["session_output"] = hang
        with pytest.raises(TimedOut, match="not done within"):
            await pair.ask("session_output", timeout_s=60, id="s1")
        assert pair.answering.under_way == 0

    both(asked)()


@both
async def test_an_offline_computer_is_not_waited_for(pair: Pair) -> None:
    pair.why_not = "computer b is offline since 12 s"
    with pytest.raises(PeerUnreachable, match="offline") as caught:
        await pair.ask("session_end", id="s1")
    assert caught.type is PeerUnreachable
    pair.why_not, pair.post.broken = None, True
    with pytest.raises(PeerUnreachable, match="away"):
        await pair.ask("session_end", id="s1")
    assert not pair.post.sent and not len(pair.asking)


@both
async def test_no_answer_in_time_is_told_as_unknown(pair: Pair) -> None:
    del pair.post.handlers[OTHER, "request"]
    with pytest.raises(TimedOut, match="did not answer"):
        await pair.ask("session_end", timeout_s=0.05, id="s1")
    assert not len(pair.asking)


@both
async def test_a_computer_that_leaves_ends_the_waiting(pair: Pair) -> None:
    del pair.post.handlers[OTHER, "request"]
    asked = asyncio.gather(pair.ask("session_end", timeout_s=60, id="s1"))
    await until(lambda: len(pair.asking))
    pair.asking.gone("c" * 16)
    pair.asking.gone(OTHER)
    with pytest.raises(TimedOut, match="went away"):
        await asked


@both
async def test_only_the_one_that_was_asked_may_answer(pair: Pair) -> None:
    del pair.post.handlers[OTHER, "request"]
    asked = asyncio.gather(pair.ask("session_end", timeout_s=0.2, id="s1"))
    await until(lambda: pair.post.sent)
    number = pair.post.sent[0][2]["id"]
    pair.asking.replied("c" * 16, {"id": number, "result": {"state": "done"}}, 0)
    pair.asking.replied(OTHER, {"id": "other", "result": {"state": "done"}}, 0)
    pair.asking.replied(OTHER, {"id": [1]}, 0)
    with pytest.raises(TimedOut):
        await asked


@both
async def test_a_reply_without_sense_is_not_taken_for_done(pair: Pair) -> None:
    del pair.post.handlers[OTHER, "request"]
    wrong: tuple[Body, ...] = (
        {},
        {"result": "done"},
        {"error": "x"},
        {"error": {"code": 7}},
        {"error": {"code": "never heard of"}},
    )
    for body in wrong:
        asked = asyncio.gather(pair.ask("session_end", id="s1"))
        await until(lambda: len(pair.asking))
        await asyncio.sleep(0)
        number = pair.post.sent[-1][2]["id"]
        pair.asking.replied(OTHER, {"id": number, **body}, 0)
        with pytest.raises(TimedOut):
            await asked


@both
async def test_a_request_that_lay_too_long_is_never_done(pair: Pair) -> None:
    """D18: the computer was away for hours, its inbox was not emptied."""
    pair.post.age_ms = 3 * 3600 * 1000
    for op in ("session_end", "session_send", "board"):
        with pytest.raises(TimedOut, match="nothing was done"):
            await pair.ask(op, id="s1")
    assert not pair.done and not pair.kept.results
    assert pair.answering.expired == 3


@both
async def test_the_same_request_again_is_not_done_again(pair: Pair) -> None:
    for _ in range(3):
        assert await pair.ask("session_end", id="s1", idem="k") == {"state": "done"}
    assert pair.done == [("end", "s1")]
    await pair.ask("session_end", id="s2", idem="k")
    await pair.ask("session_send", id="s1", idem="k")
    await pair.ask("session_end", id="s1")
    assert len(pair.done) == 4, "another session, operation or key is another request"


@both
async def test_a_kept_answer_is_told_even_when_the_second_try_is_late(
    pair: Pair,
) -> None:
    await pair.ask("session_end", id="s1", idem="k")
    pair.post.age_ms = MAX_TTL_MS * 2
    assert await pair.ask("session_end", id="s1", idem="k") == {"state": "done"}


@both
async def test_an_error_is_an_outcome_too(pair: Pair) -> None:
    async def missing(sender: str, params: Body) -> Body:
        pair.done.append(("end", "missing"))
        raise NotFound("no session s1")

    pair.answering.operations["session_end"] = missing
    for _ in range(2):
        with pytest.raises(NotFound):
            await pair.ask("session_end", id="s1", idem="k")
    assert len(pair.done) == 1


@both
async def test_a_restart_does_not_do_it_again(pair: Pair) -> None:
    await pair.ask("session_end", id="s1", idem="k")
    pair.start()
    assert await pair.ask("session_end", id="s1", idem="k") == {"state": "done"}
    assert len(pair.done) == 1


@both
async def test_a_death_in_the_middle_leaves_an_unknown_and_no_second_try(
    pair: Pair,
) -> None:
    begun = asyncio.Event()

    async def hang(sender: str, params: Body) -> Body:
        pair.done.append(("end", "begun"))
        begun.set()
        await asyncio.Event().wait()
        return {}

    pair.answering.operations["session_end"] = hang
    with pytest.raises(TimedOut):
        await pair.ask("session_end", timeout_s=0.05, id="s1", idem="k")
    await begun.wait()
    await pair.tasks.stop()
    pair.start()
    with pytest.raises(TimedOut, match="whether it acted is unknown"):
        await pair.ask("session_end", id="s1", idem="k")
    assert pair.done == [("end", "begun")]


@both
async def test_nothing_is_done_that_cannot_be_noted_first(pair: Pair) -> None:
    pair.kept.full = True
    with pytest.raises(TimedOut):
        await pair.ask("session_end", id="s1")
    assert not pair.done


@both
async def test_requests_for_one_session_keep_their_order(pair: Pair) -> None:
    """D19: and a slow session delays no other one."""
    gate = asyncio.Event()

    async def slow(sender: str, params: Body) -> Body:
        if params["text"] == "0":
            await gate.wait()
        pair.done.append((params["id"], params["text"]))
        return {}

    pair.answering.operations["session_send"] = slow
    first = asyncio.gather(
        *(pair.ask("session_send", id="s1", text=str(i)) for i in range(5))
    )
    await asyncio.wait_for(pair.ask("session_send", id="s2", text="x"), 5)
    await asyncio.wait_for(pair.ask("board"), 5)
    assert pair.done == [("s2", "x"), ("board", "")]
    gate.set()
    await asyncio.wait_for(first, 5)
    assert [text for session, text in pair.done if session == "s1"] == list("01234")
    assert pair.answering._last == {}, "no trace of a session is left"


@both
async def test_what_waited_too_long_for_its_session_is_not_done(pair: Pair) -> None:
    gate = asyncio.Event()

    async def slow(sender: str, params: Body) -> Body:
        await gate.wait()
        pair.done.append(("send", params["text"]))
        return {}

    pair.answering.operations["session_send"] = slow
    first = asyncio.gather(pair.ask("session_send", id="s1", text="1"))
    await until(lambda: pair.answering.under_way)
    with pytest.raises(TimedOut):
        await pair.ask("session_send", timeout_s=0.05, id="s1", text="2")
    gate.set()
    await first
    await until(lambda: not pair.answering.under_way)
    assert pair.done == [("send", "1")]


@both
async def test_a_flood_is_told_busy_and_leaves_nothing(pair: Pair) -> None:
    gate = asyncio.Event()

    async def slow(sender: str, params: Body) -> Body:
        await gate.wait()
        return {}

    pair.answering.operations["board"] = slow
    asked = [
        asyncio.gather(pair.ask("board"), return_exceptions=True)
        for _ in range(MAX_UNDER_WAY + 20)
    ]
    await until(lambda: len(pair.post.sent) >= MAX_UNDER_WAY + 40)
    assert pair.answering.under_way == MAX_UNDER_WAY
    gate.set()
    answers = [(await one)[0] for one in asked]
    assert sum(isinstance(one, Refused) for one in answers) == 20
    assert pair.answering.under_way == 0


@both
async def test_an_answer_that_cannot_be_sent_is_kept_for_the_next_try(
    pair: Pair,
) -> None:
    async def act(sender: str, params: Body) -> Body:
        pair.post.broken = True
        return {"state": "done"}

    pair.answering.operations["session_end"] = act
    with suppress(TimedOut):
        await pair.ask("session_end", timeout_s=0.05, id="s1", idem="k")
    pair.post.broken = False
    assert await pair.ask("session_end", id="s1", idem="k") == {"state": "done"}


GOOD: Body = {
    "id": "1",
    "idem": "1",
    "op": "session_end",
    "params": {"id": "s1"},
    "ttl_ms": 1000,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 7},
        {"id": "x" * 101},
        {"idem": None},
        {"op": ["session_end"]},
        {"params": None},
        {"params": []},
        {"params": {}},
        {"params": {"id": 7}},
        {"params": {"id": ""}},
        {"ttl_ms": 0},
        {"ttl_ms": -1},
        {"ttl_ms": True},
        {"ttl_ms": 1.5},
        {"ttl_ms": MAX_TTL_MS + 1},
        {"ttl_ms": "1000"},
    ],
)
def test_a_wrong_request_is_not_understood(wrong: Body) -> None:
    assert checked(ME, GOOD).op == "session_end"
    with pytest.raises(WireError):
        checked(ME, GOOD | wrong)


@both
async def test_a_wrong_request_disturbs_nothing(pair: Pair) -> None:
    pair.answering.requested(ME, {}, 0)
    pair.answering.requested(ME, {"id": {}, "op": 1}, 0)
    assert pair.answering.refused == 2 and not pair.post.sent
    pair.answering.requested(ME, {"id": "x", "op": 1}, 0)
    await until(lambda: pair.post.sent)
    assert pair.post.sent[0][2]["error"]["code"] == "bad_frame"
    assert await pair.ask("session_end", id="s1") == {"state": "done"}
