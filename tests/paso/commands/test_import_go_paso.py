"""Import of Go Paso's database: all that is in it, and not a byte of it changed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from paso.commands import columns, projects, tasks, undo
from paso.commands.import_go_paso import import_go_paso
from paso.database.connection import Database, open_database
from paso.errors import ForeignDatabase, InvalidValue, NotFound, StoreDamaged
from paso.model import Task
from tests.paso.commands.go_paso import BOARD, make_go_paso


def prints(folder: Path) -> dict[str, str]:
    """Every file of a folder with a hash of what is in it."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in os.listdir(folder)
    }


@pytest.fixture
def go_home(tmp_path: Path) -> Path:
    home = tmp_path / "go"
    home.mkdir()
    return home


def imported(db: Database, go_home: Path, board: str = BOARD) -> list[str]:
    """Import a board and return what the report says of it."""
    path = make_go_paso(go_home / "tasks.db", board)
    before = prints(go_home)
    report = import_go_paso(db, str(path))
    assert prints(go_home) == before
    return list(report.skipped)


def by_title(db: Database) -> dict[str, Task]:
    return {task.title: task for task in tasks.list_tasks(db, None, archived=None)}


def test_everything_comes_over(empty_db: Database, go_home: Path) -> None:
    assert imported(empty_db, go_home) == []
    (project,) = projects.list_projects(empty_db)
    assert (project.key, project.name, project.description) == (
        "WEB", "Web Shop", "Ours",
    )  # fmt: skip
    assert project.created_at == "2026-01-03T10:00:00.000Z"
    assert [(c.name, c.role) for c in columns.list_columns(empty_db, project.id)] == [
        ("Todo", "ready"), ("Review", None), ("In Progress", "in-progress"),
        ("Done", "completed"),
    ]  # fmt: skip
    listed = tasks.list_tasks(empty_db, project.id)
    assert [task.title for task in listed] == [
        "First by position", "Blocked one", "Blocker", "Finished",
    ]  # fmt: skip
    found = by_title(empty_db)
    blocked = found["Blocked one"]
    assert blocked.number == 1
    assert (blocked.type, blocked.priority) == ("bug", "high")
    assert blocked.description == "text"
    assert [label.name for label in blocked.labels] == ["bug", "help wanted"]
    assert blocked.created_at == "2026-01-03T10:01:00.000Z"
    assert blocked.updated_at == "2026-01-04T11:00:00.000Z"
    assert blocked.blocked
    assert blocked.blocked_by == (found["Blocker"].key,)
    assert found["Blocker"].created_at == "2026-01-03T09:02:00.123Z"
    assert found["Finished"].parent == found["First by position"].key
    assert found["Finished"].completed_at == "2026-01-05T09:00:00.000Z"
    comments = tasks.task_details(empty_db, blocked.id).comments
    assert [(c.author, c.body) for c in comments] == [("", "first"), ("ann", "second")]
    kinds = {
        r.kind for r in tasks.task_details(empty_db, found["Blocker"].id).relations
    }
    assert kinds == {"blocks", "related"}
    assert tasks.create_task(empty_db, project.id, "Next").number == 12


def test_the_newer_schema_comes_over_too(empty_db: Database, go_home: Path) -> None:
    path = make_go_paso(go_home / "tasks.db", later=True)
    conn = sqlite3.connect(path)
    conn.executescript(
        "INSERT INTO assignees VALUES (5, 'ann');"
        "UPDATE tasks SET assignee_id = 5, due_date = '2026-12-24 00:00:00+00:00'"
        " WHERE id = 1; UPDATE tasks SET archived = 1 WHERE id = 2"
    )
    conn.close()
    import_go_paso(empty_db, str(path))
    found = by_title(empty_db)
    assert found["Blocked one"].assignee == "ann"
    assert found["Blocked one"].due == "2026-12-24"
    assert found["Blocked one"].number == 1
    assert found["Blocker"].archived
    assert tasks.create_task(
        empty_db, found["Blocker"].project_id, "Next"
    ).number == 12  # fmt: skip


def test_tables_that_an_older_version_lacks_are_not_missed(
    empty_db: Database, go_home: Path
) -> None:
    imported(
        empty_db,
        go_home,
        BOARD + "DROP TABLE task_comments; DROP TABLE task_labels; DROP TABLE labels;",
    )
    assert len(by_title(empty_db)) == 4


def test_a_second_import_changes_nothing(empty_db: Database, go_home: Path) -> None:
    imported(empty_db, go_home)
    head = empty_db.change_head()
    report = import_go_paso(empty_db, str(go_home / "tasks.db"))
    assert report.projects == ()
    assert report.skipped == ("project Web Shop: is on this board already",)
    assert empty_db.change_head() == head


def test_one_undo_takes_it_all_back(empty_db: Database, go_home: Path) -> None:
    imported(empty_db, go_home)
    undo.undo(empty_db)
    assert projects.list_projects(empty_db) == []


def test_cycles_and_second_parents_are_left_out_and_told(
    empty_db: Database, go_home: Path
) -> None:
    notes = imported(
        empty_db,
        go_home,
        BOARD + "INSERT INTO task_subtasks VALUES (2, 1, 2), (1, 4, 1), (3, 3, 3);",
    )
    assert len(notes) == 3
    assert "would make a cycle" in notes[0]
    assert "has a parent already" in notes[1]
    assert "is the task itself" in notes[2]


def test_broken_column_links_lose_no_column(empty_db: Database, go_home: Path) -> None:
    """Two heads, a ring, and a link to a column of nowhere."""
    notes = imported(
        empty_db,
        go_home,
        "INSERT INTO projects (id, name) VALUES (1, 'Ring');"
        "INSERT INTO columns (id, name, prev_id, next_id, project_id) VALUES"
        " (1, 'a', 2, 2, 1), (2, 'b', 1, 1, 1), (3, 'c', NULL, 99, 1),"
        " (4, 'd', 98, NULL, 1);",
    )
    assert notes == []
    (project,) = projects.list_projects(empty_db)
    names = [column.name for column in columns.list_columns(empty_db, project.id)]
    assert names == ["c", "d", "a", "b"]


def test_what_our_rules_refuse_is_repaired_and_told(
    empty_db: Database, go_home: Path
) -> None:
    notes = imported(
        empty_db,
        go_home,
        "INSERT INTO projects (id, name, created_at) VALUES (1, '  ', NULL),"
        " (2, 'Empty', 'never');"
        "INSERT INTO columns (id, name, project_id, holds_ready_tasks) VALUES"
        " (1, 'next', 1, 1), (2, 'Same', 1, 0), (3, 'same', 1, 0), (4, '', 1, 0);"
        "INSERT INTO labels (id, name, color, project_id) VALUES"
        " (1, 'Bug', 'red', 1), (2, 'bug', '#00ff00', 1);"
        "INSERT INTO tasks (id, title, column_id, position, ticket_number, type_id,"
        " priority_id, created_at) VALUES"
        " (1, ' ', 1, 0, 5, 1, 3, 'x'), (2, 'a\nb', 1, 1, 5, 9, 9, ''),"
        f" (3, '{'x' * 300}', 1, 2, NULL, 1, 3, NULL),"
        " (4, 'neg', 1, 3, -1, 1, 3, NULL);"
        "INSERT INTO task_comments (task_id, content, author) VALUES (1, ' ', 'a');",
    )
    text = "\n".join(notes)
    assert "'next' is now 'next (2)'" in text
    assert "'same' is now 'same (2)'" in text
    assert "'bug' is now 'bug (2)'" in text
    assert "had no title" in text
    assert "the number 5" in text
    assert "was empty" in text
    assert "had no column" in text
    found = by_title(empty_db)
    assert set(found) == {"(untitled)", "a b", "x" * 255, "neg"}
    assert found["(untitled)"].number == 5
    assert len({task.number for task in found.values()}) == 4
    assert [p.name for p in projects.list_projects(empty_db)] == ["Empty", "Project 1"]


def test_text_that_is_not_utf8_and_odd_types_do_not_end_the_import(
    empty_db: Database, go_home: Path
) -> None:
    imported(
        empty_db,
        go_home,
        "INSERT INTO projects (id, name) VALUES (1, CAST(x'ff41' AS TEXT));"
        "INSERT INTO columns (id, name, project_id) VALUES (1, 'a', 1);"
        "INSERT INTO tasks (title, column_id, position) VALUES"
        " (CAST(x'41008042' AS TEXT), 1, 1), (17, 1, 'high');",
    )
    assert set(by_title(empty_db)) == {"A\ufffdB", "17"}


def test_relations_between_projects_are_left_out_and_told(
    empty_db: Database, go_home: Path
) -> None:
    notes = imported(
        empty_db,
        go_home,
        BOARD + "INSERT INTO projects (id, name) VALUES (2, 'Other');"
        "INSERT INTO columns (id, name, project_id) VALUES (9, 'a', 2);"
        "INSERT INTO tasks (id, title, column_id, position) VALUES (9, 'far', 9, 1);"
        "INSERT INTO task_subtasks VALUES (9, 1, 2), (1, 9, 1);",
    )
    assert len(notes) == 2
    assert all("two projects" in note for note in notes)


def test_a_board_that_a_living_program_holds_is_read_with_its_last_writes(
    empty_db: Database, go_home: Path
) -> None:
    path = make_go_paso(go_home / "tasks.db")
    alive = sqlite3.connect(path)
    alive.execute("PRAGMA wal_autocheckpoint=0")
    alive.execute("UPDATE tasks SET title = 'only in the log' WHERE id = 1")
    alive.commit()
    before = prints(go_home)
    import_go_paso(empty_db, str(path))
    assert "only in the log" in by_title(empty_db)
    after = prints(go_home)
    alive.close()
    # The -shm file holds the marks of readers and is no data.
    assert {n: h for n, h in after.items() if n != "tasks.db-shm"} == {
        n: h for n, h in before.items() if n != "tasks.db-shm"
    }


def test_a_log_left_by_a_crash_is_read_without_a_trace(
    empty_db: Database, go_home: Path, tmp_path: Path
) -> None:
    path = make_go_paso(tmp_path / "live.db")
    alive = sqlite3.connect(path)
    alive.execute("PRAGMA wal_autocheckpoint=0")
    alive.execute("UPDATE tasks SET title = 'only in the log' WHERE id = 1")
    alive.commit()
    for end in ("", "-wal"):
        data = (tmp_path / f"live.db{end}").read_bytes()
        (go_home / f"tasks.db{end}").write_bytes(data)
    alive.close()
    before = prints(go_home)
    import_go_paso(empty_db, str(go_home / "tasks.db"))
    assert "only in the log" in by_title(empty_db)
    assert prints(go_home) == before


def test_a_file_in_a_folder_that_cannot_be_written_is_read(
    empty_db: Database, go_home: Path
) -> None:
    path = make_go_paso(go_home / "tasks.db")
    path.chmod(0o400)
    go_home.chmod(0o500)
    try:
        assert import_go_paso(empty_db, str(path)).tasks == 4
    finally:
        go_home.chmod(0o700)


def test_at_the_place_of_our_own_database_it_is_refused_then_moved_aside(
    paso_home: Path,
) -> None:
    make_go_paso(paso_home / "tasks.db")
    before = prints(paso_home)
    with pytest.raises(ForeignDatabase) as caught:
        open_database(str(paso_home / "tasks.db"))
    assert "import go-paso" in (caught.value.hint or "")
    assert prints(paso_home)["tasks.db"] == before["tasks.db"]
    (paso_home / "tasks.db").rename(paso_home / "go-paso.db")
    db = open_database(str(paso_home / "tasks.db"))
    assert import_go_paso(db, str(paso_home / "go-paso.db")).tasks == 4
    db.close()


def test_what_is_no_such_database_is_said(empty_db: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        import_go_paso(empty_db, str(tmp_path / "absent.db"))
    with pytest.raises(NotFound):
        import_go_paso(empty_db, str(tmp_path))
    (tmp_path / "text.db").write_text("not a database at all, but long enough " * 50)
    with pytest.raises(StoreDamaged):
        import_go_paso(empty_db, str(tmp_path / "text.db"))
    (tmp_path / "empty.db").touch()
    with pytest.raises(InvalidValue):
        import_go_paso(empty_db, str(tmp_path / "empty.db"))
    with pytest.raises(InvalidValue):
        import_go_paso(empty_db, empty_db.path)
