"""Tells from the output of a command whether it works, idles, or waits for its user.

Output means work, silence means idle, and a bell means that it waits: until its user
types, or until output goes on after a pause. A bell inside a control string (the end
of a window title, an image) is none. How the strings begin and end is ECMA-48, 5.6,
with the bell at the end of OSC that xterm brought.

Cutting the bytes elsewhere gives the same answer, and nothing grows with them.

Never: read a clock, a terminal or the database; times are passed in.
"""

from __future__ import annotations

from paso.model import IDLE, WAITING, WORKING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from re import Match

IDLE_AFTER_S = 10.0
"""Seconds of silence after which a command is idle."""
BELL_S = 1.5
"""Seconds after a bell in which more output belongs to what it rang for."""
PRESENT_S = 2.0
"""Seconds after a key press in which a bell answers the key, not an absent user."""
TAIL_BYTES = 32 * 1024
"""Output that is kept, escape sequences included."""
TAIL_LINES = 200
PREVIEW_MAX = 200
"""Characters of a preview."""

BEL, ESC = b"\x07", b"\x1b"
_STRING_BEGINNINGS = (b"\x1b]", b"\x1bP", b"\x1bX", b"\x1b^", b"\x1b_")
_GROUND, _ESCAPED, _OSC, _STRING = range(4)
_ENDS = {_OSC: (ESC, BEL, b"\x18", b"\x1a"), _STRING: (ESC, b"\x18", b"\x1a")}


class Activity:
    """What one session does, by its output.

    All times are seconds of one monotonic clock.

    Arguments:
        idle_after_s: silence after which it is idle.
        now: when the command started, which counts as output; None = long ago.
    """

    __slots__ = (
        "idle_after_s",
        "unseen",
        "_bells",
        "_output_at",
        "_rung_at",
        "_tail",
        "_typed_at",
    )

    def __init__(
        self, idle_after_s: float = IDLE_AFTER_S, now: float | None = None
    ) -> None:
        self.idle_after_s = idle_after_s
        self.unseen = False
        """Its output cannot be seen, so silence means nothing."""
        self._bells = BellFinder()
        self._output_at = now
        self._rung_at: float | None = None
        self._typed_at: float | None = None
        self._tail = bytearray()

    def feed(self, data: bytes, now: float) -> str:
        """Take output that came at `now`; return the activity."""
        tail = self._tail
        tail += data
        if len(tail) > 2 * TAIL_BYTES:
            del tail[:-TAIL_BYTES]
        return self.seen(now, bell=self._bells.feed(data))

    def seen(self, now: float, *, bell: bool = False) -> str:
        """Take it that there was output at `now`, whatever it said.

        Arguments:
            bell: it rang, and not inside a control string.
        """
        self._output_at = now
        if self._rung_at is not None and now - self._rung_at >= BELL_S:
            self._rung_at = None
        if bell and not self._present(now):
            self._rung_at = now
        return self.state(now)

    def _present(self, now: float) -> bool:
        return self._typed_at is not None and now - self._typed_at < PRESENT_S

    def typed(self, now: float) -> str:
        """Take it that the user typed into it: nothing waits for them any more."""
        self._typed_at, self._rung_at = now, None
        return self.state(now)

    def state(self, now: float) -> str:
        """Return `working`, `idle` or `waiting`."""
        if self._rung_at is not None:
            return WAITING
        return WORKING if self.unseen or self.idle_in(now) is not None else IDLE

    def idle_in(self, now: float) -> float | None:
        """Seconds until silence makes it idle; None when it is, or waits."""
        if self.unseen or self._output_at is None or self._rung_at is not None:
            return None
        left = self._output_at + self.idle_after_s - now
        return left if left > 0 else None

    def tail(self) -> bytes:
        """The last output as it came, for `preview_of` and `text_of`."""
        return bytes(self._tail[-TAIL_BYTES:])


class BellFinder:
    """Finds bells that are no part of a control string, in output cut anywhere."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = _GROUND

    def feed(self, data: bytes) -> bool:
        """Return whether one rang in `data`."""
        if self._state == _GROUND and not _interesting(data):
            # Far the most output: it is looked through at the speed of memory.
            if data.endswith(ESC):
                self._state = _ESCAPED
            return False
        rang, at = False, 0
        while at < len(data):
            if self._state == _GROUND:
                at, bell = self._ground(data, at, rang)
                rang = rang or bell
            elif self._state == _ESCAPED:
                rang = rang or data[at] == 7
                self._state = _after_escape(data[at])
                at += 1
            else:
                at = self._string(data, at)
        return rang

    def _ground(self, data: bytes, at: int, rang: bool) -> tuple[int, bool]:
        """Go on to behind the next ESC; tell whether a bell came first."""
        escape = data.find(ESC, at)
        end = len(data) if escape < 0 else escape
        if escape >= 0:
            self._state = _ESCAPED
        return end + 1, not rang and data.find(BEL, at, end) >= 0

    def _string(self, data: bytes, at: int) -> int:
        """Go on to behind what ends the string under way."""
        found = [data.find(end, at) for end in _ENDS[self._state]]
        places = [place for place in found if place >= 0]
        if not places:
            return len(data)
        end = min(places)
        self._state = _ESCAPED if data[end] == 0x1B else _GROUND
        return end + 1


def _interesting(data: bytes) -> bool:
    if BEL in data:
        return True
    # One character is found far faster than two.
    return ESC in data and any(start in data for start in _STRING_BEGINNINGS)


def _after_escape(byte: int) -> int:
    if byte in b"\x1b\x07":  # a control character inside a sequence does not end it
        return _ESCAPED
    if byte == 0x5D:
        return _OSC
    return _STRING if byte in b"PX^_" else _GROUND


def is_typed(data: bytes) -> bool:
    """Whether input comes from a person, and is no answer of their terminal.

    A program asks it where the cursor is or what it can do, and is told when its
    window gets the focus and loses it (xterm's control sequences).
    """
    if data.startswith((b"\x1b]", b"\x1bP")):
        return False
    return not (data.startswith(b"\x1b[") and data[-1:] in _ANSWERS)


_ANSWERS = {b"I", b"O", b"R", b"c", b"n", b"t", b"y"}


def preview_of(data: bytes) -> str:
    """Return the last line that says something, for a list: at most 200 characters.

    Arguments:
        data: output as it came, the end of it.
    """
    blank = ""
    for line in reversed(_lines(data)):
        words = " ".join(line.split())
        if any(char.isalnum() for char in words):
            return words[:PREVIEW_MAX]
        blank = blank or words[:PREVIEW_MAX]
    return blank


def text_of(data: bytes) -> str:
    """Return output as plain text: its last 200 lines, without any control.

    What a full-screen program drew has no lines; its pieces come one below another.
    """
    lines = [line.rstrip() for line in _lines(data)]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines[-TAIL_LINES:])


def _lines(data: bytes) -> list[str]:
    from re import sub

    if len(data) >= TAIL_BYTES:
        # The beginning is cut, perhaps inside a sequence.
        data = data.partition(b"\n")[2] or data
    text = data.decode("utf-8", "replace")
    # Control strings, also one that has no end yet; then what moves the cursor.
    text = sub(r"\x1b\][^\x07\x18\x1a\x1b]*(?:\x07|\x1b\\)?", "", text)
    text = sub(r"\x1b[PX^_][^\x18\x1a\x1b]*(?:\x1b\\)?", "", text)
    text = sub(r"\x1b\[[0-?]*[ -/]*([@-~]|\Z)", _moved, text)
    text = sub(r"\x1b[ -/]*(?:[0-~]|\Z)", "", text)
    return [_overwritten(line.split("\r")) for line in text.split("\n")]


def _moved(found: Match[str]) -> str:
    """What a control sequence means for text that is read line by line."""
    final = found[1]
    if final and final in "ABEFHJdf":
        return "\n"
    return {"C": " ", "G": "\r"}.get(final, "")


def _overwritten(pieces: Iterable[str]) -> str:
    """The last thing that a line said: what a carriage return leaves of it."""
    said = ""
    for piece in pieces:
        said = piece if piece.strip() else said
    kept: list[str] = []
    for char in said:
        if char == "\b":
            del kept[-1:]
        elif char.isprintable() or char == "\t":
            kept.append(char)
    return "".join(kept)
