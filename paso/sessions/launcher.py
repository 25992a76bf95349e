"""Becomes the command of a session: the first process of its terminal.

A process that speaks to us on a Unix socket says what to run, where, and in which
environment. So the command has the environment of the one who started it and not
that of a terminal server started long ago, nothing of it is in an argument list or on
a disk, and no shell looks at it. Why it could not start is said on the same socket;
a command that runs closes it without a word.

Started as a file by `python -I -S`, so it takes as little as it can to load.

Never: import anything of Paso, outlive its task, speak to another user.
"""

from __future__ import annotations

import os
import sys
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIG_SETMASK,
    pthread_sigmask,
    signal,
)
from _socket import AF_UNIX, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET, socket

SIGNALS = {*range(1, 32)} - {9, 19}
"""All but SIGKILL and SIGSTOP, which nobody sets (signal(7)). What is ignored stays
so in the command: Python ignores SIGPIPE, and who started tmux may have more."""

KEPT = (b"TERM_PROGRAM", b"TERM_PROGRAM_VERSION", b"TMUX", b"TMUX_PANE")
"""What the terminal says of itself."""

ABOUT_TO_RUN = b"."


def main(place: str) -> None:
    folder, name = os.path.split(place)
    os.chdir(folder)
    link = socket(AF_UNIX, SOCK_STREAM)
    link.settimeout(30)
    # By its name alone: a path has no more than 107 bytes (unix(7)).
    link.connect(name)
    peer = link.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    if int.from_bytes(peer[4:8], sys.byteorder) != os.geteuid():
        raise SystemExit("another user is there")
    cwd, mask, count, *rest = _received(link).split(b"\0")
    argv, pairs = rest[: int(count)], rest[int(count) :]
    try:
        os.chdir(cwd)
        os.umask(int(mask))
        link.sendall(ABOUT_TO_RUN)
        _run(argv, dict(pair.split(b"=", 1) for pair in pairs))
    except OSError as error:
        link.sendall(f"{error.strerror}".encode())
        raise SystemExit(127) from None


def _received(link: socket) -> bytes:
    pieces = []
    while piece := link.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def _run(argv: list[bytes], env: dict[bytes, bytes]) -> None:
    for name in KEPT:
        if (value := os.environb.get(name)) is not None:
            env[name] = value
    for number in SIGNALS:
        signal(number, SIG_DFL)
    pthread_sigmask(SIG_SETMASK, ())
    os.execvpe(argv[0], argv, env)


if __name__ == "__main__":
    main(sys.argv[1])
