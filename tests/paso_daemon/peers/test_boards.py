"""Boards of other computers: published once, fetched when wanted, never shown wrong.

Redis is a dict here; test_computers.py has the real one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Container, Coroutine, Iterable
from pathlib import Path
from typing import Any

import pytest

from paso.commands.columns import create_column
from paso.commands.labels import list_labels
from paso.commands.projects import (
    archive_project,
    create_project,
    delete_project,
    list_projects,
)
from paso.commands.tasks import archive_task, create_task
from paso.database.connection import Database
from paso.errors import (
    BadEvent,
    NotFound,
    PeerUnreachable,
    Refused,
    TimedOut,
    WireError,
)
from paso_daemon.peers.board_keys import BoardKeys
from paso_daemon.peers.board_reader import read_projects, read_tasks
from paso_daemon.peers.board_text import MAX_RAW, MAX_TASKS, pack, records_of, unpack
from paso_daemon.peers.boards import AT_ONCE, PART, SOON_S, RemoteBoards
from paso_daemon.peers.own_boards import OwnBoards
from paso_daemon.peers.signing import Signer
from tests.support.daemon import new_board

Record = dict[str, Any]
OWNER, READER = "a" * 16, "b" * 16
KEY = "cd" * 32


def key_of(owner: str, uid: str) -> str:
    return f"board:{owner}:{uid}"


# the text of a board


def test_a_board_comes_out_as_it_went_in() -> None:
    records = [{"uid": str(i), "title": "Größe\n\x1b[31m"} for i in range(3)]
    packed = pack("p1", records)
    found = unpack("p1", packed.data)
    assert (found.version, records_of(found.news)) == (packed.version, records)
    assert sorted(found.lines.values()) == ["0", "1", "2"]
    assert pack("p1", []).version != pack("p2", []).version
    assert unpack("", pack("", []).data).news == []


def test_only_the_lines_that_are_new_are_read_again() -> None:
    before = [{"uid": str(i), "title": "x"} for i in range(5)]
    after = [*before[:2], {"uid": "2", "title": "y"}, {"uid": "9"}]
    known = unpack("p", pack("p", before).data).lines
    found = unpack("p", pack("p", after).data, known)
    assert records_of(found.news) == after[2:]
    assert sorted(found.lines.values()) == ["0", "1", "2", "9"]


def test_equal_boards_have_equal_versions() -> None:
    assert pack("p", [{"uid": "1"}]).version == pack("p", [{"uid": "1"}]).version
    assert pack("p", [{"uid": "1"}]).version != pack("p", [{"uid": "2"}]).version


def first_description(records: list[dict[str, Any]]) -> str:
    first, *_ = records_of(unpack("p", pack("p", records).data).news)
    return str(first["description"])


def test_long_descriptions_are_cut_and_huge_boards_refused() -> None:
    long = [{"uid": "1", "description": "x" * 100_000}]
    cut = first_description(long)
    assert len(cut) == 16_001 and cut.endswith("…")
    many = [{"uid": str(i), "description": "x" * 15_000} for i in range(2_000)]
    cut = first_description(many)
    assert len(cut) == 201
    with pytest.raises(Refused):
        pack("p", [{"uid": "1"}] * (MAX_TASKS + 1))
    with pytest.raises(Refused):
        pack("p", [{"uid": "1", "title": "x" * MAX_RAW}])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        zlib.compress(b""),
        zlib.compress(b"not json"),
        zlib.compress(b'{"project_uid":"other"}'),
        zlib.compress(b"[]"),
        zlib.compress(b'{"project_uid":"p"}\n[1]'),
        zlib.compress(b'{"project_uid":"p"}\n{"uid":1}\n'),
        zlib.compress(b'{"project_uid":"p"}' + b"\n{}" * (MAX_TASKS + 1)),
        zlib.compress(b" " * (MAX_RAW + 1)),
        pack("p", [{"uid": "1"}]).data[:-5],
    ],
    ids=range(11),
)
def test_what_is_no_board_is_refused(data: bytes) -> None:
    with pytest.raises(BadEvent):
        unpack("p", data)


# reading the own board


def test_the_board_is_told_as_the_command_line_tells_it(paso_home: Path) -> None:
    db = new_board(paso_home)
    shop = create_project(db, "Shop")
    old = create_project(db, "Old")
    archive_project(db, old.id)
    label = next(one.id for one in list_labels(db, shop.id) if one.name == "bug")
    task = create_task(db, shop.id, "Fix login", labels=(label,))
    gone = create_task(db, shop.id, "Gone")
    archive_task(db, gone.id)
    path = str(paso_home / "tasks.db")
    projects = read_projects(path)
    assert [one["name"] for one in projects] == [p.name for p in list_projects(db)]
    told = next(one for one in projects if one["uid"] == shop.uid)
    assert [c["name"] for c in told["columns"]] == ["To do", "In progress", "Done"]
    assert told["counts"] == {"open": 1, "completed": 0, "archived": 1}
    (only,) = read_tasks(path, shop.uid)
    assert (only["key"], only["title"]) == (task.key, "Fix login")
    assert only["column"]["name"] == "To do" and only["labels"][0]["name"] == "bug"
    with pytest.raises(NotFound):
        read_tasks(path, old.uid)
    with pytest.raises(NotFound):
        read_tasks(path, "no-such-uid")


def test_reading_for_others_writes_nothing_and_makes_no_board(paso_home: Path) -> None:
    path = paso_home / "tasks.db"
    with pytest.raises(NotFound):
        read_projects(str(path))
    assert not path.exists()
    db = new_board(paso_home)
    head = db.change_head()
    read_projects(str(path))
    assert db.change_head() == head


# both ends


class Memory:
    """The keys of Redis, and what was asked of it."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.commands: list[tuple[Any, ...]] = []
        self.away = False

    async def ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        if self.away:
            raise PeerUnreachable("Redis is away")
        return [self._do(*command) for command in commands]

    def _do(self, word: str, key: str, *rest: Any) -> Any:
        self.commands.append((word, key))
        if word == "GET":
            return self.values.get(key)
        self.values[key] = rest[0]
        assert rest[1:] == ("PX", 300_000)
        return b"OK"

    def count(self, word: str) -> int:
        return sum(command[0] == word for command in self.commands)


class Screen:
    """What clients are shown."""

    def __init__(self) -> None:
        self.projects: dict[str, list[Record]] = {}
        self.tasks: dict[tuple[str, str], list[Record]] = {}
        self.held: dict[tuple[str, str], dict[str, Record]] = {}
        self.parts: list[int] = []
        self.renewed: list[tuple[str, str]] = []

    def put_projects(self, owner: str, items: Iterable[Record]) -> None:
        self.projects[owner] = list(items)

    def put_part(self, owner: str, uid: str, items: Iterable[Record]) -> int:
        news = list(items)
        self.parts.append(len(news))
        self.held.setdefault((owner, uid), {}).update({o["uid"]: o for o in news})
        return len(news)

    def end_parts(
        self, owner: str, uid: str, uids: Container[str], *, changed: bool
    ) -> None:
        held = self.held.get((owner, uid), {})
        self.held[owner, uid] = {key: held[key] for key in held if key in uids}
        self.tasks[owner, uid] = list(self.held[owner, uid].values())

    def renew(self, kind: str, owner: str) -> None:
        self.renewed.append((kind, owner))

    def titles(self, uid: str) -> list[str]:
        return [one["title"] for one in self.tasks.get((OWNER, uid), [])]


class World:
    """An owner with a real board and one reader."""

    def __init__(self, home: Path) -> None:
        self.db: Database = new_board(home)
        self.redis, self.screen = Memory(), Screen()
        self.live = {OWNER}
        self.answers = 0
        self.problem: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.own = OwnBoards(
            self.keys(OWNER, 7), str(home / "tasks.db"), self.db.change_head
        )
        self.boards = RemoteBoards(
            self, self.keys(READER, 3), self.screen, READER, lambda: self.live
        )

    def keys(self, own: str, gen: int) -> BoardKeys:
        return BoardKeys(self.redis, Signer("net", KEY), own, lambda: gen, key_of)

    async def ask(
        self, computer: str, op: str, params: Record, timeout_s: float
    ) -> Record:
        assert (computer, op) == (OWNER, "board")
        self.answers += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        return await self.own.answer(READER, params)

    def is_quiet(self) -> bool:
        """Nothing is fetched, or to be fetched soon."""
        soon = asyncio.get_running_loop().time() + SOON_S
        boards = self.boards._boards.values()
        return not any(one.busy or (one.due and one.due < soon) for one in boards)

    def want_again(self, uid: str) -> None:
        """As somebody who asks a while later."""
        self.boards._boards[OWNER, uid].read_at = float("-inf")
        assert not self.boards.want(OWNER, uid)

    def subscribe(self) -> None:
        """As a client does that shows the whole board of the owner."""
        self.boards.interest(frozenset({(OWNER, "projects"), (OWNER, "tasks")}))

    async def shown(self, name: str) -> tuple[int, str]:
        """A new project whose tasks were asked for, and came."""
        number, uid = self.project(name)
        self.boards.want(OWNER, uid)
        await until(lambda: (OWNER, uid) in self.screen.tasks)
        return number, uid

    def project(self, name: str) -> tuple[int, str]:
        made = create_project(self.db, name)
        return made.id, made.uid


def world(
    test: Callable[[World], Coroutine[Any, Any, None]],
) -> Callable[[Path], None]:
    def run(paso_home: Path) -> None:
        async def whole() -> None:
            made = World(paso_home)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(made.boards.run())
                await test(made)
                running.cancel()

        asyncio.run(whole())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@world
async def test_a_board_is_fetched_when_it_is_asked_for(it: World) -> None:
    number, uid = it.project("Shop")
    create_task(it.db, number, "Fix login")
    it.boards.want(OWNER)
    it.boards.want(OWNER, uid)
    await until(lambda: it.screen.titles(uid) and it.screen.projects)
    assert it.screen.titles(uid) == ["Fix login"]
    assert "Shop" in [one["name"] for one in it.screen.projects[OWNER]]


@world
async def test_nothing_is_fetched_that_nobody_wants(it: World) -> None:
    it.boards.changed(OWNER)
    it.boards.live(OWNER)
    it.boards.interest(frozenset({("", "sessions"), (OWNER, "computers")}))
    it.boards.want(READER)
    await asyncio.sleep(0.05)
    assert it.answers == 0 and not it.redis.commands


@world
async def test_who_subscribes_gets_all_and_follows(it: World) -> None:
    number, uid = it.project("Shop")
    it.subscribe()
    await until(lambda: (OWNER, uid) in it.screen.tasks)
    create_task(it.db, number, "Fix login")
    it.boards.changed(OWNER)
    await until(lambda: it.screen.titles(uid) == ["Fix login"])
    counts = {p["uid"]: p["counts"]["open"] for p in it.screen.projects[OWNER]}
    assert counts[uid] == 1
    it.boards.interest(frozenset())
    create_task(it.db, number, "Unseen")
    it.boards.changed(OWNER)
    before = it.answers
    await asyncio.sleep(0.4)
    assert it.answers == before, "nobody looks any more"


@world
async def test_a_burst_of_changes_is_one_fetch(it: World) -> None:
    number, uid = it.project("Shop")
    it.subscribe()
    await until(lambda: (OWNER, uid) in it.screen.tasks)
    before = it.boards.fetched
    for count in range(30):
        create_task(it.db, number, f"Task {count}")
        it.boards.changed(OWNER)
    await until(lambda: len(it.screen.titles(uid)) == 30)
    await until(it.is_quiet)
    assert it.boards.fetched - before <= 2 * 3, "two projects and the list, twice"


@world
async def test_however_many_are_wanted_a_few_are_fetched_at_once(it: World) -> None:
    uids = [it.project(f"P {number}")[1] for number in range(20)]
    it.gate = asyncio.Event()
    for uid in uids:
        it.boards.want(OWNER, uid)
    for number in range(2000):  # of which all but the last are forgotten again
        it.boards.want(OWNER, f"none-{number}")
    for uid in uids:
        it.boards.want(OWNER, uid)
    await until(lambda: it.answers == AT_ONCE)
    await asyncio.sleep(0.05)
    assert it.answers == AT_ONCE
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert names.count("peers board") == AT_ONCE
    it.gate.set()
    await until(lambda: {(OWNER, uid) for uid in uids} <= it.screen.tasks.keys())
    await until(it.is_quiet)


@world
async def test_a_project_that_is_gone_or_archived_vanishes(it: World) -> None:
    shop, shop_uid = it.project("Shop")
    site, site_uid = it.project("Site")
    create_task(it.db, shop, "One")
    create_task(it.db, site, "Two")
    it.subscribe()
    await until(lambda: it.screen.titles(shop_uid) and it.screen.titles(site_uid))
    archive_project(it.db, shop)
    delete_project(it.db, site, force=True)
    it.boards.changed(OWNER)
    await until(
        lambda: not it.screen.titles(shop_uid) and not it.screen.titles(site_uid)
    )
    await until(
        lambda: not {shop_uid, site_uid} & {p["uid"] for p in it.screen.projects[OWNER]}
    )


@world
async def test_ten_readers_cost_one_reading_and_one_value(it: World) -> None:
    number, uid = it.project("Shop")
    create_task(it.db, number, "Fix login")
    answers = await asyncio.gather(
        *(it.own.answer(f"{i:016x}", {"project_uid": uid}) for i in range(10))
    )
    assert len({one["version"] for one in answers}) == 1
    assert it.redis.count("SET") == it.own.published == 1
    create_task(it.db, number, "Another")
    await it.own.answer(READER, {"project_uid": uid})
    assert it.own.published == 2
    task = create_task(it.db, create_project(it.db, "Elsewhere").id, "Not here")
    archive_task(it.db, task.id)
    await it.own.answer(READER, {"project_uid": uid})
    assert it.own.published == 2, "an equal board is an equal version"


@world
async def test_an_equal_version_renews_and_fetches_nothing(it: World) -> None:
    _, uid = await it.shown("Shop")
    gets = it.redis.count("GET")
    assert it.boards.want(OWNER, uid), "it was read just now"
    it.want_again(uid)
    await until(lambda: it.screen.renewed)
    assert it.screen.renewed == [("tasks", OWNER)] and it.redis.count("GET") == gets


@world
async def test_a_computer_that_is_away_is_asked_when_it_is_back(it: World) -> None:
    _, uid = it.project("Shop")
    it.live.clear()
    it.subscribe()
    await asyncio.sleep(0.05)
    assert it.answers == 0
    it.live.add(OWNER)
    it.boards.live(OWNER)
    await until(lambda: (OWNER, uid) in it.screen.tasks)


@pytest.mark.parametrize(
    "problem", [TimedOut("no answer"), PeerUnreachable("away"), ZeroDivisionError()]
)
def test_what_fails_is_tried_again_and_shows_what_was_there(
    paso_home: Path, problem: Exception
) -> None:
    @world
    async def test(it: World) -> None:
        number, uid = it.project("Shop")
        create_task(it.db, number, "Before")
        it.subscribe()
        await until(lambda: it.screen.titles(uid) == ["Before"])
        it.problem = problem
        create_task(it.db, number, "After")
        it.boards.changed(OWNER)
        tried = it.answers
        await until(lambda: it.answers > tried + 1)
        assert it.screen.titles(uid) == ["Before"]
        it.problem = None
        await until(lambda: len(it.screen.titles(uid)) == 2)

    test(paso_home)


@world
async def test_a_board_of_somebody_else_is_never_shown(it: World) -> None:
    _, uid = await it.shown("Shop")
    good = it.redis.values[key_of(OWNER, uid)]
    forged = BoardKeys(it.redis, Signer("net", "00" * 32), OWNER, lambda: 9, key_of)
    await forged.publish(uid, pack(uid, [{"uid": "x", "title": "forged"}]).data)
    reader = it.keys(READER, 1)
    with pytest.raises(BadEvent):
        await reader.fetch(OWNER, uid)
    other = it.keys("c" * 16, 9)
    await other.publish(uid, pack(uid, []).data)
    it.redis.values[key_of(OWNER, uid)] = it.redis.values[key_of("c" * 16, uid)]
    with pytest.raises(BadEvent):
        await reader.fetch(OWNER, uid)
    it.redis.values[key_of(OWNER, uid)] = good
    assert (await reader.fetch(OWNER, uid)) is not None
    assert (await reader.fetch(OWNER, "nothing")) is None


@world
async def test_an_old_board_put_back_is_refused(it: World) -> None:
    number, uid = await it.shown("Shop")
    old = it.redis.values[key_of(OWNER, uid)]
    create_task(it.db, number, "New")
    it.want_again(uid)
    await until(lambda: it.screen.titles(uid) == ["New"])
    create_task(it.db, number, "Newer")
    await it.own.answer(READER, {"project_uid": uid})
    it.redis.values[key_of(OWNER, uid)] = old
    it.want_again(uid)
    await until(lambda: it.boards.refused)
    assert it.screen.titles(uid) == ["New"]


@world
async def test_nor_does_it_convince_who_never_saw_the_new_one(it: World) -> None:
    number, uid = it.project("Shop")
    create_task(it.db, number, "Old")
    await it.own.answer(READER, {"project_uid": uid})
    old = it.redis.values[key_of(OWNER, uid)]
    create_task(it.db, number, "New")
    await it.own.answer(READER, {"project_uid": uid})
    it.redis.values[key_of(OWNER, uid)] = old
    it.boards.want(OWNER, uid)
    await until(lambda: it.boards.refused)
    assert not it.screen.tasks


@world
async def test_a_forgotten_computer_leaves_nothing(it: World) -> None:
    _, uid = await it.shown("Shop")
    it.boards.forget(OWNER)
    assert not it.boards._boards and not it.boards._projects


@world
async def test_nothing_more_is_shown_of_a_computer_that_is_forgotten_meanwhile(
    it: World,
) -> None:
    number, uid = it.project("Shop")
    for title in range(2 * PART):
        create_task(it.db, number, f"Task {title}")
    put_part = it.screen.put_part

    def put_and_forget(owner: str, uid: str, items: Iterable[Record]) -> int:
        it.boards.forget(OWNER)
        return put_part(owner, uid, items)

    it.screen.put_part = put_and_forget  # type: ignore[method-assign]
    it.boards.want(OWNER, uid)
    board = it.boards._boards[OWNER, uid]
    await until(lambda: it.screen.parts and not board.busy)
    assert it.screen.parts == [PART] and not it.screen.tasks
    assert not it.boards._boards


@pytest.mark.parametrize("uid", [7, None, "x" * 101, "a:b", "a b", "{x}", "é", "../x"])
def test_a_wrong_uid_reaches_no_key(paso_home: Path, uid: object) -> None:
    @world
    async def test(it: World) -> None:
        with pytest.raises(WireError):
            await it.own.answer(READER, {"project_uid": uid})
        assert not it.redis.commands

    test(paso_home)


@world
async def test_ten_thousand_tasks_are_shown(it: World) -> None:
    number, uid = it.project("Large")
    column = create_column(it.db, number, "Later").id
    with it.db.write("many") as conn:
        conn.executemany(
            "INSERT INTO tasks (uid, project_id, number, column_id, rank, title)"
            " VALUES (printf('u%d', ?1), ?2, ?1, ?3, printf('a%08d', ?1), 'A task')",
            [(i, number, column) for i in range(1, 10_001)],
        )
    it.boards.want(OWNER, uid)
    await until(lambda: len(it.screen.titles(uid)) == 10_000, 30.0)
    assert len(it.redis.values[key_of(OWNER, uid)]) < 1024 * 1024
    assert max(it.screen.parts) <= 100, "the loop is free in between"
    parts = sum(it.screen.parts)
    create_task(it.db, number, "One more")
    it.want_again(uid)
    await until(lambda: len(it.screen.titles(uid)) == 10_001, 30.0)
    assert sum(it.screen.parts) == parts + 1, "only what is new is shown"
