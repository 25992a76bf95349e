"""`paso config`, `paso doctor`, `paso info`."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from paso import __version__
from tests.paso.cli.conftest import Cli


def test_the_settings_that_hold_are_shown(paso: Cli) -> None:
    shown = paso.json("config", "show")
    assert shown["actor"] == "ann"
    assert shown["auto_start"] is False
    assert shown["file"] == str(paso.home / "config.toml")
    assert "ann" in paso("config", "show").out


def test_the_path_of_the_file_is_told(paso: Cli) -> None:
    path = str(paso.home / "config.toml")
    assert paso("config", "path").out == f"{path}\n"
    assert paso.json("config", "path") == {"file": path, "exists": False}


def test_edit_makes_the_file_and_checks_it(paso: Cli) -> None:
    shown = paso("config", "edit", EDITOR="true")
    assert shown.code == 0
    file = paso.home / "config.toml"
    assert "auto_start" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert paso("config", "check").code == 0


def test_a_broken_file_is_named_and_can_be_edited(paso: Cli) -> None:
    file = paso.home / "config.toml"
    file.write_text("[daemon]\nauto_stat = true\n")
    error = paso.fail(5, "config", "check")
    assert any("auto_stat" in one for one in error["candidates"])
    assert any("auto_start" in one for one in error["candidates"])
    assert paso.fail(5, "list")["code"] == "invalid_value"
    script = paso.folder / "fix"
    script.write_text('#!/bin/sh\necho > "$1"\n')
    script.chmod(0o755)
    assert paso("config", "edit", EDITOR=str(script)).code == 0
    assert paso("list").code == 0


def test_the_editor_of_the_configuration_goes_first(paso: Cli) -> None:
    paso("add", "x")
    (paso.home / "config.toml").write_text('editor = "false"\n')
    shown = paso("task", "edit", "1", EDITOR="true")
    assert "'false'" in shown.err


# doctor ---------------------------------------------------------------------------


def test_a_healthy_home_has_no_problems(paso: Cli) -> None:
    paso("add", "x")
    found = paso.json("doctor")
    assert found["healthy"] is True
    names = {check["name"] for check in found["checks"]}
    assert names >= {"versions", "home", "config", "database", "daemon", "terminal"}
    assert all(check["state"] in ("ok", "note") for check in found["checks"])
    assert "PROBLEM" not in paso("doctor").out


def test_a_home_that_is_not_there_yet_is_no_problem(paso: Cli) -> None:
    fresh = paso("doctor", "--json", PASO_HOME=str(paso.folder / "new"))
    assert fresh.data["healthy"] is True
    assert not (paso.folder / "new").exists()


def problems(paso: Cli, **environ: str) -> str:
    """What the doctor finds wrong, in words; checks both forms of its answer."""
    found = paso("doctor", "--json", **environ)
    assert found.code == 1, found
    assert found.document["ok"] is False
    assert found.document["data"]["healthy"] is False
    in_words = paso("doctor", **environ)
    assert in_words.code == 1
    assert "PROBLEM" in in_words.out
    return "\n".join(found.document["error"]["candidates"])


@pytest.mark.parametrize(
    ("says", "state"),
    [("tmux 2.9a", "note"), ("tmux 3.0", "ok"), ("tmux next-3.6", "ok")],
)
def test_a_tmux_that_is_too_old_is_told(paso: Cli, says: str, state: str) -> None:
    program = paso.folder / "tmux"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    found = paso.json("doctor", PATH=f"{paso.folder}:{os.environ['PATH']}")
    (check,) = [one for one in found["checks"] if one["name"] == "sessions"]
    assert (check["state"], says in check["message"]) == (state, True)


def test_an_open_home_is_a_problem(paso: Cli) -> None:
    paso("add", "x")
    paso.home.chmod(0o755)
    assert "open to other users" in problems(paso)


def test_a_readable_database_is_a_problem(paso: Cli) -> None:
    paso("add", "x")
    (paso.home / "tasks.db").chmod(0o644)
    shown = paso("doctor")
    assert shown.code == 1
    assert "can be read by others (mode 0644)" in shown.out


def test_a_damaged_database_is_a_problem(paso: Cli) -> None:
    paso("add", "-", stdin="\n".join(f"task {n}" for n in range(300)))
    file = paso.home / "tasks.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    for page in range(20, len(content) // 4096):
        content[page * 4096 : page * 4096 + 100] = os.urandom(100)
    file.write_bytes(content)
    assert "database" in problems(paso)


def test_a_reference_to_nothing_is_a_problem(paso: Cli) -> None:
    paso("add", "x")
    with sqlite3.connect(paso.home / "tasks.db") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE tasks SET column_id = 99")
    connection.close()
    assert "refers to a row of columns" in problems(paso)


def test_a_broken_configuration_is_a_problem_among_others(paso: Cli) -> None:
    (paso.home / "config.toml").write_text("nonsense")
    assert "config" in problems(paso)


def test_a_socket_path_that_is_too_long_is_a_problem(paso: Cli) -> None:
    paso("add", "x")
    assert "108 bytes" in problems(paso, PASO_SOCKET="/" + "x" * 107)


# info -----------------------------------------------------------------------------


def test_info_tells_paths_versions_and_counts(paso: Cli) -> None:
    paso("add", "x")
    paso("add", "y", "-c", "Done")
    found = paso.json("info")
    assert found["versions"]["paso"] == __version__
    assert found["paths"]["database"] == str(paso.home / "tasks.db")
    assert (found["board"]["open"], found["board"]["completed"]) == (1, 1)
    assert found["daemon"] == {"running": False, "pid": None, "version": None}
    shown = paso("info").out
    assert str(paso.home) in shown
    assert __version__ in shown


@pytest.mark.parametrize("words", [("info",), ("config", "show"), ("config", "path")])
def test_quiet_prints_one_path(paso: Cli, words: tuple[str, ...]) -> None:
    shown = paso(*words, "--quiet")
    assert shown.out.startswith(str(paso.home))
    assert shown.out.count("\n") == 1


def test_edit_takes_the_configured_editor_and_json_opens_none(paso: Cli) -> None:
    seen = paso.folder / "seen"
    script = paso.folder / "editor"
    script.write_text(f'#!/bin/sh\ncat "$1" > {seen}\n')
    script.chmod(0o755)
    assert paso.fail(2, "config", "edit")["code"] == "usage"
    paso("config", "edit", EDITOR="true")
    (paso.home / "config.toml").write_text(f'editor = "{script}"\n')
    assert paso("config", "edit", EDITOR="false").code == 0
    assert seen.exists()
