"""Export and import of JSON: nothing is lost, nothing half done, errors have a path."""

from __future__ import annotations

import copy
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paso.commands import columns, projects, sessions, tasks, undo
from paso.commands.document import read_document
from paso.commands.export_json import export_json
from paso.commands.import_json import import_json
from paso.commands.session_rules import rules_of, set_rules
from paso.database.connection import Database, open_database
from paso.errors import Conflict, InvalidValue, NotFound
from tests.paso.commands.boards import furnish, snapshot, without_time

NOW = "2026-11-20T12:00:00.000Z"


def test_a_board_comes_back_as_it_was(home_db: Database, empty_db: Database) -> None:
    furnish(home_db)
    document = json.loads(json.dumps(export_json(home_db, None)))
    report = import_json(empty_db, document)
    assert report.projects == ("PASO", "WEB")
    assert report.tasks == 5
    assert report.skipped == ()
    assert snapshot(empty_db) == snapshot(home_db)


def test_the_document_is_versioned_and_whole(home_db: Database) -> None:
    project_id = furnish(home_db)
    document = export_json(home_db, project_id)
    assert document["paso"] == 1
    (project,) = document["projects"]
    assert project["key"] == "WEB"
    assert project["last_number"] == 6
    assert [column["name"] for column in project["columns"]] == [
        "To do", "In progress", "Review", "Done",
    ]  # fmt: skip
    assert [task["title"] for task in project["tasks"]][:2] == [
        "Write docs", "Fix login",
    ]  # fmt: skip
    assert {relation["kind"] for relation in project["relations"]} == {
        "blocks", "parent", "related",
    }  # fmt: skip
    comments = project["tasks"][1]["comments"]
    assert [(c["author"], c["body"]) for c in comments] == [
        ("bob", "Seen it\ntoo"), ("ann", "Done soon"),
    ]  # fmt: skip


def test_an_unknown_project_cannot_be_exported(home_db: Database) -> None:
    with pytest.raises(NotFound):
        export_json(home_db, 99)


def test_a_second_import_changes_nothing_and_says_so(
    home_db: Database, empty_db: Database
) -> None:
    furnish(home_db)
    document = export_json(home_db, None)
    import_json(empty_db, document)
    head = empty_db.change_head()
    report = import_json(empty_db, document)
    assert report.projects == ()
    assert report.tasks == 0
    assert len(report.skipped) == 2
    assert "already" in report.skipped[0]
    assert empty_db.change_head() == head


def test_the_import_is_one_step_of_undo(home_db: Database, empty_db: Database) -> None:
    furnish(home_db)
    document = export_json(home_db, None)
    import_json(empty_db, document)
    undone = undo.undo(empty_db)
    assert "imported PASO, WEB" in undone.summary
    assert snapshot(empty_db)["projects"] == []
    undo.redo(empty_db)
    assert snapshot(empty_db) == snapshot(home_db)


def test_a_board_that_moves_keeps_its_keys(home_db: Database, tmp_path: Path) -> None:
    tasks.create_task(home_db, 1, "Pack")
    document = export_json(home_db, None)
    (new_home := tmp_path / "new").mkdir(mode=0o700)
    new = open_database(str(new_home / "tasks.db"), actor="ann")
    before = snapshot(new)
    assert import_json(new, document).projects == ("PASO",)
    assert [project.key for project in projects.list_projects(new)] == ["PASO"]
    undo.undo(new)
    assert snapshot(new) == before
    new.close()


def test_a_starter_project_that_was_written_to_stays(
    home_db: Database, tmp_path: Path
) -> None:
    document = export_json(home_db, None)
    (new_home := tmp_path / "new").mkdir(mode=0o700)
    new = open_database(str(new_home / "tasks.db"), actor="ann")
    projects.edit_project(new, 1, name="Mine")
    assert import_json(new, document).projects == ("PASO2",)
    new.close()


def test_a_taken_key_is_replaced_and_reported(
    home_db: Database, empty_db: Database
) -> None:
    furnish(home_db)
    projects.create_project(empty_db, "Mine", key="WEB")
    report = import_json(empty_db, export_json(home_db, None))
    assert report.projects == ("PASO", "WEB2")
    assert report.skipped == ("project Web site: its key WEB is taken, it became WEB2",)


def test_numbers_of_deleted_tasks_are_not_given_out_again(
    home_db: Database, empty_db: Database
) -> None:
    project_id = furnish(home_db)
    last = tasks.create_task(home_db, project_id, "Last")
    tasks.delete_task(home_db, last.id)
    import_json(empty_db, export_json(home_db, project_id))
    project = projects.find_project(empty_db, "WEB")
    assert tasks.create_task(empty_db, project.id, "Next").number == last.number + 1


def test_cards_can_be_moved_between_imported_ones(
    home_db: Database, empty_db: Database
) -> None:
    furnish(home_db)
    import_json(empty_db, export_json(home_db, None))
    project = projects.find_project(empty_db, "WEB")
    first, second, *_ = tasks.list_tasks(empty_db, project.id)
    moved = tasks.create_task(empty_db, project.id, "Between", at=first.id)
    order = [task.id for task in tasks.list_tasks(empty_db, project.id)]
    assert order[:3] == [first.id, moved.id, second.id]


def test_a_document_written_by_hand_needs_only_names(home_db: Database) -> None:
    report = import_json(
        home_db,
        {
            "paso": 1,
            "projects": [
                {
                    "name": "Trip",
                    "tasks": [
                        {"title": "Pack", "number": 7},
                        {"title": "Go", "column": "done", "comments": [{"body": "ok"}]},
                        {"title": "Book", "number": 8},
                    ],
                    "relations": [{"kind": "blocks", "from": 7, "to": 8}],
                }
            ],
        },
    )
    assert (report.projects, report.tasks) == (("TRIP",), 3)
    found = {task.title: task for task in tasks.list_tasks(
        home_db, projects.find_project(home_db, "Trip").id)}  # fmt: skip
    assert found["Pack"].number == 7
    assert found["Pack"].column.name == "To do"
    assert found["Go"].completed_at is not None
    assert found["Go"].number == 9
    assert found["Book"].blocked_by == (found["Pack"].key,)


def test_without_uids_an_import_makes_a_copy(home_db: Database) -> None:
    document = {"paso": 1, "projects": [{"name": "Twin"}]}
    assert import_json(home_db, document).projects == ("TWIN",)
    assert import_json(home_db, document).projects == ("TWIN2",)


GOOD: dict[str, Any] = {
    "paso": 1,
    "projects": [
        {
            "uid": "01234567-89ab-7def-8123-456789abcdef",
            "name": "Good",
            "columns": [{"name": "A", "role": "ready"}, {"name": "B"}],
            "labels": [{"name": "x"}, {"name": "y", "color": "#22C55E"}],
            "tasks": [
                {"title": "one", "number": 1, "labels": ["x"], "column": "B"},
                {"title": "two", "number": 2, "comments": [{"body": "hi"}]},
            ],
            "relations": [{"kind": "blocks", "from": 1, "to": 2}],
        }
    ],
}

UID = "01234567-89ab-7def-8123-456789abcde0"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((), [], "the document: is no JSON object"),
        ((), {}, "no board of Paso"),
        (("paso",), 2, "version 2"),
        (("paso",), "1", "paso: is no whole number"),
        (("paso",), True, "paso: is no whole number"),
        (("projects",), {}, "projects: is no list"),
        (("projects", 0), "x", "projects[0]: is no JSON object"),
        (("projects", 0, "name"), None, "projects[0].name: is absent"),
        (("projects", 0, "name"), " ", "projects[0].name: "),
        (("projects", 0, "name"), 5, "projects[0].name: "),
        (("projects", 0, "name"), "x" * 101, "projects[0].name: "),
        (("projects", 0, "key"), "no-key", "projects[0].key: "),
        (("projects", 0, "uid"), "nope", "projects[0].uid: is no uid"),
        (("projects", 0, "created_at"), "yesterday", "projects[0].created_at: "),
        (("projects", 0, "created_at"), "2026-11-20T12:00:00", "created_at: "),
        (("projects", 0, "created_at"), 5, "created_at: "),
        (("projects", 0, "last_number"), -1, "last_number: "),
        (("projects", 0, "last_number"), 2**60, "last_number: "),
        (("projects", 0, "columns", 1, "name"), "a", "columns: 'a' is there twice"),
        (("projects", 0, "columns", 1, "role"), "ready", "'ready' is there twice"),
        (("projects", 0, "columns", 1, "role"), "boss", "columns[1].role: "),
        (("projects", 0, "columns", 1, "role"), [], "columns[1].role: "),
        (("projects", 0, "columns", 1, "wip_limit"), -1, "columns[1].wip_limit: "),
        (("projects", 0, "columns", 1, "wip_limit"), 1.5, "columns[1].wip_limit: "),
        (("projects", 0, "labels", 1, "name"), "X", "labels: 'x' is there twice"),
        (("projects", 0, "labels", 1, "color"), "red", "labels[1].color: "),
        (("projects", 0, "tasks", 0, "title"), "x" * 256, "tasks[0].title: "),
        (("projects", 0, "tasks", 0, "title"), "a\nb", "tasks[0].title: "),
        (("projects", 0, "tasks", 0, "title"), "a\0b", "tasks[0].title: "),
        (("projects", 0, "tasks", 0, "title"), "\ud800", "tasks[0].title: "),
        (("projects", 0, "tasks", 0, "type"), "epic", "tasks[0].type: "),
        (("projects", 0, "tasks", 0, "priority"), "hihg", "tasks[0].priority: "),
        (("projects", 0, "tasks", 0, "due"), "tomorrow", "tasks[0].due: "),
        (("projects", 0, "tasks", 0, "due"), "2026-02-30", "tasks[0].due: "),
        (("projects", 0, "tasks", 0, "column"), "C", "tasks[0].column: "),
        (("projects", 0, "tasks", 0, "labels", 0), "z", "tasks[0].labels[0]: "),
        (("projects", 0, "tasks", 0, "labels", 0), 3, "tasks[0].labels[0]: "),
        (("projects", 0, "tasks", 0, "number"), 2, "tasks: 2 is there twice"),
        (("projects", 0, "tasks", 0, "number"), 0, "tasks[0].number: "),
        (("projects", 0, "tasks", 0, "description"), 7, "tasks[0].description: "),
        (("projects", 0, "tasks", 1, "comments", 0, "body"), " ", "comments[0].body: "),
        (("projects", 0, "tasks", 1, "comments", 0), 1, "tasks[1].comments[0]: "),
        (("projects", 0, "relations", 0, "kind"), "likes", "relations[0].kind: "),
        (("projects", 0, "relations", 0, "to"), 1, "relations[0].to: is the task"),
        (("projects", 0, "relations", 0, "to"), 9, "relations[0].to: there is no"),
        (("projects", 0, "relations", 0, "to"), None, "relations[0].to: names no"),
        (("projects", 0, "relations", 0, "to"), True, "relations[0].to: names no"),
        (("projects", 0, "relations", 0, "from"), UID, "from: there is no task"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(
    home_db: Database, path: tuple[str | int, ...], value: object, message: str
) -> None:
    document = copy.deepcopy(GOOD)
    if not path:
        document = value  # type: ignore[assignment]
    else:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    head = home_db.change_head()
    with pytest.raises(InvalidValue) as caught:
        import_json(home_db, document)
    assert message in caught.value.message
    assert home_db.change_head() == head


@pytest.mark.parametrize(
    ("relations", "message"),
    [
        ([("blocks", 1, 2), ("blocks", 2, 1)], "relations[1].to: would make a cycle"),
        ([("blocks", 1, 2), ("blocks", 2, 3), ("blocks", 3, 1)], "relations[2]"),
        ([("parent", 1, 2), ("parent", 2, 1)], "would make a cycle"),
        ([("parent", 1, 3), ("parent", 2, 3)], "has a parent already"),
        ([("blocks", 1, 2), ("blocks", 1, 2)], "is there twice"),
        ([("related", 1, 2), ("related", 2, 1)], "is there twice"),
    ],
)
def test_relations_obey_the_rules_of_the_board(
    relations: list[tuple[str, int, int]], message: str
) -> None:
    document = copy.deepcopy(GOOD)
    project = document["projects"][0]
    project["tasks"].append({"title": "three", "number": 3})
    project["relations"] = [
        {"kind": kind, "from": start, "to": end} for kind, start, end in relations
    ]
    with pytest.raises(InvalidValue) as caught:
        read_document(document, NOW)
    assert message in caught.value.message


def test_relations_of_different_kinds_may_go_round() -> None:
    document = copy.deepcopy(GOOD)
    document["projects"][0]["relations"] = [
        {"kind": "blocks", "from": 1, "to": 2},
        {"kind": "parent", "from": 2, "to": 1},
        {"kind": "related", "from": 2, "to": 1},
    ]
    (project,) = read_document(document, NOW)
    assert len(project.relations) == 3


def test_a_uid_twice_in_the_document_is_refused() -> None:
    document = copy.deepcopy(GOOD)
    for task in document["projects"][0]["tasks"]:
        task["uid"] = UID
    with pytest.raises(InvalidValue, match=r"tasks\[1\].uid"):
        read_document(document, NOW)


def test_a_part_that_lives_in_another_project_is_a_conflict_and_nothing_is_written(
    home_db: Database, empty_db: Database
) -> None:
    furnish(home_db)
    document = export_json(home_db, None)
    import_json(empty_db, document)
    head = empty_db.change_head()
    for project in document["projects"]:
        del project["uid"]
    with pytest.raises(Conflict, match="already"):
        import_json(empty_db, document)
    assert empty_db.change_head() == head


def test_an_error_in_the_second_project_leaves_out_the_first(
    home_db: Database,
) -> None:
    document = copy.deepcopy(GOOD)
    document["projects"].append({"name": ""})
    before = snapshot(home_db)
    with pytest.raises(InvalidValue, match=r"projects\[1\].name"):
        import_json(home_db, document)
    assert snapshot(home_db) == before


def test_times_with_other_zones_come_in_as_utc() -> None:
    document = copy.deepcopy(GOOD)
    document["projects"][0]["created_at"] = "2026-11-20T01:30:00.5+02:00"
    (project,) = read_document(document, NOW)
    assert project.created_at == "2026-11-19T23:30:00.500Z"


def test_a_thousand_tasks_come_in_as_one_commit(home_db: Database) -> None:
    commits: list[object] = []
    home_db.on_commit = commits.append
    report = import_json(
        home_db,
        {
            "paso": 1,
            "projects": [
                {"name": "Big", "tasks": [{"title": f"t{i}"} for i in range(1000)]}
            ],
        },
    )
    assert report.tasks == 1000
    assert len(commits) == 1


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20
).filter(lambda name: bool(name.strip()))
PROSE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                max_size=60)  # fmt: skip
DAYS = st.none() | st.dates().map(lambda day: f"{day:%Y}".zfill(4) + f"{day:-%m-%d}")


@st.composite
def boards(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Tasks of a board as arguments of `create_task`, some with a later fate."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "title": NAMES,
                    "description": PROSE,
                    "type": st.sampled_from(["task", "feature", "bug"]),
                    "priority": st.sampled_from(["trivial", "medium", "critical"]),
                    "due": DAYS,
                    "assignee": st.none() | NAMES,
                    "fate": st.sampled_from(["stay", "archive", "done", "delete"]),
                    "parent": st.integers(0, 5),
                }
            ),
            max_size=6,
        )
    )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(board=boards(), name=NAMES)
def test_any_board_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, board: list[dict[str, Any]], name: str
) -> None:
    home = tmp_path_factory.mktemp("round")
    home.chmod(0o700)
    source = open_database(str(home / "a.db"), actor="ann")
    target = open_database(str(home / "b.db"), actor="bob")
    try:
        project = projects.create_project(source, name)
        fill(source, project.id, board)
        document = json.loads(json.dumps(export_json(source, project.id)))
        import_json(target, document)
        key = document["projects"][0]["key"]
        again = export_json(target, projects.find_project(target, key).id)
        assert without_time(again) == without_time(document)
    finally:
        source.close()
        target.close()


def fill(db: Database, project_id: int, board: list[dict[str, Any]]) -> None:
    done = columns.find_column(db, project_id, "completed")
    made: list[int] = []
    for given_task in board:
        values = dict(given_task)
        fate, parent = values.pop("fate"), values.pop("parent")
        task = tasks.create_task(
            db, project_id, parent=made[parent] if parent < len(made) else None,
            **values,
        )  # fmt: skip
        made.append(task.id)
        if fate == "archive":
            tasks.archive_task(db, task.id, True)
        elif fate == "done":
            tasks.move_task(db, task.id, column_id=done.id)
        elif fate == "delete":
            made.remove(task.id)
            tasks.delete_task(db, task.id)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(max_size=8) | st.sampled_from(["blocks", "2026-01-01", UID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["paso", "projects", "name", "tasks", "columns", "title",
                         "labels", "relations", "uid", "from", "to", "kind", "role",
                         "comments", "body", "due", "number", "created_at"]),
        inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_a_document_or_the_one_error(value: Any) -> None:
    for document in (value, {"paso": 1, "projects": [value]}):
        try:
            read_document(document, NOW)
        except InvalidValue as error:
            assert error.message


def test_the_export_is_one_state_under_writers(
    home_db: Database, paso_home: Path
) -> None:
    """A write between two queries of the export must not tear it."""
    project_id = furnish(home_db)
    before = snapshot(home_db)
    with home_db.read():
        assert snapshot(home_db) == before
        conn = sqlite3.connect(paso_home / "tasks.db")
        conn.execute("UPDATE projects SET name = 'torn' WHERE id = ?", (project_id,))
        conn.commit()
        conn.close()
        assert snapshot(home_db) == before
    assert snapshot(home_db) != before


def rules_in(db: Database) -> tuple[bool, str | None]:
    project = next(p for p in projects.list_projects(db) if p.key == "WEB")
    rules = rules_of(db, project.id)
    return rules.start_moves, rules.end_column.name if rules.end_column else None


def test_rules_for_sessions_go_along_where_there_are_any(
    home_db: Database, empty_db: Database
) -> None:
    project_id = furnish(home_db)
    assert "session_rules" not in export_json(home_db, project_id)["projects"][0]
    review = columns.list_columns(home_db, project_id)[2]
    set_rules(home_db, project_id, start_moves=True, end_column_id=review.id)
    document = json.loads(json.dumps(export_json(home_db, project_id)))
    assert document["projects"][0]["session_rules"] == {
        "start_moves": True, "end_column": "Review",
    }  # fmt: skip
    import_json(empty_db, document)
    assert rules_in(empty_db) == rules_in(home_db) == (True, "Review")
    undo.undo(empty_db)
    undo.redo(empty_db)
    assert rules_in(empty_db) == (True, "Review")


def test_rules_are_kept_in_a_copy_with_new_uids(
    home_db: Database, empty_db: Database
) -> None:
    project_id = furnish(home_db)
    review = columns.list_columns(home_db, project_id)[2]
    set_rules(home_db, project_id, end_column_id=review.id)
    (project,) = export_json(home_db, project_id)["projects"]
    plain = {
        "paso": 1,
        "projects": [
            {
                "name": "Web site",
                "key": "WEB",
                "columns": [{"name": column["name"]} for column in project["columns"]],
                "session_rules": project["session_rules"],
            }
        ],
    }
    import_json(empty_db, plain)
    assert rules_in(empty_db) == (False, "Review")


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ([], "projects[0].session_rules: "),
        ({"start_moves": 1}, "projects[0].session_rules.start_moves: "),
        ({"end_column": "Nowhere"}, "projects[0].session_rules.end_column: "),
        ({"end_column": 3}, "projects[0].session_rules.end_column: "),
    ],
)
def test_wrong_rules_are_named_by_their_path(
    empty_db: Database, rules: object, path: str
) -> None:
    document = {"paso": 1, "projects": [{"name": "x", "session_rules": rules}]}
    with pytest.raises(InvalidValue) as refused:
        import_json(empty_db, document)
    assert refused.value.message.startswith(path)


def test_sessions_stay_on_their_computer(home_db: Database, empty_db: Database) -> None:
    project_id = furnish(home_db)
    task = tasks.list_tasks(home_db, project_id)[0]
    before = export_json(home_db, project_id)
    made = sessions.create_session(
        home_db, argv=["make"], cwd="/", backend="pty", task_id=task.id
    )
    after = export_json(home_db, project_id)
    assert without_time(after) == without_time(before)
    import_json(empty_db, after)
    assert sessions.list_sessions(empty_db) == []
    # Deleted here and brought in again, the task is the one of its session.
    projects.delete_project(home_db, project_id, force=True)
    assert sessions.get_session(home_db, made.id).task is None
    import_json(home_db, after)
    assert sessions.get_session(home_db, made.id).task == task.key
