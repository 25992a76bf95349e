"""Bytes to frames and frames to bytes: the line format of docs/protocol.md.

Any bytes, cut anywhere, yield lines, or lines and then the one error
`FrameTooLarge`; any line yields a frame or `BadJson`.

Never: do I/O, read a clock, know what a frame means or who sent it.
"""

from __future__ import annotations

from typing import Any

import orjson

from paso.errors import BadJson, FrameTooLarge
from paso.events.types import MAX_DEPTH, MAX_FRAME

Frame = dict[str, Any]


class LineSplitter:
    """Cut a byte stream into lines; linear however small the pieces are.

    Arguments:
        max_frame: bytes of the longest line, without its newline.

    After a longer line the stream has no frame boundary that could be trusted:
    `failed` is set, and every further byte is ignored.
    """

    __slots__ = ("_is_fresh", "_max", "_tail", "failed")

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._tail: bytearray | None = None
        self._is_fresh = True
        self.failed: FrameTooLarge | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes, without their newlines."""
        if self._is_fresh and 0 <= data.find(b"\n") == len(data) - 1 <= self._max:
            return [data[:-1]]  # one whole line: nearly always, and the quickest
        if self.failed is not None:
            return []
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._tail is not None:
            lines[0] = bytes(self._tail) + lines[0]
            self._tail = None
            self._is_fresh = True
        if max(map(len, lines), default=0) > self._max:
            return self._before_oversize(lines)
        if rest:
            self._keep(rest)
        return lines

    @property
    def pending(self) -> int:
        """Bytes of the line that is not complete yet."""
        return len(self._tail) if self._tail is not None else 0

    def _keep(self, rest: bytes) -> None:
        if self._tail is None:
            self._is_fresh = False
            self._tail = bytearray(rest)
        else:
            self._tail += rest
        if len(self._tail) > self._max:
            self._fail()

    def _before_oversize(self, lines: list[bytes]) -> list[bytes]:
        self._fail()
        for index, line in enumerate(lines):
            if len(line) > self._max:
                return lines[:index]
        return lines

    def _fail(self) -> None:
        self._tail = None
        self._is_fresh = False
        self.failed = FrameTooLarge(f"a line may have {self._max} bytes")


def decode(line: bytes) -> Frame:
    """Return the frame of a line.

    Raises:
        BadJson: not UTF-8, not JSON, no object, NaN or infinite, a lone surrogate,
            or nested deeper than `MAX_DEPTH`.
    """
    try:
        frame = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"not JSON: {error}") from None
    if type(frame) is not dict:
        raise BadJson("a frame is a JSON object")
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _is_deep(frame, MAX_DEPTH):
        raise BadJson(f"objects and lists are nested deeper than {MAX_DEPTH}")
    found: Frame = frame
    return found


def encode(frame: Frame) -> bytes:
    """Return the line of a frame, its newline included."""
    return _fitted(orjson.dumps(frame, option=orjson.OPT_APPEND_NEWLINE))


def encode_part(value: object) -> bytes:
    """Return `value` as JSON, to be put into a frame made by hand."""
    return _fitted(orjson.dumps(value))


def _fitted(data: bytes) -> bytes:
    """Copy `data` into as many bytes as it has.

    orjson (3.13) hands out its buffer of 4 KiB however short the text is: the origin
    that each client's connection keeps, and each queued `pong`, would hold that much.
    """
    return b"%b" % data


def _is_deep(value: object, left: int) -> bool:
    if type(value) is dict:
        inner: Any = value.values()
    elif type(value) is list:
        inner = value
    else:
        return False
    return left == 0 or any(
        _is_deep(part, left - 1) for part in inner if type(part) in (dict, list)
    )
