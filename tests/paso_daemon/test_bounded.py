"""A dict that cannot grow without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.bounded import BoundedDict


def test_the_key_that_was_set_longest_ago_goes_first() -> None:
    held: BoundedDict[str, int] = BoundedDict(2)
    held["a"], held["b"] = 1, 2
    held["a"] = 3
    held["c"] = 4
    assert dict(held) == {"a": 3, "c": 4}


@given(st.integers(1, 5), st.lists(st.integers(0, 9)))
def test_it_never_holds_more_and_always_the_newest(limit: int, keys: list[int]) -> None:
    held: BoundedDict[int, int] = BoundedDict(limit)
    for place, key in enumerate(keys):
        held[key] = place
        assert len(held) <= limit
    newest = list(dict.fromkeys(reversed(keys)))[:limit]
    assert set(held) == set(newest)
