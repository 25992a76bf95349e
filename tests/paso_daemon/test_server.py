"""Sentences of docs/protocol.md, kept by a real daemon on both loops."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from paso.computer import rename_computer
from paso.events.types import SNAPSHOT_TOPICS, TOPICS
from tests.support.daemon import ROOT, RunningDaemon, new_board, wait_for
from tests.support.protocol_client import (
    ConnectionEnded,
    ProtocolClient,
    db_changed,
    encode,
)

Frame = dict[str, Any]
NOW = "2026-11-20T19:05:00.123456Z"


def kinds(frames: list[Frame]) -> list[str]:
    return [frame["type"] for frame in frames]


def until_pong(client: ProtocolClient) -> list[Frame]:
    """Everything that comes before the answer to a ping."""
    client.send({"type": "ping"})
    found = []
    while (frame := client.read())["type"] != "pong":
        found.append(frame)
    return found


def seqs(frames: list[Frame]) -> list[int]:
    return [frame["seq"] for frame in frames if frame["type"] == "event"]


# Hello and subscribe -------------------------------------------------------------


def test_a_daemon_says_nothing_until_it_is_spoken_to(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        with pytest.raises(TimeoutError):
            client.read(0.1)
        welcome = client.hello()
        assert welcome["pid"] == daemon.pid
        assert welcome["change"] is None
        assert set(welcome["limits"]) == {"max_frame", "max_clients", "send_buffer"}


def test_without_hello_and_subscribe_a_connection_hears_everything(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as listener, daemon.client() as speaker:
        speaker.announce(5)
        event = {"type": "tasks_updated", "computer": "c", "timestamp": NOW}
        speaker.send({"type": "event", "event": event})
        assert seqs(until_pong(speaker)) == [1, 2], "the sender hears it too"
        assert [f["event"]["type"] for f in until_pong(listener)] == [
            "db_changed",
            "tasks_updated",
        ]


def test_origin_is_who_said_hello_else_the_kernel_knows(daemon: RunningDaemon) -> None:
    with daemon.client() as one:
        one.announce()
        origin = one.read()["origin"]
        assert (origin["client"], origin["pid"]) == ("anonymous", os.getpid())
        welcome = one.hello("mine", pid=77)
        one.announce()
        assert one.read()["origin"] == {
            "client": "mine",
            "pid": 77,
            "computer": welcome["computer"]["id"],
        }


def test_an_event_keeps_its_own_words(daemon: RunningDaemon) -> None:
    event = db_changed(3, mine=[1, {"deep": None}], text="\u2028ü\u0000")
    with daemon.client() as client:
        client.send({"type": "event", "event": event, "ignored": True})
        assert client.read()["event"] == event


def test_a_timestamp_that_the_announcer_left_out_stays_out(
    daemon: RunningDaemon,
) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(daemon.socket)
        raw.sendall(b'{"type":"event","event":{"type":"db_changed","project_id":0}}\n')
        frame = json.loads(raw.recv(4096))
    assert frame["event"] == {"type": "db_changed", "project_id": 0}


def test_snapshots_come_after_subscribed_and_before_any_event(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as other, daemon.client() as client:
        other.announce()
        other.ping()
        client.send({"type": "subscribe"})
        client.announce()
        frames = [client.read() for _ in range(7)]
    if frames[0]["type"] == "event":  # announced before the subscription was read
        del frames[0]
    else:
        del frames[6]
    assert (
        kinds(frames)
        == ["subscribed", *(f"{t}_initial" for t in SNAPSHOT_TOPICS), "event"][:6]
    )
    assert frames[0]["topics"] == list(TOPICS)
    for frame in frames[1:3]:
        assert list(frame["sources"].values()) == [{"state": "fresh"}]
    assert [len(frame["data"]) for frame in frames[1:5]] == [0, 1, 0, 0]
    assert frames[3]["sources"] == frames[4]["sources"] == {}


def test_a_subscription_filters_by_topic_and_project(daemon: RunningDaemon) -> None:
    with daemon.client() as client, daemon.client() as speaker:
        answer = client.subscribe(["db"], 3)
        assert (answer["topics"], answer["project_id"]) == (["db"], 3)
        for project in (3, 4, 0):
            speaker.announce(project)
        event = {"type": "session_removed", "session": {"id": "s"}, "timestamp": NOW}
        speaker.send({"type": "event", "event": event})
        speaker.ping()
        found = until_pong(client)
        assert [frame["event"]["project_id"] for frame in found] == [3, 0]


def test_an_empty_list_of_topics_is_silence(daemon: RunningDaemon) -> None:
    with daemon.client() as client, daemon.client() as speaker:
        client.subscribe([])
        speaker.announce()
        speaker.ping()
        assert until_pong(client) == []


def test_another_epoch_is_answered_with_a_resync(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        welcome = client.hello(epoch="of before", seq=900)
        resync = client.read()
        assert (resync["type"], resync["reason"]) == ("resync", "epoch")
        assert resync["topics"] == list(TOPICS)
        client.hello(epoch=welcome["epoch"], seq=0)
        assert until_pong(client) == []


def test_another_epoch_leaves_the_board_to_who_knows_its_change_number(
    daemon: RunningDaemon,
) -> None:
    new_board(daemon.home).close()
    with daemon.client() as client:
        head = client.hello()["change"]
        client.hello(epoch="of before", change=head)
        (resync,) = until_pong(client)
        assert (resync["reason"], resync["topics"]) == ("epoch", list(SNAPSHOT_TOPICS))


def test_another_epoch_hides_no_replaced_database(daemon: RunningDaemon) -> None:
    new_board(daemon.home).close()
    with daemon.client() as client:
        client.hello(epoch="of before", change=10_000)
        said = until_pong(client)
        assert [frame["reason"] for frame in said] == ["epoch", "database_replaced"]


def test_a_change_that_never_was_means_another_database(
    daemon: RunningDaemon,
) -> None:
    new_board(daemon.home).close()
    with daemon.client() as client:
        welcome = client.hello(change=10_000)
        assert welcome["change"] > 0
        assert client.read_until("resync")["reason"] == "database_replaced"


def test_a_snapshot_says_that_another_computer_cannot_be_reached(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as client:
        client.send({"type": "subscribe", "topics": ["tasks"], "computer": "other"})
        assert client.read()["type"] == "subscribed"
        unreachable = {"other": {"state": "unreachable"}}
        assert client.read()["sources"] == unreachable
        client.send({"type": "refresh"})
        assert client.read()["sources"] == unreachable
        own = client.hello()["computer"]["id"]
        client.send({"type": "refresh", "topic": "sessions", "computer": own})
        assert client.read()["sources"] == {own: {"state": "fresh"}}


def test_refresh_shows_the_snapshots_again(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.send({"type": "refresh", "topic": "computers"})
        assert client.read()["type"] == "computers_initial"
        client.subscribe(["db", "tasks"])
        client.read_until("tasks_initial")
        client.send({"type": "refresh"})
        assert kinds(until_pong(client)) == ["tasks_initial"]


# Requests ------------------------------------------------------------------------


def test_status_tells_of_itself(daemon: RunningDaemon, loop: str) -> None:
    with daemon.client() as client:
        client.announce()
        client.send_raw(b"garbage\n")
        client.read_until("error")
        status = client.request("status")["result"]
    assert (status["pid"], status["loop"]) == (daemon.pid, loop)
    assert (status["seq"], status["clients"], status["change"]) == (1, 1, None)
    assert status["rss_bytes"] > 1_000_000
    assert status["degraded"] == []
    counters = status["counters"]
    assert (
        counters["events_in"] == counters["events_out"] == counters["deliveries"] == 1
    )
    assert counters["bad_frames"] == 1


def test_another_name_of_the_computer_is_told_and_holds_from_then_on(
    paso_home: Path,
) -> None:
    with RunningDaemon(paso_home, tick_s=0.05) as daemon, daemon.client() as client:
        client.subscribe(["computers"])
        rename_computer(str(paso_home), "notebook")
        event = client.read_until("event")["event"]
        assert event["type"] == "computer_updated"
        assert (event["computer"]["name"], event["computer"]["this"]) == (
            "notebook",
            True,
        )
        assert client.request("status")["result"]["computer"]["name"] == "notebook"
        with daemon.client() as late:
            assert late.hello()["computer"]["name"] == "notebook"


def test_clients_are_listed(daemon: RunningDaemon) -> None:
    with daemon.client() as client, daemon.client() as other:
        client.hello("me", pid=5)
        client.subscribe(["tasks"], 4)
        other.subscribe([])
        found = other.request("clients")["result"]
    assert [(c["client"], c["topics"], c["project_id"]) for c in found] == [
        ("me", ["tasks"], 4),
        ("anonymous", [], 0),
    ]
    assert not any(c["slow"] or c["queued_bytes"] for c in found)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("nothing", {}, "unknown_method"),
        ("session", {"id": "x"}, "not_found"),
        ("session", {}, "bad_frame"),
        ("session_end", {"id": "x", "grace_s": 1}, "not_found"),
        ("session_end", {"id": "x", "grace_s": "1"}, "bad_frame"),
        ("session_send", {"id": "x", "text": "t"}, "not_found"),
        ("session_send", {"id": "x"}, "bad_frame"),
        ("session_output", {"id": "x", "lines": 5}, "not_found"),
        ("session_output", {"id": "x", "lines": 0}, "bad_frame"),
        ("projects", {"computer": "elsewhere"}, "not_found"),
        ("tasks", {"computer": 5}, "bad_frame"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(
    paso_home: Path, method: str, params: Frame, code: str
) -> None:
    with RunningDaemon(paso_home) as daemon, daemon.client() as client:
        client.subscribe([])
        assert client.request(method, **params)["error"]["code"] == code
        assert client.ping() < 5


def test_lists_are_empty_and_say_how_fresh_they_are(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        computer = client.hello()["computer"]["id"]
        for method in ("sessions", "projects", "tasks"):
            result = client.request(method)["result"]
            assert result == {"data": [], "sources": {computer: {"state": "fresh"}}}
        assert client.request("projects", computer=computer)["result"]["data"] == []
        (this,) = client.request("computers")["result"]["data"]
        assert (this["id"], this["state"], this["this"]) == (computer, "live", True)


def test_shutdown_is_answered_and_then_done(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.subscribe([])
        assert client.request("shutdown")["result"]["pid"] == daemon.pid
        assert client.read_until("bye")["reason"] == "shutdown"
        assert daemon.process.wait(10) == 0


# Mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[]", "bad_json"),
        (b'{"type":"ping","x":NaN}', "bad_json"),
        (b"{}", "bad_frame"),
        (b'{"type":5}', "bad_frame"),
        (b'{"type":["ping"]}', "bad_frame"),
        (b'{"type":"pong2"}', "unknown_type"),
        (b'{"type":"subscribe","topics":5}', "bad_frame"),
        (b'{"type":"event","event":5}', "bad_event"),
        (b'{"type":"request","id":1}', "bad_frame"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_mistake_is_told_to_its_sender_alone_and_the_connection_lives(
    paso_home: Path, line: bytes, code: str
) -> None:
    with (
        RunningDaemon(paso_home) as daemon,
        daemon.client() as client,
        daemon.client() as other,
    ):
        client.send_raw(line + b"\n")
        error = client.read()
        assert (error["type"], error["code"], error["fatal"]) == ("error", code, False)
        client.announce()
        assert client.read()["type"] == "event"
        assert kinds(until_pong(other)) == ["event"]


def test_the_hundredth_mistake_in_ten_seconds_is_the_last(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as client:
        client.send_raw(b"x\n" * 99)
        frames = [client.read() for _ in range(99)]
        assert {(f["code"], f["fatal"]) for f in frames} == {("bad_json", False)}
        client.send_raw(b"x\n")
        last = client.read()
        assert (last["code"], last["fatal"]) == ("too_many_errors", True)
        with pytest.raises(ConnectionEnded):
            client.read()


def test_a_line_of_the_limit_passes_and_a_longer_one_is_the_end(
    paso_home: Path, loop: str
) -> None:
    def padded(size: int) -> bytes:
        bare = len(b'{"type":"ping","x":""}')
        return b'{"type":"ping","x":"%b"}\n' % (b"x" * (size - bare))

    with RunningDaemon(paso_home, loop=loop) as daemon, daemon.client() as client:
        limit = client.hello()["limits"]["max_frame"]
        for size in (limit - 1, limit):
            client.send_raw(padded(size))
            assert client.read()["type"] == "pong"
        client.send_raw(padded(limit + 1))
        error = client.read()
        assert (error["code"], error["fatal"]) == ("frame_too_large", True)
        with pytest.raises(ConnectionEnded):
            client.read()


def test_the_fault_of_a_fatal_line_is_read_though_more_was_sent(
    daemon: RunningDaemon,
) -> None:
    """The last words reach a client that is in the middle of sending."""
    with daemon.client() as client:
        client.send_raw(b"x" * (3 << 20) + b"\n" + encode({"type": "ping"}))
        assert client.read()["code"] == "frame_too_large"
        with pytest.raises(ConnectionEnded):
            client.read()


def test_an_event_too_long_with_its_number_is_refused(daemon: RunningDaemon) -> None:
    bare = len(encode({"type": "event", "event": db_changed(1, x="")})) - 1
    event = db_changed(1, x="x" * ((1 << 20) - bare))
    with daemon.client() as client:
        client.send({"type": "event", "event": event})
        error = client.read()
        assert (error["code"], error["fatal"]) == ("bad_event", False)


def test_another_version_is_said_and_closed(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.send({"type": "hello", "v": 2})
        error = client.read()
        assert (error["code"], error["fatal"]) == ("unsupported_version", True)
        with pytest.raises(ConnectionEnded):
            client.read()


def test_one_client_too_many_is_told_to_come_back(paso_home: Path, loop: str) -> None:
    with (
        RunningDaemon(paso_home, loop=loop, max_clients=2) as daemon,
        daemon.client() as one,
    ):
        one.hello()
        one.ping()  # who looked whether it listens is gone by now
        two = daemon.client()
        two.hello()
        with daemon.client() as third:
            error = third.read()
            assert (error["code"], error["fatal"]) == ("busy", True)
            assert error["retry_ms"] > 0
            with pytest.raises(ConnectionEnded):
                third.read()
        two.close()
        one.ping()
        with daemon.client() as another:
            assert another.hello()["pid"] == daemon.pid


def test_a_client_that_says_no_more_gets_its_answers_and_the_end(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as client:
        client.announce()
        client.send({"type": "request", "id": 7, "method": "status"})
        client.socket.shutdown(socket.SHUT_WR)
        assert sorted(kinds(client.read_to_end())) == ["event", "reply"]


def test_a_line_that_is_not_ended_is_no_frame(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.send_raw(b'{"type":"ping"}')
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read_to_end() == []


def test_a_client_of_another_user_hears_nothing(paso_home: Path) -> None:
    """Both ways: the daemon turns it away; our own client refuses such a daemon."""
    if os.geteuid() != 0:
        return
    with RunningDaemon(paso_home) as daemon:
        os.chmod(daemon.socket, 0o777)
        for folder in [paso_home, *paso_home.parents][:-1]:
            if folder.stat().st_uid == 0 and folder != Path("/tmp"):
                folder.chmod(folder.stat().st_mode | 0o055)
        code = (
            "import socket, sys\n"
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
            's.sendall(b\'{"type":"ping"}\\n\')\n'
            "try: print(len(s.recv(1000)))\n"
            "except ConnectionError: print(0)\n"
        )
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/env", "python3"]
            + ["-c", code, daemon.socket],
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == "0", done.stderr
        paso_home.chmod(0o700)
        assert daemon.status()["counters"]["strangers"] == 1


# Silence and slowness ------------------------------------------------------------


def test_a_silent_client_is_pinged_then_closed(paso_home: Path, loop: str) -> None:
    with RunningDaemon(
        paso_home, loop=loop, ping_s=0.5, silence_s=1.5, tick_s=0.1
    ) as daemon:
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(daemon.socket)
        raw.settimeout(15)
        said = b""
        while piece := raw.recv(4096):
            said += piece
        raw.close()
        frames = [json.loads(line) for line in said.splitlines()]
        assert kinds(frames)[:2] == ["ping", "ping"]
        assert frames[-1]["type"] == "bye"
        assert frames[-1]["reason"] == "silent"


def test_a_client_that_is_never_through_is_pinged_before_it_is_closed(
    paso_home: Path, loop: str
) -> None:
    with (
        RunningDaemon(paso_home, loop=loop, ping_s=1, silence_s=8) as daemon,
        daemon.client() as writer,
        daemon.client(receive_buffer=2304) as reader,
    ):
        writer.subscribe([])
        reader.silent = True
        seen = ""
        begin = time.monotonic()
        while seen != "ping" and time.monotonic() - begin < 20:
            for _ in range(20):
                writer.announce(pad="x" * 2000)
            writer.ping()  # more was queued than the reader takes below
            for _ in range(15):
                seen = reader.read()["type"]
                if seen in ("ping", "bye"):
                    break
        assert seen == "ping"


def test_any_frame_is_a_sign_of_life(paso_home: Path) -> None:
    with (
        RunningDaemon(paso_home, ping_s=0.5, silence_s=2, tick_s=0.1) as daemon,
        daemon.client() as client,
    ):
        client.subscribe([])
        begin = time.monotonic()
        while time.monotonic() - begin < 3:
            for _ in client.frames(0.3):  # answers what the daemon asks
                pass
        assert client.ping() < 5


def flood(
    client: ProtocolClient, count: int, size: int = 1000, project: int = 1
) -> None:
    line = encode({"type": "event", "event": db_changed(project, pad="x" * size)})
    client.send_raw(line * count)


def test_a_client_that_does_not_read_is_withheld_events_and_told_once(
    paso_home: Path, loop: str
) -> None:
    with (
        RunningDaemon(paso_home, loop=loop) as daemon,
        daemon.client(timeout_s=20) as slow,
        daemon.client() as speaker,
        daemon.client() as witness,
    ):
        slow.subscribe(["db"])
        witness.subscribe(["db"])
        speaker.subscribe([])
        for _ in range(30):
            flood(speaker, 100)
            assert len(seqs(until_pong(witness))) >= 0
        speaker.ping()
        wait_for(lambda: daemon.status()["counters"]["slow_clients"] == 1)
        found: list[Frame] = []
        while not found or found[-1]["type"] != "resync":
            found.append(slow.read())
        resync = found.pop()
        assert resync["reason"] == "slow_client"
        assert (resync["topics"], resync["project_ids"]) == (["db"], [1])
        assert seqs(found) == list(range(1, len(found) + 1)), "a prefix, then resync"
        assert len(found) < resync["seq"] == 3000
        speaker.announce(9)
        assert slow.read()["event"]["project_id"] == 9
        assert daemon.status()["counters"]["resyncs"] == 1


def test_who_takes_nothing_is_closed_with_whole_frames_and_a_reason(
    paso_home: Path, loop: str
) -> None:
    with (
        RunningDaemon(paso_home, loop=loop, slow_s=0.5, tick_s=0.1) as daemon,
        daemon.client() as slow,
        daemon.client() as speaker,
    ):
        slow.subscribe(["db"])
        speaker.subscribe([])
        for _ in range(10):
            flood(speaker, 100)
        speaker.ping()
        wait_for(lambda: daemon.status()["clients"] == 2)
        frames = slow.read_to_end()
        assert frames[-1]["type"] == "bye"
        assert frames[-1]["reason"] == "slow"
        numbers = seqs(frames[:-1])
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_client_that_asks_and_never_reads_costs_bounded_memory(
    paso_home: Path,
) -> None:
    with (
        RunningDaemon(paso_home, slow_s=1, tick_s=0.1) as daemon,
        daemon.client() as greedy,
    ):
        greedy.subscribe([])
        before = daemon.rss_bytes()
        question = encode({"type": "request", "id": 1, "method": "status"})
        greedy.socket.setblocking(False)
        sent, begin = 0, time.monotonic()
        while time.monotonic() - begin < 1.5:
            try:
                sent += greedy.socket.send(question * 500)
            except BlockingIOError:
                time.sleep(0.01)
            except (BrokenPipeError, ConnectionResetError):
                break
        assert daemon.rss_bytes() - before < 6 << 20
        wait_for(lambda: daemon.status()["clients"] == 1)


def test_a_burst_reaches_every_reader_whole_and_in_order(
    paso_home: Path, loop: str
) -> None:
    """More than fits into any buffer: fast producers wait for those who read."""
    with RunningDaemon(paso_home, loop=loop) as daemon:
        readers = [daemon.client(timeout_s=30) for _ in range(5)]
        with daemon.client() as speaker:
            speaker.subscribe([])
            code = (
                "import sys\n"
                "from tests.support.protocol_client import *\n"
                "c = ProtocolClient(sys.argv[1], timeout_s=30)\n"
                "c.subscribe([])\n"
                "event = db_changed(1, p='x' * 200)\n"
                "line = encode({'type': 'event', 'event': event})\n"
                "for _ in range(100): c.send_raw(line * 100)\n"
                "c.ping()\n"
            )
            producer = subprocess.Popen(
                [sys.executable, "-c", code, daemon.socket], cwd=ROOT
            )
            expected = list(range(1, 10_001))
            buffers = {reader.socket: b"" for reader in readers}
            begin = time.monotonic()
            while any(data.count(b"\n") < 10_000 for data in buffers.values()):
                assert time.monotonic() - begin < 30
                for sock in buffers:
                    sock.setblocking(False)
                    try:
                        buffers[sock] += sock.recv(1 << 20)
                    except BlockingIOError:
                        time.sleep(0.0005)
            for data in buffers.values():
                frames = [json.loads(line) for line in data.splitlines()]
                assert seqs(frames) == expected
            assert producer.wait(20) == 0
        for reader in readers:
            reader.close()
        assert daemon.status()["counters"]["resyncs"] == 0


# Descriptors and places ----------------------------------------------------------


def test_clients_beyond_the_descriptors_wait_and_are_served_later(
    paso_home: Path, loop: str, tmp_path: Path
) -> None:
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PASO_LOOP": loop,
        "PASO_SPARE_FDS": "8",
    }
    process = subprocess.Popen(
        ["sh", "-c", 'ulimit -n 48; exec "$0" -m paso_daemon', sys.executable],
        env=environ,
        stderr=subprocess.DEVNULL,
    )
    path = str(paso_home / "paso.sock")
    wait_for(lambda: os.path.exists(path))
    clients = [ProtocolClient(path) for _ in range(60)]
    for client in clients:
        client.send({"type": "hello", "v": 1})
    first = clients[0]
    first.read_until("welcome")
    served = []
    for client in clients:
        try:
            client.read_until("welcome", 0.01)
            served.append(client)
        except TimeoutError:
            continue
    assert 0 < len(served) < 40
    fds = len(os.listdir(f"/proc/{process.pid}/fd"))
    assert fds <= 48 - 8
    waiting = [
        client for client in clients if client not in served and client is not first
    ]
    while waiting:
        for client in served:
            client.close()
        served = waiting[:10]
        for client in served:
            client.read_until("welcome", 10)
        waiting = waiting[10:]
    for client in clients:
        client.close()
    process.terminate()
    assert process.wait(10) == 0


def test_a_socket_that_was_removed_is_made_again(daemon: RunningDaemon) -> None:
    with daemon.client() as old:
        old.subscribe(["db"])
        os.unlink(daemon.socket)
        wait_for(lambda: os.path.exists(daemon.socket))
        with daemon.client() as new:
            assert new.hello()["pid"] == daemon.pid
            new.announce()
            assert old.read()["type"] == "event"
    assert daemon.terminate() == 0
    assert not os.path.exists(daemon.socket)


def test_a_daemon_whose_socket_path_another_took_leaves_it_to_it(
    daemon: RunningDaemon,
) -> None:
    with daemon.client() as client:
        client.subscribe([])
        os.unlink(daemon.socket)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(daemon.socket)
            other.listen()
            assert client.read_until("bye")["reason"] == "stopping"
            assert daemon.process.wait(10) == 0
            assert os.path.exists(daemon.socket)


def test_a_daemon_whose_home_was_removed_ends(daemon: RunningDaemon) -> None:
    for path in daemon.home.iterdir():
        path.unlink()
    assert daemon.process.wait(10) == 0


def test_without_clients_it_ends_when_it_was_told_so(paso_home: Path) -> None:
    with RunningDaemon(paso_home, idle_exit_s=0.8, tick_s=0.1) as daemon:
        with daemon.client() as client:
            client.subscribe([])
            time.sleep(1.5)
            assert daemon.process.poll() is None
            client.ping()
        assert daemon.process.wait(10) == 0
        assert not os.path.exists(daemon.socket)
