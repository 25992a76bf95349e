"""Text for a session, as far as it may be typed into somebody's terminal.

Never: send it, change what it says.
"""

from __future__ import annotations

from paso.errors import InvalidValue

TEXT_MAX = 1024 * 1024
"""Characters."""


def checked_text(text: str) -> str:
    """Return `text` with line ends as newlines.

    Control characters but newline and tab are refused: they are keys, not text, and
    `\\x1b[201~` would end a paste early, so that the rest of it is obeyed.

    Raises:
        InvalidValue: it has such characters, is no valid text, or is too long.
    """
    if len(text) > TEXT_MAX:
        raise InvalidValue(f"the text has {len(text)} characters; {TEXT_MAX} can be")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        for char in text:
            _check(char)
    return text


def _check(char: str) -> None:
    code = ord(char)
    if char not in "\n\t" and (code < 0x20 or 0x7F <= code < 0xA0):
        raise InvalidValue(
            f"the text has the control character \\x{code:02x}; only text can be sent"
        )
    if 0xD800 <= code < 0xE000:
        raise InvalidValue("the text is no valid Unicode")
