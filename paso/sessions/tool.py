"""Runs a program to its end within a time limit, and never leaves it behind.

Never: wait without a limit, use a shell, leave a zombie, retry.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

from paso.errors import ToolFailed, ToolMissing, ToolTimedOut
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QUICK_S = 5.0
"""Limit of a call that asks or tells one thing, in seconds."""
DEFAULT_S = 30.0
"""Limit of any other call, in seconds."""
REAP_S = 2.0
"""How long a killed program may take to be gone, in seconds."""


class Output(NamedTuple):
    """What a program left: its exit code, negative for a signal, and its words."""

    code: int
    out: str
    err: str


def run_tool(
    argv: Sequence[str],
    *,
    timeout_s: float = DEFAULT_S,
    input: bytes | None = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    operation: str = "",
) -> Output:
    """Run `argv` and return what it left; any exit code is an answer.

    Past its limit it is killed with its children, and reaped.

    Arguments:
        timeout_s: limit in seconds.
        input: what it reads; absent = nothing.
        cwd: where it runs; absent = where we are.
        env: its whole environment; absent = ours.
        operation: what an error calls it; absent = its name.

    Raises:
        ToolMissing: there is no such program.
        ToolFailed: it cannot be started.
        ToolTimedOut: it did not end in time.
    """
    process = _start(argv, input is not None, cwd, env)
    try:
        out, err = process.communicate(input, timeout_s)
    except subprocess.TimeoutExpired:
        gone = _kill(process)
        raise ToolTimedOut(
            f"{operation or argv[0]} did not end within {timeout_s:g} s",
            operation=operation or argv[0],
            limit_s=timeout_s,
            pid=process.pid,
            hint=None if gone else f"process {process.pid} survives SIGKILL",
        ) from None
    except BaseException:
        _kill(process)
        raise
    return Output(process.returncode, _text(out), _text(err))


def _start(
    argv: Sequence[str], reads: bool, cwd: str | None, env: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            # A group of its own: its children are killed with it, and Ctrl-C in our
            # terminal does not cut it off half way.
            process_group=0,
        )
    except FileNotFoundError as error:
        if cwd is not None and error.filename == cwd:
            raise ToolFailed(f"there is no folder {cwd}") from error
        raise ToolMissing(
            f"{argv[0]} is not installed", hint=f"install {argv[0]}"
        ) from error
    except (OSError, ValueError) as error:
        raise ToolFailed(f"cannot start {argv[0]}: {error}") from error


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """Kill and reap; False when it is not gone after one bounded wait."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # Not `communicate`: a grandchild that left the group may hold the pipes open.
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(REAP_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
