from __future__ import annotations

import random

from paso.model import Card
from paso.tui.board_state import BoardState
from tests.paso.tui.cards import card, column, label


def board(*cards_: Card) -> BoardState:
    state = BoardState()
    state.load([column(1), column(2), column(3)], [label(1, "bug")], cards_)
    return state


def titles(state: BoardState, column_id: int = 1) -> list[int]:
    return [found.id for found in state.lane(column_id).visible]


def current(state: BoardState) -> int | None:
    return state.current.id if state.current else None


def test_the_cursor_begins_on_the_first_card_of_the_first_column() -> None:
    assert current(board(card(1), card(2))) == 1


def test_a_board_without_cards_has_a_column_under_the_cursor_and_no_card() -> None:
    state = board()
    assert state.current is None
    assert state.column is not None and state.column.id == 1


def test_a_board_without_columns_has_nothing_under_the_cursor() -> None:
    state = BoardState()
    state.load([], [], [])
    state.go(1)
    state.go_column(1)
    assert state.current is None and state.column is None


def test_the_cursor_stops_at_both_ends() -> None:
    state = board(card(1), card(2), card(3))
    state.go(-1)
    assert current(state) == 1
    state.go(10)
    assert current(state) == 3
    state.go_edge(-1)
    assert current(state) == 1
    state.go_edge(1)
    assert current(state) == 3


def test_each_column_remembers_its_own_card() -> None:
    state = board(card(1), card(2), card(3, 2), card(4, 2))
    state.go(1)
    state.go_column(1)
    state.go(1)
    assert current(state) == 4
    state.go_column(-1)
    assert current(state) == 2
    state.go_column(1)
    assert current(state) == 4


def test_a_card_that_comes_in_above_leaves_the_cursor_on_its_card() -> None:
    state = board(card(2), card(3))
    state.go(1)
    assert state.apply([1], [card(1)]) == {1}
    assert titles(state) == [1, 2, 3]
    assert current(state) == 3
    assert state.lane(1).index == 2


def test_a_card_that_is_deleted_above_leaves_the_cursor_on_its_card() -> None:
    state = board(card(1), card(2), card(3))
    state.select(3)
    state.apply([1], [])
    assert current(state) == 3


def test_when_the_card_under_the_cursor_is_deleted_the_next_one_is_taken() -> None:
    state = board(card(1), card(2), card(3))
    state.select(2)
    state.apply([2], [])
    assert current(state) == 3
    state.apply([3], [])
    assert current(state) == 1
    state.apply([1], [])
    assert state.current is None


def test_the_cursor_follows_its_card_into_another_column() -> None:
    state = board(card(1), card(2), card(3, 2))
    state.select(1)
    assert state.apply([1], [card(1, 2)]) == {1, 2}
    assert current(state) == 1
    assert state.column_id == 2
    assert titles(state, 2) == [1, 3]
    state.go_column(-1)
    assert current(state) == 2


def test_a_card_that_moves_within_its_column_keeps_the_cursor() -> None:
    state = board(card(1), card(2), card(3))
    state.select(1)
    state.apply([1], [card(1, rank="z")])
    assert titles(state) == [2, 3, 1]
    assert current(state) == 1


def test_equal_ranks_are_ordered_by_uid() -> None:
    state = board(card(1, rank="a"), card(3, rank="a"))
    state.apply([2], [card(2, rank="a")])
    assert titles(state) == [1, 2, 3]


def test_a_card_of_an_unknown_column_is_left_out_until_the_column_is_known() -> None:
    state = board(card(1))
    assert state.apply([9], [card(9, 77)]) == set()
    assert 9 not in state.cards


def test_loading_anew_keeps_the_cursor_on_card_and_column() -> None:
    state = board(card(1), card(2), card(3, 2), card(4, 2))
    state.select(4)
    state.load(
        [column(3), column(2), column(1)], [], [card(0, 2), card(3, 2), card(4, 2)]
    )
    assert current(state) == 4
    assert state.lane(2).index == 2


def test_when_the_column_of_the_cursor_is_gone_its_place_is_taken_by_another() -> None:
    state = board(card(1), card(3, 2), card(5, 3))
    state.select(3)
    state.load([column(1), column(3)], [], [card(1), card(5, 3)])
    assert state.column_id == 3
    state.load([column(1)], [], [card(1)])
    assert state.column_id == 1


def test_the_cursor_goes_with_its_card_when_its_column_is_deleted() -> None:
    state = board(card(1), card(3, 2))
    state.select(3)
    state.load([column(1), column(3)], [], [card(1), card(3, 3)])
    assert current(state) == 3
    assert state.column_id == 3


def test_a_filter_hides_and_shows_and_keeps_the_cursor_where_it_can() -> None:
    state = board(card(1), card(2), card(3), card(4, 2))
    state.select(3)
    state.show_only({1, 3})
    assert titles(state) == [1, 3]
    assert current(state) == 3
    state.show_only({1})
    assert current(state) == 1
    state.show_only(None)
    assert titles(state) == [1, 2, 3]
    assert current(state) == 1


def test_a_filter_that_empties_the_column_takes_the_cursor_to_a_match() -> None:
    state = board(card(1), card(4, 2))
    state.show_only({4})
    assert current(state) == 4
    state.show_only(set())
    assert state.current is None


def test_what_comes_in_under_a_filter_is_shown_only_when_it_matches() -> None:
    state = board(card(1), card(2))
    state.show_only({1})
    state.apply([3], [card(3)], {1})
    assert titles(state) == [1]
    assert len(state.lane(1).all) == 3
    state.apply([4], [card(4)], {1, 4})
    assert titles(state) == [1, 4]


def test_selecting_a_hidden_or_unknown_task_changes_nothing() -> None:
    state = board(card(1), card(2))
    state.show_only({1})
    assert not state.select(2)
    assert not state.select(99)
    assert current(state) == 1


def test_neighbours_are_those_on_screen() -> None:
    state = board(card(1), card(2), card(3))
    state.show_only({1, 3})
    one = state.cards[1]
    found = state.neighbour(one, 1)
    assert found is not None and found.id == 3
    assert state.neighbour(one, -1) is None
    assert state.neighbour(card(99), 1) is None


def test_labels_come_in_the_order_of_the_card_and_unknown_ones_are_left_out() -> None:
    state = board(card(1))
    state.labels = {1: label(1, "a"), 2: label(2, "b")}
    found = [at.name for at in state.labels_of(card(1, label_ids="2,9,1"))]
    assert found == ["b", "a"]


def test_any_sequence_of_changes_ends_as_if_loaded_anew() -> None:
    chance = random.Random(7)
    state, truth = board(), dict[int, Card]()
    for _ in range(400):
        ids = [chance.randrange(30) for _ in range(chance.randrange(1, 6))]
        for id in ids:
            if chance.random() < 0.3:
                truth.pop(id, None)
            else:
                rank = f"a{chance.randrange(40):02}"
                truth[id] = card(id, chance.randrange(1, 4), rank)
        known = {found.id: found for found in truth.values()}
        state.apply(ids, [known[id] for id in set(ids) if id in known])
        state.go(chance.randrange(-3, 4))
        state.go_column(chance.randrange(-1, 2))
        before = state.current
        fresh = board(
            *sorted(known.values(), key=lambda at: (at.column_id, at.rank, at.uid))
        )
        for lane in (1, 2, 3):
            assert titles(state, lane) == titles(fresh, lane)
            found = state.lane(lane)
            assert (found.current.id if found.current else None) == found.selected
        assert state.current is before
