"""Narrowing a list by typing words.

Never: know what the list holds.
"""

from __future__ import annotations


def fits(search: str, text: str) -> bool:
    """True when every word of `search` is in `text`, in whatever case."""
    folded = text.casefold()
    return all(word in folded for word in search.casefold().split())
