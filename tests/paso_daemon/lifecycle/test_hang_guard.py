"""A loop that stands still ends the daemon; one that was stopped does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.daemon import ROOT, RunningDaemon

HANGING = """
import sys, time
import paso_daemon.server
paso_daemon.server.Server.tick = lambda self: time.sleep(60)
sys.argv = ["paso_daemon"]
from paso_daemon.__main__ import main
main()
"""


def test_a_loop_that_stands_still_is_ended_with_its_trace(paso_home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PASO_HANG_S": "1.5",
            "PASO_TICK_S": "0.1",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 70
    assert "stands still" in said
    assert "_keep_house" in said


def test_a_daemon_that_was_stopped_and_goes_on_is_not_ended(paso_home: Path) -> None:
    with RunningDaemon(paso_home, hang_s=1.5, tick_s=0.1) as daemon:
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(daemon.pid, signal.SIGCONT)
        time.sleep(0.8)  # three of its steps
        assert daemon.status()["pid"] == daemon.pid
        assert daemon.process.poll() is None
