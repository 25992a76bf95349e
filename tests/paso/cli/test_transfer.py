"""`paso import`, `paso export`, `paso backup`."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from tests.paso.cli.conftest import Cli


@pytest.fixture
def board(paso: Cli) -> Cli:
    paso("add", "one", "-l", "bug", "-d", "text")
    paso("add", "two 日本", "--blocked-by", "1")
    return paso


def test_json_goes_out_and_comes_back(board: Cli) -> None:
    document = json.loads(board("export", "json").out)
    assert board.json("export", "json")["projects"] == document["projects"]
    file = board.folder / "board.json"
    shown = board("export", "json", "-o", "board.json")
    assert shown.out == f"{file}\n"
    board("project", "delete", "PASO", "--yes", "--force")
    report = board.json("import", "json", str(file))
    assert report == {"projects": ["PASO"], "tasks": 2, "skipped": []}
    task = board.json("task", "show", "2")
    assert (task["title"], task["blocked_by"]) == ("two 日本", ["PASO-1"])
    again = board("import", "json", str(file))
    assert "on this board already" in again.err
    board("undo")
    assert board.json("project", "list") == []


def test_json_is_read_from_stdin(board: Cli) -> None:
    document = (
        '{"paso": 1, "projects": [{"name": "By hand", "tasks": [{"title": "x"}]}]}'
    )
    report = board.json("import", "json", "-", stdin=document)
    assert report["tasks"] == 1


def test_markdown_and_csv_go_out(board: Cli) -> None:
    text = board("export", "markdown").out
    assert text.startswith("# My board (PASO)")
    assert board.json("export", "markdown") == {"format": "markdown", "text": text}
    rows = list(csv.DictReader(io.StringIO(board("export", "csv").out)))
    assert [row["title"] for row in rows] == ["one", "two 日本"]
    assert board.json("export", "csv", "-o", "t.csv")["format"] == "csv"
    assert (board.folder / "t.csv").exists()


def test_one_project_goes_out_when_it_is_named(board: Cli) -> None:
    board("project", "create", "Web", "--key", "WEB")
    document = json.loads(board("export", "json", "--project", "WEB").out)
    assert [one["key"] for one in document["projects"]] == ["WEB"]
    assert len(json.loads(board("export", "json").out)["projects"]) == 2
    assert board.fail(2, "export", "markdown")["code"] == "no_project"


def test_a_backup_is_a_board_of_its_own(board: Cli) -> None:
    made = Path(board.json("backup")["file"])
    assert made.parent == board.home / "backups"
    with sqlite3.connect(made) as copy:
        assert copy.execute("SELECT count(*) FROM tasks").fetchone() == (2,)
    assert oct(made.stat().st_mode & 0o777) == "0o600"
    assert board("backup", "copy.db").out == f"{board.folder / 'copy.db'}\n"
    assert board.fail(4, "backup", "copy.db")["code"] == "conflict"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, ("import", "json", "no-such-file")),
        (5, ("import", "json", "broken.json")),
        (5, ("import", "json", "other.json")),
        (5, ("import", "json", "bytes.json")),
        (1, ("import", "json", ".")),
        (2, ("import", "xml", "x")),
        (3, ("import", "go-paso", "no-such-file")),
        (1, ("export", "json", "-o", "no/such/folder/x")),
        (1, ("backup", "no/such/folder/x")),
    ],
)
def test_what_is_wrong_changes_nothing(
    board: Cli, code: int, words: tuple[str, ...]
) -> None:
    (board.folder / "broken.json").write_text("{")
    (board.folder / "other.json").write_text('{"cards": []}')
    (board.folder / "bytes.json").write_bytes(b"\xff")
    head = board.json("log")[-1]["id"]
    board.fail(code, *words)
    assert board.json("log")[-1]["id"] == head


def test_an_export_to_a_dash_goes_to_stdout(paso: Cli) -> None:
    paso("add", "one")
    assert "PASO-1" in paso("export", "markdown", "-o", "-").out
    assert not (paso.folder / "-").exists()


def test_an_import_says_what_came_and_what_did_not(paso: Cli) -> None:
    document = '{"paso": 1, "projects": [{"name": "Imp", "tasks": [{"title": "x"}]}]}'
    found = paso("import", "json", "-", stdin=document)
    assert (found.out, found.err) == ("imported IMP: 1 task\n", "")
    again = paso("import", "json", "-", stdin=paso("export", "json").out)
    assert again.out == "nothing new\n"
    assert "paso: project Imp: is on this board already" in again.err
