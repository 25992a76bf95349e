"""Where a reader stands in another computer's log, and whether it missed something.

An entry's id is `<generation>-<number>`: the generation grows at each start of the
owner's daemon, the number counts its entries up from 1 without a gap. So whoever has
read 5-41 knows that 5-42 follows, and that anything else means a loss:

    5-42             next    apply it
    5-40             seen    a copy: leave it
    5-44, 6-1        gap     take a snapshot, go on from its position

Redis alone does not tell: after a flush or a trim, XREAD goes on as if nothing had
been there.

Never: do I/O, read a clock, know what an entry says.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from paso.errors import BadEvent
from paso_daemon.peers.signing import number

NEXT, SEEN, GAP = "next", "seen", "gap"


class Position(NamedTuple):
    """The last entry that was applied; ordered as the entries are."""

    gen: int
    n: int

    def entry_id(self) -> bytes:
        """Return it as Redis writes it."""
        return b"%d-%d" % self

    def verdict(self, entry: Position) -> str:
        """Return `next`, `seen` or `gap` for an entry that was read after us."""
        if entry <= self:
            return SEEN
        follows = entry.gen == self.gen and entry.n == self.n + 1
        return NEXT if follows else GAP


START = Position(0, 0)


def position_of(entry_id: bytes) -> Position:
    """Return the position that an entry's id names. Raises BadEvent."""
    gen, dash, n = entry_id.partition(b"-")
    if not dash:
        raise BadEvent("no entry id")
    return Position(number(gen), number(n))


def told_position(gen: object, n: object) -> Position:
    """Return the position that a message names. Raises BadEvent."""
    if type(gen) is not int or type(n) is not int or gen < 0 or n < 0:
        raise BadEvent("no position")
    return Position(gen, n)


def listed_position(told: object) -> Position | None:
    """Return what a message names as `[gen, n]`; None for anything else."""
    with suppress(BadEvent):
        if isinstance(told, list) and len(told) == 2:
            return told_position(*told)
    return None


class Follower:
    """How one owner's log is followed.

    `position` is None until a snapshot or an owner's word has said where to go on; only
    then is the log read. `head` is what the owner itself says to have written.
    """

    __slots__ = ("_late", "gaps", "position", "reading")

    def __init__(self, position: Position | None = None) -> None:
        self.position = position
        self.reading = False
        self.gaps = 0
        self._late: Position | None = None

    def may_go_on_from(self, position: Position) -> bool:
        """Return False when that would lead back.

        An owner's word is signed, but it may be an old one that somebody repeats.
        """
        return self.position is None or position >= self.position

    def go_on_from(self, position: Position) -> bool:
        """Read from here on; False when that would lead back."""
        if not self.may_go_on_from(position):
            return False
        self.position, self.reading, self._late = position, True, None
        return True

    def take(self, entry: Position) -> str:
        """Return what to do with an entry, and move on when it is to be applied."""
        if self.position is None or not self.reading:
            return SEEN
        verdict = self.position.verdict(entry)
        if verdict == NEXT:
            self.position, self._late = entry, None
        elif verdict == GAP:
            self.reading = False
        return verdict

    def lose(self) -> None:
        """Something is missing: stop reading until a snapshot came."""
        self.gaps += 1
        self.reading, self._late = False, None

    def told_head(self, head: Position) -> bool:
        """Return True when entries are lost for good that the owner has written.

        Called with each sign of life. Being behind once is nothing: the entries may be
        on their way. Being behind the same head twice without a step means that the
        stream was emptied.
        """
        if not self.reading or self.position is None or head <= self.position:
            self._late = None
            return False
        if self._late is not None and self._late == self.position:
            self.reading = False
            return True
        self._late = self.position
        return False
