"""The systemd units say what the daemon needs, by systemd's own judgement."""

from __future__ import annotations

import configparser
import os
import subprocess
from pathlib import Path

from paso_daemon.__main__ import EX_CONFIG, EX_TEMPFAIL
from paso_daemon.lifecycle.listener import BACKLOG
from tests.support.daemon import ROOT
from tests.support.programs import needs

UNITS = ROOT / "contrib" / "systemd"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / name)
    return parser


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    needs("systemd-analyze")
    done = subprocess.run(
        [
            "systemd-analyze",
            "--user",
            "verify",
            *map(str, sorted(UNITS.glob("paso.*"))),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_the_socket_is_private_and_long_enough() -> None:
    socket = unit("paso.socket")["Socket"]
    assert socket["ListenStream"] == "%h/.paso/paso.sock"
    assert socket["SocketMode"] == socket["DirectoryMode"] == "0700"
    assert int(socket["Backlog"]) == BACKLOG


def test_the_service_is_supervised_and_not_started_in_vain() -> None:
    service = unit("paso.service")["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) == 30
    codes = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert codes == {EX_TEMPFAIL, EX_CONFIG}
    assert unit("paso.service")["Unit"]["StartLimitIntervalSec"] == "0"
