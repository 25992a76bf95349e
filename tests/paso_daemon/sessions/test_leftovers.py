"""Dead panes are closed once nobody looks at them; real panes, a real thread."""

from __future__ import annotations

import pytest

from paso.commands import sessions as store
from paso_daemon.sessions import leftovers, writer
from paso_daemon.sessions.errands import Leftover
from paso_daemon.sessions.leftovers import Leftovers
from tests.paso_daemon.sessions.bench import Bench
from tests.paso_daemon.sessions.conftest import MakeThread
from tests.paso_daemon.sessions.threads import held, settled, until

pytestmark = pytest.mark.tmux


def over(bench: Bench, script: str = "exit 0") -> Leftover:
    """A session whose end is written, and its dead pane."""
    one = bench.start(script)
    bench.ended(one)
    store.session_ended(bench.db, one, exit_code=0)
    return Leftover(one, bench.ref(one))


async def test_a_dead_pane_is_closed_and_nothing_of_it_is_kept(
    bench: Bench, thread: MakeThread
) -> None:
    left = Leftovers(thread("looks"))
    one, other = over(bench), bench.start("sleep 1000")
    left.add([one, one])
    assert len(left) == 1
    await until(lambda: len(left) == 0)
    assert [pane.owner for pane in bench.panes()] == [other]


async def test_one_that_is_looked_at_is_closed_afterwards(
    bench: Bench, thread: MakeThread
) -> None:
    looks = thread("looks")
    left = Leftovers(looks)
    one = bench.start("read _; exit 0")
    with bench.looked_at(one):
        bench.tmux.send(bench.ref(one), "go")
        bench.ended(one)
        store.session_ended(bench.db, one, exit_code=0)
        left.add([Leftover(one, bench.ref(one))])
        await settled(looks)
        assert (len(left), len(bench.panes())) == (1, 1)
    await until(lambda: not bench.panes()[0].attached)
    assert len(left) == 1
    left.again()
    await until(lambda: len(left) == 0)
    assert not bench.panes()


@pytest.mark.parametrize("written", [True, False])
async def test_what_lives_or_is_not_written_yet_is_left_alone(
    bench: Bench, thread: MakeThread, written: bool
) -> None:
    """Who writes the end closes its pane."""
    left = Leftovers(thread("looks"))
    one = bench.start("sleep 1000" if written else "exit 3")
    if written:
        store.session_lost(bench.db, one, "nobody found it")
    else:
        bench.ended(one)
    left.add([Leftover(one, bench.ref(one))])
    await until(lambda: len(left) == 0)
    assert [pane.owner for pane in bench.panes()] == [one]


async def test_what_cannot_be_tried_now_is_tried_again(
    bench: Bench, thread: MakeThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = thread("looks")
    left = Leftovers(looks)
    one = over(bench)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "QUEUE_MAX", 0)
        left.add([one])
    assert (len(left), len(looks)) == (1, 0)
    left.again()
    await until(lambda: len(left) == 0)
    assert not bench.panes()


async def test_no_more_are_kept_than_the_limit(
    bench: Bench, thread: MakeThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "LEFT_MAX", 2)
    looks = thread("looks")
    left = Leftovers(looks)
    ones = [over(bench) for _ in range(3)]
    with held(looks):
        left.add(ones)
        assert (len(left), len(looks)) == (2, 2)
    await until(lambda: len(left) == 0)
    assert [pane.owner for pane in bench.panes()] == [ones[2].session_id]
