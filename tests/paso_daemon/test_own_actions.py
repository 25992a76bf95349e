"""A session in real tmux, looked at and driven by a client that knows the page only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paso.commands import projects, tasks
from paso.commands import sessions as store
from paso.paths import Paths
from paso.sessions import actions
from tests.support.daemon import RunningDaemon, new_board, wait_for
from tests.support.programs import needs
from tests.support.protocol_client import ProtocolClient

pytestmark = pytest.mark.tmux

Frame = dict[str, Any]


@pytest.fixture
def running(paso_home: Path, loop: str) -> Iterator[RunningDaemon]:
    needs("tmux")
    with RunningDaemon(paso_home, loop=loop) as daemon:
        yield daemon
        assert "Traceback" not in daemon.said(), daemon.said()


def start(home: Path, *argv: str) -> str:
    with closing(new_board(home)) as db:
        return actions.start(db, Paths(), argv, cwd="/", size=(80, 24)).id


def until_event(client: ProtocolClient, **fields: object) -> Frame:
    """The first record with these fields that an event tells of."""

    def wanted(frame: Frame) -> bool:
        record: Frame = frame.get("event", {}).get("session", {})
        return all(record.get(name) == value for name, value in fields.items())

    frame = client.read_until(wanted, 15)
    session: Frame = frame["event"]["session"]
    return session


def test_from_its_start_to_its_end_by_requests(
    paso_home: Path, running: RunningDaemon
) -> None:
    new_board(paso_home).close()
    with running.client(timeout_s=20) as client:
        own = client.hello()["computer"]["id"]
        client.subscribe(["sessions"])
        assert client.read_until("sessions_initial")["data"] == []
        id = start(paso_home, "cat")
        seen = until_event(client, id=id, phase="running")
        assert (seen["computer"], seen["argv"]) == (own, ["cat"])

        sent = client.request("session_send", id=id, text="hello there")["result"]
        assert (sent["state"], sent["session"]["id"]) == ("done", id)

        def output() -> str:
            found = client.request("session_output", id=id, lines=20)["result"]
            text: str = found["output"]
            return text

        wait_for(lambda: output().count("hello there") == 2)
        ended = client.request("session_end", id=id, grace_s=5)["result"]
        assert ended["state"] == "done"
        assert ended["session"]["phase"] in ("ended", "failed")
        assert client.request("session", id=id)["result"]["phase"] != "running"
        over = client.request("session_send", id=id, text="x")["error"]
        assert over["code"] == "session_phase"
        assert client.request("session_end", id=id)["result"]["state"] == "done"


def test_another_client_sees_the_end_and_a_new_one_the_state(
    paso_home: Path, running: RunningDaemon
) -> None:
    id = start(paso_home, "sleep", "600")
    with running.client(timeout_s=20) as watcher, running.client() as actor:
        watcher.subscribe(["sessions"])
        watcher.read_until("sessions_initial")
        actor.subscribe([])
        begin = time.monotonic()
        actor.request("session_end", id=id, grace_s=3)
        final = until_event(watcher, id=id, phase="ended")
        assert time.monotonic() - begin < 10
        assert final["exit_code"] is not None
    with running.client() as late:
        late.subscribe(["sessions"])
        (record,) = late.read_until("sessions_initial")["data"]
        assert (record["id"], record["phase"]) == (id, "ended")


def test_a_session_of_a_task_is_found_by_it(
    paso_home: Path, running: RunningDaemon
) -> None:
    with closing(new_board(paso_home)) as db:
        project = projects.list_projects(db)[0]
        task = tasks.create_task(db, project.id, "Work on it")
        store.create_session(db, argv=["x"], cwd="/", backend="pty", task_id=task.id)
        store.create_session(db, argv=["y"], cwd="/", backend="pty")
    with running.client() as client:
        client.subscribe([])

        def found() -> list[Frame]:
            result = client.request("sessions", task_uid=task.uid)["result"]
            data: list[Frame] = result["data"]
            return data

        wait_for(found)
        (record,) = found()
        assert (record["task"], record["project_id"]) == (task.key, project.id)

        def known() -> int:
            count: int = client.request("status")["result"]["sessions"]["known"]
            return count

        wait_for(lambda: known() == 2)
