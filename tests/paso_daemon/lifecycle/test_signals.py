"""What signals do to a real daemon."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.daemon import RunningDaemon, wait_for
from tests.support.protocol_client import ConnectionEnded


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_stop_says_goodbye_and_leaves_nothing(
    paso_home: Path, sign: signal.Signals, loop: str
) -> None:
    """SIGHUP too: in the foreground it means that the terminal is gone."""
    with RunningDaemon(paso_home, loop=loop) as daemon, daemon.client() as client:
        client.subscribe(["db"])
        daemon.process.send_signal(sign)
        bye = client.read_until("bye")
        assert bye["reason"] == "stopping"
        assert bye["retry_ms"] > 0
        with pytest.raises(ConnectionEnded):
            client.read()
        assert daemon.process.wait(10) == 0
        assert "Traceback" not in daemon.said()
    names = {entry.name for entry in paso_home.iterdir()}
    assert names == {"computer.id", "tasks.db.lock"}


def test_a_stop_while_starting_leaves_nothing_either(paso_home: Path) -> None:
    daemon = RunningDaemon(paso_home, start_delay_s=30)
    try:
        wait_for(lambda: (paso_home / "paso.pid").exists())
        assert daemon.terminate() == 0
    finally:
        daemon.kill()
    assert not (paso_home / "paso.pid").exists()
    assert not (paso_home / "paso.sock").exists()
