"""Several computers: real daemons with a home and a tmux server each, one Redis."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import NoPermissionError

from paso.tui.keys import ACTIONS
from tests.conftest import is_running, stop_tmux_below
from tests.end_to_end.harness import ROOT, Home, kill, wait_for
from tests.end_to_end.test_tmux import Server, Terminal
from tests.support.programs import needs
from tests.support.redis import RedisServer, old_redis_program, redis_program

pytestmark = [pytest.mark.tmux, pytest.mark.timeout(180)]

KEY_OF_COMPUTERS = next(one.keys for one in ACTIONS if one.id == "computers")
CANARY = "s3cr3tCanary4711"
FAST = {
    "PASO_PEER_BEAT_S": "0.5",
    "PASO_PEER_LEASE_S": "3",
    "PASO_TICK_S": "0.2",
    "PASO_SESSION_POLL_S": "0.2",
}


class Computer(Home):
    """A home with a name and a tmux server that no other computer sees."""

    def __init__(self, folder: Path, name: str) -> None:
        path = folder / name
        path.mkdir(mode=0o700)
        (path / "computer.name").write_text(f"{name}\n")
        super().__init__(path)
        self.name = name
        self.terminals = Path(tempfile.mkdtemp(prefix="paso-tmux-"))
        self.environ |= FAST | {"TMUX_TMPDIR": str(self.terminals)}

    def close(self) -> None:
        # First what would start a daemon again: boards in terminals, then the rest.
        stop_tmux_below(self.terminals)
        wait_for(lambda: not self._boards(), 20, "the end of all boards")
        super().close()
        shutil.rmtree(self.terminals, ignore_errors=True)

    def _boards(self) -> list[str]:
        home = f"PASO_HOME={self.path}".encode()
        return [
            pid
            for pid in filter(str.isdigit, os.listdir("/proc"))
            if b"-m\0paso\0" in read_proc(pid, "cmdline")
            and home in read_proc(pid, "environ").split(b"\0")
        ]

    @property
    def id(self) -> str:
        return (self.path / "computer.id").read_text().strip()

    def data(self, *words: str, **more: Any) -> Any:
        at = words.index("--") if "--" in words else len(words)
        return self.paso(*words[:at], "--json", *words[at:], **more).data

    def start_session(self, title: str, *command: str) -> str:
        """Start one; return its id."""
        words = ("session", "start", "--title", title, "--", *command)
        return str(self.data(*words)["id"])

    def phase(self, session: str) -> str:
        return str(self.data("session", "show", session)["phase"])

    def pid_of(self, session: str) -> int:
        return int(self.data("session", "show", session)["pid"])

    def titles_of(self, other: Computer) -> list[str]:
        """Sessions of `other` that are shown here."""
        listed = self.data("session", "list", "--all")
        return [one["title"] for one in listed if one["computer"] == other.id]

    def states(self) -> dict[str, str]:
        return {one["name"]: one["state"] for one in self.data("computer", "list")}

    def daemon_pid(self) -> int:
        return int(self.data("daemon", "status")["pid"])


def read_proc(pid: str, name: str) -> bytes:
    """What the kernel tells of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def computers(paso_home: Path, tmp_path: Path) -> Iterator[list[Computer]]:
    needs("tmux")
    made = [Computer(tmp_path, name) for name in ("desk", "laptop", "tower")]
    yield made
    for one in made:
        one.close()


def join(url: str, *computers: Computer, control: str = "all") -> None:
    """Join them as a user does: the key goes through a pipe."""
    first, *others = computers
    first.data("peers", "on", url, "--control", control)
    key = first.paso("peers", "key").out
    words = ("peers", "on", url, "--control", control, "--key-file", "-")
    for one in others:
        one.data(*words, stdin=key)
    names = {one.name: "live" for one in computers}
    for one in computers:
        wait_for(lambda c=one: c.states() == names, 20, f"{one.name} sees all")  # type: ignore[misc]


# what is on the screen


def test_a_session_on_another_computer_is_on_the_screen_here(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    desk.add("a card")
    terminal = Server(desk).open()
    terminal.wait_for("live", 30)
    terminal.press("S")
    terminal.wait_for("laptop", 15)
    delays = [_start_and_see(laptop, terminal, n) for n in range(3)]
    assert min(delays) < 1.0, delays
    laptop.paso("session", "end", "work-1", "--grace", "0")
    terminal.wait_until(lambda screen: "ended" in screen, "the end", 10)


def _start_and_see(owner: Computer, terminal: Terminal, number: int) -> float:
    """Seconds from the answer of the command to the paint on the other screen."""
    owner.start_session(f"work-{number}", "sleep", "600")
    return terminal.wait_for(f"work-{number}", 10)


def test_another_computers_board_is_on_the_screen_here_and_follows(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    laptop.add("card of the laptop")
    desk.add("card of the desk")
    join(redis.url, desk, laptop)
    terminal = Server(desk).open()
    terminal.wait_for("card of the desk", 30)
    terminal.wait_for("⇄ 1", 30)  # before, it knows of nobody
    terminal.press(KEY_OF_COMPUTERS)
    terminal.wait_for("laptop", 15)
    terminal.press("Enter")
    terminal.wait_for("card of the laptop", 15)
    delays = [_add_and_see(laptop, terminal, n) for n in range(3)]
    assert min(delays) < 1.0, delays
    assert "card of the desk" not in terminal.screen
    laptop.data("peers", "off")
    terminal.wait_until(lambda screen: "offline" in screen, "the leave", 15)
    assert "added 2" in terminal.screen, "what was seen last stays"


def _add_and_see(owner: Computer, terminal: Terminal, number: int) -> float:
    owner.add(f"added {number}")
    return terminal.wait_for(f"added {number}", 10)


# acting on another computer's session


def test_it_is_shown_sent_to_and_ended_from_elsewhere(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    session = laptop.start_session("echo", "cat")
    pid = laptop.pid_of(session)
    wait_for(lambda: desk.titles_of(laptop) == ["echo"], 10)
    assert desk.paso("session", "send", session, "said from the desk").code == 0
    wait_for(
        lambda: "said from the desk" in desk.paso("session", "output", session).out
    )
    ended = desk.paso("session", "end", session, "--json")
    assert ended.code == 0, ended
    assert not is_running(pid)
    assert laptop.phase(session) == "ended"
    again = desk.paso("session", "end", session)
    assert again.code == 0, "one that is over stays as it is"
    assert desk.paso("session", "send", session, "too late").code == 4


def test_what_is_not_allowed_is_refused_and_not_done(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop, control="none")
    session = laptop.start_session("mine", "cat")
    wait_for(lambda: desk.titles_of(laptop) == ["mine"], 10)
    for words in (("end", session), ("send", session, "x"), ("output", session)):
        told = desk.paso("session", *words, "--json")
        assert (told.code, told.error["code"]) == (1, "refused"), told
    assert laptop.phase(session) == "running"
    laptop.data("peers", "control", "send")
    wait_for(lambda: desk.paso("session", "output", session).code == 0, 10)
    assert desk.paso("session", "end", session).code == 1
    assert laptop.phase(session) == "running"


def test_a_dead_computer_is_told_and_what_was_asked_is_not_done_when_it_is_back(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    session = laptop.start_session("survivor", "sleep", "600")
    wait_for(lambda: desk.titles_of(laptop) == ["survivor"], 10)
    laptop.environ["PASO_AUTO_START"] = "0"
    kill(laptop.daemon_pid())
    told = desk.paso("session", "end", session, "--json")
    assert told.code == 6 and told.error["code"] in ("timeout", "unreachable"), told
    wait_for(lambda: desk.states()["laptop"] == "offline", 15)
    before = time.monotonic()
    told = desk.paso("session", "end", session, "--json")
    assert (told.code, told.error["code"]) == (6, "unreachable"), told
    assert "offline" in told.error["message"]
    assert time.monotonic() - before < 5, "nobody waits for who is not there"
    assert desk.titles_of(laptop) == ["survivor"], "what was seen last is still shown"
    assert is_running(laptop.pid_of(session))


def test_a_computer_that_stands_still_gets_a_definite_answer_here(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    session = laptop.start_session("frozen", "sleep", "600")
    wait_for(lambda: desk.titles_of(laptop) == ["frozen"], 10)
    pid = laptop.daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        told = desk.paso("session", "send", session, "x", "--json")
        assert told.code == 6 and told.error["code"] in ("timeout", "unreachable")
        assert desk.add("the board here does not wait")["title"]
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: desk.states().get("laptop") == "live", 20)
    wait_for(lambda: desk.paso("session", "end", session).code == 0, 20)
    assert laptop.phase(session) == "ended"


def test_each_session_is_acted_on_where_it_is(
    computers: list[Computer], redis: RedisServer
) -> None:
    """D17: equal titles, three computers; never the wrong one."""
    join(redis.url, *computers)
    sessions = {one.name: one.start_session("same", "cat") for one in computers}
    desk, laptop, tower = computers
    wait_for(lambda: desk.titles_of(laptop) + desk.titles_of(tower) == ["same"] * 2, 10)
    assert desk.paso("session", "end", sessions["tower"]).code == 0
    assert tower.phase(sessions["tower"]) == "ended"
    assert laptop.phase(sessions["laptop"]) == desk.phase(sessions["desk"]) == "running"


# boards


def test_another_computers_board_is_followed_by_a_client(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    laptop.add("first of the laptop")
    join(redis.url, desk, laptop)
    uid = laptop.data("project", "show")["uid"]
    with desk.client(timeout_s=15.0) as client:
        client.hello()
        topics = ["projects", "tasks"]
        client.send({"type": "subscribe", "topics": topics, "computer": laptop.id})
        client.read_until(lambda frame: _tells_of_tasks(frame, uid))
        assert _titles(client, laptop, uid) == ["first of the laptop"]
        laptop.add("second of the laptop")
        client.read_until(lambda frame: _tells_of_tasks(frame, uid))
        wait_for(lambda: len(_titles(client, laptop, uid)) == 2, 5)
    assert not desk.database.exists(), "nothing of it is on the own board"


def _tells_of_tasks(frame: dict[str, Any], uid: str) -> bool:
    event = frame.get("event", {})
    return bool(event.get("type") == "tasks_updated" and event["project_uid"] == uid)


def _titles(client: Any, owner: Computer, uid: str) -> list[str]:
    asked = client.request("tasks", computer=owner.id, project_uid=uid)
    found = asked["result"]
    assert found["sources"][owner.id]["state"] == "fresh"
    return [one["title"] for one in found["data"]]


# what crosses the wire


def test_one_change_is_one_entry_and_nothing_is_said_when_nobody_looks(
    computers: list[Computer], redis: RedisServer
) -> None:
    join(redis.url, *computers)
    desk, laptop, tower = computers
    with desk.client() as one, tower.client() as other:
        for client in (one, other):
            client.hello()
            client.subscribe(["sessions"])
        session = laptop.start_session("watched", "cat")
        for client in (one, other):
            client.read_until(lambda frame: _is_session(frame, session), 15)
        with redis.client() as conn:
            entries = conn.xrange(f"paso:{{paso}}:log:{laptop.id}")
            logs = [conn.xlen(k) for k in conn.scan_iter("paso:{paso}:log:*")]
        ids = [entry for entry, _ in entries]
        assert len(ids) == len(set(ids)) and len(logs) == 1, "only the owner writes"
    wait_for(lambda: laptop.data("peers", "status")["readers"] == 0, 15)
    with redis.client() as conn:
        before = conn.xlen(f"paso:{{paso}}:log:{laptop.id}")
    laptop.paso("session", "end", session, "--grace", "0")
    laptop.add("unseen")
    time.sleep(1.0)  # something that does not happen has no event
    with redis.client() as conn:
        assert conn.xlen(f"paso:{{paso}}:log:{laptop.id}") == before


def _is_session(frame: dict[str, Any], session: str) -> bool:
    event = frame.get("event", {})
    return bool(event.get("session", {}).get("id") == session)


# secrets


def test_the_password_is_nowhere_but_in_its_file(
    computers: list[Computer], tmp_path: Path
) -> None:
    """Right and wrong password, TLS against a plain server, a server that goes away."""
    desk, laptop, _ = computers
    said: list[str] = []

    def run(who: Computer, *words: str, **more: Any) -> None:
        done = who.paso(*words, **more)
        said.append(done.out + done.err)

    with RedisServer("--requirepass", CANARY) as redis:
        url = f"unix://:{CANARY}@{redis.socket}"
        wrong = f"unix://:{CANARY}wrong@{redis.socket}"
        run(desk, "peers", "on", "-", stdin=wrong)
        assert desk.paso("peers", "status", "--json").data["state"] == "refused"
        run(desk, "peers", "on", "-", stdin=url)
        key = desk.paso("peers", "key").out
        (tmp_path / "key").write_text(key)
        run(laptop, "peers", "on", "-", "--key-file", str(tmp_path / "key"), stdin=url)
        wait_for(lambda: desk.states().get("laptop") == "live", 20)
        _look_around(desk, said)
        seen = _command_lines()
        redis.stop()
        wait_for(lambda: desk.data("peers", "status")["state"] != "live", 20)
        _look_around(desk, said)
        run(desk, "peers", "on", "-", stdin=f"rediss://:{CANARY}@127.0.0.1:{1}")
        _look_around(desk, said)
    run(desk, "peers", "off")
    kept = [_files(one.path) for one in (desk, laptop)]
    secrets = (CANARY, key.strip())
    for secret in secrets:
        assert not [text for text in said if secret in text]
        assert not [line for line in seen if secret in line]
        assert not [name for found in kept for name in found if secret in found[name]]
    assert CANARY in (desk.path / "peers.json").read_text()


def _look_around(one: Computer, said: list[str]) -> None:
    for words in (
        ("peers", "status"),
        ("peers", "status", "--json"),
        ("doctor",),
        ("info",),
        ("daemon", "status", "--json"),
        ("daemon", "logs", "-n", "1000"),
        ("computer", "show"),
        ("config", "show"),
    ):
        done = one.paso(*words)
        said.append(done.out + done.err)


def _command_lines() -> list[str]:
    """The words and, of daemons, the environment of every process."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        words = read_proc(pid, "cmdline").decode(errors="replace")
        if "--requirepass" in words:
            continue  # the server's own command line, which the test wrote
        if "paso" in words:
            words += read_proc(pid, "environ").decode(errors="replace")
        found.append(words)
    return found


def _files(home: Path) -> dict[str, str]:
    return {
        str(path): path.read_bytes().decode("latin-1")
        for path in home.rglob("*")
        if path.is_file() and path.name != "peers.json"
    }


def acl_line() -> str:
    """The user that the manual gives to Paso on a shared server."""
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = re.search(r"^ACL SETUSER .*$", manual, re.MULTILINE)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("program", [redis_program, old_redis_program])
def test_the_user_of_the_manual_can_do_what_paso_does_and_nothing_else(
    computers: list[Computer], program: Callable[[], str]
) -> None:
    desk, laptop, _ = computers
    with RedisServer(program=program()) as redis:
        with redis.client() as conn:
            conn.execute_command(*acl_line().replace("PASSWORD", CANARY).split())
            conn.execute_command("ACL", "SETUSER", "default", "off")
        url = f"unix://paso:{CANARY}@{redis.socket}?db=1"
        desk.data("peers", "on", "-", "--control", "all", stdin=url)
        key = desk.paso("peers", "key").out
        (desk.path.parent / "key").write_text(key)
        words = ("peers", "on", "-", "--key-file", str(desk.path.parent / "key"))
        laptop.data(*words, "--control", "all", stdin=url)
        wait_for(lambda: desk.states().get("laptop") == "live", 20)
        session = laptop.start_session("allowed", "cat")
        wait_for(lambda: desk.titles_of(laptop) == ["allowed"], 10)
        assert desk.paso("session", "end", session).code == 0
        laptop.add("a card")
        key_of = laptop.data("project", "show")["key"]
        shown = desk.paso("computer", "board", "laptop", key_of)
        assert "a card" in shown.out, shown
        laptop.data("peers", "off")
        wait_for(lambda: desk.states()["laptop"] == "offline", 10)
        status = desk.data("peers", "status")
        assert status["state"] == "live" and not status["refused"], status
        with redis.client(username="paso", password=CANARY) as conn:
            for denied in ("FLUSHALL", "GET other", "CONFIG GET *", "KEYS *"):
                with pytest.raises(NoPermissionError):
                    conn.execute_command(*denied.split())


# one after another


def test_leaving_and_coming_back_loses_nothing(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    with desk.client(timeout_s=20.0) as client:
        client.hello()
        client.subscribe(["sessions", "computers"])
        first = laptop.start_session("before", "sleep", "600")
        client.read_until(lambda frame: _is_session(frame, first))
        laptop.data("peers", "off")
        wait_for(lambda: desk.states()["laptop"] == "offline", 10)
        second = laptop.start_session("meanwhile", "sleep", "600")
        laptop.paso("session", "end", first, "--grace", "0")
        laptop.data("peers", "on")
        client.read_until(lambda frame: _is_session(frame, second))
    wait_for(lambda: _phases(desk, laptop) == {first: "ended", second: "running"}, 10)


def _phases(here: Computer, owner: Computer) -> dict[str, str]:
    listed = here.data("session", "list", "--all")
    return {one["id"]: one["phase"] for one in listed if one["computer"] == owner.id}


def test_a_redis_that_goes_away_disturbs_no_local_client(
    computers: list[Computer], redis: RedisServer
) -> None:
    desk, laptop, _ = computers
    join(redis.url, desk, laptop)
    calm = _write_delays(desk)
    redis.freeze()
    try:
        frozen = _write_delays(desk)
        status = desk.data("daemon", "status")
    finally:
        redis.thaw()
    assert statistics.median(frozen) < statistics.median(calm) * 3 + 0.05
    assert re.fullmatch(r"live|slow|unreachable|connecting", status["peers"]["state"])
    wait_for(lambda: desk.states().get("laptop") == "live", 40)


def _write_delays(home: Computer) -> list[float]:
    """Seconds from a write to its event, for a client of the same computer."""
    delays = []
    with home.client() as client:
        client.hello()
        client.subscribe(["db"])
        for number in range(10):
            before = time.monotonic()
            home.add(f"task {number}")
            client.read_until("event")
            delays.append(time.monotonic() - before)
    return delays
