"""One connection to Redis through redis-py: opened, asked, closed, each within a time.

redis-py's own patience is switched off. Its tries again would send a command twice
that was done already, and its default time limit is shorter than a blocking read.

Never: be imported while peers are off (redis costs 10 MiB), wait without a limit, let
an exception of redis-py or a password out.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import Any

from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry

from paso.errors import PasoError, PeerUnreachable, Refused, TimedOut
from paso_daemon.peers.address import Address, Host
from paso_daemon.peers.answers import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Command = tuple[Any, ...]

ANSWER_S = 3.0
"""For an answer to anything but a blocking read."""
OPEN_S = 5.0
"""For a connection with its greeting."""

REFUSED = (AuthenticationError, NoPermissionError)
BUSY = (BusyLoadingError, OutOfMemoryError, TryAgainError)
BUSY_WORDS = ("BUSY ", "MISCONF ", "NOREPLICAS ")
"""Of answers for which redis-py has no class."""
MOVED = (AskError, ClusterDownError, MasterDownError, MovedError, ReadOnlyError)


class Wire:
    """An open connection; commands go out together, answers come in their order."""

    def __init__(self, connection: AbstractConnection, place: str) -> None:
        self._connection = connection
        self._place = place

    async def run(
        self, commands: Sequence[Command], limit_s: float = ANSWER_S
    ) -> list[Any]:
        """Return the answers; `Failed` in the place of a command that was refused.

        Raises:
            TimedOut: no answer within `limit_s`, or the server is busy.
            Refused: the user may not, or the password is wrong.
            PeerUnreachable: the connection broke, or another server leads now.
        """
        connection = self._connection
        with _told(self._place, limit_s):
            async with asyncio.timeout(limit_s):
                await connection.send_packed_command(
                    _packed(connection, commands), check_health=False
                )
                return [await self._answer() for _ in commands]

    async def _answer(self) -> Any:
        try:
            return await self._connection.read_response(disable_decoding=True)
        except ResponseError as error:
            told = _server_fault(error, self._place)
            if told is not None:
                raise told from None
            return Failed(str(error))

    async def close(self) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            await self._connection.disconnect(nowait=True)


def _packed(connection: AbstractConnection, commands: Sequence[Command]) -> list[bytes]:
    parts: list[bytes] = []
    for command in commands:
        parts += connection.pack_command(*command)
    return parts


async def open_wire(
    address: Address, name: str, *, shown: str, ca_file: str | None, slot_of: str
) -> Wire:
    """Return a connection to the server that holds our keys.

    Arguments:
        name: shown by `CLIENT LIST`.
        shown: the address as it may be told.
        ca_file: PEM of who signed the server's certificate; None = the system's own.
        slot_of: a key, for the part of a cluster that holds it.

    Raises:
        TimedOut, Refused, PeerUnreachable: as `Wire.run`.
    """
    opener = _Opener(address, name, shown, ca_file)
    if address.way == "sentinel":
        return await opener.leader()
    if address.way == "cluster":
        return await opener.holder(slot_of)
    return await opener.open(address.hosts[0] if address.hosts else None)


class _Opener:
    def __init__(
        self, address: Address, name: str, shown: str, ca_file: str | None
    ) -> None:
        self._address = address
        self._name = name
        self._shown = shown
        self._ca_file = ca_file

    async def open(self, host: Host | None, *, plain: bool = False) -> Wire:
        """Arguments: plain: for a Sentinel: no database, no name, its own password."""
        connection = self._connection(host, plain)
        secrets = self._address.password, self._address.sentinel_password
        # An explicit None: no CLIENT SETINFO, which Redis before 7.2 does not know.
        for attribute in ("driver_info", "lib_name", "lib_version"):
            setattr(connection, attribute, None)
        try:
            with _told(self._shown, OPEN_S, *secrets):
                async with asyncio.timeout(OPEN_S):
                    await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return Wire(connection, self._shown)

    def _connection(self, host: Host | None, plain: bool) -> AbstractConnection:
        address = self._address
        more: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "protocol": 2}
        more |= {"socket_timeout": None, "socket_connect_timeout": None}
        if plain:
            user, password = address.sentinel_username, address.sentinel_password
        else:
            user, password = address.username, address.password
            more |= {"db": address.db, "client_name": self._name}
        more |= {"username": user, "password": password}
        if host is None:
            return UnixDomainSocketConnection(path=address.path, **more)
        more |= {"host": host[0], "port": host[1], "socket_keepalive": True}
        if not address.tls:
            return Connection(**more)
        return SSLConnection(
            ssl_cert_reqs="required",
            ssl_check_hostname=True,
            ssl_ca_certs=self._ca_file,
            **more,
        )

    async def leader(self) -> Wire:
        """Ask the Sentinels in turn which server leads."""
        asked = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.service)
        return await self._of_any(self._leader_by, asked)

    async def holder(self, key: str) -> Wire:
        """Ask the nodes in turn which holds `key`; all our keys share a slot."""

        def named(answer: Any, asked: Host) -> Host | None:
            return _holder_by(answer, key_slot(key.encode()), asked)

        return await self._of_any(named, ("CLUSTER", "SLOTS"))

    def _leader_by(self, answer: Any, asked: Host) -> Host | None:
        if not isinstance(answer, list) or len(answer) != 2:
            return None
        return answer[0].decode(), int(answer[1])

    async def _of_any(self, named: Any, question: Command) -> Wire:
        last: PasoError = PeerUnreachable(f"{self._shown}: nobody knows the server")
        for host in self._address.hosts:
            try:
                found = named(await self._ask(host, question), host)
                if found is not None:
                    return await self.open(found)
            except (PeerUnreachable, Refused) as error:
                last = error
        raise last

    async def _ask(self, host: Host, question: Command) -> Any:
        plain = self._address.way == "sentinel"
        wire = await self.open(host, plain=plain)
        try:
            return (await wire.run([question]))[0]
        finally:
            await wire.close()


def _holder_by(answer: Any, slot: int, asked: Host) -> Host | None:
    """A node that does not know its own address says an empty one: it is the asked."""
    if not isinstance(answer, list):
        return None
    for first, last, node, *_ in answer:
        if first <= slot <= last:
            return (node[0] or b"").decode() or asked[0], int(node[1])
    return None


@contextmanager
def _told(place: str, limit_s: float, *secrets: str | None) -> Iterator[None]:
    """Turn what redis-py raises into errors of ours, in words without credentials."""
    try:
        yield
    except TimeoutError:
        raise TimedOut(f"{place} does not answer within {limit_s:g} s") from None
    except (RedisError, OSError) as error:
        # While connecting, redis-py wraps what the server said.
        said = error.__cause__ if isinstance(error.__cause__, RedisError) else error
        text = str(said) or type(said).__name__
        for secret in secrets:
            text = text.replace(secret, "…") if secret else text
        raise _server_fault(said, place) or PeerUnreachable(
            f"{place}: {text}"
        ) from None


def _server_fault(error: BaseException, place: str) -> PasoError | None:
    """Return what concerns the whole connection; None for a fault of one command."""
    if isinstance(error, REFUSED):
        return Refused(f"{place} refuses us: {error}")
    if isinstance(error, BUSY) or str(error).startswith(BUSY_WORDS):
        return TimedOut(f"{place} is busy: {error}")
    if isinstance(error, MOVED):
        return PeerUnreachable(f"{place}: another server leads now")
    if str(error).startswith("unknown command"):
        # It was renamed, or this is no Redis. What follows are our words, not its.
        return Refused(f"{place} refuses us: {str(error).partition(',')[0]}")
    return None
