"""Sessions of other computers, as the command line takes and shows them."""

from __future__ import annotations

from typing import Any

import pytest

from paso.cli.output import Output
from paso.cli.session_find import UNTOLD, Found, as_told
from paso.cli.session_words import session_lines, session_table
from paso.from_json import session_from

RECORD = {"id": "a1b2c3d4", "computer": "far", "phase": "running", "title": "build"}


def found(**fields: Any) -> Found:
    session = session_from({**RECORD, **fields})
    assert session is not None
    return Found(session, "laptop", False, UNTOLD)


def test_an_answer_is_of_the_session_that_was_asked_for() -> None:
    told = {**RECORD, "phase": "ended", "id": "another", "computer": "near"}
    session = as_told(found(), told).session
    assert (session.id, session.computer, session.phase) == ("a1b2c3d4", "far", "ended")


@pytest.mark.parametrize("answer", [None, 5, [], {}, {"phase": "dancing"}])
def test_an_answer_that_is_no_session_changes_nothing(answer: object) -> None:
    assert as_told(found(), answer) == found()


def test_what_is_not_known_of_a_session_is_left_out_and_doubted() -> None:
    out = Output(color="never", environ={})
    lines = "\n".join(session_lines(out, found(backend="screen", pid="x")))
    assert "terminal" not in lines
    assert "laptop, id far (unreachable)" in lines
    assert "idle?" in "\n".join(session_table(out, [found()]))
