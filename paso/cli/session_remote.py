"""What is asked of another computer's session, through the daemon.

Never: act here, or take no answer for done.
"""

from __future__ import annotations

from paso.model import ACTION_TOLD_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.context import Context
    from paso.cli.session_find import Found


def act(
    context: Context,
    one: Found,
    method: str,
    params: dict[str, Any],
    *,
    takes_s: float = 0.0,
) -> dict[str, Any]:
    """Have it done by the computer that has the session.

    Arguments:
        takes_s: seconds that it may take there.
    Raises:
        Refused: that computer does not allow it (exit 1).
        TimedOut: it did not answer; whether it was done is unknown (exit 6).
        PeerUnreachable: it cannot be reached; nothing was done (exit 6).
    """
    from paso.events.launcher import call

    named = {"id": one.session.id, "computer": one.session.computer}
    limit = ACTION_TOLD_S + takes_s
    return call(context.paths, method, {**named, **params}, timeout_s=limit)
