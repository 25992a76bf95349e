"""What is asked of a session is done where it is, or it is said why not."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paso.commands import sessions
from paso.errors import PasoError, PeerUnreachable, Refused, TimedOut
from paso_daemon import replies
from tests.support.daemon import new_board, wait_for
from tests.support.hosted_server import HostedServer

Params = dict[str, Any]


class Far:
    """Other computers, with the faults of a test.

    Arguments:
        answer: returned, or raised; an asyncio.Event is waited for first.
    """

    def __init__(self, answer: Params | BaseException) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, Params, float]] = []
        self.go_on: asyncio.Event | None = None

    async def act(
        self, computer: str, op: str, params: Params, timeout_s: float
    ) -> Params:
        self.asked.append((computer, op, params, timeout_s))
        if self.go_on is not None:
            await self.go_on.wait()
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def host(paso_home: Path) -> Iterator[HostedServer]:
    with HostedServer(paso_home) as hosted:
        yield hosted


def put(host: HostedServer, owner: str, id: str) -> None:
    record = {"id": id, "phase": "running", "version": 1}
    host.tell(lambda d: d.set_link(owner, "live"))
    host.tell(lambda d: d.put_session(owner, record, 1))


def connect(host: HostedServer, answer: Params | BaseException) -> Far:
    far = Far(answer)

    def use(server: Any) -> None:
        server.directory.remote = far

    host.do(use)
    return far


def ask(host: HostedServer, method: str, **params: Any) -> Params:
    with host.client() as client:
        client.subscribe([])
        return client.request(method, **params)


def made(home: Path, **more: Any) -> str:
    """A session in the database that is over; its id."""
    with closing(new_board(home)) as db:
        id = sessions.create_session(
            db, argv=["ls"], cwd="/", backend="pty", title="old", **more
        ).id
        sessions.session_ended(db, id, exit_code=0, tail="one\ntwo\nthree\n")
        return id


def test_what_is_on_another_computer_is_done_there(host: HostedServer) -> None:
    put(host, "b", "s")
    far = connect(host, {"state": "done", "session": {"id": "s"}})
    result = {"state": "done", "session": {"id": "s"}}
    assert ask(host, "session_end", id="s", grace_s=2)["result"] == result
    assert ask(host, "session_send", id="s", text="hi")["result"] == result
    assert (
        ask(host, "session_output", id="s", computer="b", lines=3)["result"] == result
    )
    assert [(c, op, params) for c, op, params, _ in far.asked] == [
        ("b", "session_end", {"id": "s", "grace_s": 2.0}),
        ("b", "session_send", {"id": "s", "text": "hi", "enter": True}),
        ("b", "session_output", {"id": "s", "lines": 3}),
    ]
    assert far.asked[0][3] > 2.0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("not allowed"), "refused"),
        (TimedOut("no answer"), "timeout"),
        (PeerUnreachable("gone"), "unreachable"),
        (RuntimeError("a fault"), "internal"),
    ],
)
def test_why_it_was_not_done_is_told(
    host: HostedServer, error: BaseException, code: str
) -> None:
    put(host, "b", "s")
    connect(host, error)
    told = ask(host, "session_end", id="s")["error"]
    assert told["code"] == code
    if isinstance(error, PasoError):
        assert told["message"] == error.message


def test_without_peers_another_computer_cannot_be_asked(host: HostedServer) -> None:
    put(host, "b", "s")
    assert ask(host, "session_end", id="s")["error"]["code"] == "unreachable"
    lost = ask(host, "session_end", id="s", computer="nobody")["error"]
    assert lost["code"] == "not_found"


def test_nothing_is_ever_done_on_the_wrong_computer(host: HostedServer) -> None:
    """An id that several have is nobody's, until the computer is named."""
    put(host, "b", "s")
    put(host, "c", "s")
    far = connect(host, {"state": "done"})
    assert ask(host, "session_end", id="s")["error"]["code"] == "not_found"
    assert far.asked == []
    assert ask(host, "session_end", id="s", computer="me")["error"]["code"] == (
        "not_found"
    )
    assert ask(host, "session_end", id="s", computer="c")["result"]["state"] == "done"
    assert [asked[0] for asked in far.asked] == ["c"]


def test_a_record_is_told_as_it_is_known(host: HostedServer) -> None:
    put(host, "b", "s")
    found = ask(host, "session", id="s")["result"]
    assert (found["id"], found["computer"], found["phase"]) == ("s", "b", "running")
    assert ask(host, "session", id="s", computer="me")["error"]["code"] == "not_found"


def test_an_old_session_of_ours_is_read_from_the_database(
    paso_home: Path, host: HostedServer
) -> None:
    id = made(paso_home)
    found = ask(host, "session", id=id)["result"]
    assert (found["title"], found["phase"]) == ("old", "ended")
    output = ask(host, "session_output", id=id, lines=2)["result"]
    assert output == {"state": "done", "output": "two\nthree\n"}
    ended = ask(host, "session_end", id=id)["result"]
    assert (ended["state"], ended["session"]["phase"]) == ("done", "ended")
    sent = ask(host, "session_send", id=id, text="x")["error"]
    assert sent["code"] in ("refused", "session_phase")
    assert ask(host, "session", id="0" * 16)["error"]["code"] == "not_found"


def test_without_a_database_none_is_made(paso_home: Path, host: HostedServer) -> None:
    for method in ("session", "session_end", "session_output"):
        assert ask(host, method, id="x")["error"]["code"] == "not_found"
    assert not (paso_home / "tasks.db").exists()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("session_end", {"id": 5}),
        ("session_end", {"id": "x" * 101}),
        ("session_end", {"id": "s", "computer": 5}),
        ("session_end", {"id": "s", "grace_s": -1}),
        ("session_end", {"id": "s", "grace_s": 61}),
        ("session_end", {"id": "s", "grace_s": True}),
        ("session_send", {"id": "s", "text": None}),
        ("session_send", {"id": "s", "text": "t", "enter": 1}),
        ("session_output", {"id": "s", "lines": 10_001}),
        ("session_output", {"id": "s", "lines": 1.5}),
    ],
)
def test_wrong_words_are_refused_before_anything_is_done(
    host: HostedServer, method: str, params: Params
) -> None:
    put(host, "b", "s")
    far = connect(host, {"state": "done"})
    assert ask(host, method, **params)["error"]["code"] == "bad_frame"
    assert far.asked == []


# Answers that take a while --------------------------------------------------------


def held_up(host: HostedServer) -> Far:
    """Another computer that does not answer yet."""
    put(host, "b", "s")
    far = connect(host, {"state": "done"})

    def hold(server: Any) -> None:
        far.go_on = asyncio.Event()

    host.do(hold)
    return far


def let_go(host: HostedServer, far: Far) -> None:
    waiting = far.go_on
    assert waiting is not None
    host.loop.call_soon_threadsafe(waiting.set)


def question(id: int) -> Params:
    params = {"id": "s", "grace_s": 0}
    return {"type": "request", "id": id, "method": "session_end", "params": params}


def test_a_request_that_waits_holds_up_nothing(host: HostedServer) -> None:
    far = held_up(host)
    with host.client() as client:
        client.subscribe([])
        client.send(question(1))
        assert client.ping() < 5
        assert client.request("clients")["result"]
        let_go(host, far)
        assert client.read_until("reply")["id"] == 1


def test_who_says_no_more_still_gets_its_answer_and_then_the_end(
    host: HostedServer,
) -> None:
    far = held_up(host)
    with host.client() as client:
        client.subscribe([])
        client.send(question(1))
        client.send(question(2))
        client.socket.shutdown(socket.SHUT_WR)
        wait_for(lambda: len(far.asked) == 2)
        let_go(host, far)
        found = client.read_to_end()
    assert sorted(frame["id"] for frame in found) == [1, 2]
    wait_for(lambda: not host.do(lambda server: server.connections))


def test_the_answer_to_a_client_that_left_is_dropped(host: HostedServer) -> None:
    far = held_up(host)
    client = host.client()
    client.send(question(1))
    wait_for(lambda: far.asked)
    client.close()
    wait_for(lambda: not host.do(lambda server: server.connections))
    let_go(host, far)
    wait_for(lambda: host.do(lambda server: server.replies.under_way) == 0)
    assert host.health.told() == []
    assert host.tasks.names == []


def test_requests_that_wait_are_bounded(host: HostedServer) -> None:
    far = held_up(host)
    with host.client() as client:
        client.subscribe([])
        for number in range(replies.MAX_ASKED + 3):
            client.send(question(number))
        refused = [client.read_until("reply") for _ in range(3)]
        assert {frame["error"]["code"] for frame in refused} == {"refused"}
        let_go(host, far)
        done = [client.read_until("reply") for _ in range(replies.MAX_ASKED)]
        assert all(frame["result"] == {"state": "done"} for frame in done)


def test_an_answer_longer_than_a_frame_is_none(paso_home: Path) -> None:
    with HostedServer(paso_home, max_frame=2000) as host:
        put(host, "b", "s")
        connect(host, {"state": "done", "output": "x" * 3000})
        assert ask(host, "session_output", id="s")["error"]["code"] == "refused"
        connect(host, {"state": "done", "output": "\ud800"})
        assert ask(host, "session_output", id="s")["error"]["code"] == "internal"


def test_a_thread_that_hangs_takes_its_time_and_no_other_request(
    host: HostedServer,
) -> None:
    stuck = threading.Event()

    def work(server: Any) -> None:
        for number in range(8):
            hang = server.workers.run(f"hangs {number}", stuck.wait, 0.2)
            server.tasks.start("hang", _ignored(hang))

    host.do(work)
    wait_for(lambda: not host.tasks.names)
    with host.client() as client:
        client.subscribe([])
        assert client.ping() < 5
    assert host.do(lambda server: server.workers.busy) == 8
    stuck.set()
    wait_for(lambda: host.do(lambda server: server.workers.busy) == 0)


async def _ignored(work: Any) -> None:
    with pytest.raises(TimedOut):
        await work
