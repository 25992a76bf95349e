"""When Redis is tried again after a failure, and what the failure is called.

    unreachable, slow    may be over at any moment: within 5 s
    refused, unexpected  somebody has to mend it: ever more seldom, down to each 30 s

Never: sleep, connect, know what was tried.
"""

from __future__ import annotations

from paso.errors import PasoError, Refused, TimedOut
from paso.events.backoff import Backoff

SOON_S = (0.25, 5.0)
SELDOM_S = (0.25, 30.0)


class Tries:
    """The waits between two tries; both kinds start anew once it worked."""

    def __init__(self) -> None:
        self._soon = Backoff(*SOON_S)
        self._seldom = Backoff(*SELDOM_S)

    def wait_after(self, error: BaseException) -> float:
        """Return the seconds to wait now."""
        heals = isinstance(error, PasoError) and not isinstance(error, Refused)
        return (self._soon if heals else self._seldom).wait()

    def worked(self) -> None:
        """Begin again with the shortest waits."""
        self._soon.reset()
        self._seldom.reset()


def state_after(error: BaseException) -> str:
    """Return what `status` calls it: `unreachable`, `slow` or `refused`."""
    if isinstance(error, TimedOut):
        return "slow"
    return "refused" if isinstance(error, Refused) else "unreachable"


def cause_of(errors: BaseException) -> BaseException:
    """Return the failure that a group of them tells of: a fault of ours, if any."""
    if not isinstance(errors, BaseExceptionGroup):
        return errors
    causes = [cause_of(one) for one in errors.exceptions]
    ours = (one for one in causes if not isinstance(one, PasoError))
    return next(ours, causes[0])
