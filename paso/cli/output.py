"""What a command says: data on stdout, talk on stderr, JSON when asked for.

The envelope and the rules are those of docs/cli.md. Text from the board is escaped
here or by the caller through `paso.text`, never printed as it is.

Never: read the board, ask anything, or decide an exit code.
"""

from __future__ import annotations

import os
import sys

from paso.cli.colors import Palette, color_depth
from paso.errors import OutputLost
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TextIO

    from paso.errors import PasoError

UNLIMITED = 1 << 30


class Output:
    """The two streams of one call.

    Arguments:
        json: one JSON document instead of text.
        quiet: ids only.
        color: `auto`, `always` or `never`.
    """

    __slots__ = ("json", "quiet", "palette", "talk_palette", "width")

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        color: str = "auto",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.json = json
        self.quiet = quiet
        self.palette = Palette(color_depth(color, is_terminal(sys.stdout), environ))
        self.talk_palette = Palette(
            color_depth(color, is_terminal(sys.stderr), environ)
        )
        self.width = _width(environ)

    def show(
        self,
        value: Any,
        ids: Iterable[object],
        text: Callable[[], Iterable[str]],
    ) -> None:
        """Print the result of a command in the form that was asked for.

        Arguments:
            value: records, or plain data, for JSON.
            ids: what --quiet prints, a line each.
            text: makes the lines for a person, escaped already.
        """
        if self.json:
            self.document(value)
        elif self.quiet:
            self.lines(str(one) for one in ids)
        else:
            self.lines(text())

    def document(self, value: Any) -> None:
        """Print `{"ok": true, "data": …}`."""
        from paso.model import to_json

        self.raw_json({"ok": True, "data": to_json(value)})

    def raw_json(self, value: Any) -> None:
        """Print a JSON line. ASCII alone, so that nothing in it moves a cursor."""
        from paso.json_text import dumps

        write(dumps(value) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines)
        if text:
            write(text + "\n")

    def say(self, message: str) -> None:
        """Talk to the person: a confirmation, a next step. Quiet leaves it out."""
        if not (self.quiet or self.json):
            print(message, file=sys.stderr)

    def warn(self, message: str) -> None:
        """Say what went otherwise than expected, to people and scripts alike."""
        print(f"paso: {escape(message)}", file=sys.stderr)

    def error(self, error: PasoError) -> None:
        """Report why the command failed, as JSON on stdout or in words on stderr."""
        if self.json:
            self.raw_json({"ok": False, "error": error_data(error)})
        else:
            print("\n".join(self._error_lines(error)), file=sys.stderr)

    def _error_lines(self, error: PasoError) -> Iterable[str]:
        mark = self.talk_palette.color("paso:", "#EF4444")
        yield f"{mark} {escape(error.message)}"
        for name, (yours, theirs) in getattr(error, "fields", {}).items():
            yield escape(f"  {name}: yours {yours!r}, theirs {theirs!r}")
        for candidate in error.candidates:
            yield f"  {escape(candidate)}"
        if error.hint:
            yield self.talk_palette.dim(f"  {escape(error.hint)}")


def error_data(error: PasoError) -> dict[str, Any]:
    """The `error` of the envelope; a conflict of fields tells both values."""
    data: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "candidates": list(error.candidates),
    }
    fields = getattr(error, "fields", None)
    if fields is not None:
        data["fields"] = {
            name: {"yours": yours, "theirs": theirs}
            for name, (yours, theirs) in fields.items()
        }
        data["version"] = getattr(error, "version", None)
    return data


def write(text: str) -> None:
    """Write to stdout as it is; raises what `flush` does."""
    try:
        sys.stdout.write(text)
    except OSError as error:
        raise _lost(error) from error


def flush() -> None:
    """Hand over what was printed.

    Raises:
        BrokenPipeError: nobody reads it any more.
        OutputLost: it cannot be written, because of a full disk for example.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _lost(error) from error


def _lost(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    return OutputLost(f"cannot write the output: {error.strerror}")


def is_terminal(stream: TextIO | None) -> bool:
    """True when somebody sits there; a closed stream is nobody."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _width(environ: Mapping[str, str]) -> int:
    """Cells of a line: COLUMNS, else the terminal's, else no limit (a pipe)."""
    named = environ.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return UNLIMITED
