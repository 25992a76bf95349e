"""paso/config.py: which settings hold, and what is said about wrong ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from paso.config import (
    KEYS,
    SETTINGS,
    Setting,
    check_config,
    default_config_text,
    load_config,
)
from paso.errors import InvalidValue
from paso.paths import Paths


@pytest.fixture
def paths(paso_home: Path) -> Paths:
    return Paths(str(paso_home))


def write(paths: Paths, text: str) -> None:
    Path(paths.config).write_text(text)


def test_without_a_file_the_defaults_hold(paths: Paths) -> None:
    config = load_config(paths, {"USER": "ann"})
    assert config._asdict() == {
        "actor": "ann",
        "auto_start": True,
        "socket": None,
        "idle_exit_s": 0.0,
        "max_frame": 1024 * 1024,
        "theme": "",
        "editor": None,
        "keys": {},
        "session_poll_s": 1.0,
        "session_idle_s": 10.0,
        "session_keep_days": 30.0,
    }


def test_without_a_file_no_parser_is_loaded(paths: Paths) -> None:
    script = (
        "import sys\n"
        "from paso.config import load_config\n"
        "from paso.paths import Paths\n"
        "load_config(Paths())\n"
        "print('tomllib' in sys.modules, 'difflib' in sys.modules)\n"
    )
    environ = {**os.environ, "PASO_HOME": paths.home, "USER": "ann"}
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env=environ,
        cwd=Path(__file__).parents[2],
    )
    assert found.stdout == "False False\n"


def test_the_file_wins_over_the_defaults(paths: Paths) -> None:
    write(
        paths,
        'actor = "bot"\neditor = "vim"\n'
        '[daemon]\nauto_start = false\nsocket = "/run/p.sock"\nidle_exit_s = 30\n'
        'max_frame = 8192\n[board]\ntheme = "nord"\n[keys]\nmove_left = "H,left"\n'
        "[sessions]\npoll_s = 0.5\nidle_after_s = 60\nkeep_days = 7\n",
    )
    config = load_config(paths, {"USER": "ann"})
    assert config._asdict() == {
        "actor": "bot",
        "auto_start": False,
        "socket": "/run/p.sock",
        "idle_exit_s": 30.0,
        "max_frame": 8192,
        "theme": "nord",
        "editor": "vim",
        "keys": {"move_left": "H,left"},
        "session_poll_s": 0.5,
        "session_idle_s": 60.0,
        "session_keep_days": 7.0,
    }
    assert check_config(paths) == []


def test_the_environment_wins_over_the_file(paths: Paths) -> None:
    write(paths, 'actor = "bot"\n[daemon]\nauto_start = true\nmax_frame = 8192\n')
    environ = {
        "PASO_ACTOR": "agent",
        "PASO_AUTO_START": "0",
        "PASO_SOCKET": "/run/x.sock",
        "PASO_MAX_FRAME": "65536",
        "PASO_SESSION_POLL_S": "0.2",
    }
    config = load_config(paths, environ)
    assert (config.actor, config.auto_start) == ("agent", False)
    assert (config.socket, config.max_frame) == ("/run/x.sock", 65536)
    assert config.session_poll_s == 0.2


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_words_for_yes_in_the_environment(paths: Paths, word: str) -> None:
    assert load_config(paths, {"PASO_AUTO_START": word}).auto_start


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PASO_AUTO_START", "maybe"),
        ("PASO_MAX_FRAME", "big"),
        ("PASO_MAX_FRAME", "12"),
        ("PASO_MAX_FRAME", "1e9"),
    ],
)
def test_a_wrong_variable_is_named(paths: Paths, name: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=f"{name}={text} is wrong"):
        load_config(paths, {name: text})


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("akctor = 'x'", "no setting akctor", "did you mean actor?"),
        ("[daemon]\nautostart = true", "daemon.autostart", "daemon.auto_start?"),
        ("[deamon]\nauto_start = true", "deamon.auto_start", "daemon.auto_start?"),
        ("auto_start = true", "no setting auto_start", "daemon.auto_start?"),
        ("[xyzzy]\nqwert = 1", "xyzzy.qwert", "paso config show"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(
    paths: Paths, line: str, message: str, hint: str
) -> None:
    write(paths, line)
    with pytest.raises(InvalidValue, match=message) as caught:
        load_config(paths, {})
    assert paths.config in caught.value.message
    assert hint in str(caught.value.hint)
    (problem,) = check_config(paths)
    assert hint in problem


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("actor = 1", "actor must be text"),
        ("[daemon]\nauto_start = 1", "daemon.auto_start must be true or false"),
        ("[daemon]\nidle_exit_s = 'x'", "daemon.idle_exit_s must be a number"),
        ("[daemon]\nidle_exit_s = true", "daemon.idle_exit_s must be a number"),
        ("[daemon]\nidle_exit_s = -1", "at least 0"),
        ("[daemon]\nidle_exit_s = inf", "at least 0"),
        ("[daemon]\nidle_exit_s = nan", "at least 0"),
        ("[daemon]\nmax_frame = 1.5", "a whole number of at least 4096"),
        ("[keys]\nquit = 1", "keys.quit must be text"),
        ("daemon = 1", "no setting daemon"),
        ("[daemon.auto_start]\nx = 1", "daemon.auto_start must be true or false"),
    ],
)
def test_a_wrong_value_is_named(paths: Paths, line: str, message: str) -> None:
    write(paths, line)
    with pytest.raises(InvalidValue, match=message):
        load_config(paths, {})


def test_every_wrong_line_is_told_by_the_check(paths: Paths) -> None:
    write(paths, "a = 1\nb = 2\n[daemon]\nmax_frame = 1\n")
    assert len(check_config(paths)) == 3


@pytest.mark.parametrize("data", [b"actor = ", b"\xff\xfe", b"[daemon"])
def test_a_file_that_is_no_toml_is_named(paths: Paths, data: bytes) -> None:
    Path(paths.config).write_bytes(data)
    with pytest.raises(InvalidValue, match="is not TOML"):
        load_config(paths, {})
    assert "is not TOML" in check_config(paths)[0]


def test_a_file_that_cannot_be_read_is_named(paths: Paths) -> None:
    os.mkdir(paths.config)
    with pytest.raises(InvalidValue, match="cannot read"):
        load_config(paths, {})


def test_the_empty_file_and_empty_sections_are_fine(paths: Paths) -> None:
    write(paths, "[daemon]\n[board]\n[keys]\n")
    assert check_config(paths) == []
    assert load_config(paths, {"LOGNAME": "eve"}).actor == "eve"


def test_the_default_text_is_a_file_that_changes_nothing(paths: Paths) -> None:
    write(paths, default_config_text())
    assert check_config(paths) == []
    assert load_config(paths, {"USER": "a"}) == load_config(
        Paths(paths.home + "x"), {"USER": "a"}
    )


def test_the_default_text_names_every_setting() -> None:
    lines = default_config_text().splitlines()
    settings = re.compile(r"(?:# )?(\w+ = .*|\[\w+\])$")
    plain = [found[1] for line in lines if (found := settings.match(line))]
    document = tomllib.loads("\n".join(plain))
    for setting in SETTINGS:
        section = document[setting.section] if setting.section else document
        assert section[setting.name] == setting.default
    assert KEYS in document


def test_a_setting_has_one_name() -> None:
    assert [s.key for s in SETTINGS] == list(dict.fromkeys(s.key for s in SETTINGS))
    assert Setting("a", "b", str, "", None, "").key == "a.b"


def test_without_a_name_in_the_environment_the_os_is_asked(paths: Paths) -> None:
    import pwd

    assert load_config(paths, {}).actor == pwd.getpwuid(os.geteuid()).pw_name
