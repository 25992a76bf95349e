"""The systemd user units: from their templates into the user's own folder.

The templates are contrib/systemd of the source tree; a wheel carries them as
share/paso/systemd.

Never: touch a unit that is not Paso's, or need systemd to be there.
"""

from __future__ import annotations

import os
import sys

from paso.errors import NotFound, PasoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paso.paths import Paths

UNITS = ("paso.socket", "paso.service")
TIME_LIMIT_S = 10
"""Seconds for one call of systemctl."""

SWITCH_ON = (
    ("systemctl", "--user", "daemon-reload"),
    ("systemctl", "--user", "enable", "--now", "paso.socket"),
)
SWITCH_OFF = (("systemctl", "--user", "disable", "--now", *UNITS),)
AFTER_REMOVAL = (("systemctl", "--user", "daemon-reload"),)


def daemon_command() -> list[str]:
    """The program that is the daemon, with the interpreter that runs this."""
    return [sys.executable, "-P", "-m", "paso_daemon"]


def source_root() -> str | None:
    """The folder that PYTHONPATH must name: a source tree; None when installed."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    root = os.path.dirname(package)
    installed = os.path.basename(root) in ("site-packages", "dist-packages")
    return None if installed else root


def template_folder() -> str:
    """Where the templates are: in the source tree, or where a wheel puts its data.

    Raises:
        NotFound: this copy of Paso lacks them.
    """
    from site import getuserbase

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    share = os.path.join("share", "paso", "systemd")
    for folder in (
        os.path.join(os.path.dirname(package), "contrib", "systemd"),
        os.path.join(sys.prefix, share),
        os.path.join(getuserbase(), share),
    ):
        if all(os.path.exists(os.path.join(folder, name)) for name in UNITS):
            return folder
    raise NotFound("this copy of Paso has no systemd units", hint="install it anew")


def unit_folder(environ: Mapping[str, str] = os.environ) -> str:
    """Where systemd looks for a user's own units (systemd.unit(5))."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "systemd", "user")


def install(paths: Paths) -> list[str]:
    """Write the units for this interpreter, home and socket; return their paths.

    Raises:
        PasoError: they cannot be written.
    """
    source, target = template_folder(), unit_folder()
    written = []
    try:
        os.makedirs(target, exist_ok=True)
        for name in UNITS:
            with open(os.path.join(source, name), encoding="utf-8") as file:
                text = fill(file.read(), paths)
            path = os.path.join(target, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            written.append(path)
    except OSError as error:
        raise PasoError(f"cannot write into {target}: {error.strerror}") from error
    return written


def fill(template: str, paths: Paths) -> str:
    """Put the real command, home and socket into a template."""
    values = {
        "ExecStart=": " ".join(_quoted(word) for word in daemon_command()),
        "ListenStream=": paths.socket.replace("%", "%%"),
    }
    lines = []
    for line in template.splitlines():
        name = next((name for name in values if line.startswith(name)), None)
        lines.append(f"{name}{values[name]}" if name else line)
        if line == "[Service]":
            lines += [f"Environment={_quoted(one)}" for one in _environment(paths)]
    return "\n".join(lines) + "\n"


def _environment(paths: Paths) -> list[str]:
    root = source_root()
    home = [f"PASO_HOME={paths.home}", f"PASO_SOCKET={paths.socket}"]
    return home + ([f"PYTHONPATH={root}"] if root else [])


def _quoted(word: str) -> str:
    """Write a word as systemd reads it (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def switch_on() -> str | None:
    """Tell systemd of the units; return what kept it from listening, or None."""
    return _call_all(SWITCH_ON)


def switch_off() -> str | None:
    """Let systemd stop and forget the units; return what went wrong, or None."""
    return _call_all(SWITCH_OFF)


def remove() -> list[str]:
    """Remove our units; return the paths of those that were there."""
    removed = []
    for name in UNITS:
        path = os.path.join(unit_folder(), name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise PasoError(f"cannot remove {path}: {error.strerror}") from error
        removed.append(path)
    if removed:
        _call_all(AFTER_REMOVAL)
    return removed


def _call_all(commands: Sequence[Sequence[str]]) -> str | None:
    from subprocess import PIPE, STDOUT, TimeoutExpired, run

    for command in commands:
        try:
            done = run(
                command,
                stdout=PIPE,
                stderr=STDOUT,
                text=True,
                errors="replace",
                timeout=TIME_LIMIT_S,
            )
        except FileNotFoundError:
            return "there is no systemctl"
        except TimeoutExpired:
            return f"{' '.join(command)} took more than {TIME_LIMIT_S} s"
        if done.returncode != 0:
            said = done.stdout.strip() or f"code {done.returncode}"
            return f"{' '.join(command)}: {said}"
    return None
