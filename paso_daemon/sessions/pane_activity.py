"""What a pane of tmux is up to, by what the server tells of it each time it is asked.

Output shows by the second of the last one, a bell by a flag that stays until somebody
looks. The rest is `paso.sessions.activity`, as for any session.

Never: ask tmux, read a clock, write.
"""

from __future__ import annotations

from typing import NamedTuple

from paso.model import WAITING
from paso.sessions.activity import Activity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.sessions.panes import PaneState

INPUT, NONE = "input", "none"


class Act(NamedTuple):
    """A change of what a session is up to."""

    activity: str
    attention: str | None
    """None = as it is."""


class PaneActivity:
    """Follows one pane.

    Arguments:
        known: the activity that its record has.
        idle_after_s: silence after which it is idle.
    """

    __slots__ = ("_activity", "_attached", "_bell", "_output", "changed", "told")

    def __init__(self, known: str, idle_after_s: float) -> None:
        self._activity = Activity(idle_after_s)
        self._output: int | None = None
        self._bell = False
        self._attached = 0
        self.told = known
        self.changed = False
        """There was output since the pane was seen before."""

    def see(self, pane: PaneState, now: float, wall: float) -> Act | None:
        """Take what the server told; return what is new of it.

        Arguments:
            now: seconds of a clock that only grows.
            wall: seconds since the epoch, as the server counts.
        """
        if self._output is None:
            self._first(pane, now, wall)
        else:
            self._next(pane, now)
        self._output, self._bell = pane.activity, pane.bell
        self._attached = pane.attached
        return self._news(self._activity.state(now))

    def bell_taken(self) -> None:
        """The flag of the bell was taken back; nobody has looked."""
        self._bell = False

    def _first(self, pane: PaneState, now: float, wall: float) -> None:
        """A pane that waited before we looked waits on, unless it goes on."""
        age = max(wall - pane.activity, 0.0)
        self._activity.seen(now - age, bell=pane.bell or self.told == WAITING)
        self.changed = True

    def _next(self, pane: PaneState, now: float) -> None:
        self.changed = pane.activity != self._output
        rang = pane.bell and not self._bell
        if self.changed or rang:
            self._activity.seen(now, bell=rang)
        if pane.attached > self._attached or (self._bell and not pane.bell):
            self._activity.typed(now)

    def _news(self, state: str) -> Act | None:
        before, self.told = self.told, state
        if state == before:
            return None
        if state == WAITING:
            return Act(state, INPUT)
        return Act(state, NONE if before == WAITING else None)
