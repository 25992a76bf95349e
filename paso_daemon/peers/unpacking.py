"""What others packed: inflated up to a limit, then read line by line.

For snapshots and boards, in a thread; a few bytes may stand for gigabytes.

Never: trust a length that somebody else wrote, hold the interpreter's lock for long.
"""

from __future__ import annotations

import time
import zlib

from paso.errors import BadEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BREATH = 50
"""Lines that are read before the loop, which waits for this thread, may go on."""


def inflated(data: bytes, most: int, what: str) -> bytes:
    """Return what `data` stands for.

    Arguments:
        most: bytes; what has more is not written out.
        what: names it in errors.
    Raises:
        BadEvent: it is damaged, cut off or too large.
    """
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(data, most + 1)
    except zlib.error as error:
        raise BadEvent(f"{what} is damaged: {error}") from None
    if len(raw) > most:
        raise BadEvent(f"{what} has more than {most} bytes")
    if not reader.eof:
        raise BadEvent(f"{what} is cut off")
    return raw


def with_breaks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines; now and then others get the interpreter's lock."""
    for number, line in enumerate(lines):
        if number % BREATH == 0:
            time.sleep(0)
        yield line
