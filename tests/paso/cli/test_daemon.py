"""`paso daemon`, and the daemon that other commands start, as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import daemon_pids, is_running
from tests.paso.cli.conftest import Cli


@pytest.fixture
def live(paso: Cli) -> Cli:
    """A command line that starts the daemon, as it does for users."""
    del paso.environ["PASO_AUTO_START"]
    return paso


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


def serves(paso: Cli) -> bool:
    return paso("daemon", "status").code == 0


def test_it_is_started_looked_at_and_stopped(paso: Cli) -> None:
    down = paso("daemon", "status")
    assert (down.code, down.out) == (6, "")
    assert "paso daemon start" in down.err
    assert paso("daemon", "status", "--json").error["code"] == "no_daemon"
    started = paso.json("daemon", "start")
    assert [started["pid"]] == daemon_pids(paso.home)
    assert started["socket"] == str(paso.home / "paso.sock")
    assert paso.json("daemon", "start")["pid"] == started["pid"]
    status = paso.json("daemon", "status")
    assert {"pid", "version", "uptime_s", "epoch", "clients", "counters"} <= set(status)
    assert paso("daemon", "status", "--quiet").out == f"{started['pid']}\n"
    stopped = paso.json("daemon", "stop")
    assert stopped == {"stopped": True, "pid": started["pid"]}
    assert not is_running(started["pid"])
    assert os.path.lexists(paso.home / "paso.sock") is False
    again = paso("daemon", "stop")
    assert (again.code, again.err) == (0, "the daemon does not run\n")
    assert paso.json("daemon", "stop") == {"stopped": False, "pid": None}


def test_a_restart_is_another_process(paso: Cli) -> None:
    first = paso.json("daemon", "start")["pid"]
    assert paso.json("daemon", "restart")["pid"] != first
    assert not is_running(first)


def test_a_daemon_that_hangs_is_told_and_ended(paso: Cli) -> None:
    pid = paso.json("daemon", "start")["pid"]
    os.kill(pid, signal.SIGSTOP)
    hung = paso("daemon", "status", "--json")
    assert hung.code == 6
    assert "restart" in hung.error["hint"]
    assert paso.json("daemon", "restart")["pid"] != pid
    assert not is_running(pid)


def test_its_log_is_shown(paso: Cli) -> None:
    missing = paso.fail(3, "daemon", "logs")
    assert "journalctl" in missing["hint"]
    paso("daemon", "start")
    assert "serves" in paso("daemon", "logs").out
    shown = paso.json("daemon", "logs", "-n", "1")
    assert shown["file"] == str(paso.home / "logs" / "daemon.log")
    assert len(shown["lines"]) == 1


def test_its_log_is_followed_through_a_rotation(paso: Cli) -> None:
    log = paso.home / "logs" / "daemon.log"
    log.parent.mkdir(mode=0o700)
    log.write_text("first\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "paso", "daemon", "logs", "--follow"],
        stdout=subprocess.PIPE,
        text=True,
        env=paso.environ,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    with log.open("a") as file:
        file.write("\x1b[31msecond\n")
    assert process.stdout.readline() == "\\x1b[31msecond\n"
    log.rename(log.with_suffix(".1"))
    log.write_text("third\n")
    assert process.stdout.readline() == "third\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    process.stdout.close()


def test_run_is_the_daemon_in_the_foreground(paso: Cli) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "paso", "daemon", "run"],
        env=paso.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: serves(paso), "the daemon serves")
    assert paso.json("daemon", "status")["pid"] == process.pid
    process.terminate()
    assert process.wait(30) == 0


@pytest.mark.parametrize("words", [("add", "x"), ("list",), ("board",)], ids=" ".join)
def test_any_command_on_the_board_starts_it(live: Cli, words: tuple[str, ...]) -> None:
    assert live(*words).code == 0
    wait_for(lambda: serves(live), "a daemon")
    pid = live.json("daemon", "status")["pid"]
    live(*words)
    assert live.json("daemon", "status")["pid"] == pid


def test_a_command_heals_what_a_killed_daemon_left(live: Cli) -> None:
    pid = live.json("daemon", "start")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_running(pid), "its end")
    assert live("list").code == 0
    wait_for(lambda: serves(live), "another daemon")


@pytest.mark.parametrize(
    "words", [("daemon", "status"), ("-h",), ("config", "show"), ("info", "-h")]
)
def test_what_needs_no_board_starts_no_daemon(
    live: Cli, words: tuple[str, ...]
) -> None:
    live(*words)
    assert daemon_pids(live.home) == []
    assert not (live.home / "logs").exists()


def test_auto_start_can_be_switched_off_in_the_file(live: Cli) -> None:
    (live.home / "config.toml").write_text("[daemon]\nauto_start = false\n")
    live("add", "x")
    live("list")
    assert daemon_pids(live.home) == []
    assert not (live.home / "logs").exists()


def test_without_a_daemon_nobody_is_warned_for_it(paso: Cli) -> None:
    assert paso("add", "x").err == ""
    assert paso("list").err == ""


def test_the_doctor_sees_it(paso: Cli) -> None:
    paso("list")
    pid = paso.json("daemon", "start")["pid"]
    checks = {check["name"]: check for check in paso.json("doctor")["checks"]}
    assert str(pid) in checks["daemon"]["message"]
    assert paso.json("info")["daemon"]["pid"] == pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert paso("doctor").code == 1
    finally:
        os.kill(pid, signal.SIGCONT)
