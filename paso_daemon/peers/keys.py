"""The names of the keys in Redis; docs/peers.md lists them.

The network stands in braces, so a cluster keeps all of them in one slot and one
command may name several (Redis cluster specification, hash tags).

Never: do I/O, hold a name that does not begin with `paso:{network}:`.
"""

from __future__ import annotations

ID_DIGITS = frozenset("0123456789abcdef")
ID_LENGTH = 16


class Keys:
    """The keys of one network."""

    __slots__ = ("_base",)

    def __init__(self, network: str) -> None:
        self._base = f"paso:{{{network}}}:"

    @property
    def computers(self) -> str:
        """Set of the ids of all computers that ever joined."""
        return f"{self._base}computers"

    def here(self, computer: str) -> str:
        """Its presence: gone when it is."""
        return f"{self._base}here:{computer}"

    def log(self, computer: str) -> str:
        """Stream of what happens on it; it alone writes there."""
        return f"{self._base}log:{computer}"

    def snap(self, computer: str) -> str:
        """All its sessions at a position of its log."""
        return f"{self._base}snap:{computer}"

    def inbox(self, computer: str) -> str:
        """Stream of what others tell it; it alone reads there."""
        return f"{self._base}in:{computer}"

    def board(self, computer: str, project_uid: str) -> str:
        """A project and its tasks, or the list of its projects."""
        return f"{self._base}board:{computer}:{project_uid}"


def is_computer_id(text: object) -> bool:
    """True for 16 hexadecimal digits."""
    return isinstance(text, str) and len(text) == ID_LENGTH and set(text) <= ID_DIGITS
