"""One listener that fails is one fault that is shown; the others hear all the same."""

from __future__ import annotations

import logging

import pytest

from paso_daemon.listeners import Listeners
from paso_daemon.tasks import Health


def test_a_listener_that_fails_is_logged_shown_and_called_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health()
    listeners = Listeners("own changes", health)
    heard: list[str] = []

    def fails(word: str) -> None:
        heard.append(f"tried {word}")
        raise RuntimeError("the push failed")

    listeners.append(fails)
    listeners.append(heard.append)
    with caplog.at_level(logging.ERROR, "paso.daemon"):
        listeners.tell("one")
        listeners.tell("two")
    assert heard == ["tried one", "one", "tried two", "two"]
    assert health.told() == [
        {"name": "own changes", "reason": "failed: RuntimeError('the push failed')"}
    ]
    faults = [record for record in caplog.records if record.exc_info]
    assert len(faults) == 2
    listeners.remove(fails)
    listeners.tell("three")
    assert health.told() == []


def test_who_leaves_while_it_is_told_harms_nobody() -> None:
    listeners = Listeners("interest")
    heard: list[str] = []

    def once(word: str) -> None:
        listeners.remove(once)

    listeners += [once, heard.append]
    listeners.tell("one")
    listeners.tell("two")
    assert heard == ["one", "two"]
