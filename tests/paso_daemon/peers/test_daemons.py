"""Two and three daemons as real processes, each with its home, and a real Redis.

What a user has: a session begins here and is on the other screen; whatever becomes of
Redis, the clients here are served as ever.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from paso.commands.sessions import create_session
from paso.peers_file import peers_file
from tests.support.daemon import RunningDaemon, new_board, wait_for
from tests.support.protocol_client import ConnectionEnded, ProtocolClient
from tests.support.redis import RedisServer, free_port, join

MIB = 1024 * 1024
CANARY = "c4n4ry-Pa55word"


@contextmanager
def daemons(
    redis: RedisServer | str, folder: Path, *names: str, **settings: Any
) -> Iterator[list[RunningDaemon]]:
    """Daemons that see one another."""
    url = redis if isinstance(redis, str) else redis.url
    with ExitStack() as stack:
        made = []
        for name in names:
            home = folder / name
            home.mkdir(mode=0o700, exist_ok=True)
            (home / "computer.name").write_text(f"{name}\n")
            new_board(home).close()
            join(home, url)
            made.append(
                stack.enter_context(RunningDaemon(home, tick_s=0.1, **settings))
            )
        for daemon in made:
            wait_for(lambda d=daemon: peers(d).get("live", -1) >= len(made) - 1)  # type: ignore[misc]
        yield made


def peers(daemon: RunningDaemon) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["peers"]
    return found


def begin_session(daemon: RunningDaemon, title: str) -> str:
    """Note a session in the board of `daemon`, and ring."""
    db = new_board(daemon.home)
    try:
        found = create_session(
            db, argv=["sleep", "9"], cwd="/", backend="pty", title=title
        )
    finally:
        db.close()
    with daemon.client() as bell:
        bell.subscribe([])
        bell.announce(1, change={"first": 1, "last": 1}, entities=[])
        bell.ping()
    return found.id


def until_told(client: ProtocolClient, id: str, limit_s: float = 10.0) -> float:
    """Return after how many seconds the client is told of the session's beginning."""
    begun = time.monotonic()
    while time.monotonic() - begun < limit_s:
        for frame in [client.read()]:
            event = frame.get("event", {})
            if event.get("session", {}).get("id") == id:
                return time.monotonic() - begun
    raise AssertionError("not told")


def test_a_session_that_begins_there_is_told_here_within_a_second(
    redis: RedisServer, tmp_path: Path
) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b), a.client() as client:
        client.subscribe(["sessions"])
        wait_for(lambda: peers(b)["readers"] == 1)
        took = []
        for number in range(10):
            id = begin_session(b, f"build {number}")
            took.append(until_told(client, id))
        assert statistics.median(took) < 0.5
        assert max(took) < 1.0
        assert peers(a)["gaps"] == 0


def test_a_foreign_write_there_is_told_here_too(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Nobody rings, and the owner has no client of its own."""
    with daemons(redis, tmp_path, "a", "b", poll_s=0.1) as (a, b), a.client() as client:
        client.subscribe(["sessions"])
        wait_for(lambda: peers(b)["readers"] == 1)
        db = new_board(b.home)
        found = create_session(db, argv=["true"], cwd="/", backend="pty")
        db.close()
        until_told(client, found.id)


def test_nobody_looks_and_redis_has_next_to_nothing_to_do(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Six commands a minute, counted over twelve beats of a hastier clock."""
    beat_s = 0.3
    with daemons(redis, tmp_path, "a", "b", peer_beat_s=beat_s) as made:
        time.sleep(2 * beat_s)
        redis.reset_calls()
        time.sleep(12 * beat_s)
        calls = redis.calls()
        extra = {"config|resetstat", "info", "client|setname"}
        count = sum(n for name, n in calls.items() if name not in extra)
        a_minute = count / len(made) / 12 * 3
        assert a_minute + 1 <= 8, calls  # one is XREAD, which blocks for a minute
        assert set(calls) - extra <= {"set", "mget", "smembers", "xread"}, calls
        assert not any("keys" in name or "scan" in name for name in calls)


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_nobody_looks_for_a_minute(redis: RedisServer, tmp_path: Path) -> None:
    with daemons(redis, tmp_path, "a", "b") as made:
        redis.reset_calls()
        time.sleep(120)
        calls = redis.calls()
        count = sum(n for name, n in calls.items() if "|" not in name)
        assert count / len(made) / 2 <= 12, calls


def test_a_computer_without_address_loads_no_redis(paso_home: Path) -> None:
    new_board(paso_home).close()
    with RunningDaemon(paso_home, tick_s=0.1) as daemon:
        assert peers(daemon) == {"state": "off"}
        time.sleep(0.3)
        assert not {"psutil", "redis"} & loaded_packages(daemon.pid)
        plain = daemon.rss_bytes()
    assert plain < 30 * MIB


def loaded_packages(pid: int) -> set[str]:
    """Packages of which a compiled part is mapped; psutil comes with the redis code."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in ("psutil", "redis", "orjson", "_ssl") if name in maps}


def test_memory_with_peers_is_bounded(redis: RedisServer, tmp_path: Path) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b), a.client() as client:
        client.subscribe(["sessions", "computers"])
        wait_for(lambda: peers(b)["readers"] == 1)
        assert "psutil" in loaded_packages(a.pid)
        assert a.rss_bytes() < 45 * MIB
        assert b.rss_bytes() < 45 * MIB


def test_peers_are_switched_on_and_off_while_the_daemon_runs(
    redis: RedisServer, tmp_path: Path
) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b):
        pid = b.status()["pid"]
        Path(peers_file(str(b.home))).unlink()
        wait_for(lambda: peers(b) == {"state": "off"})
        wait_for(lambda: peers(a)["live"] == 0)
        join(b.home, redis.url)
        wait_for(lambda: peers(b).get("live") == 1 and peers(a)["live"] == 1)
        Path(peers_file(str(b.home))).write_text("{")
        wait_for(lambda: peers(b).get("reason"))
        assert any(one["name"] == "peers.json" for one in b.status()["degraded"])
        assert b.status()["pid"] == pid


def test_a_daemon_that_stops_says_goodbye(redis: RedisServer, tmp_path: Path) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b):
        begun = time.monotonic()
        assert b.terminate() == 0
        assert time.monotonic() - begun < 3.0
        wait_for(lambda: peers(a)["live"] == 0, 1.0)
        with redis.client() as client:
            assert list(client.scan_iter("paso:{test}:here:*")) != []
        assert "Traceback" not in a.said() + b.said()


def latencies(client: ProtocolClient, count: int, pause_s: float) -> list[float]:
    found = []
    for _ in range(count):
        begun = time.perf_counter()
        client.ping()
        found.append(time.perf_counter() - begun)
        time.sleep(pause_s)
    return sorted(found)


@pytest.mark.parametrize(
    "hangs_s", [5, pytest.param(30, marks=[pytest.mark.soak, pytest.mark.timeout(180)])]
)
def test_clients_are_served_as_ever_while_redis_hangs(
    redis: RedisServer, tmp_path: Path, hangs_s: int
) -> None:
    with daemons(redis, tmp_path, "a", "b", peer_lease_s=3) as (a, b):
        with a.client() as client, b.client() as other:
            client.subscribe(["sessions"])
            other.subscribe(["sessions"])
            wait_for(lambda: peers(b)["readers"] == peers(a)["readers"] == 1)
            before = latencies(client, 200, 0.005)
            redis.freeze()
            during = latencies(client, int(hangs_s / 0.01), 0.01)
            id = begin_session(b, "while it hangs")
            redis.thaw()
            until_told(client, id, 60)
        # A loaded machine is slow for both; a daemon that waits is slow by seconds.
        p99 = int(len(during) * 0.99)
        assert during[p99] < max(0.02, 3 * before[198])
        assert during[-1] < 0.5
        wait_for(lambda: peers(a)["state"] == peers(b)["state"] == "live", 60)


def test_a_daemon_stops_in_time_while_redis_hangs(
    redis: RedisServer, tmp_path: Path
) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b):
        redis.freeze()
        begun = time.monotonic()
        assert b.terminate() == 0
        assert time.monotonic() - begun < 4.0
        assert "Traceback" not in b.said()
        redis.thaw()


def test_a_cloned_home_begins_anew_with_an_id_of_its_own(
    redis: RedisServer, tmp_path: Path
) -> None:
    with daemons(redis, tmp_path, "a", "b") as (a, b):
        running = shutil.ignore_patterns("*.sock", "*.pid")
        shutil.copytree(b.home, tmp_path / "copy", ignore=running)
        old = b.status()["computer"]["id"]
        with RunningDaemon(tmp_path / "copy", tick_s=0.1) as copy:
            wait_for(lambda: is_another(copy, old))
            wait_for(lambda: peers(copy).get("live") == 2)
            wait_for(lambda: peers(a)["live"] == 2)
            assert b.status()["computer"]["id"] == old
            assert "computer id" in {one["name"] for one in copy.status()["degraded"]}
            with a.client() as client:
                client.subscribe([])
                shown = client.request("computers")["result"]["data"]
            assert len({one["id"] for one in shown}) == 3
            assert len({one["name"] for one in shown}) == 3
            assert copy.process.poll() is None


AWAY = (OSError, ConnectionEnded)
"""What is met of a daemon that begins anew at this moment."""


def is_another(daemon: RunningDaemon, old: str) -> bool:
    try:
        return bool(daemon.status()["computer"]["id"] != old)
    except AWAY:
        return False


def test_the_password_is_nowhere(tmp_path: Path) -> None:
    port = free_port()
    with RedisServer("--requirepass", CANARY, port=port) as redis:
        right = f"redis://:{CANARY}@127.0.0.1:{port}/0"
        wrong = f"redis://user:{CANARY}-x@127.0.0.1:{port}/0"
        with daemons(right, tmp_path, "a", "b", peer_beat_s=0.2) as (a, b):
            seen = [str(a.status()), str(b.status())]
            join(b.home, wrong)
            wait_for(lambda: peers(b).get("state") == "refused")
            seen.append(str(b.status()))
            redis.stop()
            wait_for(lambda: peers(a).get("state") == "unreachable")
            seen.append(str(a.status()))
            join(b.home, f"rediss://:{CANARY}@127.0.0.1:{port}/0")
            wait_for(lambda: "rediss" in str(peers_or_nothing(b)))
            wait_for(lambda: peers_or_nothing(b).get("state") == "unreachable")
            seen.append(str(b.status()))
            for daemon in (a, b):
                seen.append(daemon.said())
                for name in ("cmdline", "environ"):
                    data = Path(f"/proc/{daemon.pid}/{name}").read_bytes()
                    seen.append(data.decode(errors="replace"))
                files = daemon.home.glob("peers.db*")
                seen += [one.read_bytes().decode(errors="replace") for one in files]
        assert not [text for text in seen if CANARY in text]
        assert f"127.0.0.1:{port}" in seen[0]


def peers_or_nothing(daemon: RunningDaemon) -> dict[str, Any]:
    try:
        return peers(daemon)
    except AWAY:
        return {}


@pytest.mark.parametrize("jump", ["+365d", "-365d"])
def test_a_clock_that_jumps_by_a_year_changes_nothing(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: str
) -> None:
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    assert library is not None, "install faketime (apt install faketime)"
    clock = tmp_path / "clock"
    clock.write_text("+0d\n")
    with ExitStack() as stack:
        (a,) = stack.enter_context(daemons(redis, tmp_path, "a", peer_beat_s=1))
        with monkeypatch.context() as fake:
            fake.setenv("LD_PRELOAD", str(library))
            fake.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
            fake.setenv("FAKETIME_CACHE_DURATION", "1")
            fake.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            fake.setenv("NO_FAKE_STAT", "1")
            (b,) = stack.enter_context(daemons(redis, tmp_path, "b", peer_beat_s=1))
        wait_for(lambda: peers(a)["live"] == peers(b)["live"] == 1)
        client = stack.enter_context(a.client())
        client.subscribe(["sessions"])
        wait_for(lambda: peers(b)["readers"] == 1)
        until_told(client, begin_session(b, "before"))
        year = year_of(a, "b")
        clock.write_text(f"{jump}\n")
        wait_for(lambda: year_of(a, "b") == year + (1 if "+" in jump else -1))
        until_told(client, begin_session(b, "after"))
        assert peers(a)["live"] == peers(b)["live"] == 1
        assert peers(a)["gaps"] == 0
        assert peers(a)["refused"] == peers(b)["refused"] == 0


def year_of(daemon: RunningDaemon, name: str) -> int:
    """The year that another computer says it is."""
    with daemon.client() as client:
        client.subscribe([])
        shown = client.request("computers")["result"]["data"]
    (found,) = [one for one in shown if one["name"] == name]
    return int(found["time"][:4])
