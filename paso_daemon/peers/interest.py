"""Who wants to hear what: leases that others hold on us, wishes that we have of others.

A lease is given for seconds and renewed; a reader that dies stops costing anything
when it runs out, and nobody keeps a list that could be wrong. Publishing is only done
while somebody holds one.

Never: do I/O, read a clock (`now` is seconds of one that only grows).
"""

from __future__ import annotations

from paso_daemon.bounded import BoundedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

SESSIONS, PROJECTS, TASKS = "sessions", "projects", "tasks"
DETAILS = frozenset((SESSIONS, PROJECTS, TASKS))
"""Topics whose news are published under a lease only; presence is for everybody."""

MAX_READERS = 256
LEASE_MOST_S = 300.0


class Leases:
    """What other computers want of us, and until when."""

    def __init__(self) -> None:
        self._until: BoundedDict[str, dict[str, float]] = BoundedDict(MAX_READERS)

    def renew(
        self, reader: str, topics: Iterable[str], now: float, lease_s: float
    ) -> frozenset[str]:
        """Note a lease on `topics`, and on nothing else; return those that are new."""
        before = self._valid(reader, now)
        until = now + min(max(lease_s, 0.0), LEASE_MOST_S)
        self._until[reader] = dict.fromkeys(DETAILS & set(topics), until)
        return frozenset(self._until[reader]) - before

    def end(self, reader: str) -> None:
        """The reader wants nothing any more."""
        self._until.pop(reader, None)

    def wants(self, topic: str, now: float) -> bool:
        """True while anybody holds a lease on `topic`."""
        return any(until.get(topic, now) > now for until in self._until.values())

    def readers(self, now: float) -> list[str]:
        """Return who holds any lease; those that ran out are forgotten."""
        for reader in [r for r in self._until if not self._valid(r, now)]:
            del self._until[reader]
        return list(self._until)

    def _valid(self, reader: str, now: float) -> frozenset[str]:
        topics = self._until.get(reader, {})
        return frozenset(topic for topic, until in topics.items() if until > now)


def wishes_of(
    interest: Iterable[tuple[str, str]], others: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Return which details we want of which computer.

    Arguments:
        interest: pairs of computer ("" = every one) and topic, as subscribed to here.
        others: the computers that are there.
    """
    wanted = [(computer, topic) for computer, topic in interest if topic in DETAILS]
    found = {}
    for other in others:
        topics = frozenset(topic for who, topic in wanted if who in ("", other))
        if topics:
            found[other] = topics
    return found
