"""What others packed is whole, within its limit, or refused."""

from __future__ import annotations

import time
import zlib

import pytest

from paso.errors import BadEvent
from paso_daemon.peers.unpacking import inflated, with_breaks


def test_what_was_packed_comes_out_up_to_the_last_byte_of_the_limit() -> None:
    packed = zlib.compress(b"x" * 1000)
    assert inflated(packed, 1000, "it") == b"x" * 1000
    with pytest.raises(BadEvent, match="it has more than 999 bytes"):
        inflated(packed, 999, "it")


@pytest.mark.parametrize("cut", [0, 1, 5, 10])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(BadEvent, match="it is cut off"):
        inflated(zlib.compress(b"some text")[:cut], 1000, "it")


def test_what_is_damaged_is_refused() -> None:
    with pytest.raises(BadEvent, match="it is damaged"):
        inflated(b"no zlib", 1000, "it")


def test_lines_are_as_they_were_and_others_get_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaks: list[float] = []
    monkeypatch.setattr(time, "sleep", breaks.append)
    lines = [b"%d" % number for number in range(200)]
    assert list(with_breaks(lines)) == lines
    assert breaks == [0, 0, 0, 0]
