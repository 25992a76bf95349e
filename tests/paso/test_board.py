"""The public Python API: read, write and follow a board as a script does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import paso
from paso import Board, open_board
from paso.errors import (
    AlreadyClaimed,
    ChangedMeanwhile,
    Conflict,
    CycleRefused,
    InvalidValue,
    NotFound,
    UsageError,
)
from paso.events.launcher import call


@pytest.fixture
def board(paso_home: Path) -> Iterator[Board]:
    """A board whose writes start no daemon."""
    with open_board(actor="ann", auto_start=False) as found:
        yield found


def test_the_names_of_the_package_are_there() -> None:
    assert set(paso.__all__) == {"Board", "PasoError", "__version__", "open_board"}
    assert all(getattr(paso, name) for name in paso.__all__)
    with pytest.raises(AttributeError):
        paso.nothing  # noqa: B018


def test_a_board_is_made_on_first_use_where_it_is_asked_for(tmp_path: Path) -> None:
    with open_board(str(tmp_path / "new"), actor="bob", auto_start=False) as found:
        assert found.paths.database == str(tmp_path / "new" / "tasks.db")
        assert [column.name for column in found.columns()] == [
            "To do", "In progress", "Done",
        ]  # fmt: skip
        assert "bug" in {label.name for label in found.labels()}
        assert found.config.actor == "bob"


def test_a_task_lives_its_life(board: Board) -> None:
    task = board.add(
        "Fix login", labels=["bug", "new one"], due="2026-12-01", priority="high",
        type="bug", description="text",
    )  # fmt: skip
    assert task.key == "PASO-1"
    assert [label.name for label in task.labels] == ["bug", "new one"]
    assert task.due == "2026-12-01"
    assert board.start(task).column.name == "In progress"
    assert board.claim("PASO-1").assignee == "ann"
    assert board.comment(task, "on it").author == "ann"
    assert board.edit(task, title="Fix the login").title == "Fix the login"
    assert board.done("login").completed_at is not None
    details = board.details("1")
    assert [comment.body for comment in details.comments] == ["on it"]
    assert board.archive(task).archived
    assert board.tasks() == []
    assert [found.id for found in board.tasks(archived=True)] == [task.id]
    assert not board.restore(task).archived
    board.delete(task)
    with pytest.raises(NotFound):
        board.task(task)
    board.undo()
    assert board.task(task).title == "Fix the login"
    board.redo()
    with pytest.raises(NotFound):
        board.task("PASO-1")


def test_one_add_is_one_step_even_with_new_labels(board: Board) -> None:
    board.add("x", labels=["fresh"])
    board.undo()
    assert board.tasks() == []
    assert "fresh" not in {label.name for label in board.labels()}


def test_tasks_are_filtered_in_the_language_of_the_command_line(board: Board) -> None:
    first = board.add("Fix login", labels=["bug"], priority="high")
    board.add("Write docs", blocked_by=[first])
    assert [t.title for t in board.tasks("label:bug prio>=high")] == ["Fix login"]
    assert [t.title for t in board.tasks("is:blocked")] == ["Write docs"]
    with pytest.raises(InvalidValue, match="position 1"):
        board.tasks("lable:bug")


def test_projects_are_told_apart(board: Board) -> None:
    web = board.add_project("Web site", key="WEB")
    board.add("in web", project=web)
    board.add("in web too", project="web")
    board.add("in mine", project="PASO")
    assert [p.key for p in board.projects()] == ["PASO", "WEB"]
    assert len(board.tasks()) == 3
    assert len(board.tasks(project="WEB")) == 2
    assert len(board.tasks("project:WEB", project="PASO")) == 2
    assert board.task("WEB-2").title == "in web too"
    assert board.project(web).counts.open == 2


def test_cards_are_moved_by_column_and_by_neighbour(board: Board) -> None:
    one, two, three = (board.add(title) for title in ("one", "two", "three"))

    def order() -> list[str]:
        return [task.title for task in board.tasks("col:ready")]

    board.move(three, before=one)
    assert order() == ["three", "one", "two"]
    board.move(three, after=two)
    assert order() == ["one", "two", "three"]
    board.move(three, top=True)
    board.move(one, bottom=True)
    assert order() == ["three", "two", "one"]
    assert board.add("first of all", top=True).position == 1
    assert board.move(two, "next").column.name == "In progress"
    assert board.move(two, "Done").column.role == "completed"
    assert board.move(two, "prev").column.name == "In progress"
    assert board.ready(two).column.role == "ready"
    with pytest.raises(Conflict):
        board.move(two, "prev")
    with pytest.raises(InvalidValue):
        board.move(two)


def test_relations_are_made_and_taken_away(board: Board) -> None:
    one, two = board.add("one"), board.add("two")
    assert board.link(one, blocks=two)
    assert not board.link(one, blocks=two)
    assert board.task(two).blocked
    with pytest.raises(CycleRefused):
        board.link(two, blocks=one)
    assert board.unlink(one, blocks=two)
    assert not board.unlink(one, blocks=two)
    assert board.link(one, child="two")
    assert board.task(two).parent == one.key
    assert board.link(one, related=two)
    with pytest.raises(UsageError):
        board.link(one)
    with pytest.raises(UsageError):
        board.link(one, blocks=two, child=two)


def test_an_edit_never_overwrites_what_was_not_read(board: Board) -> None:
    started = board.add("title", description="mine", labels=["a"])
    board.edit(started, title="theirs", labels=["b"])
    with pytest.raises(ChangedMeanwhile) as caught:
        board.edit(started, base=started, title="mine")
    assert caught.value.fields == {"title": ("mine", "theirs")}
    with pytest.raises(ChangedMeanwhile):
        board.edit(started, base=started, labels=["c"])
    with pytest.raises(ChangedMeanwhile):
        board.edit(started, if_version=1, title="mine")
    edited = board.edit(started, base=started, description="new", due="none")
    assert (edited.title, edited.description, edited.due) == ("theirs", "new", None)
    with pytest.raises(InvalidValue):
        board.edit(started, colour="red")


def test_a_claim_is_refused_when_somebody_has_it(board: Board) -> None:
    task = board.add("x", assignee="bob")
    with pytest.raises(AlreadyClaimed):
        board.claim(task)


def test_a_block_of_writes_is_one_step_and_falls_together(board: Board) -> None:
    with board.write("brought the plan in"):
        board.add("one")
        board.add("two")
    assert "plan" in board.undo().summary
    assert board.tasks() == []
    board.redo()
    with pytest.raises(ZeroDivisionError), board.write("half"):
        board.add("three")
        raise ZeroDivisionError
    assert [task.title for task in board.tasks()] == ["one", "two"]


def test_the_log_tells_who_did_what(board: Board) -> None:
    start = board.db.change_head()
    board.add("x")
    changes = board.log(since=start)
    assert {change.actor for change in changes} == {"ann"}
    assert "task" in {change.entity for change in changes}
    assert board.log(limit=1)[0].id == board.db.change_head()


def test_a_due_date_in_words_that_mean_nothing_is_refused(board: Board) -> None:
    with pytest.raises(InvalidValue):
        board.add("x", due="whenever")
    assert board.tasks() == []


def test_closing_twice_does_no_harm(paso_home: Path) -> None:
    board = open_board(auto_start=False)
    board.add("x")
    assert board.publisher is not None
    board.close()
    board.close()


def test_a_reader_makes_no_publisher(board: Board) -> None:
    board.tasks()
    assert board.publisher is None


def imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_api_is_cheap(paso_home: Path) -> None:
    heavy = {"asyncio", "textual", "rich", "orjson", "subprocess", "dataclasses",
             "inspect", "tomllib", "uuid", "paso_daemon", "redis",
             "psutil"}  # fmt: skip
    assert "sqlite3" not in imported_by("import paso")
    loaded = imported_by(
        "import paso; b = paso.open_board(auto_start=False); b.tasks('x'); b.close()"
    )
    assert not heavy & loaded
    assert "paso.events.publisher" not in loaded


def write_when(
    go: threading.Event, titles: list[str], auto_start: bool
) -> threading.Thread:
    """Write from a thread with a board of its own once `go` is set."""

    def write() -> None:
        go.wait(30)
        with open_board(actor="bob", auto_start=auto_start) as other:
            for title in titles:
                other.add(title)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize("auto_start", [True, False], ids=["daemon", "no-daemon"])
def test_following_gives_each_change_once_in_order(
    paso_home: Path, auto_start: bool
) -> None:
    with open_board(actor="ann", auto_start=auto_start) as board:
        if auto_start:
            call(board.paths, "status", {}, timeout_s=30, start=True)
        changes = board.follow(timeout_s=20)
        start = board.db.change_head()
        go = threading.Event()
        writer = write_when(go, ["one", "two", "three"], auto_start)
        go.set()
        seen = start
        for change in changes:
            assert change.first == seen + 1
            assert change.last is not None
            seen = change.last
            if len(board.tasks()) == 3 and seen == board.db.change_head():
                break
        writer.join()
        assert seen == board.db.change_head()


def test_following_begins_when_it_is_called_and_not_when_it_is_read(
    paso_home: Path,
) -> None:
    with open_board(actor="ann", auto_start=False) as board:
        changes = board.follow(timeout_s=20)
        task = board.add("between")
        entities = next(changes).entities
        assert task.uid in {entity.uid for entity in entities}


def test_following_ends_after_silence(paso_home: Path) -> None:
    with open_board(auto_start=False) as board:
        assert list(board.follow(timeout_s=0.2)) == []


def test_following_one_project_says_nothing_of_others(paso_home: Path) -> None:
    with open_board(actor="ann", auto_start=False) as board:
        web = board.add_project("Web", key="WEB")
        changes = board.follow(project="WEB", timeout_s=20)
        board.add("elsewhere", project="PASO")
        mine = board.add("here", project=web)
        change = next(changes)
        assert change.project_id == web.id
        assert mine.uid in {entity.uid for entity in change.entities}


def test_following_that_nobody_closed_may_be_collected_inside_another_loop(
    paso_home: Path,
) -> None:
    with open_board(auto_start=False) as board:
        changes = board.follow(timeout_s=20)
        board.add("Seen")
        next(changes)

        async def collect() -> None:
            changes.close()  # type: ignore[attr-defined]  # as the collector does

        asyncio.run(collect())


async def test_following_inside_a_running_loop_is_refused(paso_home: Path) -> None:
    with open_board(auto_start=False) as board, pytest.raises(UsageError):
        board.follow()


def test_sessions_are_read_as_the_command_line_does(board: Board) -> None:
    from paso.commands.sessions import create_session, session_lost

    task = board.add("Fix login")
    runs, over = (
        create_session(
            board.db, argv=["make", name], cwd="/", backend="pty", task_id=task.id
        )
        for name in ("test", "lint")
    )
    session_lost(board.db, over.id, "gone")
    lost = board.session(over)
    assert (lost.phase, lost.task) == ("lost", task.key)
    assert board.sessions() == board.sessions(task=task) == [lost, runs]
    assert board.sessions(live=True) == board.sessions(project="PASO", live=True)
    assert board.sessions(live=True) == [runs]
    assert board.sessions(live=False) == board.sessions(needs_user=True) == [lost]
    assert board.session(runs.id[:8]) == board.session("fix login") == runs
    assert [event.phase for event in board.session_history(lost)] == [
        "starting",
        "lost",
    ]
    with pytest.raises(NotFound):
        board.session("nothing")
    with pytest.raises(NotFound):
        board.sessions(task="PASO-99")
    assert {ref.id for ref in board.task(task).sessions} == {runs.id, over.id}
