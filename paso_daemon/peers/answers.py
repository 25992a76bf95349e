"""What Redis answers to a command that it did not do.

Never: import redis; whoever reads an answer needs no driver.
"""

from __future__ import annotations

from typing import NamedTuple


class Failed(NamedTuple):
    """Redis refused one command, for a reason that concerns no other."""

    text: str


def is_older_id(answer: object) -> bool:
    """True when XADD found this number, or a later one, in the stream already."""
    return isinstance(answer, Failed) and "equal or smaller" in answer.text
