"""paso/commands/moves.py: where cards go, one row written, limits and completion."""

from __future__ import annotations

import pytest

from paso.commands import columns, projects, tasks
from paso.database.connection import Database
from paso.errors import Conflict, InvalidValue, NotFound, WipLimitReached
from tests.paso.database.processes import run_all

TODO, DOING, DONE = 1, 2, 3


@pytest.fixture
def cards(db: Database) -> dict[str, int]:
    """Cards a to e in the first column, by title."""
    return {word: tasks.create_task(db, 1, word).id for word in "abcde"}


def titles(db: Database, column_id: int = TODO) -> str:
    found = [t for t in tasks.list_tasks(db, 1) if t.column.id == column_id]
    assert [t.position for t in found] == list(range(1, len(found) + 1))
    return "".join(t.title for t in found)


def rows_written(db: Database) -> int:
    assert db.last_commit
    return len(db.last_commit.entities)


@pytest.mark.parametrize(
    ("moved", "where", "order"),
    [
        ("c", {"top": True}, "cabde"),
        ("c", {"bottom": True}, "abdec"),
        ("e", {"before": "b"}, "aebcd"),
        ("a", {"before": "e"}, "bcdae"),
        ("e", {"after": "a"}, "aebcd"),
        ("a", {"after": "e"}, "bcdea"),
        ("d", {"before": "a"}, "dabce"),
    ],
)
def test_a_card_moves_inside_its_column_by_one_row(
    db: Database,
    cards: dict[str, int],
    moved: str,
    where: dict[str, str | bool],
    order: str,
) -> None:
    target = {
        name: cards[value] if isinstance(value, str) else value
        for name, value in where.items()
    }
    tasks.move_task(db, cards[moved], **target)  # type: ignore[arg-type]
    assert titles(db) == order
    assert rows_written(db) == 1


@pytest.mark.parametrize(
    ("moved", "where"),
    [
        ("a", {"top": True}),
        ("e", {"bottom": True}),
        ("b", {"after": "a"}),
        ("b", {"before": "c"}),
        ("b", {"column_id": TODO}),
    ],
)
def test_a_card_that_is_there_already_is_not_written(
    db: Database, cards: dict[str, int], moved: str, where: dict[str, str | int]
) -> None:
    head = db.change_head()
    target = {
        name: cards[value] if isinstance(value, str) else value
        for name, value in where.items()
    }
    tasks.move_task(db, cards[moved], **target)  # type: ignore[arg-type]
    assert (titles(db), db.change_head()) == ("abcde", head)


def test_a_card_goes_to_the_bottom_of_another_column(
    db: Database, cards: dict[str, int]
) -> None:
    for word in "ca":
        tasks.move_task(db, cards[word], column_id=DOING)
        assert rows_written(db) == 1
    tasks.move_task(db, cards["e"], column_id=DOING, top=True)
    tasks.move_task(db, cards["b"], before=cards["a"])
    assert (titles(db), titles(db, DOING)) == ("d", "ecba")


def test_cards_of_one_rank_leave_room_between_them(
    db: Database, cards: dict[str, int]
) -> None:
    with db.write("a merge"):
        db.run("UPDATE tasks SET rank = 'a1' WHERE title IN ('b', 'c', 'd')")
    order = titles(db)
    middle = order[2]
    tasks.move_task(db, cards["e"], after=cards[middle])
    expected = order.replace("e", "").replace(middle, middle + "e")
    assert titles(db) == expected
    assert rows_written(db) <= 3
    tasks.move_task(db, cards["a"], before=cards["e"])
    assert titles(db) == expected.replace("a", "").replace("e", "ae")


@pytest.mark.parametrize("rank", ["", "!", "ä", "zzzz"])
def test_ranks_that_are_none_are_replaced(
    db: Database, cards: dict[str, int], rank: str
) -> None:
    with db.write("another program"):
        db.run("UPDATE tasks SET rank = ?", (rank,))
    order = titles(db)
    moved, anchor = order[0], order[3]
    tasks.move_task(db, cards[moved], before=cards[anchor])
    rest = order.replace(moved, "")
    assert titles(db) == rest.replace(anchor, moved + anchor)
    last = tasks.create_task(db, 1, "z")
    assert last.position == 6
    assert tasks.create_task(db, 1, "t", at="top").position == 1


def test_a_thousand_moves_to_one_place_keep_the_order(
    db: Database, cards: dict[str, int]
) -> None:
    with db.write("many"):
        for turn in range(300):
            word = "bcde"[turn % 4]
            tasks.move_task(db, cards[word], after=cards["a"])
    assert titles(db) == "aedcb"
    longest = db.value("SELECT max(length(rank)) FROM tasks")
    assert longest < 120


def test_completion_follows_the_column(db: Database, cards: dict[str, int]) -> None:
    done = tasks.move_task(db, cards["a"], column_id=DONE)
    assert done.completed_at
    again = tasks.move_task(db, cards["a"], column_id=DONE, top=True)
    assert again.completed_at == done.completed_at
    assert tasks.move_task(db, cards["a"], column_id=DOING).completed_at is None


def test_a_full_column_takes_a_card_by_force_only(
    db: Database, cards: dict[str, int]
) -> None:
    columns.set_wip(db, DOING, 1)
    tasks.move_task(db, cards["a"], column_id=DOING)
    with pytest.raises(WipLimitReached, match="In progress holds 1 of 1"):
        tasks.move_task(db, cards["b"], column_id=DOING)
    tasks.move_task(db, cards["a"], column_id=DOING, top=True)
    tasks.move_task(db, cards["b"], column_id=DOING, force=True)
    tasks.archive_tasks(db, [cards["a"], cards["b"]])
    tasks.move_task(db, cards["c"], column_id=DOING)
    with pytest.raises(WipLimitReached):
        tasks.archive_task(db, cards["a"], False)
    assert not tasks.archive_task(db, cards["a"], False, force=True).archived


def test_two_processes_do_not_overfill_a_column(
    db: Database, cards: dict[str, int]
) -> None:
    columns.set_wip(db, DOING, 2)
    script = (
        "from paso.commands.tasks import move_task\n"
        "from paso.database.connection import open_database\n"
        "from paso.errors import WipLimitReached\n"
        "try: move_task(open_database(sys.argv[1]), int(sys.argv[2]), column_id=2)\n"
        "except WipLimitReached: pass\n"
    )
    run_all(script, [(db.path, str(task_id)) for task_id in cards.values()])
    assert len(titles(db, DOING)) == 2


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "say where to"),
        ({"before": 1}, "beside itself"),
        ({"after": 1}, "beside itself"),
        ({"column_id": 2, "before": 2}, "another column"),
    ],
)
def test_a_wrong_target_is_told(
    db: Database, cards: dict[str, int], where: dict[str, int], message: str
) -> None:
    with pytest.raises(InvalidValue, match=message):
        tasks.move_task(db, 1, **where)  # type: ignore[arg-type]


def test_what_is_not_there_is_told(db: Database, cards: dict[str, int]) -> None:
    for where in ({"column_id": 99}, {"before": 99}, {"after": 99}):
        with pytest.raises(NotFound):
            tasks.move_task(db, 1, **where)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        tasks.move_task(db, 99, top=True)


def test_a_task_stays_in_its_project(db: Database, cards: dict[str, int]) -> None:
    other = projects.create_project(db, "Other")
    column = columns.list_columns(db, other.id)[0]
    with pytest.raises(InvalidValue, match="stays in its project"):
        tasks.move_task(db, 1, column_id=column.id)


def test_an_archived_task_is_restored_before_it_moves(
    db: Database, cards: dict[str, int]
) -> None:
    tasks.archive_task(db, cards["b"])
    with pytest.raises(Conflict, match="PASO-2 is archived"):
        tasks.move_task(db, cards["b"], top=True)
    with pytest.raises(Conflict, match="PASO-2 is archived"):
        tasks.move_task(db, cards["a"], after=cards["b"])


def test_an_archived_task_comes_back_where_it_was(
    db: Database, cards: dict[str, int]
) -> None:
    assert tasks.archive_task(db, cards["b"]).archived
    assert titles(db) == "acde"
    head = db.change_head()
    tasks.archive_task(db, cards["b"])
    assert db.change_head() == head
    tasks.archive_task(db, cards["b"], False)
    assert titles(db) == "abcde"
    with pytest.raises(NotFound):
        tasks.archive_tasks(db, [cards["a"], 99])
    assert titles(db) == "abcde"


# several at once


@pytest.mark.parametrize(
    ("where", "order"),
    [
        ({"top": True}, "dbace"),
        ({"bottom": True}, "acedb"),
        ({"before": "c"}, "adbce"),
        ({"after": "c"}, "acdbe"),
    ],
)
def test_several_cards_move_in_the_order_given_as_one_step(
    db: Database,
    cards: dict[str, int],
    where: dict[str, str | bool],
    order: str,
) -> None:
    target = {
        name: cards[value] if isinstance(value, str) else value
        for name, value in where.items()
    }
    steps = db.value("SELECT count(*) FROM batches")
    moved = tasks.move_tasks(db, [cards["d"], cards["b"]], **target)  # type: ignore[arg-type]
    assert titles(db) == order
    assert {task.title for task in moved} == {"b", "d"}
    assert db.value("SELECT count(*) FROM batches") == steps + 1


def test_several_cards_move_all_or_none(db: Database, cards: dict[str, int]) -> None:
    columns.set_wip(db, DOING, 1)
    with pytest.raises(WipLimitReached):
        tasks.move_tasks(db, [cards["a"], cards["b"]], column_id=DOING)
    assert (titles(db), titles(db, DOING)) == ("abcde", "")


# words for columns


def test_the_neighbour_column_ends_at_the_edges(
    db: Database, cards: dict[str, int]
) -> None:
    assert tasks.neighbour_column(db, cards["a"], 1).id == DOING
    with pytest.raises(Conflict, match="first column"):
        tasks.neighbour_column(db, cards["a"], -1)
    tasks.move_task(db, cards["a"], column_id=DONE)
    with pytest.raises(Conflict, match="last column"):
        tasks.neighbour_column(db, cards["a"], 1)
    assert tasks.neighbour_column(db, cards["a"], -1).id == DOING


def test_a_task_goes_to_the_column_of_a_role(
    db: Database, cards: dict[str, int]
) -> None:
    assert tasks.set_role_column(db, cards["a"], "in-progress").column.id == DOING
    head = db.change_head()
    assert tasks.set_role_column(db, cards["a"], "in-progress").column.id == DOING
    assert db.change_head() == head
    columns.set_role(db, DONE, None)
    with pytest.raises(NotFound, match="no column has the role completed") as caught:
        tasks.set_role_column(db, cards["a"], "completed")
    assert "Done" in caught.value.candidates
