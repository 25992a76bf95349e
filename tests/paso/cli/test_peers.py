"""`paso peers` and `paso computer` as processes: a real daemon, a real Redis."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.conftest import daemon_pids, stop_daemon_of
from tests.paso.cli.conftest import Cli
from tests.support.redis import RedisServer, free_port

Found = TypeVar("Found")
CANARY = "s3cr3tCanary"
FAST = {"PASO_PEER_BEAT_S": "0.5", "PASO_PEER_LEASE_S": "2", "PASO_TICK_S": "0.2"}


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def desk(paso: Cli) -> Cli:
    """This computer, whose commands start the daemon."""
    del paso.environ["PASO_AUTO_START"]
    paso.environ |= FAST
    (paso.home / "computer.name").write_text("desk\n")
    return paso


@pytest.fixture
def laptop(desk: Cli, tmp_path: Path) -> Iterator[Cli]:
    """Another one: a home of its own."""
    home = tmp_path / "laptop"
    home.mkdir(mode=0o700)
    (home / "computer.name").write_text("laptop\n")
    made = Cli(home, desk.folder)
    made.environ = desk.environ | {"PASO_HOME": str(home)}
    yield made
    stop_daemon_of(home)


def until(condition: Callable[[], Found], timeout_s: float = 20.0) -> Found:
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.05)
    return found


def together(one: Cli, other: Cli, url: str, *more: str) -> None:
    """Join both, as a user does."""
    one.json("peers", "on", url)
    key = one("peers", "key").out
    other.json("peers", "on", url, "--key-file", "-", *more, stdin=key)
    for who in (one, other):
        until(lambda w=who: states(w).count("live") == 2)  # type: ignore[misc]


def states(paso: Cli) -> list[str]:
    return [one["state"] for one in paso.json("computer", "list")]


# without a server


def test_off_is_how_it_begins(paso: Cli) -> None:
    status = paso.json("peers", "status")
    assert status["state"] == "off" and status["url"] is None
    assert paso("peers", "status").out == "off\n"
    assert paso.json("peers", "off") == {"state": "off", "was_on": False}
    assert paso.fail(3, "peers", "key")["hint"].startswith("paso peers on")
    assert paso.fail(3, "peers", "control", "all")
    assert paso.fail(2, "peers", "on")
    assert not (paso.home / "peers.json").exists()
    assert daemon_pids(paso.home) == []


def test_without_a_daemon_it_is_kept_for_the_next_one(paso: Cli) -> None:
    """PASO_AUTO_START=0: a command that is not to start a daemon does not."""
    said = paso("peers", "on", "redis://localhost:1")
    assert said.code == 0 and "when the daemon starts" in said.err
    path = paso.home / "peers.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["control"] == "none"
    assert daemon_pids(paso.home) == []
    assert paso.fail(6, "peers", "status")["code"] == "no_daemon"
    assert paso.fail(6, "computer", "list")["code"] == "no_daemon"


def test_the_key_is_made_once_and_printed_for_a_pipe(paso: Cli) -> None:
    assert paso.json("peers", "on", "redis://localhost:1")["key_made"] is True
    key = paso("peers", "key").out
    assert len(key) == 65 and paso.json("peers", "key")["key"] == key.strip()
    assert paso.json("peers", "on", "redis://localhost:2")["key_made"] is False
    assert paso("peers", "key").out == key
    assert paso("peers", "key", "--new").out != key


def test_the_rest_of_before_is_kept(paso: Cli) -> None:
    first = ("--network", "lab", "--control", "send")
    paso.json("peers", "on", "redis://localhost:1", *first)
    paso.json("peers", "off")
    again = paso.json("peers", "on")
    assert (again["url"], again["network"]) == ("redis://localhost:1", "lab")
    assert again["control"] == "send"
    changed = paso.json("peers", "on", "redis://other:1", "--control", "none")
    assert (changed["network"], changed["control"]) == ("lab", "none")


@pytest.mark.parametrize(
    "words",
    [
        ("localhost:6379",),
        ("http://localhost",),
        (f"redis://u:{CANARY}@h:x",),
        (f"redis://u:{CANARY}/@h",),
        ("redis://h", "--network", "a b"),
        ("redis://h", "--control", "everything"),
        ("redis://h", "--key-file", "/nonexistent"),
        ("redis://h", "--ca-file", "/nonexistent"),
        ("rediss://h?ssl_cert_reqs=none",),
    ],
)
def test_what_is_wrong_is_told_and_nothing_kept(
    paso: Cli, words: tuple[str, ...]
) -> None:
    said = paso("peers", "on", *words)
    assert said.code == 5 and CANARY not in said.out + said.err
    assert not (paso.home / "peers.json").exists()


def test_a_wrong_key_is_refused_and_not_repeated(paso: Cli) -> None:
    said = paso("peers", "on", "redis://h", "--key-file", "-", stdin=CANARY)
    assert said.code == 5 and CANARY not in said.out + said.err


def test_two_things_cannot_come_from_stdin(paso: Cli) -> None:
    assert paso.fail(2, "peers", "on", "-", "--key-file", "-", stdin="x")


def test_a_password_on_the_command_line_is_warned_about(paso: Cli) -> None:
    loud = paso("peers", "on", f"redis://u:{CANARY}@localhost:1")
    assert "could" in loud.err or "can see" in loud.err
    assert CANARY not in loud.out + loud.err
    quiet = paso("peers", "on", "-", stdin=f"redis://u:{CANARY}@localhost:1\n")
    assert quiet.code == 0 and "can see" not in quiet.err
    assert CANARY not in quiet.out + quiet.err
    assert CANARY in (paso.home / "peers.json").read_text()


def test_a_password_from_a_file_is_escaped(paso: Cli) -> None:
    (paso.folder / "pw").write_text("p@ss/w#rd\n")
    paso.json("peers", "on", "redis://ann@localhost:1", "--password-file", "pw")
    kept = json.loads((paso.home / "peers.json").read_text())["url"]
    assert kept == "redis://ann:p%40ss%2Fw%23rd@localhost:1"


def test_a_damaged_file_is_told_and_written_anew(paso: Cli) -> None:
    path = paso.home / "peers.json"
    path.write_text(f'{{"url": "redis://u:{CANARY}@h"')
    path.chmod(0o600)
    assert paso.fail(5, "peers", "status")
    assert paso("doctor").code == 1
    fresh = paso("peers", "on", "redis://localhost:1")
    assert fresh.code == 0 and "written anew" in fresh.err
    assert CANARY not in fresh.out + fresh.err + path.read_text()


def test_a_file_open_to_others_is_a_problem_with_its_repair(paso: Cli) -> None:
    paso.json("peers", "on", "redis://localhost:1")
    path = paso.home / "peers.json"
    path.chmod(0o644)
    told = paso.fail(1, "peers", "on", "redis://localhost:2")
    assert told["code"] == "unsafe_path" and "chmod 600" in told["hint"]
    found = paso("doctor")
    assert found.code == 1 and "can be read by others" in found.out
    path.chmod(0o600)
    assert "peers.json" not in paso("doctor").out


def test_this_computer_alone(paso: Cli) -> None:
    (only,) = paso.json("computer", "list")
    assert only["this"] is True and only["state"] == "live"
    assert paso.json("computer", "show")["id"] == only["id"]
    assert paso.json("computer", "show", only["id"][:4])["id"] == only["id"]
    assert paso("computer", "list", "--quiet").out == f"{only['id']}\n"
    assert paso.fail(3, "computer", "show", "elsewhere")["candidates"]
    assert paso.fail(5, "computer", "forget", only["id"])
    assert paso.fail(5, "computer", "board", only["id"])["hint"] == "paso board"


def test_a_new_name_and_the_hosts_again(paso: Cli) -> None:
    assert paso.json("computer", "rename", "  Desk 1 ")["name"] == "Desk 1"
    assert paso.json("computer", "list")[0]["name"] == "Desk 1"
    assert paso.json("computer", "rename", "")["name"] == os.uname().nodename
    for wrong in ("a\nb", "x" * 65, "\x1b[31m"):
        assert paso.fail(5, "computer", "rename", wrong)


# with a server


def test_it_joins_and_says_so(desk: Cli, redis: RedisServer) -> None:
    said = desk("peers", "on", redis.url)
    assert said.code == 0, said
    assert said.out == f"joined the network paso at {redis.url}, control none\n"
    assert "peers key | ssh" in said.err
    status = desk.json("peers", "status")
    assert status["state"] == "live" and status["url"] == redis.url
    assert [one["name"] for one in status["computers"]] == ["desk"]
    assert "live" in desk("peers", "status").out
    assert "0 other computers live" in desk("doctor").out


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_server_that_is_not_there_is_told_within_seconds(
    desk: Cli, scheme: str
) -> None:
    """For TLS the daemon begins anew, which is none of the user's business."""
    before = time.monotonic()
    error = desk.fail(6, "peers", "on", f"{scheme}://127.0.0.1:{free_port()}")
    assert time.monotonic() - before < 20
    assert error["code"] == "unreachable" and "efused" in error["message"]
    assert desk.json("peers", "status")["state"] == "unreachable"
    found = desk("doctor")
    assert found.code == 1 and "paso peers status" in found.out
    assert desk.json("add", "The board works")["title"] == "The board works"


def test_two_computers_see_each_other_until_one_leaves(
    desk: Cli, laptop: Cli, redis: RedisServer
) -> None:
    together(desk, laptop, redis.url)
    first, second = desk.json("computer", "list")
    assert (first["name"], first["this"]) == ("desk", True)
    assert second["name"] == "laptop" and second["this"] is False
    assert set(first) == set(second) and second["stats"]["memory_percent"] > 0
    shown = desk("computer", "list").out.splitlines()
    assert shown[1].startswith("desk (this)") and shown[2].startswith("laptop")
    laptop("computer", "rename", "notebook")
    until(lambda: desk.json("computer", "list")[1]["name"] == "notebook")
    assert laptop("peers", "off").out == "left the network\n"
    assert until(lambda: "offline" in states(desk))
    desk.json("computer", "forget", "notebook")
    assert states(desk) == ["live"]
    laptop.json("peers", "on")
    until(lambda: states(desk) == ["live", "live"])


def test_another_key_is_another_world_and_that_is_told(
    desk: Cli, laptop: Cli, redis: RedisServer
) -> None:
    desk.json("peers", "on", redis.url)
    until(lambda: desk.json("peers", "status")["state"] == "live")
    said = laptop("peers", "on", redis.url)
    assert said.code == 0 and "1 computer signs with another key" in said.err
    assert "1 computer signs with another key" in laptop("peers", "status").out
    assert states(desk) == states(laptop) == ["live"]
    mended = laptop("peers", "on", "--key-file", "-", stdin=desk("peers", "key").out)
    assert "signs with another key" not in mended.err
    until(lambda: states(laptop) == ["live", "live"])


def test_another_computers_board_is_printed(
    desk: Cli, laptop: Cli, redis: RedisServer
) -> None:
    laptop("project", "create", "Website", "--key", "WEB")
    laptop("add", "Fix login", "-l", "bug", "-p", "high", "--project", "WEB")
    laptop("add", "\x1b[31mRed", "--project", "WEB")
    laptop("project", "create", "Shop", "--key", "SHOP")
    laptop("add", "Order paper", "--project", "SHOP")
    together(desk, laptop, redis.url)
    projects = desk.json("computer", "projects", "laptop")
    assert {"WEB"} <= {one["key"] for one in projects}
    shown = desk("computer", "board", "laptop", "web")
    assert shown.code == 0 and "WEB-1 Fix login" in shown.out
    assert "\x1b" not in shown.out
    other = desk("computer", "board", "laptop", "SHOP").out
    assert "Order paper" in other and "Fix login" not in other
    data = desk.json("computer", "board", "laptop", "WEB")
    assert [one["title"] for one in data["tasks"]][0] == "Fix login"
    assert data["computer"]["name"] == "laptop"
    assert desk.fail(3, "computer", "board", "laptop", "NONE")["candidates"]
    laptop("add", "Later", "--project", "WEB")
    until(lambda: "Later" in desk("computer", "board", "laptop", "WEB").out)
    laptop("daemon", "stop")
    until(lambda: "offline" in states(desk))
    late = desk("computer", "board", "laptop", "WEB")
    assert late.code == 0 and "Later" in late.out and "as it was" in late.err


def test_control_is_chosen_while_it_runs(
    desk: Cli, laptop: Cli, redis: RedisServer
) -> None:
    together(desk, laptop, redis.url)
    assert laptop.json("peers", "control", "all") == {"control": "all", "was": "none"}
    assert laptop.json("peers", "status")["control"] == "all"
    until(lambda: desk.json("computer", "show", "laptop")["control"] == "all")
