"""Every case of record against fact, and what is made of it."""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest

from paso.database.sessions import BackendRef
from paso.events.process import boot_id, start_ticks
from paso.model import (
    ENDED,
    FAILED,
    LOST,
    PHASES,
    PTY,
    RUNNING,
    STARTING,
    STOPPING,
    TMUX,
    Session,
)
from paso.sessions.panes import PaneState, read_panes
from paso.sessions.reconcile import (
    AGAIN,
    END,
    GONE,
    NOT_STARTED,
    NOTHING,
    OVER,
    RUNS,
    START_LIMIT_S,
    STOP_LIMIT_S,
    Facts,
    Verdict,
    decide,
    facts_of,
)

(ALIVE,) = read_panes(["11|$3|@4|%7|42|0|||0|0|0|0|0|ab|cd||1|0|1|1|work|logs"])
CLOSED = ALIVE._replace(dead=True)
"""Its command closed its terminal, or ended and tmux does not know how yet."""
EXITED, KILLED = CLOSED._replace(status=7), CLOSED._replace(signal=9)

WELL = Facts(same_boot=True, process=True, keeper=False, server=True, pane=ALIVE)
KEPT = Facts(same_boot=True, process=True, keeper=True, server=False, pane=None)
NO_PANE, NO_SERVER = WELL._replace(pane=None), WELL._replace(server=False, pane=None)
NO_KEEPER = KEPT._replace(keeper=False)
YOUNG, OLD = 1.0, 10_000.0

SERVER, PANE = "its tmux server is gone", "its tmux pane was closed"
TERMINAL, REBOOT = "its terminal is gone", "the computer was restarted"
RUNS_ON = ", its command still runs as process 42"
UNKNOWN = "its exit code is not known"


def session(phase: str = RUNNING, **more: Any) -> Session:
    given: dict[str, Any] = dict.fromkeys(Session._fields)
    given |= {"id": "ab", "computer": "cd", "backend": TMUX, "adopted": False}
    given |= {"phase": phase, "pid": 42}
    return Session(**(given | more))


def dead(facts: Facts) -> Facts:
    """The same where the command has ended."""
    return facts._replace(process=False)


def again(facts: Facts) -> Facts:
    """The same when tmux was asked once more."""
    return facts._replace(asked_again=True)


def rebooted(facts: Facts) -> Facts:
    """The same after a restart of the computer: an equal pid means nothing."""
    return dead(facts)._replace(same_boot=False)


def made_of(facts: Facts, in_phase_s: float = YOUNG, **record: Any) -> Verdict:
    return decide(session(**record), facts, in_phase_s)


@pytest.mark.parametrize(
    ("facts", "phase", "word", "reason"),
    [
        (WELL, RUNNING, NOTHING, ""),
        (WELL, LOST, RUNS, ""),
        (dead(WELL)._replace(pane=EXITED), RUNNING, OVER, ""),
        (dead(WELL)._replace(pane=EXITED), LOST, OVER, ""),
        (dead(WELL)._replace(pane=KILLED), STOPPING, OVER, ""),
        # Its command closed its terminal and goes on.
        (WELL._replace(pane=CLOSED), RUNNING, NOTHING, ""),
        # tmux does not know yet.
        (dead(WELL)._replace(pane=CLOSED), RUNNING, AGAIN, ""),
        (dead(WELL), RUNNING, AGAIN, ""),
        (again(dead(WELL)), RUNNING, NOTHING, ""),
        (again(dead(WELL))._replace(pane=CLOSED), RUNNING, OVER, UNKNOWN),
        # Its pane is gone.
        (dead(NO_PANE), RUNNING, GONE, PANE),
        (NO_PANE, RUNNING, AGAIN, ""),
        (again(NO_PANE), RUNNING, GONE, PANE + RUNS_ON),
        (dead(NO_PANE), STOPPING, OVER, f"{PANE}; {UNKNOWN}"),
        (dead(NO_PANE), LOST, NOTHING, ""),
        (NO_PANE, STOPPING, NOTHING, ""),
        # Its server is gone.
        (dead(NO_SERVER), RUNNING, GONE, SERVER),
        (NO_SERVER, RUNNING, AGAIN, ""),
        (again(NO_SERVER), RUNNING, GONE, SERVER + RUNS_ON),
        (dead(NO_SERVER), STOPPING, OVER, f"{SERVER}; {UNKNOWN}"),
        # A pane of the same id on another server.
        (dead(WELL)._replace(server=False), RUNNING, GONE, SERVER),
        # The computer was restarted.
        (rebooted(WELL), RUNNING, GONE, REBOOT),
        (rebooted(WELL), STOPPING, OVER, f"{REBOOT}; {UNKNOWN}"),
        (rebooted(WELL), LOST, NOTHING, ""),
        # tmux did not answer.
        (NO_PANE._replace(known=False), RUNNING, NOTHING, ""),
        (dead(NO_PANE)._replace(known=False), STOPPING, NOTHING, ""),
    ],
)
def test_a_session_in_tmux(facts: Facts, phase: str, word: str, reason: str) -> None:
    found = made_of(facts, phase=phase)
    assert (found.do, found.reason) == (word, reason)


def test_how_it_ended_is_what_tmux_tells() -> None:
    facts = WELL._replace(process=False)
    assert made_of(facts._replace(pane=EXITED)) == Verdict(OVER, 7, None, "", EXITED)
    assert made_of(facts._replace(pane=KILLED)) == Verdict(OVER, None, 9, "", KILLED)


@pytest.mark.parametrize(
    ("facts", "word", "reason"),
    [
        (WELL, NOTHING, ""),
        (dead(NO_PANE), OVER, f"{PANE}; {UNKNOWN}"),
        (dead(NO_SERVER), OVER, f"{SERVER}; {UNKNOWN}"),
        (again(NO_PANE), GONE, PANE + RUNS_ON),
        (rebooted(NO_SERVER), GONE, REBOOT),
    ],
)
def test_an_adopted_pane_that_was_closed_has_ended(
    facts: Facts, word: str, reason: str
) -> None:
    found = made_of(facts, adopted=True)
    assert (found.do, found.reason) == (word, reason)
    assert (found.exit_code, found.signal) == (None, None)


@pytest.mark.parametrize(
    ("facts", "phase", "word", "reason"),
    [
        (KEPT, RUNNING, NOTHING, ""),
        # Its keeper tells the exit code in a moment.
        (dead(KEPT), RUNNING, NOTHING, ""),
        (dead(KEPT), STOPPING, NOTHING, ""),
        (KEPT, LOST, RUNS, ""),
        (dead(KEPT), LOST, NOTHING, ""),
        (dead(NO_KEEPER), RUNNING, GONE, TERMINAL),
        (NO_KEEPER, RUNNING, AGAIN, ""),
        (again(NO_KEEPER), RUNNING, GONE, TERMINAL + RUNS_ON),
        (dead(NO_KEEPER), STOPPING, OVER, f"{TERMINAL}; {UNKNOWN}"),
        (rebooted(NO_KEEPER), RUNNING, GONE, REBOOT),
        (rebooted(KEPT), RUNNING, GONE, REBOOT),
    ],
)
def test_a_session_in_its_own_terminal(
    facts: Facts, phase: str, word: str, reason: str
) -> None:
    found = made_of(facts, phase=phase, backend=PTY)
    assert (found.do, found.reason) == (word, reason)


@pytest.mark.parametrize(
    ("pane", "age_s", "word"),
    [
        (None, START_LIMIT_S - 1, NOTHING),
        (ALIVE, START_LIMIT_S - 1, NOTHING),
        (None, START_LIMIT_S, NOT_STARTED),
        (CLOSED, START_LIMIT_S, NOT_STARTED),
        (EXITED, START_LIMIT_S, NOT_STARTED),
        (ALIVE, START_LIMIT_S, RUNS),
    ],
)
@pytest.mark.parametrize("backend", [PTY, TMUX])
def test_one_that_is_starting_has_its_time(
    backend: str, pane: PaneState | None, age_s: float, word: str
) -> None:
    facts = Facts(same_boot=True, process=False, keeper=False, server=False, pane=pane)
    found = made_of(facts, age_s, phase=STARTING, pid=None, backend=backend)
    assert found.do == word
    if word == NOT_STARTED:
        assert found.reason == "it did not start within 30 s"
    if word == RUNS:
        assert found.pane == ALIVE


@pytest.mark.parametrize(
    ("facts", "backend"),
    [
        (WELL, TMUX),
        (WELL._replace(pane=CLOSED), TMUX),
        (NO_PANE, TMUX),
        (KEPT, PTY),
        (NO_KEEPER, PTY),
    ],
)
def test_an_end_that_nobody_drives_any_more_is_driven_on(
    facts: Facts, backend: str
) -> None:
    young = made_of(facts, STOP_LIMIT_S - 1, phase=STOPPING, backend=backend)
    old = made_of(facts, STOP_LIMIT_S, phase=STOPPING, backend=backend)
    assert (young.do, old.do) == (NOTHING, END)


ALL_FACTS = [
    Facts(boot, process, keeper, server, pane, known, again)
    for boot, process, keeper, server, known, again in itertools.product(
        (True, False), repeat=6
    )
    for pane in (None, ALIVE, CLOSED, EXITED, KILLED)
    if boot or not (process or server)
]
"""All that can be: nothing of another boot runs."""


def test_in_no_case_is_one_that_is_over_changed_or_the_unknown_decided() -> None:
    for facts, phase, backend, adopted, age_s in itertools.product(
        ALL_FACTS, PHASES, (PTY, TMUX), (True, False), (YOUNG, OLD)
    ):
        record = {"phase": phase, "backend": backend, "adopted": adopted}
        found = made_of(facts, age_s, **record)
        if phase in (ENDED, FAILED) or not facts.known:
            assert found == Verdict(NOTHING)
        if found.do in (GONE, NOT_STARTED):
            assert found.reason and phase != LOST
        if found.do == OVER and not facts.pane:
            assert not facts.process, "what runs has not ended"
        if found.do == RUNS:
            assert phase in (STARTING, LOST) and facts.process
        if found.do == AGAIN:
            assert not facts.asked_again, "it would ask for ever"
        if found.do == END:
            assert phase == STOPPING and age_s == OLD and facts.process


def here(**more: Any) -> BackendRef:
    """A backend whose processes are this test."""
    pid = os.getpid()
    ticks = start_ticks(pid)
    given: dict[str, Any] = {"pid": pid, "pid_ticks": ticks, "boot_id": boot_id()}
    given |= {"tmux_server": pid, "tmux_server_ticks": ticks, "tmux_pane": "%7"}
    return BackendRef(**(given | more))


def test_facts_are_of_the_very_process_server_and_pane() -> None:
    ours = ALIVE._replace(server=os.getpid())
    other = ours._replace(pane="%8")
    facts = facts_of(session(), here(), [other, ours])
    assert facts == Facts(True, True, False, True, ours)
    assert facts_of(session(), here(), [other]).pane is None
    assert facts_of(session(), here(), [ALIVE]).pane is None, "of another server"
    assert not facts_of(session(), here(), None).known


@pytest.mark.parametrize(
    ("change", "process", "server", "boot"),
    [
        ({"pid_ticks": 1}, False, True, True),
        ({"pid": 2**22 + 1}, False, True, True),
        ({"tmux_server_ticks": 1}, True, False, True),
        ({"boot_id": "another"}, False, False, False),
    ],
)
def test_a_pid_that_was_given_out_again_is_another_process(
    change: dict[str, Any], process: bool, server: bool, boot: bool
) -> None:
    facts = facts_of(session(), here(**change), [])
    assert (facts.process, facts.server, facts.same_boot) == (process, server, boot)


def test_a_server_that_is_gone_need_not_answer() -> None:
    assert facts_of(session(), here(tmux_server_ticks=1), None).known


def test_a_keeper_is_known_by_pid_and_tick() -> None:
    pid = os.getpid()
    kept = here(keeper=pid, keeper_ticks=start_ticks(pid))
    record = session(backend=PTY)
    assert facts_of(record, kept, None) == Facts(True, True, True, True, None)
    assert not facts_of(record, kept._replace(keeper_ticks=1), None).keeper


def test_one_that_is_starting_is_found_by_the_mark_of_its_pane() -> None:
    panes = [ALIVE._replace(owner="other"), ALIVE._replace(home="other"), ALIVE]
    facts = facts_of(session(STARTING, pid=None), BackendRef(), panes)
    assert facts.pane == ALIVE
    assert (facts.same_boot, facts.process, facts.server) == (True, False, False)
