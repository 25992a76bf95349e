"""A connection in a loop: frames gather, waiting may be given up, ends are told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from paso.events import link as module
from paso.events.link import Link
from paso.events.wire import encode


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def made(sock: socket.socket) -> Link:
    return Link(sock, asyncio.get_running_loop())


async def frames(link: Link, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            if (frame := link.take()) is not None:
                found.append(frame["n"])
            else:
                await link.wait(1)
    return found


async def test_frames_come_in_order(pair: tuple[socket.socket, socket.socket]) -> None:
    link = made(pair[0])
    data = b"".join(encode({"n": number}) for number in range(100))
    pair[1].sendall(data[:777])
    assert await frames(link, 10) == list(range(10))
    pair[1].sendall(data[777:])
    assert await frames(link, 90) == list(range(10, 100))
    assert link.take() is None
    link.close()


async def test_waiting_ends_with_time_and_loses_nothing_when_given_up(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    link = made(pair[0])
    await link.wait(0.01)
    waiting = asyncio.ensure_future(link.wait(60))
    await asyncio.sleep(0.01)
    waiting.cancel()
    pair[1].sendall(encode({"n": 1}))
    assert await frames(link, 1) == [1]
    link.close()


async def test_more_than_gathers_waits_in_the_socket(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_MAX", 50)
    monkeypatch.setattr(module, "READ_SIZE", 256)
    link = made(pair[0])
    pair[1].sendall(b"".join(encode({"n": number}) for number in range(1000)))
    await asyncio.sleep(0.05)
    assert len(link._frames) < 100
    assert await frames(link, 1000) == list(range(1000))
    link.close()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "closed"), (b"garbage\n", "no frame"), (b"x" * 200, "too long")],
    ids=["end", "garbage", "too long"],
)
async def test_the_end_is_told_after_what_came_before(
    pair: tuple[socket.socket, socket.socket],
    data: bytes,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 100)
    link = made(pair[0])
    pair[1].sendall(encode({"n": 1}))
    assert await frames(link, 1) == [1]
    if data:
        pair[1].sendall(data)
    else:
        pair[1].close()
    async with asyncio.timeout(10):
        while link.ended is None:
            await link.wait(1)
    assert reason in link.ended
    link.say({"type": "pong"})
    assert link.take() is None


async def test_a_daemon_that_takes_nothing_is_left(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    link = made(pair[0])
    while link.ended is None:
        link.say({"type": "ping", "pad": "x" * 10_000})
    assert link.ended
