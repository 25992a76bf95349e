"""Questions to the daemon, and lists that take several answers.

Never: print, start a daemon against the configuration.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.context import Context

    Record = dict[str, Any]

ANSWER_S = 2.0
"""Seconds a daemon has for a question."""
STARTING_S = 10.0
"""Seconds to start it and have its answer."""


def ask(
    context: Context,
    method: str,
    params: Record,
    *,
    start: bool = False,
    takes_s: float = 0.0,
) -> Record:
    """What the daemon answers (docs/protocol.md, "Methods").

    Arguments:
        start: whether one may be started where none runs; `auto_start` decides, too.
        takes_s: seconds that the answer itself may take.
    Raises:
        DaemonUnreachable: no daemon, or no answer in time.
        PasoError: the daemon refused; of the class that its code names.
    """
    from paso.events.launcher import call

    start = start and context.config.auto_start
    limit = STARTING_S if start else ANSWER_S
    return call(context.paths, method, params, timeout_s=limit + takes_s, start=start)


def ask_for_list(
    context: Context,
    method: str,
    params: Record,
    *,
    start: bool = False,
    takes_s: float = 0.0,
) -> tuple[list[Record], Record]:
    """All records of a list, and by computer how fresh they are; as `ask`."""
    data: list[Record] = []
    sources: Record = {}
    after: Record = {}
    while True:
        answer = ask(context, method, params | after, start=start, takes_s=takes_s)
        data += answer["data"]
        sources |= answer.get("sources") or {}
        if not answer.get("next"):
            return data, sources
        after = {"after": answer["next"]}
