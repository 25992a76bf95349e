"""The server of a daemon, and changes of sessions put into it at a given rate.

`python -m benchmarks.session_host SOCKET HOME` reads lines from its standard input and
answers each with one line of JSON: `fill COUNT`, `pour RATE SECONDS`, `idle SECONDS`.

Never: be part of what is measured by a client: that is the server alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time

from benchmarks.report import percentile
from paso.computer import Computer
from paso.events.change_reader import ChangeReader
from paso.paths import Paths
from paso_daemon.change_pump import ChangePump
from paso_daemon.server import Server
from paso_daemon.settings import Settings
from paso_daemon.tasks import Health, TaskRegistry

OWNERS = ("me", "far")
SLICE_S = 0.002
"""Between two portions of changes, as they come from sockets."""

LOOK_S = 0.001
"""Between two looks at how late the loop is."""

Record = dict[str, object]


def session(number: int, version: int = 1) -> Record:
    """A record of the size of a real one."""
    return {
        "id": f"{number:016x}",
        "title": f"Session {number} of the benchmark",
        "project_id": None,
        "project": "WEB",
        "project_uid": f"01a1fa61-6ce3-7abc-9223-{number:012x}",
        "task_id": None,
        "task": f"WEB-{number}",
        "task_uid": f"01a1fa62-6ce3-7abc-9223-{number:012x}",
        "task_title": "What is to be done, in some words",
        "argv": ["agent", "--task", f"WEB-{number}", "--quiet"],
        "cwd": "/home/someone/src/some-project",
        "backend": "tmux",
        "adopted": False,
        "created_by": "someone",
        "pid": 10_000 + number,
        "phase": "running",
        "activity": "working" if version % 2 else "idle",
        "attention": "none",
        "exit_code": None,
        "signal": None,
        "reason": "",
        "preview": "compiling some file of the project",
        "version": version,
        "created_at": "2026-11-20T19:05:00.123Z",
        "started_at": "2026-11-20T19:05:00.456Z",
        "active_at": "2026-11-20T19:06:00.456Z",
        "ended_at": None,
        "updated_at": "2026-11-20T19:06:00.456Z",
    }


class Host:
    """Serves until its standard input ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, paths: Paths) -> None:
        self.loop = loop
        self.health = Health()
        self.server = Server(
            loop,
            Settings(),
            Computer("me", "bench"),
            paths,
            max_fds=500,
            stop=lambda reason: None,
            health=self.health,
            tasks=TaskRegistry(self.health),
        )
        self.server.pump = ChangePump(
            ChangeReader(paths.database),
            self.server.hub,
            loop,
            computer="me",
            resync=self.server.resync_all,
            flush=self.server.flush,
            may_send=lambda: not self.server.pressure.holding,
            health=self.health,
        )
        self.versions = dict.fromkeys(OWNERS, 1)

    def fill(self, count: int) -> Record:
        directory = self.server.directory
        for place, owner in enumerate(OWNERS):
            directory.set_link(owner, "live")
            numbers = range(place, count, len(OWNERS))
            directory.replace_sessions(owner, [session(n) for n in numbers])
        return {"sessions": directory.cache.size("sessions")}

    async def pour(self, rate: float, seconds: float) -> Record:
        """Put `rate` changes a second; tell how late the loop was meanwhile."""
        late: list[float] = []
        looking = self.server.tasks.start("lag", self._look(late))
        begin, done = self.loop.time(), 0
        before = os.times()
        while (passed := self.loop.time() - begin) < seconds:
            due = int(passed * rate)
            for number in range(done, due):
                self._change(number)
            done = due
            await asyncio.sleep(SLICE_S)
        looking.cancel()
        after = os.times()
        cpu = after.user + after.system - before.user - before.system
        return {
            "changes": done,
            "events": self.server.hub.seq,
            "lag_p50_ms": percentile(late, 50) * 1000,
            "lag_p99_ms": percentile(late, 99) * 1000,
            "lag_max_ms": max(late) * 1000,
            "cpu": cpu / passed * 100,
            "slow": self.server.counters.slow_clients,
        }

    def _change(self, number: int) -> None:
        owner = OWNERS[number % len(OWNERS)]
        size = self.server.directory.cache.size("sessions")
        place = number % size
        version = 2 + number // size
        self.server.directory.put_session(owner, session(place, version), version)

    async def _look(self, late: list[float]) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(LOOK_S)
            late.append(max(time.perf_counter() - before - LOOK_S, 0.0))


async def serve(path: str, home: str) -> None:
    loop = asyncio.get_running_loop()
    host = Host(loop, Paths(home))
    lines: asyncio.Queue[str] = asyncio.Queue()
    threading.Thread(target=_read, args=(loop, lines), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(100)
        listener.setblocking(False)
        host.server.reception.listen(listener)
        _say({"ready": os.getpid()})
        while words := (await lines.get()).split():
            if words[0] == "fill":
                _say(host.fill(int(words[1])))
            else:
                _say(await host.pour(float(words[1]), float(words[2])))


def _read(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


def _say(answer: Record) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], sys.argv[2]))
