"""A conversation with the daemon as `docs/protocol.md` promises it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.end_to_end.harness import Home, wait_for
from tests.end_to_end.test_guarantee import insert_task
from tests.support.protocol_client import ConnectionEnded, changes_of, db_changed

TOPICS = ["computers", "db", "projects", "sessions", "tasks"]
SNAPSHOTS = {"computers", "projects", "sessions", "tasks"}


def test_the_welcome_says_who_where_and_how_far(board: Home) -> None:
    daemon = board.start_daemon()
    with board.client() as client:
        welcome = client.hello()
    assert welcome["v"] == 1
    assert welcome["pid"] == daemon.pid
    assert welcome["change"] == board.head()
    assert welcome["limits"]["max_frame"] == 1 << 20
    assert welcome["limits"]["max_clients"] == 1024
    assert welcome["limits"]["send_buffer"] == 1 << 20


def test_an_epoch_is_new_at_each_start_and_one_for_all_clients(board: Home) -> None:
    epochs = []
    for _ in range(2):
        daemon = board.start_daemon()
        with board.client() as one, board.client() as other:
            epochs.append(one.hello()["epoch"])
            assert other.hello()["epoch"] == epochs[-1]
        assert daemon.terminate() == 0
    assert epochs[0] != epochs[1]


def test_before_its_first_subscribe_a_client_gets_every_event(board: Home) -> None:
    board.start_daemon()
    with board.client() as shell, board.client() as other:
        shell.send({"type": "ping"})
        shell.read_until("pong")
        other.announce(5)
        assert shell.read_until("event")["event"]["project_id"] == 5
        shell.subscribe([])
        other.announce(6)
        other.read_until(lambda f: f["event"]["project_id"] == 6)
        with pytest.raises(TimeoutError):
            shell.read_until("event", 0.3)


def shell_client(path: str) -> list[str]:
    """stdin to the socket and back: the tool of a shell script, or its likeness."""
    if shutil.which("socat"):
        return ["socat", "-t2", "-", f"UNIX-CONNECT:{path}"]
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(sys.stdin.buffer.read()); s.settimeout(2)\n"
        "try:\n while d := s.recv(65536): sys.stdout.buffer.write(d)\n"
        "except TimeoutError: pass"
    )
    return [sys.executable, "-c", code, path]


def test_a_shell_script_is_a_full_client(board: Home) -> None:
    board.start_daemon()
    event = json.dumps({"type": "event", "event": db_changed(8)})
    done = subprocess.run(
        shell_client(board.socket),
        input=f"{event}\n",
        capture_output=True,
        text=True,
        timeout=20,
    )
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [f["event"]["project_id"] for f in frames if f["type"] == "event"] == [8]


def test_seq_counts_up_by_one_and_all_see_one_order_the_sender_too(
    board: Home,
) -> None:
    board.start_daemon()
    clients = [board.client() for _ in range(4)]
    for client in clients:
        client.hello()
        client.subscribe(["db"])
    for number in range(100):
        clients[number % 4].announce(number + 1)
    seen = []
    for client in clients:
        frames = [client.read_until("event") for _ in range(100)]
        seen.append([(f["seq"], f["event"]["project_id"]) for f in frames])
        client.close()
    assert seen[0] == seen[1] == seen[2] == seen[3]
    first = seen[0][0][0]
    assert [seq for seq, _ in seen[0]] == list(range(first, first + 100))


def test_an_announcement_is_rebroadcast_in_its_own_words_with_its_origin(
    board: Home,
) -> None:
    board.start_daemon()
    with board.client() as client, board.client() as other:
        other.hello()
        client.hello("robot")
        event = db_changed(3)
        client.send({"type": "event", "event": event})
        frame = other.read_until("event")
        assert frame["event"] == event
        assert frame["origin"]["client"] == "robot"


def test_what_the_repository_announces_names_the_writer(board: Home) -> None:
    board.start_daemon()
    with board.client() as client:
        client.hello()
        client.subscribe(["db"])
        board.paso("add", "by the command line")
        frame = client.read_until("event")
        assert frame["origin"]["client"] == "cli"
        assert list(changes_of(frame))[-1] == board.head()


def test_a_filter_by_project_lets_events_of_all_projects_through(
    board: Home,
) -> None:
    board.start_daemon()
    with board.client() as client, board.client() as other:
        answer = client.subscribe(["db"], 4)
        assert answer["project_id"] == 4
        for project_id in (3, 4, 0, 5, 4):
            other.announce(project_id)
        other.announce(4)
        found = [client.read_until("event")["event"]["project_id"] for _ in range(4)]
        assert found == [4, 0, 4, 4]


def test_a_subscription_replaces_the_one_before(board: Home) -> None:
    board.start_daemon()
    with board.client() as client, board.client() as other:
        client.subscribe(["db"], 1)
        client.subscribe(["db"], 2)
        other.announce(1)
        other.announce(2)
        assert client.read_until("event")["event"]["project_id"] == 2


def test_subscribed_comes_first_then_each_snapshot_then_events(board: Home) -> None:
    board.start_daemon()
    with board.client() as client, board.client() as other:
        client.send({"type": "subscribe"})
        other.announce(1)
        types = []
        while "event" not in types:
            frame = client.read()
            types.append(frame["type"])
            if frame["type"] == "subscribed":
                assert sorted(frame["topics"]) == TOPICS
            if frame["type"].endswith("_initial"):
                assert isinstance(frame["data"], list)
                assert isinstance(frame["seq"], int)
                assert "sources" in frame
    assert types[0] == "subscribed"
    assert {name.removesuffix("_initial") for name in types[1:-1]} <= SNAPSHOTS
    assert "sessions_initial" in types
    assert "computers_initial" in types


def test_a_refresh_brings_a_fresh_snapshot(board: Home) -> None:
    board.start_daemon()
    with board.client() as client:
        client.subscribe(["sessions"])
        client.read_until("sessions_initial")
        client.send({"type": "refresh", "topic": "sessions"})
        client.read_until("sessions_initial")


def test_status_tells_the_truth_about_the_daemon(board: Home) -> None:
    daemon = board.start_daemon()
    with board.client() as client, board.client() as other:
        other.hello()
        client.hello()
        client.announce(1)
        client.read_until("event")
        status = client.request("status")["result"]
        assert status["pid"] == daemon.pid
        assert status["clients"] == 2
        assert status["change"] == board.head()
        assert status["seq"] >= 1
        assert 5 << 20 < status["rss_bytes"] < 200 << 20
        assert status["uptime_s"] >= 0
        assert {
            "events_in",
            "events_out",
            "deliveries",
            "resyncs",
            "slow_clients",
            "bad_frames",
        } <= set(status["counters"])
        assert status["counters"]["events_in"] == 1
        client.send_raw(b"nonsense\n")
        client.read_until("error")
        after = client.request("status")["result"]["counters"]["bad_frames"]
        assert after == status["counters"]["bad_frames"] + 1


def test_every_method_of_the_page_is_answered(board: Home) -> None:
    board.start_daemon()
    unknown = {"id": "nobody", "computer": "nowhere", "project_uid": "none"}
    with board.client() as client:
        client.subscribe([])
        for method in ("status", "clients", "sessions", "computers", "projects"):
            assert "result" in client.request(method), method
        for method in ("session", "session_end", "session_send", "session_output"):
            reply = client.request(method, **unknown, text="x", lines=1)
            assert reply["error"]["code"] in {"not_found", "refused"}, (method, reply)
        reply = client.request("tasks", **unknown)
        assert "result" in reply or reply["error"]["code"] == "not_found"


def test_a_file_of_requests_at_once_is_answered_each_with_its_id(
    board: Home,
) -> None:
    board.start_daemon()
    with board.client() as client:
        client.subscribe([])
        lines = [
            json.dumps({"type": "request", "id": n, "method": "status"}) + "\n"
            for n in range(200)
        ]
        client.send_raw("".join(lines).encode())
        answers = [client.read_until("reply")["id"] for _ in range(200)]
    assert answers == list(range(200))


def test_half_a_close_of_the_client_still_gets_its_answers(board: Home) -> None:
    """`echo … | nc -U`: the writing side is shut before the answer came."""
    board.start_daemon()
    with board.client() as client:
        client.send_raw(b'{"type":"ping"}\n')
        client.socket.shutdown(1)
        try:
            types = [client.read(3)["type"]]
        except (ConnectionEnded, TimeoutError):
            types = []
    assert types == ["pong"]


def test_a_client_that_comes_back_learns_what_it_missed_from_the_welcome(
    board: Home,
) -> None:
    board.start_daemon()
    with board.client() as client:
        position = client.hello()["change"]
    with board.sql() as connection:
        for number in range(3):
            insert_task(connection, f"missed {number}")
    wait_for(lambda: (board.welcome() or {"change": 0})["change"] == position + 3, 5)
    assert board.head() == position + 3


def test_the_page_in_the_project_names_what_this_client_checks() -> None:
    """The independent client and the living page agree on the words."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    with open(os.path.join(root, "docs", "protocol.md"), encoding="utf-8") as page:
        text = page.read()
    for word in ("welcome", "resync", "slow_client", "database_replaced", "bye"):
        assert f"`{word}`" in text
