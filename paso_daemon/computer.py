"""Who this computer is: an id made once, and the name people know it by.

Never: change the id of a home, trust a name to be unique.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from paso.errors import StoreReadOnly, UnsafePath, WireError
from paso.events import wire
from paso.paths import check_private_file

_ID = re.compile(r"[0-9a-f]{16}")


class Computer(NamedTuple):
    id: str
    name: str


def this_computer(home: str) -> Computer:
    """Return our identity, kept in `computer.json` of the home.

    Raises:
        UnsafePath, StoreReadOnly: it cannot be kept there.
    """
    path = os.path.join(home, "computer.json")
    known = _known_id(path)
    return Computer(known or _new_id(path), os.uname().nodename)


def _known_id(path: str) -> str | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnsafePath(f"cannot read {path}: {error.strerror}") from error
    with open(fd, "rb") as file:
        check_private_file(fd, path)
        return _id_in(file.read(4096))


def _id_in(text: bytes) -> str | None:
    try:
        found = wire.decode(text).get("id")
    except WireError:
        return None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _new_id(path: str) -> str:
    """Write an id beside the file and rename: half a file is never seen."""
    made = os.urandom(8).hex()
    beside = f"{path}.new"
    try:
        fd = os.open(
            beside,
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW,
            0o600,
        )
        with open(fd, "wb") as file:
            file.write(wire.encode({"id": made}))
        os.rename(beside, path)
    except OSError as error:
        raise StoreReadOnly(f"cannot write {path}: {error.strerror}") from error
    return made
