"""The systemd units: filled in for this interpreter and home, put where they belong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paso.cli.units import fill, template_folder
from paso.paths import Paths
from tests.paso.cli.conftest import Cli
from tests.support.programs import needs

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$CALLS"
exit ${SYSTEMCTL_CODE:-0}
"""


@pytest.fixture
def user(paso: Cli) -> Cli:
    """A user whose systemctl notes what it is told."""
    program = paso.folder / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    paso.environ["PATH"] = f"{program.parent}:{paso.environ['PATH']}"
    paso.environ["CALLS"] = str(paso.folder / "calls")
    paso.environ["XDG_CONFIG_HOME"] = str(paso.folder / "config")
    return paso


def units(user: Cli) -> Path:
    return user.folder / "config" / "systemd" / "user"


def calls(user: Cli) -> list[str]:
    return (user.folder / "calls").read_text().splitlines()


def test_install_writes_the_units_and_tells_systemd(user: Cli) -> None:
    done = user.json("daemon", "install")
    assert done["enabled"] is True
    assert done["files"] == [
        str(units(user) / "paso.socket"), str(units(user) / "paso.service"),
    ]  # fmt: skip
    service = (units(user) / "paso.service").read_text()
    assert f'ExecStart="{sys.executable}" "-P" "-m" "paso_daemon"' in service
    assert f'Environment="PASO_HOME={user.home}"' in service
    socket = (units(user) / "paso.socket").read_text()
    assert f"ListenStream={user.home}/paso.sock" in socket
    assert calls(user) == [
        "--user daemon-reload", "--user enable --now paso.socket",
    ]  # fmt: skip


def test_a_running_daemon_makes_room_for_that_of_systemd(user: Cli) -> None:
    user("daemon", "start")
    user("daemon", "install")
    assert user("daemon", "status").code == 6


def test_where_systemd_does_not_listen_the_user_is_told_what_to_do(user: Cli) -> None:
    user.environ["SYSTEMCTL_CODE"] = "1"
    shown = user("daemon", "install")
    assert shown.code == 0
    assert "systemctl --user enable --now paso.socket" in shown.err
    done = user.json("daemon", "install")
    assert done["enabled"] is False
    assert "daemon-reload" in done["problem"]


def test_uninstall_takes_them_away_again(user: Cli) -> None:
    user("daemon", "install")
    done = user.json("daemon", "uninstall")
    assert len(done["files"]) == 2
    assert list(units(user).iterdir()) == []
    assert "--user disable --now paso.socket paso.service" in calls(user)
    again = user("daemon", "uninstall")
    assert (again.code, again.out) == (0, "")


def test_a_path_with_odd_characters_is_written_as_systemd_reads_it() -> None:
    paths = Paths(home='/tmp/50% of "it"')
    service = fill("[Service]\nExecStart=x\n", paths)
    assert 'Environment="PASO_HOME=/tmp/50%% of \\"it\\""' in service
    assert "ListenStream=/tmp/50%% of" in fill("ListenStream=x\n", paths)


def test_the_filled_units_are_sound_to_systemd(user: Cli, tmp_path: Path) -> None:
    needs("systemd-analyze")
    user("daemon", "install")
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify",
         *map(str, sorted(units(user).iterdir()))],
        capture_output=True, text=True, timeout=50,
        env=user.environ | {"XDG_RUNTIME_DIR": str(runtime)},
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert "paso." not in told, told


def test_the_templates_are_those_of_the_source_tree() -> None:
    assert template_folder().endswith("contrib/systemd")
