from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

from paso.commands import tasks
from paso.config import load_config
from paso.database.connection import Database
from paso.errors import Conflict, StoreBusy
from paso.tui import store as store_module
from paso.tui.store import Store
from tests.paso.tui.conftest import Desk


def opened(desk: Desk) -> Store:
    return Store(desk.paths, load_config(desk.paths)._replace(auto_start=False))


def ignore() -> None: ...


async def test_writes_run_one_after_another_in_a_thread_of_their_own(
    desk: Desk,
) -> None:
    store, threads = opened(desk), []

    def add(db: Database, title: str) -> None:
        threads.append(threading.get_ident())
        tasks.create_task(db, desk.project.id, title)

    try:
        await asyncio.gather(*(store.write(ignore, add, f"{n}") for n in range(5)))
    finally:
        store.close()
    assert desk.titles() == ["0", "1", "2", "3", "4"]
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_a_commit_is_told_before_the_write_returns_to_the_loop(
    desk: Desk,
) -> None:
    store, order = opened(desk), []
    store.on_commit = lambda: order.append("commit")
    try:
        await store.write(ignore, tasks.create_task, desk.project.id, "one")
        order.append("done")
        await asyncio.sleep(0)
    finally:
        store.close()
    assert order == ["commit", "done"]


async def test_an_error_of_the_command_comes_back(desk: Desk) -> None:
    store = opened(desk)

    def refuse(db: Database) -> None:
        raise Conflict("no")

    try:
        with pytest.raises(Conflict, match="no"):
            await store.write(ignore, refuse)
    finally:
        store.close()


async def test_a_database_that_stays_locked_is_said_and_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.05)
    monkeypatch.setattr(store_module, "BUSY_TRIES", 3)
    other = sqlite3.connect(desk.paths.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store, said = opened(desk), []
    try:
        with pytest.raises(StoreBusy):
            await store.write(
                lambda: said.append("busy"),
                tasks.create_task,
                desk.project.id,
                "one",
            )
        other.execute("ROLLBACK")
        await store.write(ignore, tasks.create_task, desk.project.id, "two")
    finally:
        store.close()
        other.close()
    assert said == ["busy", "busy"]
    assert desk.titles() == ["two"]


async def test_closing_finishes_what_was_asked_for(desk: Desk) -> None:
    store = opened(desk)
    wish = asyncio.ensure_future(
        store.write(ignore, tasks.create_task, desk.project.id, "one")
    )
    await asyncio.sleep(0)
    store.close()
    await wish
    assert desk.titles() == ["one"]
