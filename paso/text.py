"""How text from people and agents is shown: escaped, measured, cut.

The one place of the rule that control characters are shown, not obeyed. Widths
follow the terminals that join emoji (and `rich.cells`, so that the board and the
command line agree).

Never: know a screen, a colour or a record.
"""

from __future__ import annotations

ELLIPSIS = "…"

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_KEPT_FORMATS = {_JOINER, "\u200c"}
"""Emoji, Persian and Indic scripts are written with them; they cannot harm."""
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_HIDDEN_KINDS = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_widths: dict[str, int] = dict.fromkeys("…·►◇✓✗∅", 1)
"""Our own signs are known: looking one up costs a command its table of Unicode."""


def escape(text: str, *, lines: bool = False) -> str:
    """Show control, formatting and direction characters as `\\x1b` or `\\u202e`.

    Arguments:
        text: anything.
        lines: keep newlines and tabs, for text that is shown on several lines.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        char if char.isprintable() or char in kept else _shown(char) for char in text
    )


def _shown(char: str) -> str:
    from unicodedata import category

    if char in _KEPT_FORMATS or category(char) not in _HIDDEN_KINDS:
        return char
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cell_width(text: str) -> int:
    """The number of terminal cells that `text`, once escaped, takes."""
    if text.isascii():
        return len(text)
    return sum(width for _, width in clusters(text))


def clusters(text: str) -> list[tuple[str, int]]:
    """Split into what the cursor steps over at once, each with its cells."""
    found: list[tuple[str, int]] = []
    joined = False
    for char in text:
        before, cells = found[-1] if found else ("", 0)
        if char == _EMOJI_STYLE and before:
            found[-1] = (before + char, 2)
        elif before and (joined or _char_width(char) == 0 or _tints(char, cells)):
            found[-1] = (before + char, cells)
        else:
            found.append((char, _char_width(char)))
        joined = char == _JOINER and found[-1][1] == 2
    return found


def _tints(char: str, cells_before: int) -> bool:
    """True for a skin tone that colours the emoji before it."""
    return cells_before == 2 and "\U0001f3fb" <= char <= "\U0001f3ff"


def _char_width(char: str) -> int:
    if char not in _widths:
        _widths[char] = _look_up_width(char)
    return _widths[char]


def _look_up_width(char: str) -> int:
    from unicodedata import category, east_asian_width

    if "\u1160" <= char <= "\u11ff" or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Shorten escaped text to at most `width` cells, with an ellipsis if it was cut."""
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    kept, room = [], width - 1
    for cluster, cells in clusters(text):
        room -= cells
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept) + ELLIPSIS


def fit(text: str, width: int) -> str:
    """Cut or pad escaped text to exactly `width` cells."""
    short = cut(text, width)
    return short + " " * (width - cell_width(short))
