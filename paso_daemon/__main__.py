"""`python -m paso_daemon`: take the home, listen, then load the rest and serve.

The socket is there before asyncio, uvloop and orjson are imported: a client waits in
the backlog for the 40 ms that takes, instead of trying again and again.

Never: handle a frame, import at the top what only the serving needs.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import ExitStack, suppress
from typing import NoReturn

from paso import __version__
from paso.errors import DaemonFailed, DaemonRunning, PasoError, UsageError
from paso_daemon.lifecycle.ground import Ground, take_ground
from paso_daemon.lifecycle.lean_imports import load_loop

USAGE = """\
usage: python -m paso_daemon [--version]

Serves the Paso home that PASO_HOME names (else ~/.paso) until it is stopped.
Clients start it by themselves; `paso daemon` starts, stops and shows it."""

EX_TEMPFAIL, EX_CONFIG = 75, 78
"""sysexits.h: another daemon runs; the home or a setting allows none. A service
manager tries neither again."""


class Options:
    """The command line: what the launcher and `paso daemon run` pass on."""

    def __init__(self, argv: list[str]) -> None:
        self.detached = False
        self.ready_fd: int | None = None
        self.exit_code_of_errors = False
        for word in argv:
            self._take(word)

    def _take(self, word: str) -> None:
        if word == "--detached":
            self.detached = True
        elif word == "--exit-code-of-errors":
            self.exit_code_of_errors = True
        elif word.startswith("--ready-fd=") and word[11:].isdecimal():
            self.ready_fd = int(word[11:])
        else:
            raise UsageError(f"no option {word}", hint=USAGE)


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the daemon; never returns."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["--version"], ["-V"]):
        sys.stdout.write(f"paso-daemon {__version__}\n")
        sys.exit(0)
    if words in (["--help"], ["-h"]):
        sys.stdout.write(f"{USAGE}\n")
        sys.exit(0)
    try:
        options = Options(words)
    except UsageError as error:
        sys.stderr.write(f"paso-daemon: {error.message}\n{error.hint}\n")
        sys.exit(2)
    sys.exit(_run(options))


def _run(options: Options) -> int:
    gc.disable()
    if options.detached:
        _close_all_but({0, 1, 2, options.ready_fd})
    try:
        with ExitStack() as stack:
            ground = _take(stack, options)
            _report(options.ready_fd, "READY\n")
            if not _needs_tls(ground.paths.home):
                load_loop(ground.settings.loop)
            from paso_daemon.daemon import serve

            begins_anew = serve(ground)
    except PasoError as error:
        _refuse(error, options)
        if options.exit_code_of_errors:
            return error.exit_code
        return EX_TEMPFAIL if isinstance(error, DaemonRunning) else EX_CONFIG
    if begins_anew:
        words = [word for word in sys.orig_argv[1:] if "--ready-fd=" not in word]
        os.execv(sys.executable, [sys.executable, *words])
    return 0


def _needs_tls(home: str) -> bool:
    """True when the peers are reached by TLS; without peers that is one `stat`."""
    from paso.peers_file import active_peers, peers_stamp, uses_tls

    if peers_stamp(home) is None:
        return False
    try:
        config = active_peers(home)
    except PasoError:
        return False  # told where the peers would be started
    return config is not None and uses_tls(config.url)


def _take(stack: ExitStack, options: Options) -> Ground:
    """Raises PasoError for whatever the file system refuses, as a full disk does."""
    try:
        return take_ground(stack, detached=options.detached)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise DaemonFailed(f"{error.strerror}{where}") from error


def _close_all_but(kept: set[int | None]) -> None:
    """What the process that started us left open for its children is not for us."""
    for fd in [int(name) for name in os.listdir("/proc/self/fd")]:
        if fd not in kept:
            with suppress(OSError):
                os.close(fd)


def _refuse(error: PasoError, options: Options) -> None:
    """Say why we cannot run; that another one does is no news for the log."""
    import json

    told = {"code": error.code, "message": error.message, "hint": error.hint}
    _report(options.ready_fd, json.dumps(told))
    if not (options.detached and isinstance(error, DaemonRunning)):
        hint = f"\n  {error.hint}" if error.hint else ""
        sys.stderr.write(f"paso-daemon: {error.message}{hint}\n")


def _report(fd: int | None, word: str) -> None:
    """Tell the process that started us; it may have gone away."""
    if fd is None:
        return
    with suppress(OSError):
        os.write(fd, word.encode())
        os.close(fd)


if __name__ == "__main__":
    main()
