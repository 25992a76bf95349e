"""Dead panes of ours: kept while somebody looks at them, then closed.

A pane outlives its command, so that its exit code waits for whoever comes next. Once
that is written it is of no use, but to the one who looks at it.

Never: close a pane that lives, or one that Paso did not make.
"""

from __future__ import annotations

from paso_daemon.sessions import errands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso_daemon.sessions.errands import Leftover
    from paso_daemon.sessions.writer import Writer

LEFT_MAX = 1_000
"""Panes that are looked at again; more are found by a later look at their server."""


class Leftovers:
    """What is still to be closed.

    Arguments:
        looks: the thread.
    """

    def __init__(self, looks: Writer) -> None:
        self._looks = looks
        self._left: dict[str, Leftover] = {}

    def __len__(self) -> int:
        return len(self._left)

    def add(self, found: Iterable[Leftover]) -> None:
        """Close these, as soon as may be."""
        for left in found:
            if left.session_id not in self._left and len(self._left) < LEFT_MAX:
                self._left[left.session_id] = left
                self._try(left)

    def again(self) -> None:
        """Try all that are left: somebody may look no more."""
        for left in list(self._left.values()):
            self._try(left)

    def _try(self, left: Leftover) -> None:
        def done(cleared: bool | None) -> None:
            if cleared:
                self._left.pop(left.session_id, None)

        self._looks.submit(
            ("left", left.session_id), lambda db: errands.clear_away(db, left), done
        )
