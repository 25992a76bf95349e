"""One tmux server, looked at: real panes, real calls, told to a listener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from paso_daemon.sessions import watch
from paso_daemon.sessions.pane_activity import Act
from paso_daemon.sessions.watch import Watch
from paso_daemon.sessions.writer import Writer
from paso_daemon.tasks import Health
from tests.paso_daemon.sessions.bench import Bench, standing_still
from tests.paso_daemon.sessions.conftest import MakeThread
from tests.paso_daemon.sessions.threads import held, settled, until

pytestmark = pytest.mark.tmux

POLL_S = 0.05


class Ear:
    """Hears what a watch tells, and who looks at screens."""

    def __init__(self, looks: Writer, bench: Bench, idle_after_s: float) -> None:
        self.watched = False
        self.looks = looks
        self.health = Health()
        self.looked: list[str] = []
        self.acted: list[tuple[str, Act]] = []
        self.shown: list[tuple[str, str, bool]] = []
        self.watch = Watch(
            bench.tmux.socket,
            asyncio.get_running_loop(),
            poll_s=POLL_S,
            idle_after_s=idle_after_s,
            looks=looks,
            listener=self,
            health=self.health,
        )

    def look(self, session_id: str) -> None:
        self.looked.append(session_id)

    def acts(self, session_id: str, act: Act) -> None:
        self.acted.append((session_id, act))

    def shows(self, session_id: str, preview: str, *, keep: bool) -> None:
        self.shown.append((session_id, preview, keep))

    def is_watched(self) -> bool:
        return self.watched

    def heard(self, activity: str) -> Callable[[], bool]:
        return lambda: activity in [act.activity for _, act in self.acted]


@pytest.fixture
async def ear(
    bench: Bench,
    thread: MakeThread,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Ear]:
    """Its parameter: seconds of silence after which a session is idle."""
    monkeypatch.setattr(watch, "GAP_S", 0.02)
    made = Ear(thread("looks"), bench, getattr(request, "param", 0.2))
    yield made
    made.watch.close()
    assert made.health.told() == []


async def test_silence_is_told_once_and_the_last_line_is_to_be_kept(
    ear: Ear, bench: Bench
) -> None:
    one = bench.start("echo ready; sleep 1000")
    ear.watch.follow(one, bench.ref(one), "working")
    await until(ear.heard("idle"))
    await until(lambda: (one, "ready", True) in ear.shown)
    await asyncio.sleep(4 * POLL_S)
    assert ear.acted == [(one, Act("idle", None))]
    assert ear.looked == []


async def test_a_bell_is_told_and_taken_back(ear: Ear, bench: Bench) -> None:
    one = bench.start("read _; printf 'help\\a'; sleep 1000")
    ear.watch.follow(one, bench.ref(one), "working")
    await until(ear.heard("idle"))
    bench.tmux.send(bench.ref(one), "go")
    await until(ear.heard("waiting"))
    assert ear.acted[-1] == (one, Act("waiting", "input"))
    await until(lambda: not any(pane.bell for pane in bench.panes()))
    await asyncio.sleep(4 * POLL_S)
    assert ear.acted[-1] == (one, Act("waiting", "input")), "and it waits on"


async def test_a_pane_that_is_dead_or_gone_is_to_be_looked_at(
    ear: Ear, bench: Bench
) -> None:
    dead, gone, runs = (bench.start("sleep 1000") for _ in range(3))
    for one in (dead, gone, runs):
        ear.watch.follow(one, bench.ref(one), "idle")
    bench.kill(dead)
    bench.ended(dead)
    bench.talk("kill-pane", "-t", bench.ref(gone).tmux_pane or "")
    await until(lambda: {dead, gone} <= set(ear.looked))
    assert runs not in ear.looked
    ear.watch.forget(dead)
    ear.watch.forget(gone)
    told = len(ear.looked)
    await asyncio.sleep(4 * POLL_S)
    assert (len(ear.looked), len(ear.watch)) == (told, 1)


@pytest.mark.parametrize("ear", [1000.0], indirect=True)
async def test_screens_are_read_again_only_while_somebody_looks(
    ear: Ear, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SHOW_GAP_S", 0.05)
    script = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.2; done"
    one = bench.start(script)
    ear.watch.follow(one, bench.ref(one), "working")
    await until(lambda: ear.shown)
    await asyncio.sleep(0.5)
    assert len(ear.shown) == 1, "to be kept, once"
    ear.watched = True
    await until(lambda: len(ear.shown) >= 3)
    assert all(preview.startswith("line ") for _, preview, _ in ear.shown)
    assert [keep for _, _, keep in ear.shown] == [True, *[False] * (len(ear.shown) - 1)]


async def test_a_server_that_does_not_answer_is_a_fault_until_it_does(
    ear: Ear, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = bench.start("sleep 1000")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        ear.watch.follow(one, bench.ref(one), "idle")
        await until(ear.health.told)
    assert ear.health.told()[0]["name"] == f"tmux {bench.tmux.socket}"
    await until(lambda: not ear.health.told())
    assert ear.looked == [], "nothing is known of it, so nothing is told"


async def test_after_the_close_nothing_is_asked_nor_told(
    ear: Ear, bench: Bench
) -> None:
    one = bench.start("while :; do echo news; sleep 0.1; done")
    with held(ear.looks):
        ear.watch.follow(one, bench.ref(one), "idle")
        await until(lambda: len(ear.looks) == 1)
        ear.watch.close()
        assert len(ear.looks) == 0
    with standing_still(bench.server(one)):
        other = Ear(ear.looks, bench, 1000.0)
        other.watch.follow(one, bench.ref(one), "idle")
        await asyncio.sleep(3 * POLL_S)  # it asks, and waits for the answer
        other.watch.close()
    await settled(ear.looks)
    with held(ear.looks):
        other.watch.soon()
        await asyncio.sleep(3 * POLL_S)
        assert len(ear.looks) == 0
    for each in (ear, other):
        assert (each.looked, each.acted, each.shown) == ([], [], [])
