"""The filter language, run on a real database: what each term lets through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.commands import projects, tasks
from paso.commands.filter_terms import FIELDS, MAX_TEXT, MAX_VALUES
from paso.commands.filters import Filter, matching_ids, parse_filter
from paso.database.connection import Database
from paso.errors import InvalidValue
from tests.paso.commands.boards import furnish

SCHEMA = (
    Path(__file__).parents[3] / "paso" / "database" / "migrations" / "0001_board.sql"
)

BOARD = """
INSERT INTO projects (id, key, name) VALUES (1, 'WEB', 'Web site'), (2, 'APP', 'App');
INSERT INTO columns (id, project_id, name, role, rank) VALUES
  (1, 1, 'To do', 'ready', 'a0'), (2, 1, 'In progress', 'in-progress', 'a1'),
  (3, 1, 'Done', 'completed', 'a2'), (4, 1, 'Double check', NULL, 'a3'),
  (5, 2, 'To do', 'ready', 'a0');
INSERT INTO labels (id, project_id, name) VALUES
  (1, 1, 'bug'), (2, 1, 'help wanted'), (3, 2, 'bug'), (4, 1, 'a,b');
INSERT INTO tasks (id, project_id, number, column_id, rank, title, description, type,
  priority, due, assignee, archived_at, completed_at, created_at) VALUES
  (1, 1, 1, 1, 'a0', 'Fix login', 'The 100% case', 'bug', 'high', '2026-11-17', 'ann',
   NULL, NULL, '2026-11-01T12:00:00.000Z'),
  (2, 1, 2, 1, 'a1', 'Write docs', '', 'task', 'low', '2026-11-20', NULL,
   NULL, NULL, '2026-11-10T12:00:00.000Z'),
  (3, 1, 3, 2, 'a0', 'Über cool', 'crème_brûlée', 'feature', 'medium', NULL, 'me',
   NULL, NULL, '2026-11-10T12:00:00.000Z'),
  (4, 1, 4, 3, 'a0', 'Ship it', 'fixed', 'task', 'critical', '2026-11-01', 'Me',
   NULL, '2026-11-15T12:00:00.000Z', '2026-11-10T12:00:00.000Z'),
  (5, 1, 5, 4, 'a0', 'don''t [panic]', '-minus', 'task', 'trivial', '2026-12-24',
   'bob', NULL, NULL, '2026-11-10T12:00:00.000Z'),
  (6, 1, 6, 1, 'a2', 'Old thing', '', 'task', 'medium', NULL, NULL,
   '2026-11-12T12:00:00.000Z', NULL, '2026-11-10T12:00:00.000Z'),
  (7, 2, 1, 5, 'a0', 'Other login', 'see WEB-1', 'bug', 'high', NULL, NULL,
   NULL, NULL, '2026-11-10T12:00:00.000Z');
INSERT INTO task_labels (project_id, task_id, label_id) VALUES
  (1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 7, 3), (1, 5, 4);
INSERT INTO comments (project_id, task_id, body) VALUES (1, 2, 'hello');
INSERT INTO relations (project_id, kind, from_id, to_id) VALUES
  (1, 'blocks', 1, 2), (1, 'blocks', 4, 3), (1, 'parent', 1, 3);
"""


@pytest.fixture(scope="module")
def board() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA.read_text())
    conn.executescript(BOARD)
    yield conn
    conn.close()


def passing(
    board: sqlite3.Connection, text: str, project_id: int | None = 1
) -> list[int]:
    """Ids that pass, archived ones too: leaving them out is the reader's part."""
    where, params = parse_filter(text).sql(project_id, "me", "2026-11-18")
    rows = board.execute(
        "SELECT t.id FROM tasks t JOIN columns c ON c.id = t.column_id"
        f" JOIN projects p ON p.id = t.project_id WHERE {where} ORDER BY t.id",
        params,
    )
    return [row[0] for row in rows]


EVERY = [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", EVERY),
        ("   ", EVERY),
        ('""', EVERY),
        ("fix", [1, 4]),
        ("FIX", [1, 4]),
        ("fix login", [1]),
        ('"fix login"', [1]),
        ('"login fix"', []),
        ("100%", [1]),
        ("%", [1]),
        ("_", [3]),
        ("\\", []),
        ("über", [3]),
        ("ÜBER", [3]),
        ("CRÈME_BRÛLÉE", [3]),
        ("[panic]", [5]),
        ("don't", [5]),
        ('"-minus"', [5]),
        ("-minus", [1, 2, 3, 4, 6]),
        ("-", [5]),
        ("-fix -docs", [3, 5, 6]),
        ("web-1", [1]),
        ("title:fix", [1]),
        ("description:fix", [4]),
        ("desc:fix,100", [1, 4]),
        ("label:bug", [1]),
        ("LABEL:BUG", [1]),
        ("-label:bug", [2, 3, 4, 5, 6]),
        ("label!=bug", [2, 3, 4, 5, 6]),
        ("-label!=bug", [1]),
        ('label:"help wanted"', [1, 2]),
        ('label:"a,b"', [5]),
        ("label:bug,nothing", [1]),
        ("label:bu", []),
        ("label:none", [3, 4, 6]),
        ('label:"none"', []),
        ("prio:high", [1]),
        ("prio=high", [1]),
        ("priority:h", [1]),
        ("prio!=high", [2, 3, 4, 5, 6]),
        ("prio>=high", [1, 4]),
        ("prio>high", [4]),
        ("prio<low", [5]),
        ("prio<=low", [2, 5]),
        ("prio<trivial", []),
        ("prio:low,critical", [2, 4]),
        ("type:bug", [1]),
        ("-type:task", [1, 3]),
        ("col:done", [4]),
        ("col:do", [4, 5]),
        ('col:"to do"', [1, 2, 6]),
        ("col:ready", [1, 2, 6]),
        ("column:in-progress", [3]),
        ("col:in", [3]),
        ('col:"do"', []),
        ("col:nothing", []),
        ("is:blocked", [2]),
        ("-is:blocked", [1, 3, 4, 5, 6]),
        ("is:ready", [1, 6]),
        ("is:started", [3]),
        ("is:done", [4]),
        ("is:open", [1, 2, 3, 5, 6]),
        ("is:archived", [6]),
        ("is:overdue", [1]),
        ("is:unassigned", [2, 6]),
        ("is:assigned", [1, 3, 4, 5]),
        ("is:mine", [3, 4]),
        ("is:mine,unassigned", [2, 3, 4, 6]),
        ("due<2026-11-18", [1, 4]),
        ("due<=2026-11-17", [1, 4]),
        ("due>2026-12-01", [5]),
        ("due:2026-11-20", [2]),
        ("due:fri", [2]),
        ("due<+7d", [1, 2, 4]),
        ("due>=today due<+1w", [2]),
        ("due:none", [3, 6]),
        ("due:any", [1, 2, 4, 5]),
        ("-due<+7d", [3, 5, 6]),
        ("due!=none", [1, 2, 4, 5]),
        ("created<2026-11-05", [1]),
        ("created:2026-11-10", [2, 3, 4, 5, 6]),
        ("completed>2026-11-01", [4]),
        ("completed:none", [1, 2, 3, 5, 6]),
        ("assignee:me", [3, 4]),
        ("assignee:ANN", [1]),
        ("assignee:an", []),
        ("assignee:none", [2, 6]),
        ("assignee:any", [1, 3, 4, 5]),
        ("-assignee:me", [1, 2, 5, 6]),
        ("assignee:ann,bob", [1, 5]),
        ("key:2", [2]),
        ("key:WEB-2", [2]),
        ("key:web-2,3", [2, 3]),
        ("key:APP-1", []),
        ("#2", [2]),
        ("-#2", [1, 3, 4, 5, 6]),
        ("#2,5", [2, 5]),
        ("has:description", [1, 3, 4, 5]),
        ("has:comments", [2]),
        ("has:children", [1]),
        ("has:parent", [3]),
        ("has:due", [1, 2, 4, 5]),
        ("has:blockers", [2, 3]),
        ("-has:due", [3, 6]),
        ("no:due", [3, 6]),
        ("no:label", [3, 4, 6]),
        ("parent:1", [3]),
        ("parent:WEB-1", [3]),
        ("parent:APP-1", []),
        ("parent:none", [1, 2, 4, 5, 6]),
        ("project:web", EVERY),
        ("project:WEB,APP login", [1, 7]),
        ('project:"web site" login', [1]),
        ("project:APP", [7]),
        ("project:all login", [1, 7]),
        ("-project:web", []),
        ("label:bug prio>=high is:open fix", [1]),
        ("TODO/x:y", []),
        ("12:30", []),
        ("c++", []),
        ("Done!", []),
        ("=x", []),
        ('"label:bug"', []),
        (r'"say \"hi\" \\ there"', []),
    ],
)
def test_each_term_lets_through_what_it_says(
    board: sqlite3.Connection, text: str, ids: list[int]
) -> None:
    assert passing(board, text) == ids


def test_without_a_current_project_all_are_searched(board: sqlite3.Connection) -> None:
    assert passing(board, "login", project_id=None) == [1, 7]
    assert passing(board, "-project:web login", project_id=None) == [7]
    assert passing(board, "key:1", project_id=None) == [1, 7]


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("fix lable:x", 5, "did you mean label?"),
        ("lable:x", 1, '"lable:x"'),
        ("http://example.com", 1, "to search for the words"),
        ("is:blokked", 1, "did you mean blocked?"),
        ("is:zzz", 1, "archived"),
        ("  prio>=hihg", 3, "did you mean high?"),
        ("type:epic", 1, "feature"),
        ("has:labels", 1, "did you mean label?"),
        ("label<bug", 1, None),
        ("label:", 7, None),
        ("label:a,,b", 11, None),
        ('label:""', 9, None),
        ('fix "open', 5, None),
        ('label:"x\\"', 7, None),
        ("due<whenever", 1, "for example"),
        ("due:2026-02-30", 1, "for example"),
        ("key:WEB", 1, "#12"),
        ("#", 0, None),
        ("#x", 1, "#12"),
        ("is:a", 1, "archived"),
    ],
)
def test_errors_name_the_position_and_the_nearest_word(
    text: str, position: int, hint: str | None
) -> None:
    if position == 0:
        assert parse_filter(text).words == (text,)
        return
    with pytest.raises(InvalidValue) as caught:
        parse_filter(text)
    assert f"position {position}:" in caught.value.message
    if hint is not None:
        assert hint in (caught.value.hint or "")


def test_too_long_too_many_and_broken_text_are_refused() -> None:
    parse_filter(" ".join(["x"] * MAX_VALUES))
    for text in (
        "x" * (MAX_TEXT + 1),
        " ".join(["x"] * (MAX_VALUES + 1)),
        "label:" + ",".join(["x"] * (MAX_VALUES + 1)),
        "caf\udce9",
    ):
        with pytest.raises(InvalidValue):
            parse_filter(text)


def test_a_filter_of_the_allowed_size_is_no_burden_for_sqlite(
    board: sqlite3.Connection,
) -> None:
    assert passing(board, " ".join(["-é"] * MAX_VALUES)) == [1, 2, 4, 5, 6]
    assert passing(board, "ö" * MAX_TEXT) == []


def test_a_filter_knows_its_words_and_what_it_names() -> None:
    found = parse_filter('fix "the bug" -not title:x label:y is:archived project:WEB')
    assert found.words == ("fix", "the bug", "x")
    assert found.names_archived
    assert found.names_project
    assert not parse_filter("fix -project:WEB is:open").names_project
    assert not parse_filter("archived").names_archived


def test_terms_know_their_place_in_the_text() -> None:
    text = '  fix  -label:"a b"  #12'
    found = parse_filter(text)
    places = [text[term.start : term.end] for term in found.terms]
    assert places == ["fix", '-label:"a b"', "#12"]


def test_negation_is_the_exact_complement(board: sqlite3.Connection) -> None:
    for field, values in FIELDS.items():
        for value in values or ("x", "1"):
            if field in ("project", "key", "parent") and value == "x":
                continue
            yes = passing(board, f"{field}:{value}")
            no = passing(board, f"-{field}:{value}")
            if field == "project":
                continue
            assert sorted(yes + no) == EVERY, field


def test_ids_come_without_archived_tasks_and_projects(home_db: Database) -> None:
    mine = projects.create_project(home_db, "Mine", key="MINE")
    away = projects.create_project(home_db, "Away", key="AWAY")
    shown = tasks.create_task(home_db, mine.id, "Über one", assignee="ann")
    hidden = tasks.create_task(home_db, mine.id, "über two")
    tasks.archive_task(home_db, hidden.id, True)
    other = tasks.create_task(home_db, away.id, "ÜBER three")
    projects.archive_project(home_db, away.id, True)

    def ids(text: str, project_id: int | None) -> set[int]:
        found = parse_filter(text)
        return matching_ids(home_db, project_id, found, me="ann", today="2026-11-18")

    assert ids("über", mine.id) == {shown.id}
    assert ids("über", None) == {shown.id}
    assert ids("is:mine", None) == {shown.id}
    assert ids("is:archived", mine.id) == {hidden.id}
    assert ids("project:away", mine.id) == {other.id}
    assert ids("project:all", None) == {shown.id, other.id}


def test_lists_and_ids_agree(home_db: Database) -> None:
    furnish(home_db)
    for text in ("", "fix", "is:blocked", "-label:bug", "is:archived", "due:any"):
        found = parse_filter(text)
        listed = tasks.list_tasks(home_db, None, filter=found)
        picked = matching_ids(home_db, None, found, me="ann", today=date.today())
        assert {task.id for task in listed} == picked


def test_a_blocked_card_is_one_that_the_filter_calls_blocked(
    home_db: Database,
) -> None:
    project = projects.create_project(home_db, "P")
    blocker = tasks.create_task(home_db, project.id, "blocker")
    card = tasks.create_task(home_db, project.id, "card", blocked_by=[blocker.id])
    found = parse_filter("is:blocked")

    def agree(blocked: bool) -> None:
        ids = matching_ids(home_db, project.id, found, me="", today="2026-11-18")
        assert (card.id in ids) == tasks.get_task(home_db, card.id).blocked == blocked

    agree(True)
    tasks.archive_task(home_db, blocker.id, True)
    agree(False)
    tasks.archive_task(home_db, blocker.id, False)
    agree(True)
    tasks.set_role_column(home_db, blocker.id, "completed")
    agree(False)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_that_runs_or_the_one_error(
    board: sqlite3.Connection, text: str
) -> None:
    try:
        found = parse_filter(text)
    except InvalidValue:
        return
    run(board, found)


@given(st.lists(st.sampled_from([*FIELDS, ":", "=", "<", '"', "-", ",", " ", "x",
                                 "1", "none", "WEB-1", "é", "%", "\x00"]),
                max_size=12))  # fmt: skip
def test_any_mixture_of_the_language_runs(
    board: sqlite3.Connection, parts: list[str]
) -> None:
    try:
        found = parse_filter("".join(parts))
    except InvalidValue:
        return
    run(board, found)


def run(board: sqlite3.Connection, found: Filter) -> None:
    where, params = found.sql(1, "me", "2026-11-18")
    board.execute(
        "SELECT t.id FROM tasks t JOIN columns c ON c.id = t.column_id"
        f" JOIN projects p ON p.id = t.project_id WHERE {where}",
        params,
    ).fetchall()
