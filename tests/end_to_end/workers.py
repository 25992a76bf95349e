"""Programs that the end-to-end tests run as processes of their own.

    python -m tests.end_to_end.workers ensure COUNT AT SECONDS
    python -m tests.end_to_end.workers write NAME COUNT SUPPRESSED
    python -m tests.end_to_end.workers write-and-die TITLE
    python -m tests.end_to_end.workers follow NAME
    python -m tests.end_to_end.workers latency SUBSCRIBERS EVENTS RATE

Each prints JSON lines. Never: judge; the test that started it does.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from paso.errors import PasoError
from paso.paths import Paths


def say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


# ensure: many clients that want a daemon at the same moment ---------------------


def ensure(count: str, at: str, seconds: str) -> None:
    """`count` threads call `ensure_daemon` at the time `at`; each prints one line."""
    answers: list[dict[str, object]] = []
    threads = [
        threading.Thread(target=_ensure_one, args=(float(at), float(seconds), answers))
        for _ in range(int(count))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        say(**answer)


def _ensure_one(at: float, seconds: float, answers: list[dict[str, object]]) -> None:
    """Served means: a pong came. A daemon killed after the welcome is asked again."""
    from paso.events.launcher import ensure_daemon

    time.sleep(max(0.0, at - time.time()))
    began = time.monotonic()
    tries = 0
    while True:
        tries += 1
        left = seconds - (time.monotonic() - began)
        try:
            with ensure_daemon(Paths(), timeout_s=left) as connection:
                pid = _ping(connection, left)
        except PasoError as error:
            answers.append({"error": f"{error.code}: {error}", "tries": tries})
            return
        except OSError as error:
            if left < 0:
                answers.append({"error": repr(error), "tries": tries})
                return
            continue
        took = time.monotonic() - began
        answers.append({"pid": pid, "seconds": took, "tries": tries})
        return


def _ping(connection: socket.socket, timeout_s: float) -> int:
    connection.settimeout(max(0.1, timeout_s))
    connection.sendall(b'{"type":"ping"}\n')
    data = b""
    while b'"pong"' not in data:
        received = connection.recv(65536)
        if not received:
            raise ConnectionResetError("closed before the pong")
        data += received
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder)


# write: commits, part of them without a doorbell ---------------------------------


def write(name: str, count: str, suppressed: str) -> None:
    """Commit `count` tasks; ring for all but the share `suppressed` of them."""
    from paso.commands import projects, tasks
    from paso.database.connection import open_database
    from paso.events.publisher import Publisher

    paths = Paths()
    publisher = Publisher(paths, client=name)
    dice = random.Random(name)

    def ring(commit: Any) -> None:
        if dice.random() >= float(suppressed):
            publisher.announce(commit)

    database = open_database(paths.database, actor=name, client=name, on_commit=ring)
    project = projects.list_projects(database)[0]
    for number in range(int(count)):
        tasks.create_task(database, project.id, f"{name} {number}")
        commit = database.last_commit
        assert commit is not None
        say(first=commit.first, last=commit.last, at=time.time())
    database.close()
    publisher.close()


def write_and_die(title: str) -> None:
    """Commit one task, and be killed where the doorbell would be rung."""
    from paso.commands import projects, tasks
    from paso.database.connection import open_database

    database = open_database(
        Paths().database,
        actor="victim",
        client="victim",
        on_commit=lambda commit: os.kill(os.getpid(), signal.SIGKILL),
    )
    tasks.create_task(database, projects.list_projects(database)[0].id, title)


# follow: an EventClient ----------------------------------------------------------


def follow(name: str) -> None:
    """Print every notice of an EventClient until stdin ends."""
    asyncio.run(_follow(name))


async def _follow(name: str) -> None:
    from paso.events.client import EventClient

    loop = asyncio.get_running_loop()
    auto_start = os.environ.get("PASO_AUTO_START") != "0"
    async with EventClient(
        Paths(), client=name, last_change=0, auto_start=auto_start
    ) as client:

        async def listen() -> None:
            async for notice in client:
                say(kind=type(notice).__name__, at=time.time(), **notice._asdict())

        listener = asyncio.create_task(listen())
        stop = loop.run_in_executor(None, sys.stdin.readline)
        await asyncio.wait({listener, stop}, return_when=asyncio.FIRST_COMPLETED)
        if listener.done():
            listener.result()
        listener.cancel()


# latency: what a healthy subscriber feels ------------------------------------------


def latency(subscribers: str, events: str, rate: str) -> None:
    """Announce `events` at `rate` a second; print the delays seen, in milliseconds.

    The project id of an event carries its number.
    """
    path = Paths().socket
    chosen = selectors.DefaultSelector()
    for _ in range(int(subscribers)):
        reader = _connect(path)
        reader.sendall(b'{"type":"subscribe","topics":["db"]}\n')
        chosen.register(reader, selectors.EVENT_READ, bytearray())
    writer = _connect(path)
    writer.sendall(b'{"type":"subscribe","topics":[]}\n')
    time.sleep(0.3)
    sent: dict[int, float] = {}
    delays: list[float] = []
    began = time.monotonic()
    wanted = int(events) * int(subscribers)
    while len(delays) < wanted and time.monotonic() - began < 120:
        number = len(sent) + 1
        due = began + number / float(rate)
        if number <= int(events) and time.monotonic() >= due:
            sent[number] = time.monotonic()
            writer.sendall(_event(number))
        for key, _ in chosen.select(max(0.0, min(0.05, due - time.monotonic()))):
            _collect(key, sent, delays)
    say(sent=len(sent), received=len(delays), wanted=wanted, delays_ms=delays)


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection


def _event(number: int) -> bytes:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    event = {"type": "db_changed", "project_id": number, "timestamp": stamp}
    return json.dumps({"type": "event", "event": event}).encode() + b"\n"


def _collect(
    key: selectors.SelectorKey, sent: dict[int, float], delays: list[float]
) -> None:
    assert isinstance(key.fileobj, socket.socket)
    buffer: bytearray = key.data
    buffer += key.fileobj.recv(1 << 18)
    now = time.monotonic()
    *lines, rest = bytes(buffer).split(b"\n")
    buffer[:] = rest
    for line in lines:
        frame = json.loads(line)
        if frame["type"] == "event" and "change" not in frame["event"]:
            delays.append((now - sent[frame["event"]["project_id"]]) * 1000)


MODES: dict[str, Callable[..., None]] = {
    "ensure": ensure,
    "write": write,
    "write-and-die": write_and_die,
    "follow": follow,
    "latency": latency,
}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
