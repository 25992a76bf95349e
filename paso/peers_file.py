"""Whether and how this computer is joined to others: `peers.json` of the home.

The address may hold a password and the file always holds the key, so both are in this
one file of mode 0600 and nowhere else: not in config.toml, which people show around,
not in a command line, not in the environment of the daemon's children.

Never: talk to Redis, show an address but by `shown_url`, follow a link.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from paso.errors import InvalidValue, StoreReadOnly, UnsafePath
from paso.events.spawner import open_private
from paso.paths import check_private_file, ensure_private_dir
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CONTROLS = ("none", "send", "all")
"""What other computers may do to the sessions here: nothing; see output and send text;
end them, too."""

SCHEMES = (
    "redis",
    "rediss",
    "unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
)
TLS_SCHEMES = tuple(scheme for scheme in SCHEMES if scheme.startswith("rediss"))

QUERY = ("db", "password", "username", "sentinel_password", "sentinel_username")
"""What may follow the `?` of an address. Not what redis-py takes there besides: one of
those words would switch the verification of TLS off."""

KEY_DIGITS = 64
"""Hexadecimal digits of the key: 32 bytes for HMAC-SHA256 (RFC 2104, section 3)."""

NETWORK = "paso"
"""The network of who names none."""

MAX_FILE = 65536
URL_MAX = 2000
NETWORK_MAX = 64


class PeersConfig(NamedTuple):
    """What the file says. Its text form shows neither password nor key."""

    url: str
    network: str
    """Computers of one network on one Redis server see each other."""
    key: str
    """64 hexadecimal digits that all computers of the network share."""
    control: str = "none"
    ca_file: str | None = None
    """PEM of who signed the server's certificate; None = the system's own."""
    enabled: bool = True
    """False after `paso peers off`: everything else is kept for the next `on`."""

    def __repr__(self) -> str:
        return f"PeersConfig({shown_url(self.url)!r}, network={self.network!r})"


def peers_file(home: str) -> str:
    """Return the path of the file."""
    return os.path.join(home, "peers.json")


def new_key() -> str:
    return os.urandom(KEY_DIGITS // 2).hex()


def key_mark(key: str) -> str:
    """Return what tells two keys apart and says nothing else of them."""
    import hmac

    return hmac.digest(bytes.fromhex(key), b"the mark of a key", "sha256").hex()[:8]


def active_peers(
    home: str, environ: Mapping[str, str] = os.environ
) -> PeersConfig | None:
    """Return how the daemon joins others now; None when it does not.

    `PASO_REDIS_URL` wins over the address of the file. Without a file there is no key,
    so the variable alone joins nobody.

    Raises:
        InvalidValue, UnsafePath: the file, or the variable, is wrong.
    """
    config = load_peers(home)
    if config is None or not config.enabled:
        return None
    named = environ.get("PASO_REDIS_URL")
    return config._replace(url=checked_url(named)) if named else config


def load_peers(home: str) -> PeersConfig | None:
    """Return what the file says, switched off or not; None without a file.

    Raises:
        UnsafePath: a link, no regular file, not ours, or open to others.
        InvalidValue: it cannot be read, or says something impossible.
    """
    path = peers_file(home)
    data = _private_bytes(path)
    if data is None:
        return None
    from json import loads

    try:
        document = loads(data)
    except ValueError:  # the text of the error could show a part of the file
        document = None
    if not isinstance(document, dict):
        raise InvalidValue(f"{path} is not a JSON object", hint="paso peers on URL")
    try:
        return _checked(document)
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error.message}", hint=error.hint) from None


def save_peers(home: str, config: PeersConfig) -> None:
    """Keep `config`, all of it or nothing.

    Raises:
        InvalidValue: a field is wrong.
        UnsafePath, StoreReadOnly: it cannot be kept there.
    """
    from paso.json_text import dumps

    ensure_private_dir(home)
    path, text = peers_file(home), dumps(_checked(config._asdict())._asdict())
    if os.path.islink(path):
        raise UnsafePath(f"{path} is a symbolic link", hint=f"remove it: {path}")
    part = f"{path}.{os.getpid()}.part"
    fd = open_private(part, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(fd, f"{text}\n".encode())
        os.fsync(fd)
        os.rename(part, path)
    except OSError as error:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise StoreReadOnly(f"cannot write {path}: {error.strerror}") from error
    finally:
        os.close(fd)


def peers_stamp(home: str) -> tuple[int, ...] | None:
    """Return what differs once the file was written again; None without a file."""
    try:
        found = os.lstat(peers_file(home))
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


def _private_bytes(path: str) -> bytes | None:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if os.path.islink(path):
            raise UnsafePath(
                f"{path} is a symbolic link", hint=f"remove it: {path}"
            ) from error
        raise InvalidValue(f"cannot read {path}: {error.strerror}") from error
    try:
        check_private_file(fd, path)
        mode = stat.S_IMODE(os.fstat(fd).st_mode)
        if mode & 0o077:
            raise UnsafePath(
                f"{path} can be read by others (mode {mode:04o})",
                hint=f"chmod 600 {path}; make a new key: paso peers key --new",
            )
        return os.read(fd, MAX_FILE)
    finally:
        os.close(fd)


def _checked(document: Mapping[str, Any]) -> PeersConfig:
    enabled = document.get("enabled", True)
    if not isinstance(enabled, bool):
        raise InvalidValue("enabled is true or false")
    ca_file = document.get("ca_file")
    if not (ca_file is None or (isinstance(ca_file, str) and os.path.isabs(ca_file))):
        raise InvalidValue("ca_file is an absolute path")
    return PeersConfig(
        url=checked_url(document.get("url")),
        network=checked_network(document.get("network", NETWORK)),
        key=checked_key(document.get("key")),
        control=checked_control(document.get("control", "none")),
        ca_file=ca_file,
        enabled=enabled,
    )


def checked_key(key: object) -> str:
    """Return `key` without blanks around it. Raises InvalidValue, never naming it."""
    text = key.strip().lower() if isinstance(key, str) else ""
    if len(text) != KEY_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise InvalidValue(
            f"the key is not {KEY_DIGITS} hexadecimal digits",
            hint="`paso peers key` on a computer that has joined prints it",
        )
    return text


def checked_network(name: object) -> str:
    """Return `name`. Raises InvalidValue: it is no word."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    if not (isinstance(name, str) and 0 < len(name) <= NETWORK_MAX):
        raise InvalidValue(f"a network has a name of 1 to {NETWORK_MAX} characters")
    if not set(name) <= allowed:
        raise InvalidValue(f"a network's name has letters, digits and ._-: {name!r}")
    return name


def checked_control(word: object) -> str:
    """Return `word`. Raises InvalidValue: it is none of `CONTROLS`."""
    if word not in CONTROLS:
        raise InvalidValue(f"control is {', '.join(CONTROLS)}, not {word!r:.60}")
    return str(word)


def checked_url(url: object) -> str:
    """Return `url` if it is an address that Paso can use.

    Raises:
        InvalidValue: it is none; the password in it is not repeated.
    """
    if not isinstance(url, str) or not url:
        raise InvalidValue("the address is missing", hint="redis://HOST:6379/0")
    problem = _problem_of(url)
    if problem:
        raise InvalidValue(
            f"{shown_url(url)} is no address of Redis: {problem}",
            hint="redis://, rediss:// (TLS), unix://, redis+sentinel://, "
            "redis+cluster://",
        )
    return url


def _problem_of(url: str) -> str | None:
    from urllib.parse import parse_qsl, urlsplit

    if len(url) > URL_MAX:
        return f"it has more than {URL_MAX} characters"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "write characters other than ASCII with %"
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES or "://" not in url:
        return "it begins with none of the schemes"
    if "@" in url.partition("?")[2] + url.partition("#")[2] or "#" in url:
        return "in a password write @ as %40, / as %2F, # as %23, ? as %3F"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "[ and ] stand around an IPv6 address; in a password write %5B, %5D"
    odd = [name for name, _ in parse_qsl(parts.query) if name not in QUERY]
    if odd:
        return f"after ? stands one of {', '.join(QUERY)}, not {odd[0]!r:.40}"
    return _problem_of_place(scheme, parts.netloc, parts.path)


def _problem_of_place(scheme: str, netloc: str, path: str) -> str | None:
    if "@" in path:
        return "in a password write / as %2F"
    hosts = netloc.rpartition("@")[2]
    if scheme == "unix":
        return None if path.startswith("/") and not hosts else "unix:///PATH"
    if not hosts:
        return "it names no host"
    several = "sentinel" in scheme or "cluster" in scheme
    for host in hosts.split(",") if several else [hosts]:
        if not _is_host(host):
            return f"{host[:60]!r} is no host:port"
    if "sentinel" in scheme and not path.strip("/"):
        return "the service of the Sentinels is missing: …/SERVICE"
    return None


def _is_host(text: str) -> bool:
    host, bracket, after = text.rpartition("]")
    if bracket:
        return host.startswith("[") and (not after or _is_port(after[1:]))
    host, colon, port = text.partition(":")
    return bool(host) and "," not in host and (not colon or _is_port(port))


def _is_port(text: str) -> bool:
    return text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536


def uses_tls(url: str) -> bool:
    return url.partition("://")[0].lower() in TLS_SCHEMES


def has_password(url: str) -> bool:
    """True when `url` holds credentials, wherever in it."""
    return shown_url(url) != url or "password=" in url


def shown_url(url: str) -> str:
    """Return `url` as it may be shown: without user, password and what is unclear.

    A password with an unescaped `/`, `?`, `#` or `@` makes a wrong address, which must
    not show a part of it either; where the end of the password is in doubt, nothing
    but the scheme is left.
    """
    scheme, marks, rest = url.partition("://")
    if not marks:
        scheme, rest = "", url
    for mark in "?#":
        base, _, tail = rest.partition(mark)
        if "@" in tail:
            return f"{scheme}://…"
    base, _, query = rest.partition("#")[0].partition("?")
    place = base.rpartition("@")[2]
    database = [part for part in query.split("&") if _names_database(part)]
    return f"{scheme}{marks}{place}{'?' if database else ''}{'&'.join(database)}"


def _names_database(part: str) -> bool:
    return part.startswith("db=") and part[3:].isdecimal() and len(part) < 8


def with_password(url: str, password: str) -> str:
    """Return `url` with `password` in it, escaped; the user's name stays.

    Raises:
        InvalidValue: the password is empty or has several lines.
    """
    from urllib.parse import quote

    if not password or any(not one.isprintable() for one in password):
        raise InvalidValue("the password is empty, or more than a line")
    scheme, marks, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, _, host = place.rpartition("@")
    name = user.partition(":")[0]
    return f"{scheme}{marks}{name}:{quote(password, safe='')}@{host}{slash}{path}"
