"""A place in a log: whatever is lost on the way, a reader has all, or knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import BadEvent
from paso_daemon.peers.answers import last_place
from paso_daemon.peers.log import GAP, NEXT, SEEN, Follower, Position, position_of

positions = st.builds(Position, st.integers(0, 1 << 62), st.integers(0, 1 << 62))


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ((5, 42), NEXT),
        ((5, 41), SEEN),
        ((5, 1), SEEN),
        ((4, 99), SEEN),
        ((5, 43), GAP),
        ((6, 1), GAP),
        ((6, 42), GAP),
    ],
)
def test_what_follows_is_next_what_was_is_seen_the_rest_is_a_gap(
    entry: tuple[int, int], verdict: str
) -> None:
    assert Position(5, 41).verdict(Position(*entry)) == verdict


@given(positions)
def test_an_id_is_read_as_it_was_written(position: Position) -> None:
    assert position_of(position.entry_id()) == position


@given(st.binary(max_size=60))
def test_any_bytes_are_a_position_or_refused(data: bytes) -> None:
    try:
        found = position_of(data)
    except BadEvent:
        return
    assert found.entry_id() == data


@given(st.integers(1, 60), st.data())
def test_with_entries_lost_doubled_or_late_a_reader_has_all_or_notices(
    count: int, data: st.DataObject
) -> None:
    """The stream as Redis may hand it on: any part of it, in its order, parts twice."""
    follower = Follower()
    follower.go_on_from(Position(7, 0))
    lost = data.draw(st.sets(st.integers(1, count)))
    doubled = data.draw(st.sets(st.integers(1, count)))
    sent = [n for n in range(1, count + 1) for _ in range(1 + (n in doubled))]
    kept = [n for n in sent if n not in lost]
    applied = [n for n in kept if follower.take(Position(7, n)) == NEXT]
    noticed = not follower.reading
    noticed |= follower.told_head(Position(7, count))
    noticed |= follower.told_head(Position(7, count))
    assert applied == list(range(1, len(applied) + 1))
    assert noticed == (len(applied) < count)


@given(positions, positions)
def test_nothing_leads_a_reader_back(at: Position, told: Position) -> None:
    follower = Follower(at)
    assert follower.go_on_from(told) == (told >= at)
    assert follower.position == max(at, told)


def test_being_behind_once_is_no_loss_and_a_step_forgives() -> None:
    follower = Follower()
    follower.go_on_from(Position(1, 5))
    assert not follower.told_head(Position(1, 6))
    follower.take(Position(1, 6))
    assert not follower.told_head(Position(1, 7))
    assert follower.told_head(Position(1, 7))
    assert not follower.reading


def test_who_does_not_read_misses_nothing() -> None:
    follower = Follower(Position(1, 5))
    assert follower.take(Position(1, 9)) == SEEN
    assert not follower.told_head(Position(1, 9))
    assert not follower.told_head(Position(1, 9))


def test_the_newest_entry_of_a_stream() -> None:
    assert last_place([]) is None
    assert last_place([[b"5-7", [b"k", b"v"]]]) == Position(5, 7)
    for spoilt in (b"18446744073709551615-1", b"x", b"4611686018427387904-0"):
        with pytest.raises(BadEvent):
            last_place([[spoilt, []]])
