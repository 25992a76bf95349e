"""Ranks: text keys between which there is always room for another.

A move writes one row, whatever the number of cards. The scheme is fractional
indexing (https://observablehq.com/@dgreensp/implementing-fractional-indexing).

Never: touch the database; assume that a rank is well formed, other programs write
them too.
"""

from __future__ import annotations


def between(lower: str | None, upper: str | None) -> str | None:
    """Return a rank after `lower` and before `upper`; None = an end of the list.

    Returns None when there is no room: the two are equal, in the wrong order, or not
    ranks. Then the neighbours need new ranks too: `spread`.
    """
    keys = spread(lower, upper, 1)
    return keys[0] if keys else None


def spread(lower: str | None, upper: str | None, count: int) -> list[str] | None:
    """Return `count` ascending ranks between two, or None when there is no room."""
    # The import costs 2 ms, and most commands rank nothing.
    from fractional_indexing import FIError, generate_n_keys_between

    try:
        keys = list(generate_n_keys_between(lower, upper, count))
    except (FIError, ValueError, IndexError):
        return None
    fits = (lower is None or lower < keys[0]) and (upper is None or keys[-1] < upper)
    return keys if fits else None
