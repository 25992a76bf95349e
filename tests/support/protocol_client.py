"""A client of the daemon written from `docs/protocol.md` alone: sockets and json.

Never: import anything of Paso, so that it agrees with the page and not by accident
with the code under test; repair, retry or ignore what the page does not allow.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

Frame = dict[str, Any]

EVENT_TYPES = frozenset(
    {
        "db_changed",
        "session_started",
        "session_updated",
        "session_removed",
        "session_activity",
        "computer_updated",
        "computer_removed",
        "projects_updated",
        "tasks_updated",
    }
)


class ProtocolViolation(AssertionError):
    """The daemon sent what the protocol page does not allow."""


class ConnectionEnded(Exception):
    """The daemon closed the connection."""


class ProtocolClient:
    """One blocking connection. Every frame read is checked against the page.

    Arguments:
        path: the daemon's socket.
        timeout_s: longest wait of one `read`, in seconds.
        receive_buffer: SO_RCVBUF in bytes, for clients that are meant to be slow.

    A `ping` of the daemon is answered while reading, unless `silent` is set.
    """

    def __init__(
        self, path: str, *, timeout_s: float = 10.0, receive_buffer: int | None = None
    ) -> None:
        self.timeout_s = timeout_s
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout_s)
        try:
            self.socket.connect(path)
        except BaseException:
            self.socket.close()
            raise
        self.epoch: str | int | None = None
        self.seq = 0
        self.silent = False
        self._buffer = bytearray()
        self._seen_sequence = False

    def __enter__(self) -> ProtocolClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    # sending ------------------------------------------------------------------

    def send(self, frame: Frame) -> None:
        """Send one frame; the words of `frame` are the caller's responsibility."""
        self.send_raw(encode(frame))

    def send_raw(self, data: bytes) -> None:
        self.socket.settimeout(self.timeout_s)
        self.socket.sendall(data)

    def announce(self, project_id: int = 1, **more: object) -> None:
        """Send a `db_changed` without change numbers, as any script may."""
        self.send({"type": "event", "event": db_changed(project_id, **more)})

    # reading ------------------------------------------------------------------

    def read(self, timeout_s: float | None = None) -> Frame:
        """The next frame, checked.

        Raises:
            TimeoutError: none came in time.
            ConnectionEnded: the daemon closed the connection.
            ProtocolViolation: it is not what the page allows.
        """
        wait = self.timeout_s if timeout_s is None else timeout_s
        deadline = time.monotonic() + wait
        while (line := self._take_line()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no frame within {wait} s")
            self._fill(left)
        return self._checked(line)

    def read_until(
        self, wanted: str | Callable[[Frame], bool], timeout_s: float | None = None
    ) -> Frame:
        """The first frame of that type, or that `wanted` accepts."""
        deadline = time.monotonic() + (timeout_s or self.timeout_s)
        while True:
            frame = self.read(max(0.0, deadline - time.monotonic()))
            if wanted(frame) if callable(wanted) else frame["type"] == wanted:
                return frame

    def frames(self, timeout_s: float) -> Iterator[Frame]:
        """Every frame until the connection ends or `timeout_s` seconds are over."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                yield self.read(left)
            except (TimeoutError, ConnectionEnded):
                return

    def read_to_end(self, timeout_s: float = 10.0) -> list[Frame]:
        """All frames up to the daemon's close, which must come in time."""
        deadline = time.monotonic() + timeout_s
        found: list[Frame] = []
        while True:
            try:
                found.append(self.read(max(0.0, deadline - time.monotonic())))
            except ConnectionEnded:
                return found

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _fill(self, timeout_s: float) -> None:
        self.socket.settimeout(max(0.001, timeout_s))
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            if self._buffer:
                raise ProtocolViolation(f"half a frame at the end: {self._buffer!r}")
            raise ConnectionEnded
        self._buffer += data

    def _checked(self, line: bytes) -> Frame:
        frame = decode(line)
        kind = frame["type"]
        checker = CHECKS.get(kind)
        if checker is None:
            raise ProtocolViolation(f"a frame type that is on no page: {frame}")
        checker(frame)
        self._follow(frame)
        return frame

    def _follow(self, frame: Frame) -> None:
        """Keep epoch and seq; seq of events only grows within a connection."""
        if frame["type"] == "welcome":
            self.epoch = frame["epoch"]
        elif frame["type"] == "event":
            if self._seen_sequence and frame["seq"] <= self.seq:
                raise ProtocolViolation(f"seq went from {self.seq} to {frame['seq']}")
            self._seen_sequence = True
        elif frame["type"] == "ping" and not self.silent:
            self.send({"type": "pong"})
        if "seq" in frame:
            self.seq = max(self.seq, frame["seq"])

    # conversations ------------------------------------------------------------

    def hello(self, client: str = "independent", **more: object) -> Frame:
        """Say hello; the welcome."""
        self.send({"type": "hello", "v": 1, "client": client, "pid": 0, **more})
        return self.read_until("welcome")

    def subscribe(self, topics: list[str] | None = None, project_id: int = 0) -> Frame:
        """Replace the subscription; the answer `subscribed`."""
        frame: Frame = {"type": "subscribe", "project_id": project_id}
        if topics is not None:
            frame["topics"] = topics
        self.send(frame)
        return self.read_until("subscribed")

    def ping(self, timeout_s: float | None = None) -> float:
        """Seconds from a ping to its pong."""
        before = time.perf_counter()
        self.send({"type": "ping"})
        self.read_until("pong", timeout_s)
        return time.perf_counter() - before

    def request(self, method: str, **params: object) -> Frame:
        """The `reply` frame to a request."""
        name = f"r{time.monotonic_ns()}"
        self.send({"type": "request", "id": name, "method": method, "params": params})
        return self.read_until(lambda f: f["type"] == "reply" and f["id"] == name)


def encode(frame: Frame) -> bytes:
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def decode(line: bytes) -> Frame:
    """One line as the page defines it; anything else is a violation."""

    def refuse(word: str) -> object:
        raise ProtocolViolation(f"{word} in a frame: {line[:200]!r}")

    try:
        text = line.decode("utf-8")
        frame = json.loads(text, parse_constant=refuse)
        json.dumps(frame, ensure_ascii=False).encode("utf-8")
    except (UnicodeError, json.JSONDecodeError) as error:
        raise ProtocolViolation(f"no JSON line ({error}): {line[:200]!r}") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ProtocolViolation(f"no object with a type: {line[:200]!r}")
    return frame


def db_changed(project_id: int = 1, **more: object) -> Frame:
    """The body of a `db_changed` event."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return {
        "type": "db_changed",
        "project_id": project_id,
        "timestamp": f"{stamp}.{int(now % 1 * 1_000_000):06d}Z",
        **more,
    }


def changes_of(frame: Frame) -> range:
    """The change numbers that an event frame announces; empty for foreign ones."""
    change = frame["event"].get("change") if frame["type"] == "event" else None
    return range(change["first"], change["last"] + 1) if change else range(0)


# What each frame must carry ----------------------------------------------------


def _need(frame: Frame, **fields: type | tuple[type, ...]) -> None:
    for name, kind in fields.items():
        if not isinstance(frame.get(name), kind):
            raise ProtocolViolation(f"{name!r} is missing or no {kind}: {frame}")


def _check_welcome(frame: Frame) -> None:
    _need(frame, v=int, daemon=str, pid=int, computer=dict, epoch=(str, int), seq=int)
    _need(frame, change=(int, type(None)), features=list, limits=dict)
    if "change" not in frame:
        raise ProtocolViolation(f"no `change` in the welcome: {frame}")
    _need(frame["computer"], id=str, name=str)
    _need(frame["limits"], max_frame=int, max_clients=int, send_buffer=int)


def _check_event(frame: Frame) -> None:
    _need(frame, seq=int, origin=dict, event=dict)
    if set(frame["origin"]) != {"client", "pid", "computer"}:
        raise ProtocolViolation(f"origin is not client, pid, computer: {frame}")
    event = frame["event"]
    if event.get("type") not in EVENT_TYPES:
        raise ProtocolViolation(f"an event that is on no page: {frame}")
    _need(event, timestamp=str)
    if event["type"] == "db_changed":
        _check_db_changed(event)
    elif event["type"].startswith("session_"):
        _need(event, session=dict)
        _need(event["session"], id=str)
    elif event["type"].startswith("computer_"):
        _need(event, computer=dict)
        _need(event["computer"], id=str)
    else:
        _need(event, computer=str)


def _check_db_changed(event: Frame) -> None:
    _need(event, project_id=int)
    if "change" not in event:
        return
    _need(event["change"], first=int, last=int)
    _need(event, entities=list)
    if event["change"]["first"] > event["change"]["last"]:
        raise ProtocolViolation(f"a range that runs backwards: {event}")
    if len(event["entities"]) > 50:
        raise ProtocolViolation(f"{len(event['entities'])} entities, at most 50")
    for entity in event["entities"]:
        _need(entity, entity=str, op=str, id=int, uid=str)


def _check_snapshot(frame: Frame) -> None:
    _need(frame, data=list, seq=int, sources=dict)
    if frame.get("more", True) is not True:
        raise ProtocolViolation(f"`more` is true or absent: {frame}")
    for computer, source in frame["sources"].items():
        _need(source, state=str)
        state, has_age = source["state"], "age_s" in source
        if state not in ("fresh", "stale", "unreachable") or (
            has_age == (state == "fresh") and state != "unreachable"
        ):
            raise ProtocolViolation(f"no source of the page, {computer}: {source}")
    for record in frame["data"]:
        if not isinstance(record.get("id"), str | int):
            _need(record, uid=str)


CHECKS: dict[str, Callable[[Frame], None]] = {
    "welcome": _check_welcome,
    "event": _check_event,
    "subscribed": lambda f: _need(f, topics=list, project_id=int, seq=int),
    "resync": lambda f: _need(f, reason=str, topics=list, seq=int),
    "reply": lambda f: _need(f, id=(str, int)),
    "error": lambda f: _need(f, code=str, message=str, fatal=bool),
    "bye": lambda f: _need(f, reason=str, retry_ms=int),
    "ping": lambda f: None,
    "pong": lambda f: None,
    "sessions_initial": _check_snapshot,
    "computers_initial": _check_snapshot,
    "projects_initial": _check_snapshot,
    "tasks_initial": _check_snapshot,
}
