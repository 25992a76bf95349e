"""A text in the user's editor: the configured one, else $VISUAL, $EDITOR, vi.

Never: know what the text is about, or delete it before it is known to be safe.
"""

from __future__ import annotations

import os
import sys

from paso.cli.output import is_terminal
from paso.errors import InvalidValue, PasoError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Draft:
    """A private file that holds a text while it is edited."""

    __slots__ = ("path", "_original")

    def __init__(self, path: str, original: str) -> None:
        self.path = path
        self._original = original

    @classmethod
    def write(cls, text: str, *, prefix: str, suffix: str = ".md") -> Draft:
        """Make the file, mode 0600, in the folder of temporary files."""
        from tempfile import mkstemp

        handle, path = mkstemp(prefix=f"paso-{prefix}", suffix=suffix)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return cls(path, text)

    def edit(self, configured: str | None) -> str:
        """Open the editor, wait for it, and return the text.

        Raises:
            PasoError: the editor said that it failed.
            UsageError: there is no editor.
        """
        open_editor(self.path, configured)
        return self.read()

    def read(self) -> str:
        try:
            with open(self.path, encoding="utf-8") as file:
                return file.read()
        except UnicodeDecodeError as error:
            raise InvalidValue(f"the text is not UTF-8: {self.path}") from error
        except OSError as error:
            raise PasoError(f"cannot read {self.path}: {error.strerror}") from error

    def is_untouched(self) -> bool:
        try:
            return self.read() == self._original
        except PasoError:
            return False

    def remove(self) -> None:
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return


def chosen_editor(configured: str | None, environ: Mapping[str, str]) -> str:
    """The editor's command.

    Raises:
        UsageError: it would be vi, which waits for ever where nobody types.
    """
    chosen = configured or environ.get("VISUAL") or environ.get("EDITOR")
    if chosen:
        return chosen
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "there is no terminal for an editor", hint="set VISUAL or EDITOR"
        )
    return "vi"


def open_editor(
    path: str, configured: str | None, environ: Mapping[str, str] = os.environ
) -> None:
    """Run the editor on a file and wait for it.

    Arguments:
        configured: the command that the configuration names, if it does.
    Raises:
        PasoError: it ended with another code than 0.
        UsageError: it cannot be run, or there is no terminal for vi.
    """
    from shlex import split
    from subprocess import call

    command = chosen_editor(configured, environ)
    try:
        # What the user wrote may have arguments: `code --wait`.
        code = call([*split(command), path])
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot run the editor {command!r}: {error}", hint="set VISUAL or EDITOR"
        ) from error
    if code != 0:
        raise PasoError(f"the editor {command!r} ended with code {code}")
