"""Load the loop without OpenSSL: 4 MiB and 8 ms that a Unix socket never needs.

asyncio supports an interpreter without `ssl`. uvloop does not: it copies names out of
that module when it is imported, classes for its checks and numbers. So it gets a
module of empty classes for that moment, and the real one where that does not do.
Afterwards `import ssl` works as ever; only this process's loop has no TLS.

Never: be used in a process that makes TLS connections through the loop.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class _NoTls(ModuleType):
    """Has every name that is asked for: numbers for constants, classes else."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        made = 0 if name.isupper() else type(name, (Exception,), {})
        setattr(self, name, made)
        return made


_is_lean = False


def has_tls() -> bool:
    """True when connections of this process's loop can have TLS."""
    return not _is_lean


def load_loop(name: str) -> None:
    """Import asyncio, and uvloop unless `name` is `asyncio`, without `ssl`."""
    global _is_lean
    if "ssl" in sys.modules or "asyncio" in sys.modules:
        return
    _is_lean = True
    with _in_place_of_ssl(None):
        import asyncio  # noqa: F401
    if name == "asyncio":
        return
    # What fails here is told, or done without, where the loop is made.
    with _in_place_of_ssl(_NoTls("ssl")), suppress(ImportError, TypeError):
        import uvloop  # noqa: F401


@contextmanager
def without_openssl() -> Iterator[None]:
    """Let what is imported do without OpenSSL, in a process whose loop does too.

    It costs redis-py and hmac 5 MiB; SHA-256 is built into Python as well.
    """
    if not _is_lean:
        yield
        return
    with _in_place_of_ssl(_NoTls("ssl")), _in_place_of("_hashlib", None):
        yield


def _in_place_of_ssl(module: ModuleType | None) -> AbstractContextManager[None]:
    return _in_place_of("ssl", module)


@contextmanager
def _in_place_of(name: str, module: ModuleType | None) -> Iterator[None]:
    """None makes the import fail as where Python was built without it."""
    before = sys.modules.get(name)
    sys.modules[name] = module  # type: ignore[assignment]
    try:
        yield
    finally:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
