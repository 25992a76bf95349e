"""Which phase of a session may follow which.

    starting ---> running ---> stopping ---> ended, failed
        |            | ^           |           (final)
        |            v |           |
        +--------->  lost  <-------+         lost ---> ended, failed

A session is never started again: another run is another session.

Never: touch the database.
"""

from __future__ import annotations

from paso.errors import PhaseRefused
from paso.model import ENDED, FAILED, LOST, RUNNING, STARTING, STOPPING

_GONE = frozenset((ENDED, FAILED, LOST))

EDGES: dict[str, frozenset[str]] = {
    STARTING: _GONE | {RUNNING, STOPPING},
    RUNNING: _GONE | {STOPPING},
    STOPPING: _GONE,
    LOST: frozenset((RUNNING, ENDED, FAILED)),
    ENDED: frozenset(),
    FAILED: frozenset(),
}
"""Phase to the phases that may follow it. `lost` is followed by `running` only when
the very same backend was found again."""

OVER = frozenset(phase for phase, following in EDGES.items() if not following)
"""The phases that nothing follows."""


def check(old: str, new: str) -> None:
    """Let a change of phase pass.

    Raises:
        PhaseRefused: `new` does not follow `old`.
    """
    if new not in EDGES[old]:
        raise PhaseRefused(f"the session is {old}; it cannot be {new} after that")
