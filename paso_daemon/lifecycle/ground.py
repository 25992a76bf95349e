"""The ground a daemon stands on: its home, its locks, its socket, its settings.

    home private? -> PID file locked -> database locked -> socket listens

All of it is taken before the loop exists, so that a client that waits for the socket
waits for this and not for imports. Each piece is given back in the reverse order.

Never: import asyncio, serve, keep going where a piece is missing.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import NamedTuple

from paso import __version__
from paso.computer import Computer, this_computer
from paso.config import Config, load_config
from paso.errors import StoreReadOnly
from paso.events.process import DaemonProcess, boot_id, start_ticks
from paso.paths import Paths, ensure_private_dir
from paso_daemon.lifecycle import activation, signals
from paso_daemon.lifecycle.listener import Listener, listen_at
from paso_daemon.lifecycle.pidfile import LockFile, acquire
from paso_daemon.settings import Settings, load_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

LOCK_WAIT_S = 30.0
"""For an older daemon to leave, when systemd started us in its place."""


class Ground(NamedTuple):
    """What was taken before the loop runs."""

    paths: Paths
    settings: Settings
    config: Config
    pid_file: LockFile
    listener: Listener
    computer: Computer
    notifier: activation.Notifier
    log: str | None
    """Where standard error leads when it is a file of ours."""


def take_ground(stack: ExitStack, *, detached: bool) -> Ground:
    """Take what one daemon alone may have.

    Arguments:
        stack: gives everything back at its end.
        detached: whether a client started us in the background.

    Raises:
        DaemonRunning: another daemon serves this home or this database.
        UnsafePath, SocketPathTooLong, StoreReadOnly, InvalidValue, DaemonFailed:
            the home or a setting does not allow one.
    """
    os.umask(0o077)
    os.chdir("/")
    signals.stop_while_starting()
    paths, settings, config = _configuration()
    paths.check_socket_length()
    ensure_private_dir(paths.home)
    handed_over = activation.inherited_listener()
    pid_file = _lock(stack, paths, LOCK_WAIT_S if handed_over else 0.0)
    if settings.start_delay_s:
        time.sleep(settings.start_delay_s)
    listener = handed_over or listen_at(paths.socket)
    stack.callback(listener.close)
    _sign(pid_file, listener.path)
    computer = this_computer(paths.home)
    log = paths.daemon_log if detached else None
    return Ground(
        paths,
        settings,
        config,
        pid_file,
        listener,
        computer,
        activation.Notifier(),
        log,
    )


def _configuration() -> tuple[Paths, Settings, Config]:
    paths, settings = Paths(), load_settings()
    config = load_config(paths)
    if config.socket:
        paths = Paths(paths.home, config.socket)
    if not settings.idle_exit_s:
        settings = settings._replace(idle_exit_s=config.idle_exit_s)
    return paths, settings._replace(max_frame=config.max_frame), config


def _lock(stack: ExitStack, paths: Paths, wait_s: float) -> LockFile:
    """Lock the home, and the database in case another home leads to it by a link."""
    pid_file = acquire(paths.pid_file, wait_s=wait_s)
    stack.callback(pid_file.release, unlink=True)
    with suppress(StoreReadOnly):  # a folder we cannot write has no second daemon
        beside = acquire(f"{os.path.realpath(paths.database)}.lock", wait_s=wait_s)
        stack.callback(beside.release, unlink=False)
    return pid_file


def _sign(pid_file: LockFile, socket: str) -> None:
    pid = os.getpid()
    ticks = start_ticks(pid) or 0
    process = DaemonProcess(pid, ticks, boot_id(), __version__, socket)
    pid_file.write(process.to_text())
