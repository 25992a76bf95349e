"""Who listens to what: events in, one joined block for each distinct subscription out.

Events are numbered when they come and joined when the turn of the loop ends, so a
burst costs one write for each client, whatever its length:

    publish  publish  publish            take
       |        |        |                |
       seq 7    seq 8    seq 9 ---------> (all, db)    -> clients 1, 2, 4
                                          (db, of WEB) -> clients 3, 5

Never: do I/O, read a clock, know sockets; a member is whatever joined.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from paso.events.types import TOPICS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Member = TypeVar("Member")


ENVELOPE = 64
"""Bytes around origin and event in the frame of an event, at most."""

Address = tuple[str, int, str]
"""To whom an event goes: topic, project (0 = all), computer ("" = all)."""


class Subscription(NamedTuple):
    """What a client wants to hear of."""

    topics: frozenset[str] = frozenset(TOPICS)
    project_id: int = 0
    """0 = all."""
    computer: str = ""
    """Empty = all."""
    asked: bool = True
    """False for who never subscribed: it hears what there is, and asks for nothing."""

    def wants(self, address: Address) -> bool:
        """True for an event of our topics; 0 and "" in an address reach everybody."""
        topic, project_id, computer = address
        return (
            topic in self.topics
            and (project_id == 0 or self.project_id in (0, project_id))
            and (computer == "" or self.computer in ("", computer))
        )


EVERYTHING = Subscription(asked=False)


class Batch(NamedTuple):
    """The frames of a turn that one subscription wants, joined."""

    data: bytes
    events: int
    addresses: tuple[Address, ...]


class _Group(Generic[Member]):
    """The members of one subscription; the tuple saves copying them for each turn."""

    __slots__ = ("members", "tuple")

    def __init__(self) -> None:
        self.members: dict[Member, None] = {}
        self.tuple: tuple[Member, ...] | None = ()


class Hub(Generic[Member]):
    """Numbers events and finds their listeners.

    Arguments:
        epoch: names this run of the daemon; `seq` counts within it.

    `regrouped` is called when there is another set of subscriptions.
    """

    __slots__ = (
        "_addresses",
        "_frames",
        "_groups",
        "epoch",
        "regrouped",
        "seq",
        "subscriptions",
    )

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.seq = 0
        self.subscriptions: dict[Member, Subscription] = {}
        self._groups: dict[Subscription, _Group[Member]] = {}
        self._frames: list[bytes] = []
        self._addresses: list[Address] = []
        self.regrouped: Callable[[], None] = _ignore

    def __len__(self) -> int:
        return len(self.subscriptions)

    def join(self, member: Member, subscription: Subscription = EVERYTHING) -> None:
        """Add `member`, or give it another subscription.

        What is pending was published before: take it out first.
        """
        is_other = self._leave(member)
        self.subscriptions[member] = subscription
        group = self._groups.get(subscription)
        if group is None:
            group = self._groups[subscription] = _Group()
            is_other = True
        group.members[member] = None
        group.tuple = None
        if is_other:
            self.regrouped()

    def leave(self, member: Member) -> None:
        """Forget `member`; nothing happens when it is not there."""
        if self._leave(member):
            self.regrouped()

    def wishes(self) -> Iterable[Subscription]:
        """Return the distinct subscriptions."""
        return self._groups.keys()

    def _leave(self, member: Member) -> bool:
        """Forget `member`; True when it was the last one of its subscription."""
        subscription = self.subscriptions.pop(member, None)
        if subscription is None:
            return False
        group = self._groups[subscription]
        del group.members[member]
        group.tuple = None
        if not group.members:
            del self._groups[subscription]
        return not group.members

    def publish(self, address: Address, origin: bytes, event: bytes) -> None:
        """Number an event and keep it for the end of the turn.

        Arguments:
            origin, event: as JSON.
        """
        self.seq += 1
        self._frames.append(
            b'{"type":"event","seq":%d,"origin":%b,"event":%b}\n'
            % (self.seq, origin, event)
        )
        self._addresses.append(address)

    def take(self) -> Iterator[tuple[tuple[Member, ...], Batch]]:
        """Yield the members and the batch of each subscription that wants any."""
        if not self._frames:
            return
        frames, self._frames = self._frames, []
        addresses, self._addresses = self._addresses, []
        everything = _batch(frames, addresses)
        for subscription, group in list(self._groups.items()):
            batch = _cut_down(everything, frames, addresses, subscription)
            if batch is not None:
                if group.tuple is None:
                    group.tuple = tuple(group.members)
                yield group.tuple, batch


def _ignore() -> None:
    """Nobody wants to know."""


def _batch(frames: list[bytes], addresses: list[Address]) -> Batch:
    distinct = tuple(dict.fromkeys(addresses))
    return Batch(b"".join(frames), len(frames), distinct)


def _cut_down(
    everything: Batch,
    frames: list[bytes],
    addresses: list[Address],
    subscription: Subscription,
) -> Batch | None:
    """Return what the subscription wants of it; nearly always all or nothing."""
    if len(everything.addresses) == 1:
        return everything if subscription.wants(everything.addresses[0]) else None
    wanted = {a for a in everything.addresses if subscription.wants(a)}
    if len(wanted) == len(everything.addresses):
        return everything
    if not wanted:
        return None
    chosen = [i for i, address in enumerate(addresses) if address in wanted]
    return _batch([frames[i] for i in chosen], [addresses[i] for i in chosen])
