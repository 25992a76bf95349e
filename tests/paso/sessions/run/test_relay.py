"""paso/sessions/run/relay.py: bytes from one real descriptor to another."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest

from paso.sessions.run.relay import ROOM, Flow, Poller


class Pipe:
    def __init__(self) -> None:
        self.out, self.into = os.pipe2(os.O_NONBLOCK)

    def close(self) -> None:
        for fd in (self.out, self.into):
            try:
                os.close(fd)
            except OSError:
                continue


@pytest.fixture
def pipes() -> Iterator[tuple[Pipe, Pipe]]:
    made = Pipe(), Pipe()
    yield made
    for pipe in made:
        pipe.close()


def fill(fd: int) -> int:
    """Write until nothing more is taken; return how much."""
    written = 0
    while True:
        try:
            written += os.write(fd, b"x" * 65536)
        except BlockingIOError:
            return written


def test_what_is_read_is_seen_and_written(pipes: tuple[Pipe, Pipe]) -> None:
    source, sink = pipes
    seen: list[bytes] = []
    flow = Flow(source.out, sink.into, seen.append)
    assert not flow.carry()
    os.write(source.into, b"some bytes")
    assert flow.carry()
    assert (seen, os.read(sink.out, 100)) == ([b"some bytes"], b"some bytes")
    assert not flow.is_waiting
    os.close(source.into)
    assert not flow.carry()
    assert flow.ended
    assert not flow.has_room


def test_what_the_sink_does_not_take_waits_and_nothing_more_is_read(
    pipes: tuple[Pipe, Pipe],
) -> None:
    source, sink = pipes
    before = fill(sink.into)
    flow = Flow(source.out, sink.into, lambda data: None)
    while flow.has_room:
        os.write(source.into, b"y" * 8192)
        flow.carry()
    waits = flow.is_waiting
    assert waits
    while before:
        before -= len(os.read(sink.out, min(65536, before)))
    got = b""
    while waits:
        flow.write()
        got += os.read(sink.out, 1 << 20)
        waits = flow.is_waiting
    assert len(got) >= ROOM
    assert set(got) == {ord("y")}


def test_a_sink_that_is_gone_drops_all_and_the_source_is_read_on(
    pipes: tuple[Pipe, Pipe],
) -> None:
    source, sink = pipes
    os.close(sink.out)
    seen: list[bytes] = []
    flow = Flow(source.out, sink.into, seen.append)
    for _ in range(2):
        os.write(source.into, b"bytes")
        assert flow.carry()
    assert flow.refused
    assert not flow.is_waiting
    assert seen == [b"bytes"] * 2


def test_a_descriptor_that_waits_for_nothing_is_not_looked_at(
    pipes: tuple[Pipe, Pipe],
) -> None:
    source, _ = pipes
    called: list[int] = []
    poller = Poller()
    poller.call(source.out, called.append)
    assert not poller.turn(0)
    os.write(source.into, b"x")
    assert poller.turn(1)
    poller.want(source.out, 0)
    os.close(source.into)
    assert not poller.turn(0)
    poller.want(source.out, select.POLLIN)
    assert poller.turn(1)
    assert [bool(events & select.POLLIN) for events in called] == [True, True]
