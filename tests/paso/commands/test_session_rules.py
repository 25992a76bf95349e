"""What sessions do to cards: only where it was chosen, never against somebody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paso.commands import columns, projects, relations, sessions, tasks, undo
from paso.commands.session_rules import rules_of, set_rules
from paso.database.connection import Database, open_database
from paso.errors import InvalidValue, NotFound
from paso.model import COMPLETED, READY, RUNNING, Session, Task
from tests.paso.commands.running import HERE, create, end, in_phase, run


class Desk:
    """A project with columns Ideas, To do, In progress, Review, Done, and a task."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.project = projects.create_project(db, "Web", key="WEB").id
        self.todo, self.doing, self.done = columns.list_columns(db, self.project)
        self.review = columns.create_column(
            db, self.project, "Review", after=self.doing.id
        )
        self.ideas = columns.create_column(db, self.project, "Ideas")
        columns.move_column(db, self.ideas.id, before=self.todo.id)
        self.task = tasks.create_task(db, self.project, "Fix login")

    def rules(self) -> None:
        set_rules(self.db, self.project, start_moves=True, end_column_id=self.review.id)

    def where(self, task: Task | None = None) -> str:
        return tasks.get_task(self.db, (task or self.task).id).column.name

    def move(self, column_id: int) -> None:
        tasks.move_task(self.db, self.task.id, column_id=column_id)

    def steps(self) -> list[str]:
        """Words of the steps of undo, newest first."""
        sql = "SELECT summary FROM batches WHERE kind = 'write' ORDER BY id DESC"
        return [row[0] for row in self.db.rows(sql)]


@pytest.fixture
def desk(home_db: Database) -> Desk:
    return Desk(home_db)


@pytest.fixture
def ruled(desk: Desk) -> Desk:
    desk.rules()
    return desk


def test_without_rules_nothing_moves(desk: Desk) -> None:
    assert rules_of(desk.db, desk.project) == (False, None)
    session = run(desk.db, task_id=desk.task.id)
    assert desk.where() == "To do"
    end(desk.db, session)
    assert desk.where() == "To do"


def test_a_start_and_a_clean_end_move_the_card(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "In progress"
    end(ruled.db, session)
    assert ruled.where() == "Review"
    assert ruled.steps()[:2] == [
        "session “Fix login” ended: moved WEB-1 to Review",
        "session “Fix login” started: moved WEB-1 to In progress",
    ]


def test_each_rule_works_alone(desk: Desk) -> None:
    set_rules(desk.db, desk.project, start_moves=True)
    session = run(desk.db, task_id=desk.task.id)
    assert desk.where() == "In progress"
    set_rules(desk.db, desk.project, start_moves=False, end_column_id=desk.review.id)
    end(desk.db, session)
    assert desk.where() == "Review"
    assert desk.steps()[0] == "session “Fix login” ended: moved WEB-1 to Review"


@pytest.mark.parametrize("code", [1, 130, None])
def test_only_an_end_with_0_moves_the_card(ruled: Desk, code: int | None) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    sessions.session_ended(ruled.db, session.id, exit_code=code)
    assert ruled.where() == "In progress"


def test_an_end_that_was_asked_for_is_clean_only_with_0(ruled: Desk) -> None:
    session = in_phase(ruled.db, "stopping", task_id=ruled.task.id)
    sessions.session_ended(ruled.db, session.id, exit_code=143, signal=15)
    assert ruled.where() == "In progress"


@pytest.mark.parametrize(
    "gone",
    [
        lambda db, one: sessions.session_lost(db, one.id, "gone"),
        lambda db, one: sessions.session_start_failed(db, one.id, "no such file"),
    ],
)
def test_what_failed_or_is_lost_moves_nothing(
    ruled: Desk, gone: Callable[[Database, Session], Session]
) -> None:
    gone(ruled.db, run(ruled.db, task_id=ruled.task.id))
    assert ruled.where() == "In progress"


def test_one_that_is_found_again_moves_nothing(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    sessions.session_lost(ruled.db, session.id, "gone")
    ruled.move(ruled.todo.id)
    sessions.session_running(ruled.db, session.id, HERE)
    assert ruled.where() == "To do"


@pytest.mark.parametrize(
    ("column", "moves"),
    [
        ("Ideas", True),
        ("To do", True),
        ("In progress", False),
        ("Review", False),
        ("Done", False),
    ],
)
def test_a_start_only_moves_forward(ruled: Desk, column: str, moves: bool) -> None:
    named = {c.name: c.id for c in columns.list_columns(ruled.db, ruled.project)}
    ruled.move(named[column])
    run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == ("In progress" if moves else column)


def test_a_ready_card_starts_wherever_its_column_stands(ruled: Desk) -> None:
    columns.move_column(ruled.db, ruled.todo.id, after=ruled.done.id)
    run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "In progress"


def test_without_a_column_in_progress_a_start_moves_nothing(ruled: Desk) -> None:
    columns.set_role(ruled.db, ruled.doing.id, None)
    run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "To do"


def by_somebody_else(desk: Desk, column_id: int) -> None:
    other = open_database(desk.db.path, actor="bob")
    try:
        tasks.move_task(other, desk.task.id, column_id=column_id)
    finally:
        other.close()


def by_hand(desk: Desk, column_id: int) -> None:
    desk.move(column_id)


def by_a_shell(desk: Desk, column_id: int) -> None:
    sql = "UPDATE tasks SET column_id = ? WHERE id = ?"
    desk.db.conn.execute(sql, (column_id, desk.task.id))


MOVERS = [by_hand, by_somebody_else, by_a_shell]


@pytest.mark.parametrize("move", MOVERS)
def test_a_card_that_somebody_moved_is_left_at_the_end(
    ruled: Desk, move: Callable[[Desk, int], None]
) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    move(ruled, ruled.ideas.id)
    end(ruled.db, session)
    assert ruled.where() == "Ideas"


@pytest.mark.parametrize("move", MOVERS)
def test_a_card_that_was_moved_and_moved_back_is_left_too(
    ruled: Desk, move: Callable[[Desk, int], None]
) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    move(ruled, ruled.todo.id)
    move(ruled, ruled.doing.id)
    end(ruled.db, session)
    assert ruled.where() == "In progress"


@pytest.mark.parametrize("move", MOVERS)
def test_a_card_that_was_moved_before_the_start_is_left(
    ruled: Desk, move: Callable[[Desk, int], None]
) -> None:
    session = create(ruled.db, task_id=ruled.task.id)
    move(ruled, ruled.ideas.id)
    sessions.session_running(ruled.db, session.id, HERE)
    assert ruled.where() == "Ideas"
    end(ruled.db, session)
    assert ruled.where() == "Ideas"


def test_who_takes_a_move_back_has_moved_it(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    step = undo.undo(ruled.db, actor="ann")
    assert step.summary == "session “Fix login” started: moved WEB-1 to In progress"
    assert ruled.where() == "To do"
    assert sessions.get_session(ruled.db, session.id).phase == RUNNING
    end(ruled.db, session)
    assert ruled.where() == "To do"


def test_a_move_up_or_down_is_none_to_another_column(ruled: Desk) -> None:
    tasks.create_task(ruled.db, ruled.project, "x", column_id=ruled.doing.id)
    session = run(ruled.db, task_id=ruled.task.id)
    tasks.move_task(ruled.db, ruled.task.id, top=True)
    end(ruled.db, session)
    assert ruled.where() == "Review"


def test_other_changes_of_the_card_are_no_moves(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    tasks.edit_task(ruled.db, ruled.task.id, {"title": "Fix the login"})
    tasks.archive_task(ruled.db, ruled.task.id, True)
    tasks.archive_task(ruled.db, ruled.task.id, False)
    tasks.delete_task(ruled.db, ruled.task.id)
    undo.undo(ruled.db)
    other = tasks.create_task(ruled.db, ruled.project, "y", column_id=ruled.ideas.id)
    relations.link(ruled.db, ruled.task.id, other.id, "related")
    tasks.move_task(ruled.db, other.id, column_id=ruled.done.id)
    end(ruled.db, session)
    assert ruled.where() == "Review"


def test_two_sessions_of_a_card_do_not_stop_each_other(ruled: Desk) -> None:
    one = create(ruled.db, task_id=ruled.task.id, title="one")
    two = create(ruled.db, task_id=ruled.task.id, title="two")
    sessions.session_running(ruled.db, one.id, HERE)
    sessions.session_running(ruled.db, two.id, HERE)
    assert ruled.where() == "In progress"
    assert [words for words in ruled.steps() if "moved WEB" in words] == [
        "session “one” started: moved WEB-1 to In progress"
    ]
    end(ruled.db, two)
    assert ruled.where() == "Review"
    end(ruled.db, one)
    assert ruled.where() == "Review"
    moves = [words for words in ruled.steps() if "moved WEB" in words]
    assert moves[0] == "session “two” ended: moved WEB-1 to Review"
    assert len(moves) == 2


def test_one_started_later_moves_a_card_that_was_moved_before(ruled: Desk) -> None:
    first = run(ruled.db, task_id=ruled.task.id)
    ruled.move(ruled.todo.id)
    second = run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "In progress"
    end(ruled.db, first)
    assert ruled.where() == "In progress", "it was moved since the first one began"
    end(ruled.db, second)
    assert ruled.where() == "Review"


def test_a_full_column_takes_no_card_and_the_session_says_so(ruled: Desk) -> None:
    columns.set_wip(ruled.db, ruled.doing.id, 1)
    tasks.create_task(ruled.db, ruled.project, "x", column_id=ruled.doing.id)
    session = run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "To do"
    words = "WEB-1 stays where it is: In progress holds 1 of 1 cards"
    assert (session.phase, session.reason) == (RUNNING, words)
    columns.set_wip(ruled.db, ruled.review.id, 1)
    tasks.create_task(ruled.db, ruled.project, "y", column_id=ruled.review.id)
    over = end(ruled.db, session)
    assert ruled.where() == "To do"
    words = "WEB-1 stays where it is: Review holds 1 of 1 cards"
    assert (over.phase, over.reason) == ("ended", words)


def test_a_completed_column_cannot_be_chosen(desk: Desk) -> None:
    with pytest.raises(InvalidValue, match="never completes a task"):
        set_rules(desk.db, desk.project, end_column_id=desk.done.id)
    assert rules_of(desk.db, desk.project).end_column is None


def test_a_column_that_completes_by_now_is_not_used(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    columns.set_role(ruled.db, ruled.done.id, None)
    columns.set_role(ruled.db, ruled.review.id, COMPLETED)
    end(ruled.db, session)
    assert ruled.where() == "In progress"
    rule = rules_of(ruled.db, ruled.project).end_column
    assert rule is not None and rule.role == COMPLETED
    columns.set_role(ruled.db, ruled.review.id, None)
    end(ruled.db, run(ruled.db, task_id=ruled.task.id))
    assert ruled.where() == "Review"


def archive_task(desk: Desk) -> None:
    tasks.archive_task(desk.db, desk.task.id, True)


def delete_task(desk: Desk) -> None:
    tasks.delete_task(desk.db, desk.task.id)


def archive_project(desk: Desk) -> None:
    projects.archive_project(desk.db, desk.project, True)


def delete_project(desk: Desk) -> None:
    projects.delete_project(desk.db, desk.project, force=True)


@pytest.mark.parametrize(
    "away", [archive_task, delete_task, archive_project, delete_project]
)
def test_a_card_that_is_away_does_not_hold_its_session_up(
    ruled: Desk, away: Callable[[Desk], None]
) -> None:
    before = create(ruled.db, task_id=ruled.task.id)
    running = run(ruled.db, task_id=ruled.task.id)
    assert ruled.where() == "In progress"
    away(ruled)
    steps = ruled.steps()
    assert sessions.session_running(ruled.db, before.id, HERE).reason == ""
    for session in (before, running):
        over = end(ruled.db, session)
        assert (over.phase, over.reason) == ("ended", "")
    assert ruled.steps() == steps


def test_a_deleted_column_moves_nothing_until_it_is_back(ruled: Desk) -> None:
    session = run(ruled.db, task_id=ruled.task.id)
    columns.delete_column(ruled.db, ruled.review.id)
    assert rules_of(ruled.db, ruled.project) == (True, None)
    end(ruled.db, session)
    assert ruled.where() == "In progress"
    undo.undo(ruled.db)
    end(ruled.db, run(ruled.db, task_id=ruled.task.id))
    assert ruled.where() == "Review"


def test_the_rules_of_another_project_are_not_those(ruled: Desk) -> None:
    other = projects.create_project(ruled.db, "Api")
    task = tasks.create_task(ruled.db, other.id, "x")
    end(ruled.db, run(ruled.db, task_id=task.id))
    assert tasks.get_task(ruled.db, task.id).column.role == READY
    with pytest.raises(InvalidValue, match="another project"):
        set_rules(ruled.db, other.id, end_column_id=ruled.review.id)


def test_what_there_is_not_has_no_rules(desk: Desk) -> None:
    with pytest.raises(NotFound):
        rules_of(desk.db, 99)
    with pytest.raises(NotFound):
        set_rules(desk.db, 99, start_moves=True)
    with pytest.raises(NotFound):
        set_rules(desk.db, desk.project, end_column_id=99)


def test_the_choice_of_rules_can_be_undone(ruled: Desk) -> None:
    assert ruled.steps()[0] == "set what sessions do to the cards of WEB"
    set_rules(ruled.db, ruled.project, end_column_id=None)
    assert rules_of(ruled.db, ruled.project) == (True, None)
    undo.undo(ruled.db)
    rules = rules_of(ruled.db, ruled.project)
    assert rules.end_column is not None and rules.end_column.name == "Review"
    undo.undo(ruled.db)
    assert rules_of(ruled.db, ruled.project) == (False, None)
    undo.redo(ruled.db)
    assert rules_of(ruled.db, ruled.project).start_moves


def test_a_deleted_project_comes_back_with_its_rules(ruled: Desk) -> None:
    before = rules_of(ruled.db, ruled.project)
    session = run(ruled.db, task_id=ruled.task.id)
    delete_project(ruled)
    left = sessions.get_session(ruled.db, session.id)
    assert (left.project, left.task, left.task_title) == (None, None, None)
    assert left.task_uid == ruled.task.uid
    undo.undo(ruled.db)
    assert rules_of(ruled.db, ruled.project) == before
    assert sessions.get_session(ruled.db, session.id) == session
    end(ruled.db, session)
    assert ruled.where() == "Review"


def test_a_project_that_is_older_than_the_rules_can_be_undone(desk: Desk) -> None:
    made = projects.create_project(desk.db, "Old", key="OLD")
    desk.db.conn.execute("DELETE FROM change_fields WHERE name = 'session_start_moves'")
    assert undo.undo(desk.db).summary == "created project OLD"
    with pytest.raises(NotFound):
        projects.get_project(desk.db, made.id)


def test_a_move_is_undone_by_who_made_the_session(ruled: Desk, paso_home: Path) -> None:
    session = create(ruled.db, task_id=ruled.task.id)
    daemon = open_database(ruled.db.path, actor="daemon", client="daemon")
    try:
        sessions.session_running(daemon, session.id, HERE)
    finally:
        daemon.close()
    assert ruled.where() == "In progress"
    assert "WEB-1" in undo.undo(ruled.db, actor="ann").summary
    assert ruled.where() == "To do"


def test_a_linked_session_moves_its_new_card(ruled: Desk) -> None:
    session = run(ruled.db, project_id=ruled.project)
    sessions.link_session(ruled.db, session.id, ruled.task.id)
    assert ruled.where() == "To do"
    end(ruled.db, session)
    assert ruled.where() == "Review"


def test_what_was_moved_before_the_link_does_not_count(ruled: Desk) -> None:
    session = run(ruled.db)
    ruled.move(ruled.doing.id)
    sessions.link_session(ruled.db, session.id, ruled.task.id)
    end(ruled.db, session)
    assert ruled.where() == "Review"


def test_a_short_run_written_at_once_is_one_step(ruled: Desk) -> None:
    with ruled.db.write():
        end(ruled.db, run(ruled.db, task_id=ruled.task.id))
    assert ruled.where() == "Review"
    undo.undo(ruled.db)
    assert ruled.where() == "To do"
