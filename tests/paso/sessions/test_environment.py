"""What a command inherits, and whether it can be found at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from paso.errors import InvalidValue
from paso.paths import Paths
from paso.sessions.environment import (
    checked_command,
    command_environment,
    find_program,
    terminal_name,
)

ID = "ab" * 8


def made(environ: dict[str, str], **more: str | None) -> dict[str, str]:
    paths = Paths("/home/ann/.paso")
    return command_environment(environ, paths, ID, cwd="/src", **more)


def test_the_starters_environment_is_inherited() -> None:
    given = {"PATH": "/bin", "HOME": "/home/ann", "LANG": "C", "SSH_AUTH_SOCK": "/s",
             "VIRTUAL_ENV": "/v", "COLORTERM": "truecolor", "MINE": "a\nb"}  # fmt: skip
    env = made(given, terminal="screen")
    assert {name: env[name] for name in given} == given


def test_the_command_finds_its_session_its_home_and_its_task() -> None:
    env = made({}, task="WEB-12", terminal="tmux-256color")
    assert env == {
        "PASO_SESSION_ID": ID,
        "PASO_HOME": "/home/ann/.paso",
        "PASO_TASK": "WEB-12",
        "PWD": "/src",
        "TERM": "tmux-256color",
    }


def test_nothing_of_an_outer_session_or_of_a_service_is_inherited() -> None:
    given = {"PASO_SESSION_ID": "outer", "PASO_TASK": "WEB-1", "LISTEN_FDS": "1",
             "NOTIFY_SOCKET": "/n", "OLDPWD": "/", "PWD": "/", "_": "x"}  # fmt: skip
    assert made(given).keys() == {"PASO_SESSION_ID", "PASO_HOME", "PWD"}


def test_another_terminal_is_not_mistaken_for_its_own() -> None:
    given = {"TERM": "xterm-kitty", "TMUX": "/t,1,0", "TMUX_PANE": "%1", "COLUMNS": "9",
             "KITTY_WINDOW_ID": "1", "STY": "1.pts"}  # fmt: skip
    env = made(given, terminal="screen")
    assert env.keys() == {"PASO_SESSION_ID", "PASO_HOME", "PWD", "TERM"}
    assert made(given).keys() >= given.keys(), "the terminal is the same in `paso run`"


def test_a_socket_of_ones_own_is_told_as_a_whole_path() -> None:
    env = command_environment(
        {"PASO_SOCKET": "s"}, Paths("/h", "/run/s"), ID, cwd="/src"
    )
    assert env["PASO_SOCKET"] == "/run/s"


def test_the_best_terminal_that_is_described_is_taken(tmp_path: Path) -> None:
    assert terminal_name({}) in ("tmux-256color", "screen-256color", "screen")
    (tmp_path / "74").mkdir()
    (tmp_path / "74" / "tmux-256color").touch()
    assert terminal_name({"TERMINFO": str(tmp_path)}) == "tmux-256color"


def test_a_program_is_found_as_the_shell_finds_it(tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.touch(0o755)
    plain = tmp_path / "plain"
    plain.touch(0o644)
    path = {"PATH": f"/nowhere:{tool.parent}"}
    assert find_program("tool", path, "/") == str(tool)
    assert find_program("bin/tool", {}, str(tmp_path)) == str(tmp_path / "bin/tool")
    assert find_program(str(tool), {}, "/") == str(tool)
    assert find_program("tool", {"PATH": "bin"}, str(tmp_path)) is not None
    for name in ("tool2", str(plain), str(tmp_path), "./tool", ""):
        assert find_program(name, path, "/") is None, name
    assert find_program("sh", {}, "/") is not None, "a default path, as exec has it"


def test_a_folder_is_made_whole_and_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_command(["x"], "") == str(tmp_path)
    assert checked_command(["x"], ".") == str(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert checked_command(["x"], "~") == str(tmp_path)
    for cwd in ("nowhere", "/etc/passwd"):
        with pytest.raises(InvalidValue, match="no folder"):
            checked_command(["x"], cwd)


@pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["a", "b\0"]])
def test_what_cannot_be_a_command_is_refused(argv: list[str]) -> None:
    with pytest.raises(InvalidValue):
        checked_command(argv, "/")
