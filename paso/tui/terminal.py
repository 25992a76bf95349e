"""Gives the terminal to another program and takes it back when that ends.

Never: go through a shell, know what the program is for.
"""

from __future__ import annotations

import subprocess

from paso.errors import PasoError, ToolFailed, ToolMissing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from textual.app import App


def give_terminal(app: App[Any], command: list[str], hint: str | None = None) -> int:
    """Run a program in the terminal of the app; return its exit code.

    It may take as long as the user stays in it. The app stands still meanwhile; what
    has changed is read when it is back.

    Arguments:
        command: the program and its arguments.
        hint: the repair when it cannot be run.
    Raises:
        ToolMissing, ToolFailed: it cannot be run.
        PasoError: this terminal cannot be given away.
    """
    from textual.app import SuspendNotSupported

    failure: OSError | None = None
    try:
        with app.suspend():
            # An error that left this block would leave the app suspended.
            try:
                return subprocess.run(command, check=False).returncode
            except OSError as error:
                failure = error
    except SuspendNotSupported as error:
        raise PasoError("this terminal cannot be given to another program") from error
    kind = ToolMissing if isinstance(failure, FileNotFoundError) else ToolFailed
    words = failure.strerror if failure is not None else ""
    raise kind(f"cannot run {command[0]}: {words}", hint=hint) from failure
