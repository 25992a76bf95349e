"""The hub: numbers, subscriptions, joined blocks. Bytes in, bytes out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paso.events.types import TOPICS
from paso_daemon.hub import EVERYTHING, Address, Hub, Subscription

DB = Subscription(frozenset({"db"}))
ORIGIN = b'{"client":"t"}'


def frames(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def taken(hub: Hub[str]) -> dict[str, list[int]]:
    """The numbers that each member is sent."""
    found: dict[str, list[int]] = {}
    for members, batch in hub.take():
        numbers = [frame["seq"] for frame in frames(batch.data)]
        assert len(numbers) == batch.events
        for member in members:
            assert member not in found, "one block for each member"
            found[member] = numbers
    return found


def publish(hub: Hub[str], *addresses: Address) -> None:
    for address in addresses:
        hub.publish(address, ORIGIN, b"{}")


def test_a_frame_has_number_origin_and_event() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("a")
    hub.publish(("db", 1, ""), ORIGIN, b'{"type":"db_changed"}')
    [(members, batch)] = hub.take()
    assert members == ("a",)
    assert batch.data == (
        b'{"type":"event","seq":1,"origin":{"client":"t"},'
        b'"event":{"type":"db_changed"}}\n'
    )


def test_numbers_go_up_by_one_whether_or_not_anybody_listens() -> None:
    hub: Hub[str] = Hub("e")
    publish(hub, ("db", 1, ""), ("db", 2, ""))
    assert taken(hub) == {}
    hub.join("a")
    publish(hub, ("db", 1, ""))
    assert taken(hub) == {"a": [3]}
    assert hub.seq == 3


def test_members_of_one_subscription_share_one_block() -> None:
    hub: Hub[str] = Hub("e")
    for name in "abc":
        hub.join(name, DB)
    hub.join("d")
    publish(hub, ("db", 1, ""), ("db", 1, ""))
    blocks = list(hub.take())
    assert sorted(len(members) for members, _ in blocks) == [1, 3]
    assert len({id(batch.data) for _, batch in blocks}) == 1


def test_a_filter_cuts_down_topics_projects_and_computers() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("all")
    hub.join("db of 1", Subscription(frozenset({"db"}), 1))
    hub.join("sessions", Subscription(frozenset({"sessions"})))
    hub.join("of c", Subscription(frozenset({"tasks"}), 0, "c"))
    hub.join("nothing", Subscription(frozenset()))
    publish(
        hub,
        ("db", 1, ""),
        ("db", 2, ""),
        ("db", 0, ""),
        ("sessions", 0, "c"),
        ("tasks", 0, "c"),
        ("tasks", 0, "d"),
    )
    assert taken(hub) == {
        "all": [1, 2, 3, 4, 5, 6],
        "db of 1": [1, 3],
        "sessions": [4],
        "of c": [5],
    }


def test_a_new_subscription_replaces_the_old_one() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("a")
    hub.join("a", Subscription(frozenset({"tasks"})))
    publish(hub, ("db", 1, ""))
    assert taken(hub) == {}
    assert len(hub) == 1


def test_who_left_is_sent_nothing() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("a")
    hub.join("b")
    publish(hub, ("db", 1, ""))
    hub.leave("a")
    hub.leave("a")
    assert taken(hub) == {"b": [1]}
    hub.leave("b")
    assert len(hub) == 0


def test_a_batch_names_what_it_holds() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("a", DB)
    publish(hub, ("db", 1, ""), ("tasks", 0, "c"), ("db", 1, ""), ("db", 2, ""))
    [(_, batch)] = hub.take()
    assert batch.addresses == (("db", 1, ""), ("db", 2, ""))
    assert batch.events == 3


addresses = st.tuples(
    st.sampled_from(TOPICS), st.integers(0, 3), st.sampled_from(["", "c", "d"])
)
subscriptions = st.builds(
    Subscription,
    st.frozensets(st.sampled_from(TOPICS)),
    st.integers(0, 3),
    st.sampled_from(["", "c", "d"]),
)


@given(st.lists(st.lists(addresses, max_size=8), max_size=4), st.lists(subscriptions))
def test_each_member_gets_what_it_wants_in_order_and_nothing_else(
    turns: list[list[Address]], wishes: list[Subscription]
) -> None:
    hub: Hub[str] = Hub("e")
    for number, wish in enumerate(wishes):
        hub.join(str(number), wish)
    seq = 0
    for turn in turns:
        publish(hub, *turn)
        numbered = list(enumerate(turn, seq + 1))
        seq += len(turn)
        expected = {
            str(number): [n for n, address in numbered if wish.wants(address)]
            for number, wish in enumerate(wishes)
        }
        assert taken(hub) == {name: found for name, found in expected.items() if found}


def test_who_never_subscribed_is_another_wish_than_who_wants_all() -> None:
    hub: Hub[str] = Hub("e")
    hub.join("silent")
    assert [wish.asked for wish in hub.wishes()] == [False]
    hub.join("all", Subscription())
    assert sorted(wish.asked for wish in hub.wishes()) == [False, True]
    publish(hub, ("db", 1, ""))
    blocks = list(hub.take())
    assert len({id(batch.data) for _, batch in blocks}) == 1, "one block for both"


def test_another_set_of_subscriptions_is_told_once() -> None:
    hub: Hub[str] = Hub("e")
    seen: list[list[Subscription]] = []
    hub.regrouped = lambda: seen.append(list(hub.wishes()))
    hub.join("a", DB)
    hub.join("b", DB)
    hub.leave("b")
    assert seen == [[DB]]
    other = Subscription(frozenset({"tasks"}))
    hub.join("a", other)
    hub.leave("a")
    hub.leave("a")
    assert seen == [[DB], [other], []]


def test_everything_wants_everything() -> None:
    assert all(EVERYTHING.wants((topic, 7, "c")) for topic in TOPICS)
