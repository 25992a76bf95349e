"""The parts of a Redis address: hosts, path, database, credentials.

    redis://[user:password@]host[:6379][/db]         rediss:// the same with TLS
    unix://[user:password@]/path[?db=1]
    redis+sentinel://host[:26379],host2/service[/db][?sentinel_password=…]
    redis+cluster://host[:6379],host2

Never: connect, check what paso.peers_file checks, put a password into an error.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from paso.errors import InvalidValue

PORT, SENTINEL_PORT = 6379, 26379

Host = tuple[str, int]


class Address(NamedTuple):
    """What an address names. Its text form shows no credentials."""

    way: str
    """`tcp`, `unix`, `sentinel` or `cluster`."""
    tls: bool
    hosts: tuple[Host, ...]
    path: str
    service: str
    """Name under which Sentinels know the server."""
    db: int
    username: str | None
    password: str | None
    sentinel_username: str | None
    sentinel_password: str | None
    """What the Sentinels themselves want; they do not get what the server wants."""

    def __repr__(self) -> str:
        return f"Address({self.way}, {self.hosts or self.path})"


def parse_address(url: str) -> Address:
    """Return the parts of `url`.

    Raises:
        InvalidValue: it is none of the forms; the text does not repeat it.
    """
    scheme, marks, rest = url.partition("://")
    kind, _, way = scheme.lower().partition("+")
    if not marks or kind not in ("redis", "rediss", "unix"):
        raise InvalidValue("no address of Redis")
    base, _, query = rest.partition("?")
    asked = parse_qs(query)
    place, slash, path = base.partition("/")
    credentials, _, hosts = place.rpartition("@")
    user, _, password = credentials.partition(":")
    parts = [unquote(part) for part in path.split("/") if part]
    way = "unix" if kind == "unix" else way or "tcp"
    service = parts.pop(0) if way == "sentinel" and parts else ""
    named = asked.get("db", parts[:1] if way != "unix" else [])
    return Address(
        way=way,
        tls=kind == "rediss",
        hosts=_hosts(hosts, SENTINEL_PORT if way == "sentinel" else PORT),
        path=unquote(slash + path) if way == "unix" else "",
        service=service,
        db=_database(named[0] if named else "0"),
        username=unquote(user) or _first(asked, "username"),
        password=unquote(password) or _first(asked, "password"),
        sentinel_username=_first(asked, "sentinel_username"),
        sentinel_password=_first(asked, "sentinel_password"),
    )


def _first(asked: dict[str, list[str]], name: str) -> str | None:
    return asked.get(name, [None])[0]


def _database(text: str) -> int:
    if not text.isdecimal() or len(text) > 5:
        raise InvalidValue("a database of Redis is a number")
    return int(text)


def _hosts(text: str, default: int) -> tuple[Host, ...]:
    return tuple(_host(part, default) for part in text.split(",") if part)


def _host(text: str, default: int) -> Host:
    host, bracket, after = text.rpartition("]")
    if bracket:
        name, port = host.removeprefix("["), after.removeprefix(":")
    else:
        name, _, port = text.partition(":")
    if port and not port.isdecimal():
        raise InvalidValue("a port is a number")
    return unquote(name), int(port or default)
