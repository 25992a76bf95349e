"""`paso daemon`: start, stop, look at, install the daemon.

Never: be the daemon; it is another program, started as a process.
"""

from __future__ import annotations

import os
import sys
import time

from paso.cli.arguments import Command, Option
from paso.cli.asking import ANSWER_S, STARTING_S
from paso.cli.output import flush
from paso.errors import DaemonUnreachable, NotFound, PasoError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
    from typing import Any, TextIO

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.events.process import DaemonProcess
    from paso.paths import Paths

ENDING_S = 5.0
"""Seconds it has to end after it was asked; buffers are flushed within three."""
LOG_LINES = 50
LOOK_S = 0.3
"""Seconds between two looks at a log that is followed."""


def run_start(context: Context, found: Arguments) -> int:
    """Start the daemon unless it runs, and say how it is."""
    from paso.events.launcher import call

    status = call(context.paths, "status", {}, timeout_s=STARTING_S, start=True)
    return _show_status(context, status)


def run_status(context: Context, found: Arguments) -> int:
    """Ask the daemon how it is; exit 6 when there is none."""
    from paso.events.launcher import call

    try:
        status = call(context.paths, "status", {}, timeout_s=ANSWER_S)
    except DaemonUnreachable as error:
        stuck = _process(context.paths)
        if stuck is not None and not error.hint:
            error.hint = f"process {stuck.pid} holds the home; paso daemon restart"
        raise
    return _show_status(context, status)


def _show_status(context: Context, status: dict[str, Any]) -> int:
    status = {**status, "socket": context.paths.socket, "log": context.paths.daemon_log}
    context.out.show(status, [status.get("pid")], lambda: _status_lines(status))
    return 0


def _status_lines(status: dict[str, Any]) -> Iterator[str]:
    for name, value in status.items():
        if isinstance(value, dict):
            yield f"{name}:"
            yield from (f"  {k:14} {escape(str(v))}" for k, v in value.items())
        else:
            yield f"{name:16} {escape(str(value))}"


def _process(paths: Paths) -> DaemonProcess | None:
    from paso.events.process import read_pid_file

    return read_pid_file(paths)


def run_stop(context: Context, found: Arguments) -> int:
    """Stop the daemon; that none runs is as good."""
    stopped = stop_daemon(context.paths)
    data = {"stopped": stopped is not None, "pid": stopped}
    context.out.show(
        data,
        [] if stopped is None else [stopped],
        lambda: [] if stopped is None else [f"stopped the daemon (pid {stopped})"],
    )
    if stopped is None:
        context.out.say("the daemon does not run")
    return 0


def stop_daemon(paths: Paths) -> int | None:
    """End the daemon, by asking, by SIGTERM, by SIGKILL; it holds no truth to lose.

    Returns:
        Its pid, or None when there was none.
    Raises:
        PasoError: it is still there.
    """
    from signal import SIGKILL, SIGTERM

    from paso.events.dialer import NoListener
    from paso.events.launcher import call
    from paso.events.process import send_signal

    process = _process(paths)
    means: tuple[signal.Signals | None, ...] = (None, SIGTERM, SIGKILL)
    try:
        answer = call(paths, "shutdown", {}, timeout_s=ANSWER_S)
        if process is None:
            return int(answer.get("pid") or 0)
    except NoListener:
        if process is None:
            return None
    except DaemonUnreachable:
        if process is None:
            raise
        means = (SIGTERM, SIGKILL)
    for sign in means:
        if sign is not None:
            send_signal(process, sign)
        if _wait_for_end(process):
            return process.pid
    raise PasoError(f"the daemon (pid {process.pid}) does not end")


def _wait_for_end(process: DaemonProcess) -> bool:
    from paso.events.process import is_alive

    deadline = time.monotonic() + ENDING_S
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def run_restart(context: Context, found: Arguments) -> int:
    """Stop the daemon if it runs, and start it."""
    stop_daemon(context.paths)
    return run_start(context, found)


def run_run(context: Context, found: Arguments) -> int:
    """Become the daemon, in the foreground; for service managers and for a look."""
    from paso.cli.units import daemon_command, source_root

    environ = dict(os.environ, PASO_HOME=context.paths.home)
    root = source_root()
    if root:
        rest = environ.get("PYTHONPATH")
        environ["PYTHONPATH"] = f"{root}{os.pathsep}{rest}" if rest else root
    sys.stdout.flush()
    command = [*daemon_command(), "--exit-code-of-errors"]
    try:
        os.execve(command[0], command, environ)
    except OSError as error:
        raise PasoError(f"cannot start {command[0]}: {error.strerror}") from error


def run_logs(context: Context, found: Arguments) -> int:
    """Print the end of the daemon's log."""
    path = context.paths.daemon_log
    count = found.number("lines", least=1) or LOG_LINES
    follows = found.has("follow")
    with _open_log(path) as file:
        lines = file.read().splitlines()[-count:]
        if context.out.json and not follows:
            context.out.document({"file": path, "lines": lines})
            return 0
        context.out.lines(escape(line) for line in lines)
        if follows:
            _follow(file, path)
    return 0


def _open_log(path: str) -> TextIO:
    try:
        return open(path, encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise NotFound(
            f"there is no log at {path}",
            hint="under systemd: journalctl --user -u paso",
        ) from None
    except OSError as error:
        raise PasoError(f"cannot read {path}: {error.strerror}") from error


def _follow(file: TextIO, path: str) -> None:
    """Print what is added after what was read; begin anew with a new file."""
    while True:
        for line in file:
            print(escape(line.rstrip("\n")))
        flush()
        time.sleep(LOOK_S)
        if os.path.exists(path) and not _same(file.fileno(), path):
            with _open_log(path) as new:
                _follow(new, path)


def _same(fd: int, path: str) -> bool:
    return os.path.samestat(os.fstat(fd), os.stat(path))


def run_install(context: Context, found: Arguments) -> int:
    """Install the systemd user units, and switch them on where systemd listens."""
    from paso.cli import units

    stop_daemon(context.paths)
    files = units.install(context.paths)
    problem = units.switch_on()
    data = {"files": files, "enabled": problem is None, "problem": problem}
    context.out.show(data, files, lambda: [f"wrote {escape(path)}" for path in files])
    if problem:
        context.out.warn(f"systemd was not told: {problem}")
        for command in units.SWITCH_ON:
            context.out.say(f"  {' '.join(command)}")
    else:
        context.out.say("systemd listens on the socket; the daemon starts on demand")
    return 0


def run_uninstall(context: Context, found: Arguments) -> int:
    """Switch the units off and remove them."""
    from paso.cli import units

    problem = units.switch_off()
    files = units.remove()
    data = {"files": files, "disabled": problem is None, "problem": problem}
    context.out.show(data, files, lambda: [f"removed {escape(path)}" for path in files])
    if not files:
        context.out.say("no units were installed")
    return 0


COMMANDS = (
    Command("daemon start", run_start, "Start the daemon unless it runs."),
    Command("daemon stop", run_stop, "Stop the daemon; nothing is lost by that."),
    Command("daemon restart", run_restart, "Stop the daemon and start it."),
    Command(
        "daemon status",
        run_status,
        "Say how the daemon is; exit 6 when there is none.",
    ),
    Command(
        "daemon logs",
        run_logs,
        "Print the end of the daemon's log.",
        options=(
            Option("-n --lines", f"so many lines; else {LOG_LINES}", "N"),
            Option("-f --follow", "go on as lines come"),
        ),
    ),
    Command("daemon run", run_run, "Be the daemon, in the foreground."),
    Command(
        "daemon install",
        run_install,
        "Install the systemd user units: the daemon starts on demand.",
    ),
    Command("daemon uninstall", run_uninstall, "Remove the systemd user units."),
)
