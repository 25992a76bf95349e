"""`paso task edit T` in an editor: nothing typed is lost, nothing unwanted is saved."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from paso.cli.task_edit import Form, read_form
from paso.errors import InvalidValue
from tests.paso.cli.conftest import Cli


@pytest.fixture
def board(paso: Cli, tmp_path: Path) -> Cli:
    """A board with one task; drafts go to a folder of the test."""
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    paso.environ["TMPDIR"] = str(drafts)
    paso("add", "old title", "-d", "old text")
    return paso


def editor(paso: Cli, body: str) -> str:
    """The command of an editor that does `body` to its file, `$1`."""
    script = paso.folder / "editor"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return str(script)


def drafts(paso: Cli) -> list[str]:
    return os.listdir(paso.environ["TMPDIR"])


def test_the_form_is_title_blank_description(board: Cli) -> None:
    seen = board.folder / "seen"
    board("task", "edit", "1", EDITOR=editor(board, f'cat "$1" > {seen}'))
    assert seen.read_text() == "old title\n\nold text\n"


def test_what_is_saved_is_what_was_written(board: Cli) -> None:
    write = editor(board, r"""printf 'new title\n\nnew\ntext\n' > "$1" """)
    shown = board("task", "edit", "1", EDITOR=write)
    assert shown.out == "PASO-1  new title  (To do)\n"
    task = board.json("task", "show", "1")
    assert (task["title"], task["description"]) == ("new title", "new\ntext")
    assert drafts(board) == []


def test_visual_goes_before_editor_and_may_have_arguments(board: Cli) -> None:
    visual = editor(board, r"""test "$1" = --wait && echo by visual > "$2" """)
    board("task", "edit", "1", VISUAL=f"{visual} --wait", EDITOR="false")
    assert board.json("task", "show", "1")["title"] == "by visual"


def test_an_unchanged_text_changes_nothing(board: Cli) -> None:
    head = board.json("log")[-1]["id"]
    shown = board("task", "edit", "1", EDITOR="true")
    assert (shown.code, shown.err) == (0, "nothing changed\n")
    assert board.json("log")[-1]["id"] == head
    assert drafts(board) == []


def test_an_editor_that_fails_saves_nothing(board: Cli) -> None:
    shown = board("task", "edit", "1", EDITOR="false")
    assert shown.code == 1
    assert "code 1" in shown.err
    assert drafts(board) == []


def test_text_typed_before_the_editor_failed_is_kept(board: Cli) -> None:
    shown = board(
        "task", "edit", "1", EDITOR=editor(board, 'echo typed > "$1"; exit 3')
    )
    assert shown.code == 1
    assert board.json("task", "show", "1")["title"] == "old title"
    (draft,) = drafts(board)
    assert draft in shown.err
    kept = Path(board.environ["TMPDIR"], draft)
    assert kept.read_text() == "typed\n"
    assert oct(kept.stat().st_mode & 0o777) == "0o600"


def test_an_editor_that_is_not_there_is_wrong_usage(board: Cli) -> None:
    shown = board("task", "edit", "1", EDITOR="/no/such/editor")
    assert shown.code == 2
    assert "VISUAL" in shown.err


@pytest.mark.parametrize(
    "body", ['echo > "$1"', 'printf "%0300d" 1 > "$1"', r'printf "\377" > "$1"']
)
def test_a_text_that_cannot_be_saved_is_kept(board: Cli, body: str) -> None:
    shown = board("task", "edit", "1", EDITOR=editor(board, body))
    assert shown.code == 5
    (draft,) = drafts(board)
    assert draft in shown.err


def test_a_change_meanwhile_is_a_conflict_and_keeps_the_text(board: Cli) -> None:
    other = f'"{sys.executable}" -m paso task edit 1 --title theirs'
    write = editor(board, f'{other} && printf "mine\\n\\nold text\\n" > "$1"')
    shown = board("task", "edit", "1", EDITOR=write)
    assert shown.code == 4
    assert "yours 'mine', theirs 'theirs'" in shown.err
    assert board.json("task", "show", "1")["title"] == "theirs"
    (draft,) = drafts(board)
    assert draft in shown.err


def test_changes_of_different_fields_meanwhile_are_both_kept(board: Cli) -> None:
    other = f'"{sys.executable}" -m paso task edit 1 -d "their text"'
    write = editor(board, f'{other} && printf "my title\\n\\nold text\\n" > "$1"')
    assert board("task", "edit", "1", EDITOR=write).code == 0
    task = board.json("task", "show", "1")
    assert (task["title"], task["description"]) == ("my title", "their text")


def test_under_json_no_editor_is_opened(board: Cli) -> None:
    seen = board.folder / "seen"
    environ = {"EDITOR": editor(board, f"touch {seen}")}
    assert board("task", "edit", "1", "--json", **environ).error["code"] == "usage"
    assert not seen.exists()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a\n", Form("a", "")),
        ("a", Form("a", "")),
        ("a\n\nb\n\nc\n", Form("a", "b\n\nc")),
        ("a\nb\n", Form("a", "b")),
        ("\n a \n\n  b\n", Form("a", "  b")),
    ],
)
def test_a_form_is_read(text: str, form: Form) -> None:
    assert read_form(text) == form
    assert read_form(form.text) == form


@pytest.mark.parametrize("text", ["", "\n\n", "  \nx\n"])
def test_a_form_without_a_title_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        read_form(text)


def test_without_terminal_and_editor_nothing_waits_for_vi(board: Cli) -> None:
    for words in (("task", "edit", "1"), ("config", "edit")):
        found = board(*words)
        assert found.code == 2
        assert "there is no terminal for an editor" in found.err
    assert drafts(board) == []
