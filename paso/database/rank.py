"""Ranks: text keys between which there is always room for another.

A move writes one row, whatever the number of cards. The scheme is fractional
indexing (https://observablehq.com/@dgreensp/implementing-fractional-indexing).

Never: touch the database; assume that a rank is well formed, other programs write
them too.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST = "a0"


def between(lower: str | None, upper: str | None) -> str | None:
    """Return a rank after `lower` and before `upper`; None = an end of the list.

    Returns None when there is no room: the two are equal, in the wrong order, or not
    ranks. Then the neighbours need new ranks too: `spread`.
    """
    if upper is None:
        key = FIRST if lower is None else _next(lower)
        if key:
            return key
    keys = spread(lower, upper, 1)
    return keys[0] if keys else None


def _next(lower: str) -> str | None:
    """Return the rank after the last card's; None when a digit would carry over.

    The way of nearly every new card, without the library, whose import (decimal,
    typing) costs 9 ms. The first character tells how long the whole part is.
    """
    place = ord(lower[:1] or "0")
    size = place - 95 if place > 96 else 92 - place
    whole, part = lower[:size], lower[size:]
    sound = lower.isascii() and lower.isalnum() and not lower[:1].isdigit()
    if not sound or len(whole) < size or part.endswith("0") or whole[-1] == "z":
        return None
    return whole[:-1] + DIGITS[DIGITS.index(whole[-1]) + 1]


def spread(lower: str | None, upper: str | None, count: int) -> list[str] | None:
    """Return `count` ascending ranks between two, or None when there is no room."""
    # The import costs 9 ms, and most commands rank nothing.
    from fractional_indexing import FIError, generate_n_keys_between

    try:
        keys = list(generate_n_keys_between(lower, upper, count))
    except (FIError, ValueError, IndexError):
        return None
    fits = (lower is None or lower < keys[0]) and (upper is None or keys[-1] < upper)
    return keys if fits else None
