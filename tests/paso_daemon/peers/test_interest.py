"""Leases: given for a while, ended at once; nothing is remembered of who went away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.peers.clock import ServerClock
from paso_daemon.peers.interest import MAX_READERS, Leases, wishes_of


def test_a_lease_lasts_as_long_as_it_says_and_no_longer() -> None:
    leases = Leases()
    assert leases.renew("a", ["sessions"], 100.0, 30.0) == {"sessions"}
    assert leases.wants("sessions", 129.9)
    assert not leases.wants("sessions", 130.0)
    assert not leases.wants("tasks", 110.0)


def test_a_renewed_lease_brings_nothing_new_an_expired_one_does() -> None:
    leases = Leases()
    leases.renew("a", ["sessions"], 0.0, 30.0)
    assert leases.renew("a", ["sessions", "tasks"], 10.0, 30.0) == {"tasks"}
    assert leases.renew("a", ["sessions"], 50.0, 30.0) == {"sessions"}
    assert not leases.wants("tasks", 51.0)


def test_who_ends_it_leaves_the_others_theirs() -> None:
    leases = Leases()
    for reader in ("a", "b"):
        leases.renew(reader, ["sessions"], 0.0, 30.0)
    leases.end("a")
    leases.end("a")
    assert leases.readers(1.0) == ["b"]
    assert leases.readers(31.0) == []


def test_a_lease_has_a_longest_time_and_none_is_negative() -> None:
    leases = Leases()
    leases.renew("a", ["sessions"], 0.0, 1e12)
    assert not leases.wants("sessions", 301.0)
    leases.renew("b", ["sessions"], 400.0, -5.0)
    assert not leases.wants("sessions", 400.0)


def test_only_details_are_leased_and_readers_are_bounded() -> None:
    leases = Leases()
    assert leases.renew("a", ["computers", "nonsense"], 0.0, 30.0) == frozenset()
    for number in range(2 * MAX_READERS):
        leases.renew(f"{number}", ["sessions"], 0.0, 30.0)
    assert len(leases.readers(1.0)) == MAX_READERS


def test_wishes_are_by_computer_and_of_those_that_are_there() -> None:
    interest = {("", "sessions"), ("b", "tasks"), ("", "computers"), ("gone", "tasks")}
    assert wishes_of(interest, ["a", "b"]) == {
        "a": {"sessions"},
        "b": {"sessions", "tasks"},
    }
    assert wishes_of({("", "computers")}, ["a"]) == {}
    assert wishes_of(interest, []) == {}


@given(st.lists(st.tuples(st.integers(-(10**13), 10**13), st.floats(0, 1e6))))
def test_no_age_is_negative_whatever_the_server_calls_the_time(
    steps: list[tuple[int, float]],
) -> None:
    now = [0.0]
    clock = ServerClock(lambda: now[0])
    for made_ms, passed in steps:
        now[0] += passed
        assert clock.age_ms(made_ms) >= 0
        assert clock.age_ms(made_ms) >= 0


def test_an_age_grows_with_our_own_clock() -> None:
    now = [10.0]
    clock = ServerClock(lambda: now[0])
    clock.told([b"1000", b"999"])
    assert clock.age_ms(999_000) == 1000
    now[0] += 5.0
    assert clock.age_ms(999_000) == 6000
    assert clock.age_ms(2_000_000) == 0
    assert clock.age_ms(1_999_000) == 1000


def test_the_server_is_asked_where_an_age_cannot_be() -> None:
    now = [0.0]
    clock = ServerClock(lambda: now[0])
    clock.told([b"1000", b"0"])
    assert not clock.doubts(b"2000000-0"), "it was asked just now"
    now[0] = 20.0
    assert not clock.doubts(b"1019000-0")
    assert clock.doubts(b"1010000-0"), "its clock went back, or it waited for us"
    assert clock.doubts(b"1030000-0")
    assert clock.doubts(b"18446744073709551615-0")
    clock.told([b"1015", b"0"])
    assert clock.is_ahead(b"1030000-0")
    assert clock.is_ahead(b"18446744073709551615-0")
    assert not clock.is_ahead(b"1016000-0")
    assert not clock.is_ahead(b"5-0")
