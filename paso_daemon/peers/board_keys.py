"""Published boards in Redis: one signed value for a version, whoever reads it.

Never: read a database, keep a board, decide when one is published.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from paso.errors import BadEvent, PeerUnreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso_daemon.peers.signing import Signer

KIND = "board"
LIFE_MS = 300_000
"""A board that nobody asks for any more leaves Redis."""


class Asker(Protocol):
    """The way to Redis."""

    async def ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        """Return the answers; raises PeerUnreachable."""


class Sealed(NamedTuple):
    """A value whose signature fits."""

    gen: int
    n: int
    data: bytes


class BoardKeys:
    """Writes our boards, reads those of others.

    Arguments:
        own: id of this computer.
        gen: the generation of what we publish now; it only grows.
        key: name of the key of a computer's project.
    """

    def __init__(
        self,
        link: Asker,
        signer: Signer,
        own: str,
        gen: Callable[[], int],
        key: Callable[[str, str], str],
    ) -> None:
        self._link = link
        self._signer = signer
        self._own = own
        self._key = key
        self._gen = gen
        self._n = 0

    async def publish(self, project_uid: str, data: bytes) -> tuple[int, int]:
        """Write a board; return generation and number, greater than all before.

        Raises:
            PeerUnreachable: it is not there now.
        """
        self._n += 1
        gen, number = self._gen(), self._n
        value = self._signer.seal(self._own, KIND, gen, number, data)
        key = self._key(self._own, project_uid)
        answers = await self._link.ask(("SET", key, value, "PX", LIFE_MS))
        if answers[0] not in (b"OK", "OK"):
            raise PeerUnreachable(f"Redis did not take the board: {answers[0]}")
        return gen, number

    async def fetch(self, owner: str, project_uid: str) -> Sealed | None:
        """Return a board as its owner published it; None when it is not there.

        Raises:
            BadEvent: another one wrote it.
            PeerUnreachable: there is no way to Redis.
        """
        found = (await self._link.ask(("GET", self._key(owner, project_uid))))[0]
        if found is None:
            return None
        if not isinstance(found, bytes):
            raise BadEvent("no board")
        said = self._signer.unseal(owner, KIND, found)
        return Sealed(said.gen, said.n, said.body)
