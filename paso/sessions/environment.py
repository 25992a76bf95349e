"""The environment of a session's command, and whether its program can be found there.

It is the environment of the one who starts the session, for a terminal server may have
been started long ago and from elsewhere; without what speaks of another terminal.

Never: start anything.
"""

from __future__ import annotations

import os

from paso.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from paso.paths import Paths

SESSION_ID, HOME, TASK = "PASO_SESSION_ID", "PASO_HOME", "PASO_TASK"

TERMINALS = ("tmux-256color", "screen-256color", "screen")
"""What a program in tmux may be told of its terminal, best first (tmux(1), TERM)."""

_OF_A_TERMINAL = {
    *("COLUMNS", "LINES", "STY", "TERM", "TERMCAP", "TERM_PROGRAM"),
    *("TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "TMUX", "TMUX_PANE", "VTE_VERSION"),
    *("ALACRITTY_WINDOW_ID", "GNOME_TERMINAL_SCREEN", "GNOME_TERMINAL_SERVICE"),
    *("ITERM_SESSION_ID", "KITTY_PID", "KITTY_WINDOW_ID", "KONSOLE_DBUS_SESSION"),
    *("WEZTERM_PANE", "WINDOW", "WINDOWID", "WT_SESSION", "ZELLIJ"),
}
_OF_A_PROCESS = {
    *("LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"),
    *("WATCHDOG_PID", "WATCHDOG_USEC", "OLDPWD", "_"),
}


def command_environment(
    environ: Mapping[str, str],
    paths: Paths,
    session_id: str,
    *,
    cwd: str,
    task: str | None = None,
    terminal: str | None = None,
) -> dict[str, str]:
    """Return the environment of a session's command.

    Arguments:
        environ: of who starts it.
        task: key of the task that it works on.
        terminal: what TERM says; absent = as the starter has it.
    """
    inherited = _OF_A_PROCESS | {SESSION_ID, TASK}
    if terminal is not None:
        inherited |= _OF_A_TERMINAL
    env = {name: value for name, value in environ.items() if name not in inherited}
    env |= {SESSION_ID: session_id, HOME: paths.home, "PWD": cwd}
    if "PASO_SOCKET" in environ:
        env["PASO_SOCKET"] = paths.socket
    if task is not None:
        env[TASK] = task
    if terminal is not None:
        env["TERM"] = terminal
    return env


def terminal_name(environ: Mapping[str, str] = os.environ) -> str:
    """Return the best name of a tmux terminal that this machine has a description of.

    Where they are is told in terminfo(5), "Fetching Compiled Descriptions".
    """
    folders = [environ.get("TERMINFO"), os.path.expanduser("~/.terminfo")]
    folders += environ.get("TERMINFO_DIRS", "").split(":")
    folders += ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
                "/usr/lib/terminfo"]  # fmt: skip
    for name in TERMINALS:
        for folder in filter(None, folders):
            for letter in (name[0], f"{ord(name[0]):x}"):
                if os.path.exists(os.path.join(folder, letter, name)):
                    return name
    return TERMINALS[-1]


def whole_folder(text: str) -> str:
    """Return `text` as a whole path; empty is the folder that we are in.

    Raises:
        InvalidValue: it is meant from the folder that we are in, and that is gone.
    """
    try:
        return os.path.abspath(os.path.expanduser(text or "."))
    except FileNotFoundError as error:
        raise InvalidValue(
            "the folder that we are in is gone", hint="name one with its whole path"
        ) from error


def checked_command(argv: Sequence[str], cwd: str) -> str:
    """Return `cwd` as a whole path of a folder that can be entered.

    Raises:
        InvalidValue: there is no command, none that a process can have, or no folder.
    """
    if not argv or not argv[0]:
        raise InvalidValue("a session needs a command")
    if any("\0" in word for word in argv):
        raise InvalidValue("a command cannot hold the character NUL")
    folder = whole_folder(cwd)
    # tmux would silently take another folder.
    if not os.path.isdir(folder):
        raise InvalidValue(f"there is no folder {folder}")
    if not os.access(folder, os.X_OK):
        raise InvalidValue(f"the folder {folder} cannot be entered")
    return folder


def find_program(name: str, environ: Mapping[str, str], cwd: str) -> str | None:
    """Return the file that `name` runs for who has `environ`; None without one."""
    if os.path.dirname(name):
        places = [os.path.join(cwd, name)]
    else:
        path = environ.get("PATH", os.defpath).split(os.pathsep)
        places = [os.path.join(cwd, folder, name) for folder in path]
    for place in places:
        if os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    return None
