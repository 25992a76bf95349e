"""What a tmux control client says, read from its bytes: answers and notices.

    %begin 1795211503 278 1        one block for each command, in their order;
    $1 %1 0                        flag 1 = the command came from us
    %end 1795211503 278 1          or %error
    %sessions-changed              a notice, never inside a block
    %exit server exited            the last line

tmux(1), "CONTROL MODE". Text in a block may look like any of these; only the end that
repeats the three numbers of its begin ends it. A line that fits nowhere means that the
stream cannot be trusted any more, as after a forged end.

Never: do I/O, read a clock, know what was asked.
"""

from __future__ import annotations

from typing import NamedTuple

LINE_MAX = 1024 * 1024
"""Bytes of a line, and of a whole answer: beyond, the stream is given up."""

FROM_US = 1
"""Bit of a block's flags: the command came through this client."""


class Answer(NamedTuple):
    """What one of our commands gave."""

    ok: bool
    lines: tuple[str, ...]


class Notice(NamedTuple):
    """Something happened in the server."""

    name: str
    """Without its per cent sign: `sessions-changed`."""
    text: str


class Broken(NamedTuple):
    """Nothing that follows can be trusted; the reason in words."""

    reason: str


Said = Answer | Notice | Broken


class ControlLines:
    """Splits and reads the bytes of one client."""

    __slots__ = ("_block", "_broken", "_ends", "_ours", "_rest", "_size")

    def __init__(self) -> None:
        self._rest = b""
        self._block: list[str] | None = None
        self._ends: dict[bytes, bool] = {}
        self._ours = False
        self._size = 0
        self._broken = False

    def feed(self, data: bytes) -> list[Said]:
        """Return what `data` completes; nothing more after a `Broken`."""
        if self._broken:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        said: list[Said] = []
        for line in lines:
            found = self._line(line.removesuffix(b"\r"))
            if found is None:
                continue
            said.append(found)
            if isinstance(found, Broken):
                return said
        if len(self._rest) > LINE_MAX:
            said.append(self._break("a line without end"))
        return said

    def _line(self, line: bytes) -> Said | None:
        if self._block is not None:
            return self._inside(self._block, line)
        if line.startswith(b"%begin "):
            return self._begin(line)
        if line.startswith(b"%") and not line.startswith((b"%end ", b"%error ")):
            name, _, text = line[1:].partition(b" ")
            return Notice(_text(name), _text(text))
        return self._break(_text(line)[:200] or "an empty line")

    def _begin(self, line: bytes) -> Said | None:
        numbers = line[len(b"%begin ") :]
        parts = numbers.split(b" ")
        if len(parts) != 3 or not all(part.isdigit() for part in parts):
            return self._break(_text(line)[:200])
        self._block, self._size = [], 0
        self._ours = bool(int(parts[2]) & FROM_US)
        self._ends = {b"%end " + numbers: True, b"%error " + numbers: False}
        return None

    def _inside(self, block: list[str], line: bytes) -> Said | None:
        ok = self._ends.get(line)
        if ok is None:
            self._size += len(line) + 1
            if self._size > LINE_MAX:
                return self._break("an answer without end")
            block.append(_text(line))
            return None
        self._block = None
        if self._ours:
            return Answer(ok, tuple(block))
        return None if ok else self._break(" ".join(block)[:200])

    def _break(self, reason: str) -> Broken:
        self._broken = True
        self._rest, self._block = b"", None
        return Broken(reason)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
