"""The user's own editor on a text: of the configuration, $VISUAL, $EDITOR, or vi.

Never: go through a shell, or lose the text when the editor fails.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from contextlib import suppress

from paso.errors import PasoError
from paso.tui.terminal import give_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from textual.app import App


def editor_command(chosen: str | None) -> list[str]:
    """The editor and its arguments (`code --wait`)."""
    named = chosen or os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return shlex.split(named) or ["vi"]


def edit_text(app: App[Any], text: str, chosen: str | None) -> str | None:
    """Give the terminal to the editor; the text as it was saved, None if unchanged.

    Arguments:
        chosen: the editor of the configuration.
    Raises:
        PasoError: the editor cannot be run or ended with an error.
    """
    handle, path = tempfile.mkstemp(prefix="paso-", suffix=".md")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text if not text or text.endswith("\n") else text + "\n")
        _run(app, [*editor_command(chosen), path])
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            after = file.read()
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
    # Editors end the last line; a text that had no such end keeps none.
    if after.endswith("\n") and not text.endswith("\n"):
        after = after[:-1]
    return None if after == text else after


def _run(app: App[Any], command: list[str]) -> None:
    code = give_terminal(app, command, "set VISUAL or EDITOR")
    if code:
        raise PasoError(f"{command[0]} ended with {code}; the text is as it was")
