"""What the words of `paso peers on` mean, and where the secrets among them are read.

Never: print a password or a key, connect to anything.
"""

from __future__ import annotations

import os

from paso.cli.context import read_stdin
from paso.errors import InvalidValue, UsageError
from paso.peers_file import (
    CONTROLS,
    NETWORK,
    PeersConfig,
    checked_control,
    checked_key,
    checked_network,
    checked_url,
    has_password,
    load_peers,
    new_key,
    with_password,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context


def repairable(context: Context) -> PeersConfig | None:
    """What was there; a file that makes no sense is written anew."""
    try:
        return load_peers(context.paths.home)
    except InvalidValue as error:
        context.out.warn(f"{error.message}: written anew, with a new key")
        return None


def chosen(
    context: Context, found: Arguments, before: PeersConfig | None
) -> tuple[PeersConfig, bool]:
    key_file = found.text("key-file")
    url = _url(context, found, before)
    if found.text("password-file"):
        url = with_password(url, _secret(found.word("password-file")))
    key = checked_key(_secret(key_file)) if key_file else before and before.key
    config = PeersConfig(
        url=checked_url(url),
        network=checked_network(
            found.text("network") or (before.network if before else NETWORK)
        ),
        key=key or new_key(),
        control=checked_control(
            found.text("control") or (before.control if before else CONTROLS[0])
        ),
        ca_file=_ca_file(found) or (before.ca_file if before else None),
    )
    return config, key is None


def _url(context: Context, found: Arguments, before: PeersConfig | None) -> str:
    """The address; it is not said what a password in it was."""
    word = found.text("URL")
    secrets = [word, found.text("key-file"), found.text("password-file")]
    if secrets.count("-") > 1:
        raise UsageError("only one of them can come from stdin")
    if word == "-":
        return _line("-", "the address")
    if word is None:
        if before is None:
            raise UsageError("the address is missing", hint="paso peers on URL")
        return before.url
    if has_password(word):
        context.out.warn(
            "the password was in the command line, where other users and the shell's "
            "history can see it; better: paso peers on -, or --password-file"
        )
    return word


def _secret(path: str) -> str:
    return _line(path, "the file of a key or password")


def _line(path: str, what: str) -> str:
    """The one line of a file, or of stdin."""
    if path == "-":
        text = read_stdin()
    else:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read(10_000)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InvalidValue(f"cannot read {path}: {reason}") from None
    line = text.strip("\r\n")
    if not line or "\n" in line:
        raise InvalidValue(f"{what} has not one line")
    return line


def _ca_file(found: Arguments) -> str | None:
    path = found.text("ca-file")
    if path is None:
        return None
    full = os.path.abspath(os.path.expanduser(path))
    if not os.access(full, os.R_OK) or not os.path.isfile(full):
        raise InvalidValue(f"cannot read the certificates in {full}")
    return full
