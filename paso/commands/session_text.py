"""Texts that processes bring, made fit for the database and for JSON.

A command line or the output of a terminal is bytes of any kind and length; a record is
valid UTF-8 of a bounded size.

Never: escape control characters; that is for who shows them.
"""

from __future__ import annotations

from paso.json_text import dumps
from paso.model import TITLE_MAX
from paso.text import ELLIPSIS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_MAX = 500
"""Characters of a reason or a preview."""

ARGUMENTS_MAX, ARGUMENT_MAX = 100, 1000
"""What is kept of a command: it is for people to read, not to run again."""


def clean(
    text: str, most: int = LINE_MAX, *, end: bool = False, lines: bool = False
) -> str:
    """Return valid text of at most `most` characters.

    Arguments:
        end: keep the end of a longer text, not its beginning.
        lines: keep line ends; else each run of blanks is one blank.
    """
    if not lines:
        text = " ".join(text.split())
    text = text.replace("\0", "\ufffd")
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= most:
        return text
    return text[-most:] if end else text[: most - 1] + ELLIPSIS


def title_of(argv: Sequence[str]) -> str:
    """Return a command as a title."""
    from shlex import join

    return clean(join(argv), TITLE_MAX) or "?"


def shown_argv(argv: Sequence[str]) -> str:
    """Return a command as the JSON that is kept of it."""
    kept = [clean(one, ARGUMENT_MAX, lines=True) for one in argv[:ARGUMENTS_MAX]]
    return dumps([*kept, ELLIPSIS] if len(argv) > ARGUMENTS_MAX else kept)
