"""The phases of a session: every edge there is, and none else."""

from __future__ import annotations

import pytest

from paso.commands import sessions
from paso.commands.session_phases import EDGES, OVER, check
from paso.database.connection import Database
from paso.errors import PhaseRefused
from paso.model import ENDED, FAILED, LOST, PHASES, RUNNING, STARTING, STOPPING
from tests.paso.commands.running import enter, in_phase

THERE_ARE = {
    (STARTING, RUNNING),
    (STARTING, STOPPING),
    (STARTING, ENDED),
    (STARTING, FAILED),
    (STARTING, LOST),
    (RUNNING, STOPPING),
    (RUNNING, ENDED),
    (RUNNING, FAILED),
    (RUNNING, LOST),
    (STOPPING, ENDED),
    (STOPPING, FAILED),
    (STOPPING, LOST),
    (LOST, RUNNING),
    (LOST, ENDED),
    (LOST, FAILED),
}
EVERY = [(old, new) for old in PHASES for new in PHASES]
QUIET = {ENDED, FAILED, LOST}
"""Entered again, or after the end, these change nothing and raise nothing."""


def test_the_table_knows_every_phase() -> None:
    assert set(EDGES) == set(PHASES)
    assert {new for following in EDGES.values() for new in following} <= set(PHASES)
    assert {ENDED, FAILED} == OVER


@pytest.mark.parametrize(("old", "new"), EVERY)
def test_the_table_has_the_edges_that_there_are(old: str, new: str) -> None:
    if (old, new) in THERE_ARE:
        check(old, new)
    else:
        with pytest.raises(PhaseRefused, match=f"is {old}"):
            check(old, new)


@pytest.mark.parametrize(("old", "new"), sorted(THERE_ARE))
def test_every_edge_can_be_gone(home_db: Database, old: str, new: str) -> None:
    session = in_phase(home_db, old)
    after = enter(home_db, session.id, new)
    assert after.phase == new
    assert after.version == session.version + 1
    assert sessions.get_session(home_db, session.id) == after


@pytest.mark.parametrize(
    ("old", "new"), [edge for edge in EVERY if edge not in THERE_ARE]
)
def test_no_other_edge_can_be_gone(home_db: Database, old: str, new: str) -> None:
    session = in_phase(home_db, old)
    known = sessions.session_history(home_db, session.id)
    late = old in OVER and new in QUIET
    if late or (old == new and new != STARTING):
        assert enter(home_db, session.id, new) == session
    elif new != STARTING:
        with pytest.raises(PhaseRefused):
            enter(home_db, session.id, new)
    assert sessions.get_session(home_db, session.id) == session
    assert sessions.session_history(home_db, session.id) == known
