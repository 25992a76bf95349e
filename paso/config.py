"""The settings: environment over `config.toml` over what is built in.

Never: import tomllib unless there is a file, know what a setting does.
"""

from __future__ import annotations

import os
import stat

from paso.errors import InvalidValue
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from paso.paths import Paths


class Config(NamedTuple):
    actor: str
    """Who writes, in the change log."""
    auto_start: bool
    """Whether a client starts the daemon when there is none."""
    socket: str | None
    """Path of the daemon's socket; None = in the home."""
    idle_exit_s: float
    """Seconds without a client after which the daemon ends; 0 = never."""
    max_frame: int
    """Bytes of one line on the socket."""
    theme: str
    editor: str | None
    """Command to edit text with; None = `$VISUAL`, then `$EDITOR`."""
    keys: dict[str, str]
    """Action of the board to its keys, commas between."""
    session_poll_s: float
    """Seconds between two looks at what runs in tmux, where nothing wakes us."""
    session_idle_s: float
    """Seconds without output after which a session counts as idle."""
    session_keep_days: float
    """Days that a session is kept after its end."""


class Setting(NamedTuple):
    """One line of the file.

    `kind` is the type of its value; `least` its smallest number.
    """

    section: str
    name: str
    kind: type
    default: Any
    variable: str | None
    about: str
    least: float = 0

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}" if self.section else self.name


SETTINGS = (
    Setting("", "actor", str, "", "PASO_ACTOR", "Who writes; else the OS user"),
    Setting("", "editor", str, "", None, "For long text; else $VISUAL, $EDITOR"),
    Setting(
        "daemon",
        "auto_start",
        bool,
        True,
        "PASO_AUTO_START",
        "Start the daemon when there is none",
    ),
    Setting("daemon", "socket", str, "", "PASO_SOCKET", "Path of the socket"),
    Setting(
        "daemon",
        "idle_exit_s",
        float,
        0.0,
        None,
        "End after that many seconds without a client; 0 = never",
    ),
    Setting(
        "daemon",
        "max_frame",
        int,
        1024 * 1024,
        "PASO_MAX_FRAME",
        "Bytes of one line on the socket",
        4096,
    ),
    Setting(
        "sessions",
        "poll_s",
        float,
        1.0,
        "PASO_SESSION_POLL_S",
        "Seconds between two looks at the panes of tmux",
        0.05,
    ),
    Setting(
        "sessions",
        "idle_after_s",
        float,
        10.0,
        None,
        "Seconds without output after which a session is idle",
        0.1,
    ),
    Setting(
        "sessions",
        "keep_days",
        float,
        30.0,
        None,
        "Days that a session is kept after its end",
    ),
    Setting("board", "theme", str, "", None, "A theme of Textual; empty = Paso's own"),
)

KEYS = "keys"
"""The section that binds actions of the board to keys; its names are free."""

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def load_config(paths: Paths, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings that hold.

    Raises:
        InvalidValue: a line of the file, or a variable, is wrong; it is named.
    """
    document = _read(paths.config)
    wrong = list(_problems(paths.config, document))
    if wrong:
        raise wrong[0]
    values = {
        setting.name: _from_environment(setting, environ, _from_file(setting, document))
        for setting in SETTINGS
    }
    return Config(
        actor=values["actor"] or _os_user(environ),
        auto_start=values["auto_start"],
        socket=values["socket"] or None,
        idle_exit_s=values["idle_exit_s"],
        max_frame=values["max_frame"],
        theme=values["theme"],
        editor=values["editor"] or None,
        keys=dict(document.get(KEYS, {})),
        session_poll_s=values["poll_s"],
        session_idle_s=values["idle_after_s"],
        session_keep_days=values["keep_days"],
    )


def check_config(paths: Paths) -> list[str]:
    """Return what is wrong with the file, in words; an empty list when it is fine."""
    try:
        return [
            f"{error.message}; {error.hint}" if error.hint else error.message
            for error in _problems(paths.config, _read(paths.config))
        ]
    except InvalidValue as error:
        return [error.message]


def default_config_text() -> str:
    """Return a file that says all there is to set, every line a comment."""
    lines = ["# Settings of Paso. Take the # away from a line to change it."]
    section = ""
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            lines += ["", f"[{section}]"]
        variable = f" (${setting.variable} wins)" if setting.variable else ""
        lines.append(f"# {setting.about}{variable}.")
        lines.append(f"# {setting.name} = {_toml(setting.default)}")
    lines += ["", f"[{KEYS}]", "# Action of the board = its keys, commas between."]
    return "\n".join([*lines, '# move_left = "H,shift+left"', ""])


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _without_waiting(path: str, flags: int) -> int:
    """Open what may be a FIFO that nobody writes to."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidValue(f"{path} is not a regular file")
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InvalidValue(f"cannot read {path}: {error.strerror}") from error
    import tomllib

    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue(
            f"{path} is not TOML: {error}", hint="paso config edit"
        ) from error


def _problems(path: str, document: dict[str, Any]) -> Iterable[InvalidValue]:
    known = {setting.key: setting for setting in SETTINGS}
    for key, value in _flat(document):
        if key.startswith(f"{KEYS}."):
            if not isinstance(value, str):
                yield InvalidValue(f"{path}: {key} must be text, keys with commas")
        elif key not in known:
            yield _unknown(path, key, known)
        elif not _fits(known[key], value):
            yield InvalidValue(f"{path}: {key} must be {_wanted(known[key])}")


def _flat(document: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and value:
            for inner, item in value.items():
                yield f"{name}.{inner}", item
        elif not (isinstance(value, dict) and name in _sections()):
            yield name, value


def _sections() -> set[str]:
    return {setting.section for setting in SETTINGS} | {KEYS}


def _unknown(path: str, key: str, known: Iterable[str]) -> InvalidValue:
    import difflib

    names = [*known, KEYS]
    near = difflib.get_close_matches(key, names, 1, 0.5) or [
        name for name in names if name.rpartition(".")[2] == key.rpartition(".")[2]
    ]
    return InvalidValue(
        f"{path}: there is no setting {key}",
        hint=f"did you mean {near[0]}?" if near else "paso config show lists them",
    )


def _fits(setting: Setting, value: object) -> bool:
    if setting.kind is bool or isinstance(value, bool):
        return setting.kind is bool and isinstance(value, bool)
    if setting.kind is str:
        return isinstance(value, str)
    numbers = (int,) if setting.kind is int else (int, float)
    return isinstance(value, numbers) and setting.least <= value < float("inf")


def _wanted(setting: Setting) -> str:
    if setting.kind is bool:
        return "true or false"
    if setting.kind is str:
        return "text"
    whole = "a whole number" if setting.kind is int else "a number"
    return f"{whole} of at least {setting.least:g}"


def _from_file(setting: Setting, document: dict[str, Any]) -> Any:
    section = document.get(setting.section, {}) if setting.section else document
    return setting.kind(section.get(setting.name, setting.default))


def _from_environment(
    setting: Setting, environ: Mapping[str, str], otherwise: Any
) -> Any:
    text = environ.get(setting.variable or "")
    if not text:
        return otherwise
    try:
        value = _parse(setting, text.strip())
    except ValueError:
        value = None
    if value is None or not _fits(setting, value):
        raise InvalidValue(
            f"{setting.variable}={text} is wrong: it must be {_wanted(setting)}"
        )
    return value


def _parse(setting: Setting, text: str) -> Any:
    if setting.kind is not bool:
        return setting.kind(text)
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _os_user(environ: Mapping[str, str]) -> str:
    for name in ("LOGNAME", "USER"):
        if environ.get(name):
            return environ[name]
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid{os.geteuid()}"
