"""`paso import`, `paso export`, `paso backup`: what goes in and out by files.

Never: know a format.
"""

from __future__ import annotations

import os

from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import read_stdin
from paso.cli.output import write
from paso.errors import InvalidValue, NotFound, PasoError, UsageError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context

EXPORTS = ("json", "markdown", "csv")
IMPORTS = ("json", "go-paso")


def run_import(context: Context, found: Arguments) -> int:
    """Bring in a file of the named kind."""
    kind = found.word("KIND")
    if kind == "json":
        return run_import_json(context, found)
    if kind != "go-paso":
        raise UsageError(f"paso reads {' and '.join(IMPORTS)}, not {kind!r}")
    from paso.commands.transfer import import_go_paso

    return _report(context, import_go_paso(context.db, found.word("FILE")))


def run_import_json(context: Context, found: Arguments) -> int:
    """Bring in a document of `paso export json`."""
    from paso.commands.transfer import import_json

    return _report(context, import_json(context.db, _read_json(found.word("FILE"))))


def _read_json(path: str) -> Any:
    from json import loads

    try:
        return loads(read_stdin() if path == "-" else _read(path))
    except (ValueError, RecursionError) as error:
        name = "stdin" if path == "-" else path
        raise InvalidValue(f"{name} is not JSON: {error}") from error


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{path} is not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise PasoError(f"cannot read {path}: {error.strerror}") from error


def _report(context: Context, report: Any) -> int:
    """Tell what an import did; its notes are for people and scripts alike."""
    from paso.model import to_json

    data: dict[str, Any] = to_json(report)
    keys, count = data["projects"], data["tasks"]
    tasks = f"{count} task" if count == 1 else f"{count} tasks"
    context.out.show(
        data,
        keys,
        lambda: [f"imported {', '.join(keys)}: {tasks}" if keys else "nothing new"],
    )
    for note in () if context.out.json else data["skipped"]:
        context.out.warn(str(note))
    return 0


def run_export(context: Context, found: Arguments) -> int:
    """Write the board out in a format that others read."""
    kind = found.word("FORMAT")
    if kind not in EXPORTS:
        raise UsageError(f"paso writes {', '.join(EXPORTS)}, not {kind!r}")
    content = _content(context, kind)
    path = found.text("output")
    if path and path != "-":
        return _write(context, kind, path, content)
    if context.out.json:
        context.out.document(
            content if kind == "json" else {"format": kind, "text": content}
        )
    else:
        write(_text(content))
    return 0


def _content(context: Context, kind: str) -> Any:
    """The document: of one project for Markdown, else of all unless one is named."""
    from paso.commands import transfer

    if kind == "markdown":
        return transfer.export_markdown(context.db, context.project.id)
    project = context.chosen_project
    export = transfer.export_json if kind == "json" else transfer.export_csv
    return export(context.db, project.id if project else None)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    from json import dumps

    return dumps(content, indent=1) + "\n"


def _write(context: Context, kind: str, path: str, content: Any) -> int:
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(_text(content))
    except OSError as error:
        raise PasoError(f"cannot write {path}: {error.strerror}") from error
    full = os.path.abspath(path)
    context.out.show({"format": kind, "file": full}, [full], lambda: [escape(full)])
    return 0


def run_backup(context: Context, found: Arguments) -> int:
    """Copy the database while others use it."""
    from paso.commands.backup import backup

    path = backup(context.db, found.text("FILE"))
    context.out.show({"file": path}, [path], lambda: [escape(path)])
    return 0


OUTPUT = Option(
    "-o --output", "write to this file; - is stdout", "FILE", complete="file"
)

COMMANDS = (
    Command(
        "import",
        run_import,
        "Bring in projects and tasks; one undo takes it all back.",
        (
            Argument(
                "KIND", "json (of paso export) or go-paso", complete="json|go-paso"
            ),
            Argument("FILE", "the file; - reads JSON from stdin", complete="file"),
        ),
        examples=(
            "paso import json board.json",
            "paso import go-paso ~/.paso/tasks.db",
        ),
    ),
    Command(
        "export",
        run_export,
        "Write all projects, or one, as JSON, Markdown or CSV.",
        (Argument("FORMAT", "json, markdown or csv", complete="json|markdown|csv"),),
        (OUTPUT,),
        (
            "paso export json -o board.json",
            "paso export markdown --project WEB",
        ),
    ),
    Command(
        "backup",
        run_backup,
        "Copy the database while it is in use, and check the copy.",
        (Argument("FILE", "else backups/ in the home", "?", complete="file"),),
        notes="To restore: stop Paso, move the copy to where `paso info` says.",
    ),
)
