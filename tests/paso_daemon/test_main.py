"""The program: its options, its exit codes, what it loads, what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from paso import __version__
from paso.commands.sessions import create_session, session_ended
from paso_daemon.__main__ import EX_CONFIG, EX_TEMPFAIL
from tests.support.daemon import ROOT, RunningDaemon, new_board, wait_for

MIB = 1024 * 1024

MODULES = """
import sys
import paso_daemon.daemon as daemon
async def run(self):
    self._server.pump.look()
    print(*sorted(sys.modules))
daemon.Daemon.run = run
from paso_daemon.__main__ import main
main([])
"""


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paso_daemon", *words],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
    )


def test_version_and_help_need_no_home() -> None:
    assert run("--version").stdout == f"paso-daemon {__version__}\n"
    assert "PASO_HOME" in run("--help", PASO_HOME="/dev/null/x").stdout


def test_an_unknown_option_is_a_mistake_of_usage() -> None:
    done = run("--port=5")
    assert done.returncode == 2
    assert "--port=5" in done.stderr
    assert "usage:" in done.stderr


def test_a_second_daemon_leaves_with_its_own_code(paso_home: Path) -> None:
    with RunningDaemon(paso_home) as daemon:
        done = run()
        assert done.returncode == EX_TEMPFAIL
        assert str(daemon.pid) in done.stderr
        assert daemon.listens()


def test_a_wrong_setting_is_said_and_not_tried_again(paso_home: Path) -> None:
    done = run(PASO_SLOW_S="long")
    assert done.returncode == EX_CONFIG
    assert "PASO_SLOW_S" in done.stderr
    (paso_home / "config.toml").write_text("[daemon]\nsocket = 5\n")
    done = run()
    assert done.returncode == EX_CONFIG
    assert "daemon.socket" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_reason_goes_to_who_waits_for_it() -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "paso_daemon", f"--ready-fd={write}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PASO_HOME": "/dev/null/x"},
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        told = json.loads(pipe.read())
    assert process.wait(10) == EX_CONFIG
    assert set(told) == {"code", "message", "hint"}


def test_the_configuration_moves_the_socket(paso_home: Path) -> None:
    path = paso_home / "run" / "other.sock"
    (paso_home / "config.toml").write_text(
        f'[daemon]\nsocket = "{path}"\nmax_frame = 5000\nidle_exit_s = 0.5\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "paso_daemon"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    wait_for(path.exists)
    assert process.wait(10) == 0, "it was idle"
    assert not path.exists()


def test_it_loads_only_what_it_needs(paso_home: Path) -> None:
    new_board(paso_home).close()
    done = subprocess.run(
        [sys.executable, "-c", MODULES],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"sqlite3", "orjson"} <= loaded
    unwanted = {"argparse", "http", "psutil", "redis", "textual", "tomllib", "urllib"}
    assert not loaded & unwanted
    unused = ("paso.cli", "paso.tui", "paso.commands", "paso.sessions")
    assert not [name for name in loaded if name.startswith(unused)]
    later = ("paso_daemon.sessions", "paso_daemon.peers.")
    switch = "paso_daemon.peers.switch"
    assert [name for name in loaded if name.startswith(later)] == [switch]


def clients_of(daemon: RunningDaemon, count: int) -> list[Any]:
    made = []
    for _ in range(count):
        client = daemon.client()
        client.hello()
        client.subscribe(["db"])
        made.append(client)
    return made


def test_memory_is_small_alone_and_for_each_client(paso_home: Path) -> None:
    board = new_board(paso_home)
    with RunningDaemon(paso_home) as daemon:
        with daemon.client() as client:
            client.hello()
        assert daemon.rss_bytes() < 26 * MIB
        first = clients_of(daemon, 20)
        before = daemon.rss_bytes()
        more = clients_of(daemon, 100)
        assert (daemon.rss_bytes() - before) / 100 < 4096
        for client in (*first, *more):
            client.close()
    board.close()


def test_it_gives_back_what_a_client_cost(paso_home: Path) -> None:
    with RunningDaemon(paso_home) as daemon:

        def fds() -> int:
            return len(os.listdir(f"/proc/{daemon.pid}/fd"))

        def visit() -> None:
            clients = clients_of(daemon, 50)
            clients[0].announce()
            for client in clients:
                client.close()
            wait_for(lambda: daemon.status()["clients"] == 1)

        visit()
        descriptors, memory = wait_for(fds), daemon.rss_bytes()
        for _ in range(5):
            visit()
        assert fds() <= descriptors
        assert daemon.rss_bytes() - memory < MIB


def test_sessions_that_were_there_before_it_are_no_news(paso_home: Path) -> None:
    board = new_board(paso_home)
    with board.write():
        for number in range(600):
            made = create_session(board, argv=[f"c{number}"], cwd="/", backend="pty")
            session_ended(board, made.id, exit_code=0)
    # Whoever waits for the socket asks before the first turn of its loop is over.
    daemon = RunningDaemon(paso_home)
    try:
        wait_for(lambda: Path(daemon.socket).exists())
        with daemon.client() as client:
            client.send({"type": "subscribe", "topics": ["sessions"]})
            told = [frame for frame in client.frames(1.0) if "type" in frame]
    finally:
        daemon.kill()
        board.close()
    kinds = Counter(frame.get("event", frame)["type"] for frame in told)
    assert kinds["sessions_initial"] >= 1
    assert kinds["session_started"] == 0


def test_idle_it_does_next_to_nothing(paso_home: Path) -> None:
    board = new_board(paso_home)
    with RunningDaemon(paso_home) as daemon:
        clients = clients_of(daemon, 5)
        wait_for(lambda: daemon.status()["uptime_s"] > 1.5)
        # Ticks of the clock are 10 ms: one of them in 3 s is 0.3 %, and on a busy
        # machine one may count that was another's.
        assert any(used_in(daemon, 3) < 0.006 for _ in range(3))
        for client in clients:
            client.close()
    board.close()


def used_in(daemon: RunningDaemon, seconds: float) -> float:
    """The part of a core that it takes."""
    before, begin = daemon.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return (daemon.cpu_s() - before) / (time.monotonic() - begin)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_without_uvloop_it_runs_on_asyncio(paso_home: Path, loop: str) -> None:
    with RunningDaemon(paso_home, loop=loop) as daemon:
        assert daemon.status()["loop"] == loop
