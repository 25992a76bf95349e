"""paso/database/rank.py: there is always room, or it is said that there is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paso.database.rank import between, spread


def test_the_first_rank_is_that_of_the_starter_columns() -> None:
    assert spread(None, None, 3) == ["a0", "a1", "a2"]


def test_a_rank_lies_between_its_neighbours() -> None:
    rank = between("a0", "a1")
    assert rank is not None and "a0" < rank < "a1"


def test_there_is_no_room_between_equal_or_reversed_ranks() -> None:
    assert between("a1", "a1") is None
    assert between("a2", "a1") is None


def test_what_is_no_rank_gives_no_room() -> None:
    for text in ("", "!", "ä", "a", "zz", "0"):
        assert between(text, None) is None or between(text, None) > text  # type: ignore[operator]
        assert spread(None, text, 2) is None or spread(None, text, 2)[-1] < text  # type: ignore[index]


@given(st.lists(st.integers(0, 1000), max_size=60))
def test_ranks_put_anywhere_stay_in_order(places: list[int]) -> None:
    ranks: list[str] = []
    for place in places:
        at = place % (len(ranks) + 1)
        lower = ranks[at - 1] if at else None
        upper = ranks[at] if at < len(ranks) else None
        rank = between(lower, upper)
        assert rank is not None
        ranks.insert(at, rank)
    assert ranks == sorted(set(ranks))


def test_ranks_at_one_place_grow_slowly() -> None:
    upper = "a1"
    for _ in range(300):
        rank = between("a0", upper)
        assert rank is not None
        upper = rank
    assert len(upper) < 80


@given(st.text(max_size=6), st.text(max_size=6))
def test_any_text_for_a_rank_gives_a_fitting_one_or_none(
    lower: str, upper: str
) -> None:
    rank = between(lower, upper)
    assert rank is None or lower < rank < upper


def test_the_short_way_to_the_next_rank_is_that_of_the_library() -> None:
    from fractional_indexing import generate_key_between

    lower = generate_key_between(None, None)
    for _ in range(4000):
        upper = generate_key_between(lower, None)
        inside = generate_key_between(lower, upper)
        assert between(lower, None) == between(inside, None) == upper
        lower = upper
    before = generate_key_between(None, "Zz")
    assert between(before, None) == generate_key_between(before, None)
