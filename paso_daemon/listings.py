"""The methods that return lists: a page of each, never more than a reply holds.

Never: write a record again that the cache holds, read the database in the loop.
"""

from __future__ import annotations

import asyncio
from typing import Any

from paso.errors import NotFound, WireError
from paso.model import PHASES
from paso_daemon import params as read
from paso_daemon import snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from paso_daemon.cache import Known
    from paso_daemon.own_board import Rows
    from paso_daemon.server import Server

    Later = Coroutine[Any, Any, dict[str, Any]]

Params = dict[str, Any]

LIMIT = 10_000
TASKS_AT_ONCE = 200
"""Read from the database for one page; each may have a description of 100,000
characters."""

WAIT_MOST_S = 10.0
VISIT_S = 15.0
"""How long the sessions of other computers are followed after somebody asked."""

PLACE_MAX = 300
"""Characters of the place in a list where its next part begins."""


def sessions(server: Server, params: Params) -> dict[str, Any] | Later:
    """Return sessions as they are known, or once they are known well."""
    computer = _computer(server, params)
    wait_s = read.seconds(params, "wait_s", 0.0, WAIT_MOST_S)
    if wait_s and server.directory.cache.live_peers():
        return _when_fresh(server, computer, params, wait_s)
    return _sessions(server, computer, params)


async def _when_fresh(
    server: Server, computer: str, params: Params, wait_s: float
) -> dict[str, Any]:
    """Wait until those that can be reached have told theirs; no longer than asked."""
    directory, news = server.directory, asyncio.Event()
    directory.visit(computer, "sessions", VISIT_S)
    directory.on_follow.append(news.set)
    try:
        async with asyncio.timeout(wait_s):
            while _is_any_stale(directory.sources("sessions", computer)):
                await news.wait()
                news.clear()
    except TimeoutError:
        pass  # what is known is told, and how old it is
    finally:
        directory.on_follow.remove(news.set)
    return _sessions(server, computer, params)


def _is_any_stale(sources: dict[str, Any]) -> bool:
    return any(source["state"] == "stale" for source in sources.values())


def _sessions(server: Server, computer: str, params: Params) -> dict[str, Any]:
    phase, task = read.maybe_text(params, "phase"), read.maybe_text(params, "task_uid")
    if phase and phase not in PHASES:
        raise WireError(f"phase is one of {', '.join(PHASES)}")
    cache = server.directory.cache
    found: Iterable[Known] = cache.known("sessions", computer)
    if task:
        found = cache.having("task", task, computer)
    elif phase:
        found = cache.having("phase", phase, computer)
    if phase:
        found = (one for one in found if one.entry.phase == phase)
    return _page(server, "sessions", computer, found, params)


def computers(server: Server, params: Params) -> dict[str, Any]:
    computer = _computer(server, params)
    found = server.directory.cache.known("computers", computer)
    return _page(server, "computers", computer, found, params)


def projects(server: Server, params: Params) -> dict[str, Any] | Later:
    """Return projects; those of this computer are in its database."""
    computer = _computer(server, params)
    is_there = _want(server, computer)
    found = server.directory.cache.known("projects", computer)
    if computer in ("", server.directory.own.id):
        return _with_own(server, computer, found, params)
    page = _page(server, "projects", computer, found, params)
    return page if is_there else _doubted(page)


async def _with_own(
    server: Server, computer: str, found: Iterable[Known], params: Params
) -> dict[str, Any]:
    own = server.directory.own.id
    rows = [(f"{own}/{uid}", data) for uid, data in await server.own_board.projects()]
    page = _page(server, "projects", computer, found, params, rows)
    return page | {"sources": {own: {"state": "fresh"}} | page["sources"]}


def tasks(server: Server, params: Params) -> dict[str, Any] | Later:
    """Return tasks of one computer, ours unless it is named; ordered by uid."""
    own = server.directory.own.id
    computer = _computer(server, params) or own
    project = read.maybe_text(params, "project_uid")
    if computer == own:
        return _own_tasks(server, project, params)
    is_there = _want(server, computer, project)
    found = (
        one
        for one in server.directory.cache.known("tasks", computer)
        if project in ("", one.entry.group)
    )
    page = _page(server, "tasks", computer, found, params)
    return page if is_there else _doubted(page)


def _want(server: Server, computer: str, project: str = "") -> bool:
    """What is known is told at once; whoever asks again finds what is new."""
    remote = server.directory.remote
    if remote is None or computer in ("", server.directory.own.id):
        return True
    return remote.want(computer, project)


def _doubted(page: dict[str, Any]) -> dict[str, Any]:
    """Lists of the computer are fresh, but this one is being asked for."""
    sources = {
        name: told | {"state": "stale"} if told["state"] == "fresh" else told
        for name, told in page["sources"].items()
    }
    return page | {"sources": sources}


def computer_forget(server: Server, params: Params) -> dict[str, Any]:
    """Drop what is known of another computer. Raises NotFound."""
    computer, directory = read.text(params, "id"), server.directory
    if computer == directory.own.id or not directory.is_known(computer):
        raise NotFound(f"no other computer {computer!r:.60}")
    if directory.remote is not None:
        directory.remote.forget(computer)
    else:
        directory.remove_computer(computer)
    return {"forgotten": True}


async def _own_tasks(server: Server, project: str, params: Params) -> dict[str, Any]:
    limit = min(_limit(params), TASKS_AT_ONCE)
    after = _after(params)
    rows = await server.own_board.tasks(project, after, limit + 1)
    own = server.directory.own.id
    page = snapshots.page(rows, limit=limit, after=after, max_bytes=_room(server))
    return page | {"sources": {own: {"state": "fresh"}}}


def _page(
    server: Server,
    kind: str,
    computer: str,
    found: Iterable[Known],
    params: Params,
    more: Rows | None = None,
) -> dict[str, Any]:
    known = [(f"{one.owner}/{one.key}", one.entry.data) for one in found]
    ordered = sorted(known + (more or []))
    page = snapshots.page(
        ordered, limit=_limit(params), after=_after(params), max_bytes=_room(server)
    )
    return page | {"sources": server.directory.sources(kind, computer)}


def _computer(server: Server, params: Params) -> str:
    computer = read.maybe_text(params, "computer")
    if computer and not server.directory.is_known(computer):
        raise NotFound(f"no computer {computer!r:.60}")
    return computer


def _limit(params: Params) -> int:
    return read.number(params, "limit", LIMIT, LIMIT)


def _after(params: Params) -> str:
    if params.get("after") is None:
        return ""
    return read.text(params, "after", PLACE_MAX)


def _room(server: Server) -> int:
    """Half a frame: the rest of a reply is small, and who reads it is not blocked."""
    return server.settings.max_frame // 2
