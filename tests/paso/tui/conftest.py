"""Boards for the tests: a real home, a real database, the app without a terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot

from paso.commands import columns, labels, projects, relations, tasks
from paso.commands.comments import add_comment
from paso.config import load_config
from paso.database.connection import Database, open_database
from paso.model import Project, Task
from paso.paths import Paths
from paso.store import Announcer
from paso.tui import board_app
from paso.tui.board_app import PasoApp

TODAY = date(2026, 5, 5)


class Desk:
    """A board's home with one project, and another writer at work on it."""

    def __init__(self, home: Path) -> None:
        self.paths = Paths(str(home))
        self.db: Database = open_database(
            self.paths.database, actor="bo", client="test"
        )
        self.project: Project = projects.list_projects(self.db)[0]
        self.apps: list[PasoApp] = []
        self._announcer = Announcer(self.paths, "test", auto_start=False)

    @property
    def columns(self) -> list[int]:
        return [at.id for at in columns.list_columns(self.db, self.project.id)]

    def announce(self) -> None:
        """Ring the daemon's bell after each write from now on."""
        self.db.on_commit = self._announcer

    def add(self, title: str, column: int = 0, **fields: object) -> Task:
        """A task in the column with that place."""
        options: dict[str, object] = {"column_id": self.columns[column], **fields}
        return tasks.create_task(self.db, self.project.id, title, **options)  # type: ignore[arg-type]

    def add_many(self, count: int, column: int = 0) -> list[Task]:
        with self.db.write("many"):
            return [self.add(f"card {number}", column) for number in range(count)]

    def titles(self, column: int = 0) -> list[str]:
        """Titles of a column, top to bottom, as the database has them."""
        column_id = self.columns[column]
        found = tasks.board_cards(self.db, self.project.id)
        return [card.title for card in found if card.column_id == column_id]

    def app(
        self, *, daemon: bool = False, keys: dict[str, str] | None = None
    ) -> PasoApp:
        """The board as `ana` runs it."""
        config = load_config(self.paths)._replace(
            actor="ana", auto_start=daemon, keys=keys or {}
        )
        app = PasoApp(self.paths, config, None, lambda: TODAY)
        self.apps.append(app)
        return app

    @asynccontextmanager
    async def open(
        self,
        *,
        daemon: bool = False,
        size: tuple[int, int] = (80, 24),
        keys: dict[str, str] | None = None,
    ) -> AsyncIterator[tuple[PasoApp, Pilot[int]]]:
        """A running board; it is up to date with the daemon, or knows there is none."""
        app = self.app(daemon=daemon, keys=keys)
        async with app.run_test(size=size) as pilot:
            wanted = "live" if daemon else "offline"
            await until(lambda: connection_of(app) == wanted, "the connection")
            app.board.say("")
            await pilot.pause()
            yield app, pilot

    def close(self) -> None:
        for app in self.apps:
            app.store.close()
        self._announcer.close()
        self.db.close()


def connection_of(app: PasoApp) -> str:
    bar = app.board.bar
    return bar.connection if bar is not None else ""


async def until(holds: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition; fail in words when it does not come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def no_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of no real terminal stay as the test has them."""
    monkeypatch.setattr(board_app, "LOOK_S", 3600.0)


@pytest.fixture
def desk(paso_home: Path) -> Iterator[Desk]:
    made = Desk(paso_home)
    yield made
    made.close()


def fill(desk: Desk) -> list[Task]:
    """Cards of every kind: what the pictures show."""
    worn = {at.name: at.id for at in labels.list_labels(desk.db, desk.project.id)}
    columns.set_wip(desk.db, desk.columns[1], 2)
    made = [
        desk.add(
            "Login fails on Safari when cookies are off",
            type="bug",
            priority="critical",
            labels=[worn["bug"]],
            due="2026-05-04",
            assignee="ana",
        ),
        desk.add("Write the release notes", priority="low", due="2026-05-08"),
        desk.add("Dark theme for the settings page", type="feature", priority="high"),
        desk.add("漢字のタイトルを正しく表示する", priority="trivial"),
        desk.add("Upgrade the database driver", labels=[worn["enhancement"]]),
        desk.add("Shows \x1b[31mcontrol\x07 characters", 1, type="bug"),
        desk.add(
            "Cache product images at the edge so that the first page loads faster",
            1,
            type="feature",
            labels=[worn["enhancement"], worn["help wanted"], worn["question"]],
        ),
        desk.add("Search by tag", 2, priority="low", due="2026-04-01"),
    ]
    relations.link(desk.db, made[0].id, made[2].id, "blocks")
    relations.link(desk.db, made[1].id, made[3].id, "parent")
    relations.link(desk.db, made[1].id, made[7].id, "parent")
    add_comment(desk.db, made[0].id, "It fails with cookies on, too.")
    projects.create_project(desk.db, "Backend services", key="API")
    projects.use_project(desk.db, desk.project.id)
    return made
