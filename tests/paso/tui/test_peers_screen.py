"""What runs on another computer, on this one's screen: two daemons and a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from paso.commands import columns, projects, sessions, tasks
from paso.sessions import actions
from paso.tui.board_app import PasoApp
from paso.tui.screens.remote_board import RemoteScreen
from tests.paso.tui.conftest import Desk, until
from tests.paso.tui.sessions import run
from tests.paso.tui.test_board_screen import screen_text
from tests.support.daemon import RunningDaemon
from tests.support.programs import needs
from tests.support.redis import RedisServer, join

FAST = {"peer_beat_s": 0.5, "peer_lease_s": 3, "session_poll_s": 0.2}


class Two:
    """This computer and another one, `laptop`, with a daemon each."""

    def __init__(self, near: Desk, far: Desk, redis: RedisServer) -> None:
        self.near, self.far, self.redis = near, far, redis


@pytest.fixture
def two(desk: Desk, tmp_path: Path) -> Iterator[Two]:
    home = tmp_path / "far"
    home.mkdir(mode=0o700)
    (home / "computer.name").write_text("laptop\n")
    far = Desk(home)
    far.announce()
    with RedisServer() as redis:
        for folder in (Path(desk.paths.home), home):
            join(folder, redis.url)
        with RunningDaemon(home, **FAST), RunningDaemon(Path(desk.paths.home), **FAST):
            yield Two(desk, far, redis)
    far.close()


@asynccontextmanager
async def board(two: Two) -> AsyncIterator[tuple[PasoApp, Pilot[int]]]:
    async with two.near.open(daemon=True, size=(100, 30)) as (app, pilot):
        await until(lambda: "⇄ 1" in screen_text(app), "the other computer")
        yield app, pilot


def row(app: PasoApp, word: str) -> str:
    return next((at for at in screen_text(app).splitlines() if word in at), "")


async def test_a_session_of_another_computer_is_shown_ended_and_forgotten(
    two: Two,
) -> None:
    async with board(two) as (app, pilot):
        await pilot.press("S")
        made = run(two.far.db, "far build", backend="pty")
        await until(lambda: "far build" in screen_text(app), "the session")
        assert "laptop" in screen_text(app)
        sessions.report(two.far.db, made.id, "waiting", "Proceed?")
        await until(lambda: "needs you: Proceed?" in screen_text(app), "the question")
        assert "@laptop" in row(app, "far build")
        await pilot.press("k", "s", *"yes", "ctrl+s")
        await until(lambda: "own terminal" in screen_text(app), "the refusal")
        await pilot.press("escape", "y")
        sessions.session_ended(two.far.db, made.id, exit_code=0)
        sessions.acknowledge(two.far.db, made.id)
        await until(lambda: "finished" in row(app, "far build"), "its end")
        sessions.remove_session(two.far.db, made.id)
        await until(lambda: "far build" not in screen_text(app), "it to go")


async def test_a_session_in_tmux_there_is_read_sent_to_and_ended_from_here(
    two: Two,
) -> None:
    needs("tmux")
    argv = ["sh", "-c", "echo over there; exec cat"]
    made = actions.start(two.far.db, two.far.paths, argv, title="far cat", cwd="/")
    async with board(two) as (app, pilot):
        await pilot.press("S")
        await until(lambda: "far cat" in screen_text(app), "the session")
        await pilot.press("g", "home", "j", "j", "o")
        await until(lambda: "over there" in screen_text(app), "its output")
        await pilot.press("escape", "s", *"hello", "ctrl+s")
        await until(lambda: "text sent" in screen_text(app), "the answer")
        await pilot.press("o")
        await until(lambda: screen_text(app).count("hello") >= 2, "the echo")
        await pilot.press("escape", "x")
        await pilot.pause()
        assert "on laptop, in /" in screen_text(app)
        await pilot.press("y")
        await until(lambda: "done: it was ended" in screen_text(app), "the answer")
        await until(lambda: "ended by" in row(app, "far cat"), "its end")
        assert sessions.get_session(two.far.db, made.id).phase == "ended"
        await pilot.press("x")
        assert "it is over" in screen_text(app)


async def test_a_computer_that_allows_nothing_refuses_in_words(two: Two) -> None:
    needs("tmux")
    join(Path(two.far.paths.home), two.redis.url, control="none")
    made = actions.start(two.far.db, two.far.paths, ["cat"], title="far cat", cwd="/")
    async with board(two) as (app, pilot):
        await pilot.press("S")
        await until(lambda: "far cat" in screen_text(app), "the session")
        await pilot.press("home", "j", "j", "x", "y")
        await until(lambda: "not ended" in screen_text(app), "the refusal")
        assert "far cat on laptop" in screen_text(app)
        assert sessions.get_session(two.far.db, made.id).phase == "running"


async def test_redis_that_dies_is_told_and_what_is_known_stays_with_its_age(
    two: Two,
) -> None:
    run(two.far.db, "far build", backend="pty")
    async with board(two) as (app, pilot):
        await pilot.press("S")
        await until(lambda: "far build" in screen_text(app), "the session")
        two.redis.stop()
        await until(lambda: "redis unreachable" in screen_text(app), "the state")
        await until(lambda: "stale" in row(app, "laptop"), "the age")
        assert "far build" in screen_text(app)
        await pilot.press("escape")
        assert "redis unreachable" in screen_text(app)
        two.redis.start()
        await until(lambda: "⇄ 1" in screen_text(app), "the way back")


async def test_the_board_of_another_computer_is_shown_followed_and_not_written(
    two: Two,
) -> None:
    far = two.far
    columns.set_wip(far.db, far.columns[0], 3)
    first = far.add("漢字 far away", description="Only there.", due="2026-05-04")
    far.add("second", 1)
    other = projects.create_project(far.db, "Backend", key="API")
    tasks.create_task(far.db, other.id, "of the backend")
    made = run(far.db, "far build", first.id, backend="pty")
    two.near.add("mine")
    async with board(two) as (app, pilot):
        await pilot.press("O")
        await until(lambda: "laptop" in screen_text(app), "the picker")
        await pilot.press("enter")
        await until(lambda: "漢字 far away" in screen_text(app), "the board")
        remote = app.screen
        assert isinstance(remote, RemoteScreen)
        for words in ("laptop", "live", "read-only", "1/3", "second", "API", "May 4!"):
            assert words in screen_text(app), words
        await until(lambda: "◇" in row(app, "PASO-1"), "its session")
        for key in ("a", "e", "d", "L", "J", "x", "p", "C", "P", "u", "s", "r"):
            await pilot.press(key)
            await pilot.pause()
            assert "read-only: this board is on laptop" in screen_text(app), key
        await pilot.press("space")
        assert "Only there." in screen_text(app)
        await pilot.press("escape")
        assert app.screen is remote
        tasks.edit_task(far.db, first.id, {"title": "renamed over there"})
        await until(lambda: "renamed over there" in screen_text(app), "the change")
        sessions.report(far.db, made.id, "waiting")
        await until(lambda: "?" in row(app, "PASO-1"), "the question")
        await pilot.press("}")
        await until(lambda: "of the backend" in screen_text(app), "the project")
        await pilot.press("{", "slash", *"second")
        await until(lambda: "renamed" not in screen_text(app), "the filter")
        await pilot.press("escape")
        await until(lambda: "renamed" in screen_text(app), "all cards")
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert "mine" in screen_text(app)
    assert two.far.titles() == ["renamed over there"]


async def test_other_computers_may_be_asked_for_before_any_is_known(two: Two) -> None:
    async with two.near.open(daemon=True, size=(100, 30)) as (app, pilot):
        await pilot.press("O")
        await until(lambda: "laptop" in screen_text(app), "the other computer")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RemoteScreen), "its board")


async def test_a_board_whose_computer_goes_away_stays_with_its_age(two: Two) -> None:
    two.far.add("far away")
    async with board(two) as (app, pilot):
        await pilot.press("O", "enter")
        await until(lambda: "far away" in screen_text(app), "the board")
        two.redis.stop()
        await until(lambda: "as it was" in screen_text(app), "the age")
        assert "far away" in screen_text(app)
        await pilot.press("q")
        await pilot.pause()
        assert app.screen is app.board
