"""Who this computer is: an id made once, and the name people know it by.

Never: change the id of a home, trust a name to be unique.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from paso.events.spawner import open_private

ID_LENGTH = 16


class Computer(NamedTuple):
    id: str
    name: str


def this_computer(home: str) -> Computer:
    """Return our identity; its id is kept in `computer.id` of the home.

    Raises:
        UnsafePath, StoreReadOnly, OSError: it cannot be kept there.
    """
    fd = open_private(os.path.join(home, "computer.id"), os.O_RDWR)
    try:
        return Computer(_known_id(fd) or _new_id(fd), os.uname().nodename)
    finally:
        os.close(fd)


def _known_id(fd: int) -> str | None:
    text = os.pread(fd, 100, 0).decode("ascii", "replace").strip()
    good = len(text) == ID_LENGTH and set(text) <= set("0123456789abcdef")
    return text if good else None


def _new_id(fd: int) -> str:
    """Only the one daemon of a home comes here, so nobody else writes meanwhile."""
    made = os.urandom(ID_LENGTH // 2).hex()
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{made}\n".encode(), 0)
    return made
