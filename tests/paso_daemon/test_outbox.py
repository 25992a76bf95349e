"""What a slow client has not taken, and what is withheld from it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.hub import Address, Batch
from paso_daemon.outbox import MAX_PIECES, Outbox


def batch(data: bytes, *addresses: Address) -> Batch:
    return Batch(data, 1, addresses or (("db", 1, ""),))


def rest(outbox: Outbox) -> bytes:
    """All that is queued, taken out whole."""
    found = b""
    while pieces := outbox.pieces():
        data = b"".join(pieces)
        found += data
        outbox.took(len(data), 0.0)
    return found


def test_what_is_queued_comes_out_in_order() -> None:
    outbox = Outbox(100, 0.0)
    outbox.put(memoryview(b"half\n"))
    assert outbox.offer(batch(b"one\n"))
    assert outbox.offer(batch(b"two\n"))
    assert outbox.size == 13
    assert rest(outbox) == b"half\none\ntwo\n"
    assert outbox.size == 0


def test_above_the_limit_events_are_withheld_until_the_end() -> None:
    outbox = Outbox(10, 0.0)
    assert outbox.offer(batch(b"12345678\n"))
    assert not outbox.offer(batch(b"xy\n", ("db", 3, "")))
    assert not outbox.offer(batch(b"\n", ("db", 2, "")))
    assert outbox.missed is not None
    assert outbox.missed.told() == {"topics": ["db"], "project_ids": [2, 3]}
    assert rest(outbox) == b"12345678\n"


def test_no_project_is_named_when_any_may_be_touched() -> None:
    outbox = Outbox(0, 0.0)
    outbox.offer(batch(b"x\n", ("db", 3, "")))
    outbox.offer(batch(b"x\n", ("tasks", 0, "c")))
    assert outbox.missed is not None
    assert outbox.missed.told() == {"topics": ["db", "tasks"]}


def test_an_answer_is_queued_even_above_the_limit() -> None:
    outbox = Outbox(4, 0.0)
    outbox.put(memoryview(b"123456789\n"))
    assert outbox.size == 10
    assert outbox.missed is None


def test_taking_is_noted_with_its_time() -> None:
    outbox = Outbox(100, 1.0)
    outbox.put(memoryview(b"abc"))
    outbox.took(0, 5.0)
    assert outbox.last_taken == 1.0
    outbox.took(1, 6.0)
    assert outbox.last_taken == 6.0


def test_one_call_of_sendmsg_gets_a_bounded_number_of_blocks() -> None:
    outbox = Outbox(10_000, 0.0)
    for _ in range(MAX_PIECES * 3):
        outbox.put(memoryview(b"x"))
    assert len(outbox.pieces()) == MAX_PIECES
    assert len(rest(outbox)) == MAX_PIECES * 3


def test_the_rest_of_the_frame_under_way_ends_the_stream_well() -> None:
    outbox = Outbox(100, 0.0)
    for block in (b"abc", b"def\nghi\n", b"jkl\n"):
        outbox.put(memoryview(block))
    outbox.took(2, 0.0)
    assert outbox.rest_of_frame() == b"cdef\n"


def test_a_list_takes_no_room_before_its_turn_and_none_of_the_limit() -> None:
    outbox = Outbox(100, 0.0)
    made: list[int] = []

    def frames() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"%d" % number * 80

    outbox.put(memoryview(b"before\n"))
    outbox.put_list(frames())
    assert (made, outbox.size, outbox.lists) == ([], 7, 1)
    assert outbox.offer(batch(b"event\n"))
    assert outbox.missed is None
    outbox.took(7, 1.0)
    assert (made, outbox.size) == ([0], 86)
    assert rest(outbox) == b"0" * 80 + b"1" * 80 + b"2" * 80 + b"event\n"
    assert (outbox.size, outbox.lists) == (0, 0)


def test_an_empty_list_is_nothing() -> None:
    outbox = Outbox(100, 0.0)
    outbox.put_list(iter(()))
    assert (outbox.size, outbox.lists, outbox.pieces()) == (0, 0, [])


def test_the_stream_ends_well_before_a_list_as_well() -> None:
    outbox = Outbox(100, 0.0)
    outbox.put(memoryview(b"begun\n"))
    outbox.put_list(iter([b"list\n"]))
    outbox.took(2, 0.0)
    assert outbox.rest_of_frame() == b"gun\n"


blocks_or_lists = st.lists(
    st.binary(min_size=1, max_size=9)
    | st.lists(st.binary(min_size=1, max_size=9), max_size=4)
)


@given(blocks_or_lists, st.lists(st.integers(0, 30)))
def test_lists_and_blocks_come_out_in_the_order_they_went_in(
    parts: list[bytes | list[bytes]], bites: list[int]
) -> None:
    outbox = Outbox(10_000, 0.0)
    for part in parts:
        if isinstance(part, bytes):
            outbox.put(memoryview(part))
        else:
            outbox.put_list(iter(part))
    found = b""
    for bite in bites:
        piece = b"".join(outbox.pieces())[:bite]
        outbox.took(len(piece), 0.0)
        found += piece
        assert outbox.size or not outbox.lists, "nothing left, or something to send"
    whole = [p if isinstance(p, bytes) else b"".join(p) for p in parts]
    assert found + rest(outbox) == b"".join(whole)


@given(st.lists(st.binary(min_size=1, max_size=9)), st.lists(st.integers(0, 30)))
def test_however_it_is_taken_nothing_is_lost_or_doubled(
    blocks: list[bytes], bites: list[int]
) -> None:
    outbox = Outbox(10_000, 0.0)
    for block in blocks:
        outbox.put(memoryview(block))
    found = b""
    for bite in bites:
        piece = b"".join(outbox.pieces())[:bite]
        outbox.took(len(piece), 0.0)
        found += piece
        assert outbox.size == len(b"".join(blocks)) - len(found)
    assert found + rest(outbox) == b"".join(blocks)
