"""Colours of the terminal: whether there are any, and how to write them.

Never: print, or let a colour be the only sign of something.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NONE, BASIC, TRUE = 0, 16, 1 << 24
"""Depths: no colour, the sixteen of ECMA-48 and its users, 24 bits."""

_BASIC = (
    (0x000000, 30),
    (0xCD0000, 31),
    (0x00CD00, 32),
    (0xCDCD00, 33),
    (0x3B6FEE, 34),
    (0xCD00CD, 35),
    (0x00CDCD, 36),
    (0xE5E5E5, 37),
    (0x7F7F7F, 90),
    (0xFF0000, 91),
    (0x00FF00, 92),
    (0xFFFF00, 93),
    (0x5C5CFF, 94),
    (0xFF00FF, 95),
    (0x00FFFF, 96),
)
"""Colour to its code in `CSI … m`, near what xterm shows."""


def color_depth(when: str, is_terminal: bool, environ: Mapping[str, str]) -> int:
    """Decide by `--color`, the stream, NO_COLOR (no-color.org), TERM and COLORTERM."""
    if when == "never":
        return NONE
    if when == "auto" and not _wanted(is_terminal, environ):
        return NONE
    return TRUE if environ.get("COLORTERM") in ("truecolor", "24bit") else BASIC


def _wanted(is_terminal: bool, environ: Mapping[str, str]) -> bool:
    plain = environ.get("NO_COLOR") or environ.get("TERM", "dumb") == "dumb"
    return is_terminal and not plain


class Palette:
    """Paints escaped text; with depth 0 it gives the text back as it is."""

    __slots__ = ("depth", "_codes")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self._codes: dict[str, str] = {}

    def bold(self, text: str) -> str:
        return self._wrap(text, "1")

    def dim(self, text: str) -> str:
        return self._wrap(text, "2")

    def color(self, text: str, color: str) -> str:
        """Paint with `#RRGGBB`."""
        if not self.depth:
            return text
        if color not in self._codes:
            self._codes[color] = self._code(int(color[1:], 16))
        return self._wrap(text, self._codes[color])

    def _code(self, rgb: int) -> str:
        if self.depth == TRUE:
            return "38;2;" + ";".join(str(part) for part in _parts(rgb))
        return str(min(_BASIC, key=lambda basic: _distance(basic[0], rgb))[1])

    def _wrap(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.depth and text else text


def _parts(rgb: int) -> tuple[int, int, int]:
    return rgb >> 16, rgb >> 8 & 0xFF, rgb & 0xFF


def _distance(one: int, other: int) -> int:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return sum((a - b) ** 2 for a, b in pairs)
