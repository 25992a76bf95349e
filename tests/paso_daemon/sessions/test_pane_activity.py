"""What a pane is up to, from what tmux tells of it."""

from __future__ import annotations

from paso.model import IDLE, WAITING, WORKING
from paso.sessions.panes import PANE_FORMAT, SEPARATOR, PaneState, read_panes
from paso_daemon.sessions.pane_activity import Act, PaneActivity

WALL = 1_000_000.0


def pane(output: float, bell: bool = False, attached: int = 0) -> PaneState:
    """What tmux tells; `output` is on the clock of the test, which starts at 0."""
    told = {
        "pid": "1",
        "session_id": "$1",
        "window_id": "@1",
        "pane_id": "%1",
        "pane_pid": "2",
        "pane_dead": "0",
        "window_activity": str(int(WALL + output)),
        "window_bell_flag": str(int(bell)),
        "session_attached": str(attached),
    }
    names = [name.strip("#{}") for name in PANE_FORMAT.split(SEPARATOR)]
    return read_panes([SEPARATOR.join(told.get(name, "") for name in names)])[0]


class Follower:
    """A pane that is seen at certain times."""

    def __init__(self, known: str = IDLE) -> None:
        self.activity = PaneActivity(known, 10.0)

    def at(self, now: float, **told: object) -> Act | None:
        return self.activity.see(pane(**told), now, WALL + now)  # type: ignore[arg-type]


def test_output_is_work_and_silence_is_idleness() -> None:
    one = Follower()
    assert one.at(0.0, output=0) == Act(WORKING, None)
    assert one.at(5.0, output=4) is None
    assert one.at(13.0, output=4) is None
    assert one.at(15.1, output=4) == Act(IDLE, None)
    assert one.at(16.0, output=4) is None
    assert one.at(17.0, output=17) == Act(WORKING, None)


def test_a_pane_that_was_silent_before_is_idle_at_once() -> None:
    assert Follower().at(100.0, output=20) is None
    assert Follower(WORKING).at(100.0, output=20) == Act(IDLE, None)


def test_a_bell_waits_for_the_user_until_output_goes_on() -> None:
    one = Follower()
    one.at(0.0, output=0)
    assert one.at(1.0, output=1, bell=True) == Act(WAITING, "input")
    one.activity.bell_taken()
    assert one.at(2.0, output=1) is None
    assert one.at(500.0, output=1) is None
    assert one.at(501.0, output=501) == Act(WORKING, "none")


def test_a_second_bell_is_told_from_the_first() -> None:
    one = Follower()
    one.at(0.0, output=0, bell=True)
    one.activity.bell_taken()
    assert one.at(5.0, output=5) == Act(WORKING, "none")
    assert one.at(6.0, output=6, bell=True) == Act(WAITING, "input")


def test_who_attaches_or_looks_at_the_window_has_seen_it() -> None:
    one = Follower()
    one.at(0.0, output=0, bell=True)
    one.activity.bell_taken()
    assert one.at(20.0, output=0, attached=1) == Act(IDLE, "none")
    other = Follower()
    other.at(0.0, output=0, bell=True)
    assert other.at(20.0, output=0, bell=False) == Act(IDLE, "none")


def test_what_waited_before_the_daemon_came_waits_on() -> None:
    one = Follower(WAITING)
    assert one.at(1000.0, output=10) is None
    assert one.at(1001.0, output=1001) == Act(WORKING, "none")


def test_a_clock_that_was_set_back_makes_no_future_output() -> None:
    one = Follower()
    assert one.at(0.0, output=5000) == Act(WORKING, None)
    assert one.at(11.0, output=5000) == Act(IDLE, None)
