"""Lists by request: filtered, page by page, our own board read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paso.commands import projects, tasks
from paso_daemon import listings
from paso_daemon.directory import Interest
from tests.paso_daemon.lists import take_tasks
from tests.support.daemon import new_board
from tests.support.hosted_server import HostedServer
from tests.support.protocol_client import ProtocolClient

Record = dict[str, Any]


@pytest.fixture
def host(paso_home: Path) -> Iterator[HostedServer]:
    with HostedServer(paso_home) as hosted:
        yield hosted


@pytest.fixture
def client(host: HostedServer) -> Iterator[ProtocolClient]:
    with host.client() as connected:
        connected.subscribe([])
        yield connected


def pages(client: ProtocolClient, method: str, **params: Any) -> list[list[Record]]:
    found, after = [], None
    while True:
        result = client.request(method, **params, after=after)["result"]
        found.append(result["data"])
        after = result.get("next")
        if after is None:
            return found


def joined(parts: list[list[Record]], name: str = "id") -> list[str]:
    return [record[name] for part in parts for record in part]


def session(id: str, phase: str = "running", **more: Any) -> Record:
    return {"id": id, "phase": phase, "version": 1} | more


def test_sessions_are_listed_by_computer_phase_and_task(
    host: HostedServer, client: ProtocolClient
) -> None:
    own = [session("a", task_uid="t"), session("b", "ended")]
    far = [session("a", "ended", task_uid="t"), session("c")]
    host.tell(lambda d: d.replace_sessions("me", own))
    host.tell(lambda d: d.set_link("far", "live"))
    host.tell(lambda d: d.replace_sessions("far", far))
    host.tell(lambda d: d.follow("far", True))

    def found(**params: Any) -> set[tuple[str, str]]:
        data = client.request("sessions", **params)["result"]["data"]
        return {(record["computer"], record["id"]) for record in data}

    assert found() == {("me", "a"), ("me", "b"), ("far", "a"), ("far", "c")}
    assert found(computer="far") == {("far", "a"), ("far", "c")}
    assert found(phase="ended") == {("me", "b"), ("far", "a")}
    assert found(task_uid="t") == {("me", "a"), ("far", "a")}
    assert found(task_uid="t", phase="ended", computer="me") == set()
    sources = client.request("sessions")["result"]["sources"]
    assert sources == {"me": {"state": "fresh"}, "far": {"state": "fresh"}}


def test_who_asks_for_sessions_may_wait_until_other_computers_have_told(
    host: HostedServer, client: ProtocolClient
) -> None:
    host.tell(lambda d: d.set_link("far", "live"))
    wishes: list[Interest] = []

    def answered(interest: Interest) -> None:
        """As peers do: who is wanted is followed, and tells what it has."""
        wishes.append(interest)
        host.server.directory.replace_sessions("far", [session("s")])
        host.server.directory.follow("far", True)

    host.tell(lambda d: d.on_interest.append(answered))
    result = client.request("sessions", wait_s=10)["result"]
    assert result["sources"]["far"] == {"state": "fresh"}
    assert [record["id"] for record in result["data"]] == ["s"]
    assert wishes == [frozenset({("", "sessions")})]


def test_who_does_not_answer_in_time_is_told_as_old(
    host: HostedServer, client: ProtocolClient
) -> None:
    host.tell(lambda d: d.set_link("far", "live"))
    result = client.request("sessions", wait_s=0.05)["result"]
    assert result["sources"]["far"] == {"state": "stale", "age_s": None}


def test_a_long_list_comes_in_pages_that_fit(
    host: HostedServer, client: ProtocolClient
) -> None:
    records = [session(f"s{n:04}", pad="x" * 2000) for n in range(1500)]
    host.tell(lambda d: d.replace_sessions("me", records))
    parts = pages(client, "sessions")
    assert len(parts) > 5
    assert joined(parts) == [record["id"] for record in records]
    assert [len(part) for part in pages(client, "sessions", limit=700)][0] < 700
    assert [len(part) for part in pages(client, "sessions", limit=100)] == [100] * 15


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("sessions", {"phase": "flying"}, "bad_frame"),
        ("sessions", {"phase": 5}, "bad_frame"),
        ("sessions", {"limit": 0}, "bad_frame"),
        ("sessions", {"limit": "5"}, "bad_frame"),
        ("sessions", {"after": 5}, "bad_frame"),
        ("sessions", {"computer": "nobody"}, "not_found"),
        ("tasks", {"project_uid": 5}, "bad_frame"),
        ("computers", {"computer": "nobody"}, "not_found"),
    ],
)
def test_wrong_words_are_refused(
    client: ProtocolClient, method: str, params: Record, code: str
) -> None:
    assert client.request(method, **params)["error"]["code"] == code


def test_projects_are_ours_and_those_of_others(
    paso_home: Path, host: HostedServer, client: ProtocolClient
) -> None:
    with closing(new_board(paso_home)) as db:
        made = projects.create_project(db, "Web", key="WEB")
        count = len(projects.list_projects(db))
    host.tell(lambda d: d.set_link("far", "live"))
    host.tell(lambda d: d.put_projects("far", [{"uid": "theirs", "key": "API"}]))
    result = client.request("projects")["result"]
    assert len(result["data"]) == count + 1
    assert {r["computer"] for r in result["data"]} == {"me", "far"}
    assert result["sources"] == {"me": {"state": "fresh"}, "far": {"state": "fresh"}}
    own = client.request("projects", computer="me")["result"]
    assert made.uid in joined([own["data"]], "uid")
    assert set(own["sources"]) == {"me"}
    far = client.request("projects", computer="far")["result"]["data"]
    assert [record["uid"] for record in far] == ["theirs"]


def test_our_tasks_are_read_page_by_page(
    paso_home: Path, client: ProtocolClient
) -> None:
    with closing(new_board(paso_home)) as db, db.write("made"):
        first = projects.list_projects(db)[0]
        other = projects.create_project(db, "Other", key="OTH")
        for number in range(listings.TASKS_AT_ONCE + 30):
            tasks.create_task(db, first.id, f"task {number}", force=True)
        kept = tasks.create_task(db, other.id, "alone")
    parts = pages(client, "tasks")
    uids = joined(parts, "uid")
    assert [len(part) for part in parts][0] == listings.TASKS_AT_ONCE
    assert len(uids) == len(set(uids)) == listings.TASKS_AT_ONCE + 31
    assert {record["computer"] for record in parts[0]} == {"me"}
    (only,) = client.request("tasks", project_uid=other.uid)["result"]["data"]
    assert (only["uid"], only["title"]) == (kept.uid, "alone")
    assert client.request("tasks", project_uid="nothing")["result"]["data"] == []
    assert [len(part) for part in pages(client, "tasks", limit=100)][:2] == [100, 100]


def test_tasks_of_another_computer_come_from_what_is_known(
    host: HostedServer, client: ProtocolClient
) -> None:
    host.tell(lambda d: d.set_link("far", "live"))
    host.tell(lambda d: take_tasks(d, "far", "p", "1", "2"))
    host.tell(lambda d: take_tasks(d, "far", "q", "3"))
    assert joined(pages(client, "tasks", computer="far"), "uid") == ["1", "2", "3"]
    of_q = client.request("tasks", computer="far", project_uid="q")["result"]
    assert [record["uid"] for record in of_q["data"]] == ["3"]
    assert of_q["sources"] == {"far": {"state": "fresh"}}


def test_a_board_that_cannot_be_read_is_an_error_and_no_end(
    paso_home: Path, client: ProtocolClient
) -> None:
    (paso_home / "tasks.db").write_bytes(b"no database" * 100)
    (paso_home / "tasks.db").chmod(0o600)
    assert "error" in client.request("projects")
    assert "error" in client.request("tasks")
    assert client.ping() < 5
