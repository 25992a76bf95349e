"""Who this computer is: an id made once for a home, and the name people know it by.

The id lies beside the database, so a session's record can name its computer without
the daemon. The name is only a label: two computers may have the same.

Never: change the id of a home by itself, trust a name to be unique.
"""

from __future__ import annotations

import fcntl
import os

from paso.events.spawner import open_private
from paso.records import NamedTuple

ID_LENGTH = 16


class Computer(NamedTuple):
    id: str
    name: str


def this_computer(home: str) -> Computer:
    """Return our identity; its id is kept in `computer.id` of the home.

    Raises:
        UnsafePath, StoreReadOnly, OSError: it cannot be kept there.
    """
    # To read what is there a home need not be writable.
    fd = open_private(_id_file(home), os.O_RDONLY)
    try:
        known = _known_id(fd)
    finally:
        os.close(fd)
    return Computer(known or _made_id(home), computer_name(home))


def computer_name(home: str) -> str:
    """Return the name that the user gave (`paso computer rename`), else the host's."""
    try:
        with open(_name_file(home), encoding="utf-8") as file:
            return file.read(100).strip() or os.uname().nodename
    except (OSError, UnicodeDecodeError):
        return os.uname().nodename


def rename_computer(home: str, name: str) -> None:
    """Keep `name`; empty = the host's again. The caller has checked it.

    Raises:
        UnsafePath, StoreReadOnly, OSError: it cannot be kept there.
    """
    fd = open_private(_name_file(home), os.O_RDWR)
    try:
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{name}\n".encode(), 0)
    finally:
        os.close(fd)


def renew_id(home: str) -> Computer:
    """Give this home a new id: its own is used by another one, as after a copy.

    Raises:
        UnsafePath, StoreReadOnly, OSError: it cannot be kept there.
    """
    fd = open_private(_id_file(home), os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        return Computer(_new_id(fd), computer_name(home))
    finally:
        os.close(fd)


def _id_file(home: str) -> str:
    return os.path.join(home, "computer.id")


def _name_file(home: str) -> str:
    return os.path.join(home, "computer.name")


def _known_id(fd: int) -> str | None:
    text = os.pread(fd, 100, 0).decode("ascii", "replace").strip()
    good = len(text) == ID_LENGTH and set(text) <= set("0123456789abcdef")
    return text if good else None


def _made_id(home: str) -> str:
    fd = open_private(_id_file(home), os.O_RDWR)
    try:
        # A command and the daemon may make it at the same time.
        fcntl.flock(fd, fcntl.LOCK_EX)
        return _known_id(fd) or _new_id(fd)
    finally:
        os.close(fd)


def _new_id(fd: int) -> str:
    made = os.urandom(ID_LENGTH // 2).hex()
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{made}\n".encode(), 0)
    return made
