"""Whatever bytes a client sends: a word to it, nothing to others, no harm."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.end_to_end.harness import Daemon, Home
from tests.support.protocol_client import (
    ConnectionEnded,
    Frame,
    ProtocolClient,
    db_changed,
    encode,
)

LIMIT = 1 << 20
"""Bytes of the longest frame, the newline not counted (PROTOCOL: transport)."""


def event_with(raw: bytes) -> bytes:
    """A sound event line but for one field, whose JSON text is `raw`."""
    sound = encode({"type": "event", "event": db_changed(1, trap="@")})
    return sound.replace(b'"@"', raw)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


TRAPS: dict[str, bytes] = {
    "NaN": event_with(b"NaN"),
    "Infinity": event_with(b"Infinity"),
    "-Infinity": event_with(b"-Infinity"),
    "1e999": event_with(b"1e999"),
    "-1e999": event_with(b"-1e999"),
    "lone high surrogate": event_with(rb'"\ud800"'),
    "lone low surrogate": event_with(rb'"\udc00 x"'),
    "surrogate as key": event_with(rb'{"\ud800": 1}'),
    "surrogate bytes": event_with(b'"\xed\xa0\x80"'),
    "no UTF-8": event_with(b'"\xff\xfe"'),
    "overlong NUL": event_with(b'"\xc0\x80"'),
    "cut UTF-8": b'{"type":"ping","x":"\xe2\x82\n',
    "depth 33": event_with(nested(33)),
    "depth 1000": event_with(nested(1000)),
    "depth 100000": event_with(nested(100_000)),
    "unclosed depth": b"[" * 5000 + b"\n",
    "raw NUL": event_with(b'"a\0b"'),
    "NUL line": b"\0\0\0\n",
    "raw control character": event_with(b'"a\x01b"'),
    "no object": b"[1, 2]\n",
    "a number": b"42\n",
    "null": b"null\n",
    "empty line": b"\n",
    "spaces": b"  \t \n",
    "half": b'{"type":"ping"\n',
    "two in one line": b'{"type":"ping"}{"type":"ping"}\n',
    "single quotes": b"{'type':'ping'}\n",
    "no type": b'{"event":{}}\n',
    "type is no text": b'{"type":1}\n',
    "type is null": b'{"type":null}\n',
    "type is a list": b'{"type":["ping"]}\n',
    "unknown type": b'{"type":"frobnicate"}\n',
    "UTF-16": '{"type":"ping"}'.encode("utf-16") + b"\n",
    "byte order mark": b'\xef\xbb\xbf{"type":"ping"}\n',
    "event without event": b'{"type":"event"}\n',
    "event is no object": b'{"type":"event","event":[]}\n',
    "event without type": b'{"type":"event","event":{}}\n',
    "unknown event": b'{"type":"event","event":{"type":"gossip"}}\n',
    "project is text": encode({"type": "event", "event": db_changed("x")}),  # type: ignore[arg-type]
    "project is huge": encode({"type": "event", "event": db_changed(10**30)}),
    "project is negative": encode({"type": "event", "event": db_changed(-1)}),
    "project is a float": encode({"type": "event", "event": db_changed(1.5)}),  # type: ignore[arg-type]
    "project is true": encode({"type": "event", "event": db_changed(True)}),
    "topics is text": b'{"type":"subscribe","topics":"db"}\n',
    "topics unknown": b'{"type":"subscribe","topics":["weather"]}\n',
    "topics hold a list": b'{"type":"subscribe","topics":[["db"]]}\n',
    "subscribe to text": b'{"type":"subscribe","project_id":"one"}\n',
    "hello with odd v": b'{"type":"hello","v":"one"}\n',
    "hello with odd client": b'{"type":"hello","v":1,"client":{}}\n',
    "request without method": b'{"type":"request","id":1}\n',
    "request with odd method": b'{"type":"request","id":1,"method":[]}\n',
    "request with odd params": encode(
        {"type": "request", "id": 1, "method": "status", "params": []}
    ),
    "refresh odd": b'{"type":"refresh","topic":{}}\n',
    "change runs backwards": encode(
        {"type": "event", "event": db_changed(1, change={"first": 9, "last": 1})}
    ),
    "change is text": encode({"type": "event", "event": db_changed(1, change="x")}),
    "a huge integer": event_with(b"1" * 5000),
}
"""Lines that must be answered by `error`, or by nothing at all where a field is only
ignored; never by a close, and never by anything that reaches others."""

HARMLESS: dict[str, bytes] = {
    "U+2028 in a text": event_with(json.dumps("a\u2028b", ensure_ascii=False).encode()),
    "U+0085 in a text": event_with(json.dumps("a\u0085b", ensure_ascii=False).encode()),
    "carriage return at the end": b'{"type":"ping"}\r\n',
    "a pair of surrogates": event_with(rb'"\ud83d\ude00"'),
    "unknown fields": b'{"type":"ping","more":{"a":[1,2,3]}}\n',
    "duplicate keys": b'{"type":"pong","type":"ping"}\n',
    "depth 20": event_with(nested(20)),
}


@contextmanager
def healthy(home: Home) -> Iterator[ProtocolClient]:
    """A client that must miss nothing, and see nothing of what others did wrong."""
    with home.client() as client:
        client.hello("healthy")
        client.subscribe(["db"])
        yield client


def assert_alive(home: Home, daemon: Daemon, witness: ProtocolClient) -> None:
    """The daemon is the same, and the witness gets the next event and no error."""
    with home.client() as announcer:
        announcer.announce(31337)
    while True:
        frame = witness.read()
        assert frame["type"] in {"event", "ping", "pong"}, frame
        if frame["type"] == "event" and frame["event"]["project_id"] == 31337:
            break
    assert daemon.process.poll() is None
    log = (home.path.parent / "daemon.err").read_text()
    assert "Traceback" not in log, log


def test_each_trap_is_answered_to_its_sender_and_reaches_nobody_else(
    home: Home,
) -> None:
    daemon = home.start_daemon()
    closed, silent = [], []
    with healthy(home) as witness:
        for name, line in TRAPS.items():
            with home.client() as client:
                client.subscribe([])
                client.send_raw(line)
                client.send({"type": "ping"})
                try:
                    frame = client.read()
                except ConnectionEnded:
                    closed.append(name)
                    continue
                if frame["type"] == "error":
                    assert frame["fatal"] is False, (name, frame)
                    assert frame["message"], name
                    client.read_until("pong")
                else:
                    silent.append(name)
        assert not closed
        assert_alive(home, daemon, witness)
    assert not silent


def test_each_trap_answered_with_its_code(home: Home) -> None:
    home.start_daemon()
    expected = {
        "NaN": {"bad_json"},
        "1e999": {"bad_json"},
        "lone high surrogate": {"bad_json"},
        "depth 33": {"bad_json", "bad_frame"},
        "half": {"bad_json"},
        "no object": {"bad_json", "bad_frame"},
        "no type": {"bad_frame"},
        "type is no text": {"bad_frame"},
        "unknown type": {"unknown_type"},
        "unknown event": {"bad_event"},
        "event without event": {"bad_event", "bad_frame"},
        "topics is text": {"bad_frame"},
    }
    with home.client() as client:
        client.subscribe([])
        found = {}
        for name in expected:
            client.send_raw(TRAPS[name])
            found[name] = client.read_until("error")["code"]
    wrong = {name: code for name, code in found.items() if code not in expected[name]}
    assert not wrong


def test_harmless_oddities_are_no_errors(home: Home) -> None:
    daemon = home.start_daemon()
    with healthy(home) as witness, home.client() as client:
        client.subscribe([])
        for name, line in HARMLESS.items():
            client.send_raw(line)
            client.send({"type": "ping"})
            frames = [client.read(), *client.frames(0.15)]
            assert {frame["type"] for frame in frames} == {"pong"}, (name, frames)
        assert_alive(home, daemon, witness)


def padded(length: int) -> bytes:
    """A `ping` of exactly so many bytes, without the newline."""
    bare = encode({"type": "ping", "pad": ""})[:-1]
    return bare[:-2] + b"x" * (length - len(bare)) + bare[-2:]


@pytest.mark.parametrize("piece", [1 << 16, LIMIT * 2], ids=["in pieces", "whole"])
def test_a_frame_of_the_limit_is_taken_and_one_byte_more_is_not(
    home: Home, piece: int
) -> None:
    daemon = home.start_daemon()
    with healthy(home) as witness:
        for length, fits in ((LIMIT - 1, True), (LIMIT, True), (LIMIT + 1, False)):
            with home.client() as client:
                assert client.hello()["limits"]["max_frame"] == LIMIT
                client.subscribe([])
                line = padded(length)
                assert len(line) == length
                send_in_pieces(client, line + b"\n", piece)
                if fits:
                    client.read_until("pong")
                    continue
                frame = client.read_until("error")
                assert frame["code"] == "frame_too_large"
                assert frame["fatal"] is True
                assert client.read_to_end() == []
        assert_alive(home, daemon, witness)


def send_in_pieces(client: ProtocolClient, data: bytes, piece: int) -> None:
    try:
        for at in range(0, len(data), piece):
            client.send_raw(data[at : at + piece])
    except (BrokenPipeError, ConnectionResetError):
        return


def test_a_frame_sent_byte_by_byte_is_one_frame(home: Home) -> None:
    home.start_daemon()
    with home.client() as client:
        client.subscribe([])
        for byte in b'{"type":"ping"}\n':
            client.send_raw(bytes([byte]))
        client.read_until("pong")


def test_a_line_that_never_ends_is_cut_off_and_held_in_bounded_memory(
    home: Home,
) -> None:
    daemon = home.start_daemon()
    before = daemon.rss_bytes
    with healthy(home) as witness, home.client() as client:
        client.subscribe([])
        began = time.monotonic()
        try:
            while time.monotonic() - began < 15:
                client.send_raw(b"x" * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began < 10, "taken for ever"
        codes = [f["code"] for f in client.read_to_end() if f["type"] == "error"]
        assert codes in (["frame_too_large"], [])
        assert daemon.rss_bytes - before < 6 * LIMIT
        assert_alive(home, daemon, witness)


def test_many_unfinished_lines_are_held_in_bounded_memory(home: Home) -> None:
    daemon = home.start_daemon()
    before = daemon.rss_bytes
    clients = [home.client() for _ in range(20)]
    for client in clients:
        client.subscribe([])
        client.send_raw(b"x" * (LIMIT - 1))
    clients[0].close()
    with home.client() as pinger:
        pinger.subscribe([])
        pinger.ping()
    assert daemon.rss_bytes - before < 20 * LIMIT * 1.5 + 4 * LIMIT
    for client in clients:
        client.close()


def test_an_event_that_fits_on_the_way_in_fits_on_the_way_out(home: Home) -> None:
    """The daemon adds origin and seq: no client may be sent more than the limit."""
    daemon = home.start_daemon()
    with healthy(home) as witness, home.client() as client:
        client.subscribe([])
        bare = encode({"type": "event", "event": db_changed(5, pad="")})
        pad = "x" * (LIMIT - len(bare) + 1)
        line = encode({"type": "event", "event": db_changed(5, pad=pad)})
        assert len(line) == LIMIT + 1
        client.send_raw(line)
        client.send({"type": "ping"})
        answer = client.read()
        if answer["type"] != "error":
            frame = witness.read_until("event")
            assert len(encode(frame)) - 1 <= LIMIT
        assert_alive(home, daemon, witness)


def test_the_hundredth_malformed_line_is_the_last(home: Home) -> None:
    daemon = home.start_daemon()
    with healthy(home) as witness, home.client() as client:
        client.subscribe([])
        client.send_raw(b"garbage\n" * 150)
        frames = client.read_to_end()
        errors = [frame for frame in frames if frame["type"] == "error"]
        assert [e["fatal"] for e in errors] == [False] * (len(errors) - 1) + [True]
        assert errors[-1]["code"] == "too_many_errors"
        assert 99 <= len(errors) <= 101
        assert_alive(home, daemon, witness)


def test_an_unsupported_version_is_said(home: Home) -> None:
    home.start_daemon()
    with home.client() as client:
        client.send({"type": "hello", "v": 99, "client": "future"})
        frame = client.read_until(lambda f: f["type"] in {"error", "welcome"})
        assert frame["type"] == "error"
        assert frame["code"] == "unsupported_version"


def test_an_unknown_method_is_an_error_reply_and_the_connection_lives(
    home: Home,
) -> None:
    home.start_daemon()
    with home.client() as client:
        client.subscribe([])
        assert client.request("make_coffee")["error"]["code"] == "unknown_method"
        assert "result" in client.request("status")


# A great many ---------------------------------------------------------------------


def malformed(dice: random.Random) -> bytes:
    """One line that is wrong in some way, often only slightly."""
    sound = encode({"type": "event", "event": db_changed(dice.randrange(1 << 40))})
    choice = dice.randrange(5)
    if choice == 0:
        return dice.choice(list(TRAPS.values()))
    if choice == 1:
        return dice.randbytes(dice.randrange(1, 200)).replace(b"\n", b"") + b"\n"
    if choice == 2:
        return sound[: dice.randrange(1, len(sound) - 2)] + b"\n"
    if choice == 3:
        return b"{" + sound
    line = bytearray(sound[:-1])
    for _ in range(dice.randrange(1, 6)):
        line[dice.randrange(len(line))] = dice.choice(b'{}[]":,\\\x00\xff0')
    return bytes(line) + b"}\n"


def run_garbage(home: Home, total: int, seed: int) -> None:
    """`total` bad lines over many connections, while a witness misses nothing."""
    daemon = home.start_daemon()
    dice = random.Random(seed)
    lines = [
        line for line in (malformed(dice) for _ in range(3000)) if len(line) < 9999
    ]
    sent = announced = 0
    before = None
    with healthy(home) as witness, home.client() as announcer:
        announcer.subscribe([])
        while sent < total:
            with home.client() as client:
                client.subscribe([])
                send_in_pieces(client, b"".join(dice.choices(lines, k=120)), 1 << 20)
                sent += 100
                last = client.read_to_end(20)[-1]
                assert last["code"] == "too_many_errors", last
            announced += 1
            announcer.announce(10**6 + announced)
            witness.read_until(mine(10**6 + announced))
            if sent > total / 4 and before is None:
                before = daemon.rss_bytes
        assert before is not None
        assert daemon.rss_bytes - before < 8 * LIMIT, "memory grows with garbage"
        assert_alive(home, daemon, witness)


def mine(project_id: int) -> Callable[[Frame], bool]:
    def matches(frame: Frame) -> bool:
        assert frame["type"] != "error", frame
        mine = frame["type"] == "event" and frame["event"]["project_id"] == project_id
        return bool(mine)

    return matches


@pytest.mark.timeout(120)
def test_twenty_thousand_malformed_frames_do_no_harm(home: Home) -> None:
    run_garbage(home, 20_000, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_million_malformed_frames_do_no_harm(home: Home) -> None:
    run_garbage(home, 1_000_000, seed=time.monotonic_ns() % 10**9)
