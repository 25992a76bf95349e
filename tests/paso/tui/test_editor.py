from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from textual.app import App, SuspendNotSupported

from paso.errors import PasoError
from paso.tui.editor import edit_text, editor_command


class Terminal:
    """Stands for the app, of which only `suspend` is used."""

    def __init__(self, able: bool = True) -> None:
        self.able = able
        self.suspended = self.resumed = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        if not self.able:
            raise SuspendNotSupported("no")
        self.suspended += 1
        yield  # as in Textual, what is raised here is not undone
        self.resumed += 1


def app(terminal: Terminal) -> App[int]:
    return cast("App[int]", terminal)


def script(folder: Path, body: str) -> str:
    path = folder / "edit"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_editor_is_the_configured_one_else_visual_else_editor_else_vi(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VISUAL", "code --wait")
    monkeypatch.setenv("EDITOR", "nano")
    assert editor_command("my 'own one' -x") == ["my", "own one", "-x"]
    assert editor_command(None) == ["code", "--wait"]
    monkeypatch.delenv("VISUAL")
    assert editor_command(None) == ["nano"]
    monkeypatch.delenv("EDITOR")
    assert editor_command(None) == ["vi"]


def test_the_text_comes_back_as_it_was_saved_while_the_screen_was_away(
    tmp_path: Path,
) -> None:
    terminal = Terminal()
    command = script(tmp_path, 'printf "two\\nthree\\n" >> "$1"')
    assert edit_text(app(terminal), "one\n", command) == "one\ntwo\nthree\n"
    assert terminal.suspended == 1


def test_the_end_of_the_last_line_is_no_change(tmp_path: Path) -> None:
    for text in ("", "one", "one\n", "one\n\n"):
        assert edit_text(app(Terminal()), text, "true") is None
    command = script(tmp_path, 'echo two >> "$1"')
    assert edit_text(app(Terminal()), "one", command) == "one\ntwo"
    assert edit_text(app(Terminal()), "", command) == "two"


def test_an_editor_that_fails_loses_nothing(tmp_path: Path) -> None:
    command = script(tmp_path, 'echo lost > "$1"; exit 3')
    with pytest.raises(PasoError, match="ended with 3"):
        edit_text(app(Terminal()), "one", command)


def test_an_editor_that_is_not_there_is_named_and_the_board_comes_back() -> None:
    terminal = Terminal()
    with pytest.raises(PasoError, match="cannot run no-such-editor"):
        edit_text(app(terminal), "one", "no-such-editor")
    assert terminal.resumed == terminal.suspended == 1


def test_a_terminal_that_cannot_be_given_away_is_said() -> None:
    with pytest.raises(PasoError, match="cannot be given"):
        edit_text(app(Terminal(able=False)), "one", "true")
