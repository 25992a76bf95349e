"""`paso config`: the settings that hold, and the file they come from.

Never: know what a setting does; a broken file must not keep it from being edited.
"""

from __future__ import annotations

import os

from paso.cli.arguments import Command
from paso.errors import InvalidValue, StoreReadOnly, UsageError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.paths import Paths


def _paths() -> Paths:
    from paso.paths import Paths

    return Paths()


def run_show(context: Context, found: Arguments) -> int:
    """Show every setting with its value."""
    values = context.config._asdict()
    data = {"file": _paths().config, **values}
    context.out.show(
        data,
        [data["file"]],
        lambda: [f"{name:18} {_written(value)}" for name, value in data.items()],
    )
    return 0


def _written(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} = {escape(v)}" for k, v in value.items()) or "-"
    return "-" if value in (None, "") else escape(str(value))


def run_path(context: Context, found: Arguments) -> int:
    """Print the path of the file."""
    path = _paths().config
    context.out.show(
        {"file": path, "exists": os.path.exists(path)}, [path], lambda: [escape(path)]
    )
    return 0


def run_edit(context: Context, found: Arguments) -> int:
    """Open the file in the editor, made with every setting as a comment at first."""
    from paso.cli.editor import open_editor

    paths = _paths()
    if context.out.json:
        raise UsageError("--json opens no editor", hint=f"edit {paths.config}")
    _make(paths)
    open_editor(paths.config, _configured_editor(context))
    return run_check(context, found)


def _configured_editor(context: Context) -> str | None:
    try:
        return context.config.editor
    except InvalidValue:
        return None


def _make(paths: Paths) -> None:
    from paso.config import default_config_text
    from paso.paths import ensure_private_dir

    ensure_private_dir(paths.home)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        handle = os.open(paths.config, flags, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreReadOnly(f"cannot make {paths.config}: {error.strerror}") from error
    with open(handle, "w", encoding="utf-8") as file:
        file.write(default_config_text())


def run_check(context: Context, found: Arguments) -> int:
    """Read the file as everything else does; exit 5 with what is wrong."""
    from paso.config import check_config

    paths = _paths()
    problems = check_config(paths)
    if problems:
        raise InvalidValue(
            f"{paths.config}: {len(problems)} wrong",
            hint="paso config edit",
            candidates=tuple(problems),
        )
    data = {"file": paths.config, "problems": problems}
    context.out.show(data, [], lambda: [])
    there = (
        "is fine" if os.path.exists(paths.config) else "does not exist, which is fine"
    )
    context.out.say(f"{paths.config} {there}")
    return 0


COMMANDS = (
    Command("config show", run_show, "Show the settings that hold."),
    Command("config path", run_path, "Print the path of the file."),
    Command("config edit", run_edit, "Open the file in $VISUAL or $EDITOR."),
    Command("config check", run_check, "Check the file; exit 5 with what is wrong."),
)
