"""The daemon's loop without OpenSSL, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

ECHO = """
import sys
from paso_daemon.lifecycle.lean_imports import load_loop
load_loop({name!r})
assert "ssl" not in sys.modules, "ssl was loaded"
assert "libcrypto" not in open("/proc/self/maps").read(), "OpenSSL was loaded"
import asyncio, tempfile

async def answer(reader, writer):
    writer.write(await reader.readline())
    writer.close()

async def main():
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.start_unix_server(answer, folder + "/s")
        reader, writer = await asyncio.open_unix_connection(folder + "/s")
        writer.write(b"hello\\n")
        print((await reader.readline()).decode().strip())
        writer.close()
        server.close()

factory = asyncio.new_event_loop
if {name!r} != "asyncio":
    import uvloop
    factory = uvloop.new_event_loop
with asyncio.Runner(loop_factory=factory) as runner:
    runner.run(main())
import ssl
assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["uvloop", "asyncio"])
def test_a_loop_runs_without_openssl_and_ssl_can_be_imported_later(name: str) -> None:
    assert run(ECHO.format(name=name)) == "hello"


def test_where_asyncio_is_loaded_already_nothing_is_touched() -> None:
    code = (
        "import asyncio, sys\n"
        "from paso_daemon.lifecycle.lean_imports import load_loop\n"
        "before = sys.modules['ssl']\n"
        "load_loop('')\n"
        "assert sys.modules['ssl'] is before\n"
    )
    run(code)
