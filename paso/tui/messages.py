"""Errors in the words of the bottom line and of the forms.

Never: show anything.
"""

from __future__ import annotations

from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.errors import PasoError


def error_words(error: PasoError) -> str:
    """The message of an error, its hint and what may have been meant, in one line."""
    words = [error.message]
    if error.hint:
        words.append(error.hint)
    if error.candidates:
        words.append("one of: " + ", ".join(error.candidates[:5]))
    return escape("; ".join(words))
