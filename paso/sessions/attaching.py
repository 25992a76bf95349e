"""How a session is shown in the user's terminal, and the status line that it has there.

Never: run tmux.
"""

from __future__ import annotations

import os

from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paso.database.sessions import BackendRef

TITLE = "@paso_title"


def attach_argv(
    ref: BackendRef, *, adopted: bool = False, environ: Mapping[str, str]
) -> list[str]:
    """Return the command that shows the pane of `ref` in the terminal of `environ`.

    In a tmux of the same server, this terminal goes over to the session; in another
    one, tmux is nested, which it allows only without the variable TMUX. In both, the
    program is replaced or waited for, as any other.
    """
    socket, session = ref.tmux_socket or "", ref.tmux_session or ""
    inside = environ.get("TMUX", "").rsplit(",", 2)[0]
    argv = ["tmux", "-S", socket]
    if adopted:
        pane = ref.tmux_pane or ""
        argv += ["select-window", "-t", pane, ";", "select-pane", "-t", pane, ";"]
    if inside and _same_file(inside, socket):
        return [*argv, "switch-client", "-t", session]
    argv += ["attach-session", "-t", session]
    return ["env", "-u", "TMUX", "-u", "TMUX_PANE", *argv] if inside else argv


def _same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return one == other


def status_line(name: str) -> list[tuple[str, ...]]:
    """Return the tmux commands that give session `name` its status line.

    The title is kept in an option and only referred to: in a status line itself,
    `#(…)` would run a shell.
    """
    left = " Paso  #{@paso_title} #{?pane_dead,(ended) ,}"
    on = ("set-option", "-t", f"={name}:")
    window = ("set-option", "-w", "-t", f"={name}:")
    return [
        (*on, "destroy-unattached", "off"),
        (*on, "status", "on"),
        # Only while somebody looks: the end of the command is seen at once.
        (*on, "status-interval", "1"),
        (*on, "status-style", "reverse"),
        (*on, "status-left-length", "200"),
        (*on, "status-left", left),
        (*on, "status-right", " detach: #{prefix} d "),
        (*window, "window-status-format", ""),
        (*window, "window-status-current-format", ""),
    ]


def title_line(session: str, title: str) -> str:
    """Return the line of a tmux configuration that gives session `$3` its title."""
    return f"set-option -t {session!r} {TITLE} {quoted(shown_title(title))}\n"


def shown_title(title: str) -> str:
    """Return a title that a status line shows as it is."""
    return escape(title).replace("#", "##")


def quoted(text: str) -> str:
    """Return `text`, which is one line, as one word of a tmux configuration."""
    return "'" + text.replace("'", "'\\''") + "'"
