"""What happens to an error nobody foresaw: a line for the person, the rest in a file.

Never: raise.
"""

from __future__ import annotations

import os

from paso.errors import PasoError


def report(error: Exception) -> PasoError:
    """Write the traceback into the log of the command line and name that file."""
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    try:
        path = _write(error)
    except (OSError, PasoError):
        return PasoError(message, hint="PASO_DEBUG=1 shows the traceback")
    return PasoError(message, hint=f"the traceback is in {path}; PASO_DEBUG=1 shows it")


def _write(error: Exception) -> str:
    from time import gmtime, strftime
    from traceback import format_exception

    from paso.paths import Paths, ensure_private_dir

    home = Paths().home
    ensure_private_dir(home)
    path = os.path.join(home, "logs", "cli.log")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "a", encoding="utf-8") as log:
        log.write(strftime("%Y-%m-%dT%H:%M:%SZ ", gmtime()))
        log.writelines(format_exception(error))
    return path
