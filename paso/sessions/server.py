"""Where tmux servers are, whether one is the same as before, and what they are given.

Paso's own is `tmux -L paso`, shared by all homes of a user, so panes are marked with
the computer (that is the home) they belong to. Only the file `tmux.conf` of the home
is read for it: the user's own configuration may hold what starts or ends sessions.

Never: speak to a server; that is for tmux.py.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from paso.errors import ToolFailed
from paso.events.process import DaemonProcess, boot_id, send_signal, start_ticks
from paso.paths import check_private_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from paso.database.sessions import BackendRef

OWN_NAME, DEFAULT_NAME = "paso", "default"
_HEAL_S = 1.0
_NO_SERVER = (
    "no server running",
    "error connecting",
    "server exited",
    "lost server",
    "no current target",  # it has no session any more, and is about to exit
)


def named_socket(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the socket of `tmux -L name`, by the rule of tmux(1), -L."""
    for base in (environ.get("TMUX_TMPDIR"), "/tmp"):
        if base and os.path.isdir(base):
            folder = os.path.join(os.path.realpath(base), f"tmux-{os.geteuid()}")
            return os.path.join(folder, name)
    raise ToolFailed("there is no folder for tmux's sockets", hint="make /tmp")


def own_socket(environ: Mapping[str, str] = os.environ) -> str:
    """Return the socket of Paso's own server; its folder is made, mode 0700.

    Raises:
        UnsafePath: the folder is open to others, or not ours.
        ToolFailed: it cannot be made.
    """
    place = named_socket(OWN_NAME, environ)
    folder = os.path.dirname(place)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise ToolFailed(f"cannot make {folder}: {error.strerror}") from error
    check_private_dir(folder)
    return place


def users_socket(environ: Mapping[str, str] = os.environ) -> str:
    """Return the socket of the server that the user is in, else the default one."""
    inside = environ.get("TMUX", "")
    if inside:
        return inside.rsplit(",", 2)[0]
    return named_socket(DEFAULT_NAME, environ)


def environment() -> dict[str, str]:
    """Return what a tmux client gets: nothing that says it is inside another one."""
    inside = ("TMUX", "TMUX_PANE")
    return {name: value for name, value in os.environ.items() if name not in inside}


def configuration(home: str) -> str:
    """Return the configuration for a server that has to be started."""
    own = os.path.join(home, "tmux.conf")
    return own if os.path.isfile(own) else os.devnull


def launcher_argv(place: str) -> list[str]:
    """Return the command that asks at the socket `place` what to become.

    Raises:
        ToolFailed: the path of the Python interpreter is not known.
    """
    if not sys.executable:
        raise ToolFailed("the path of the Python interpreter is not known")
    launcher = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")
    return [sys.executable, "-I", "-S", launcher, place]


def is_same_server(ref: BackendRef) -> bool:
    """True while the very server runs that made the pane of `ref`."""
    if ref.tmux_server is None or ref.boot_id not in (None, boot_id()):
        return False
    return start_ticks(ref.tmux_server) == ref.tmux_server_ticks


def offer_socket_again(ref: BackendRef) -> None:
    """Have the server of `ref` make its socket again (tmux(1): SIGUSR1).

    Old files in /tmp are swept away, sockets of servers that run too.
    """
    place = ref.tmux_socket
    if place is None or os.path.exists(place) or not _signal(ref, signal.SIGUSR1):
        return
    deadline = time.monotonic() + _HEAL_S
    while not os.path.exists(place) and time.monotonic() < deadline:
        time.sleep(0.01)


def have_children_reaped(ref: BackendRef) -> None:
    """Have the server of `ref` look which of its commands have ended.

    It may have missed it: while tmux writes to utmp it does not hear SIGCHLD (seen
    with 3.3a and libutempter), and the command stays a zombie until the next one.
    """
    _signal(ref, signal.SIGCHLD)


def _signal(ref: BackendRef, sign: int) -> bool:
    if ref.tmux_server is None or ref.tmux_server_ticks is None:
        return False
    boot = ref.boot_id or boot_id()
    server = DaemonProcess(ref.tmux_server, ref.tmux_server_ticks, boot, "", "")
    return send_signal(server, sign)


def says_no_server(words: str) -> bool:
    """True when a client failed because no server is there, or it is leaving."""
    return words.strip().startswith(_NO_SERVER)
