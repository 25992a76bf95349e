"""Peers on, off or otherwise, while the daemon runs: `peers.json` decides.

Looked at by `stat` each second. Off is the usual case, so nothing of Redis is loaded
before the file says on, and then in a thread.

Never: import what imports redis at the top, talk to Redis, hold the loop up.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from paso.errors import PasoError
from paso.peers_file import active_peers, peers_stamp, uses_tls
from paso_daemon.lifecycle.lean_imports import has_tls, without_openssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.computer import Computer
    from paso.peers_file import PeersConfig
    from paso_daemon.directory import Directory
    from paso_daemon.peers.service import Peers
    from paso_daemon.settings import Settings
    from paso_daemon.tasks import Health, TaskRegistry

OFF = "off"

logger = logging.getLogger("paso.daemon")


class PeersSwitch:
    """Starts and stops `Peers`.

    Arguments:
        home: folder of `peers.json`.
        restart: runs the daemon anew, given the reason.
    """

    def __init__(
        self,
        directory: Directory,
        home: str,
        settings: Settings,
        registry: TaskRegistry,
        health: Health,
        own: Computer,
        *,
        restart: Callable[[str], None],
    ) -> None:
        self.peers: Peers | None = None
        self.on_start: list[Callable[[Peers], None]] = []
        """Told of each new `Peers` before it joins."""
        self._directory = directory
        self._home = home
        self._settings = settings
        self._registry = registry
        self._health = health
        self._own = own
        self._restart = restart
        self._stamp: tuple[int, ...] | None = None
        self._reason = ""
        self._switching = False
        self._stopped = False
        self._shown = OFF
        directory.peers_status = self.status

    @property
    def is_followed(self) -> bool:
        """True while another computer wants to hear what happens here."""
        peers = self.peers
        return peers is not None and peers.has_readers

    def tick(self) -> None:
        """Look whether the file is another one; called every second."""
        stamp = peers_stamp(self._home)
        if stamp != self._stamp and not self._switching and not self._stopped:
            self._stamp = stamp
            self._switching = True
            self._registry.start("peers switch", self._switch())
        self._show_state()

    def _show_state(self) -> None:
        """Let the clients see the way to other computers, in the record of this one."""
        state = self.peers.state if self.peers is not None else OFF
        if state != self._shown:
            self._shown = state
            own, directory = self._own.id, self._directory
            mine = directory.cache.get("computers", own, own) or {}
            directory.put_computer(mine | {"peers": {"state": state}})

    async def _switch(self) -> None:
        try:
            config = active_peers(self._home, os.environ)
            self._told("")
        except PasoError as error:
            config = None
            self._told(error.message)
        try:
            await self.reconfigure(config)
        finally:
            self._switching = False

    def _told(self, problem: str) -> None:
        self._reason = problem
        if problem:
            self._health.degraded("peers.json", problem)
        else:
            self._health.recovered("peers.json")

    async def reconfigure(self, config: PeersConfig | None) -> None:
        """Make it be as `config` says; None = off."""
        if self.peers is not None:
            if config == self.peers.config or self.peers.takes(config):
                return
            peers, self.peers = self.peers, None
            await peers.switch_off()
            self._health.recovered("peers")
        if config is None:
            return
        if uses_tls(config.url) and not has_tls():
            self._restart("peers need TLS, which this process did not load")
            return
        service = await asyncio.to_thread(_service)
        if self._stopped:
            return
        self.peers = peers = service.Peers(
            config,
            *(self._directory, self._home, self._settings),
            *(self._registry, self._health, self._own),
            restart=self._restart,
        )
        for told in self.on_start:
            told(peers)
        try:
            await peers.start()
        except Exception as error:
            logger.exception("peers could not be started")
            reason = f"{type(error).__name__}: {error}"
            peers.state, peers.reason = "failed", reason
            self._health.degraded("peers", reason)

    async def stop(self) -> None:
        """Say goodbye: the daemon stops."""
        self._stopped = True
        peers, self.peers = self.peers, None
        if peers is not None:
            await peers.stop()

    def status(self) -> dict[str, Any]:
        """Return what `status` shows of the peers."""
        if self.peers is not None:
            return self.peers.status()
        reason = {"reason": self._reason} if self._reason else {}
        return {"state": "off", **reason}


def _service() -> Any:
    with without_openssl():
        from paso_daemon.peers import driver, service

    assert driver is not None
    return service
