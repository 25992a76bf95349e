"""What a tmux control client says: bytes in, answers and notices out."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.sessions.control_lines import (
    LINE_MAX,
    Answer,
    Broken,
    ControlLines,
    Notice,
)

HELLO = b"%begin 1795211402 273 0\n%end 1795211402 273 0\n%session-changed $0 k\n"
PANES = b"%begin 1795211403 278 1\n$0 %0 1\n$1 %1 0\n%end 1795211403 278 1\n"
WRONG = b"%begin 5 279 1\nparse error: unknown command: x\n%error 5 279 1\n"
NOTICE = b"%unlinked-window-renamed @2 sleep\n"
BYE = b"%sessions-changed\n%exit server exited\n"
TALK = HELLO + PANES + WRONG + NOTICE + BYE

SAID = [
    Notice("session-changed", "$0 k"),
    Answer(True, ("$0 %0 1", "$1 %1 0")),
    Answer(False, ("parse error: unknown command: x",)),
    Notice("unlinked-window-renamed", "@2 sleep"),
    Notice("sessions-changed", ""),
    Notice("exit", "server exited"),
]


def test_a_talk_is_read_whole() -> None:
    assert ControlLines().feed(TALK) == SAID


def test_a_talk_is_read_byte_by_byte() -> None:
    lines = ControlLines()
    said = [one for i in range(len(TALK)) for one in lines.feed(TALK[i : i + 1])]
    assert said == SAID


@given(st.lists(st.integers(0, len(TALK)), max_size=8))
def test_how_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    lines, edges = ControlLines(), [0, *sorted(cuts), len(TALK)]
    pieces = zip(edges, edges[1:], strict=False)
    assert [one for a, b in pieces for one in lines.feed(TALK[a:b])] == SAID


def test_only_the_end_with_its_own_numbers_ends_a_block() -> None:
    block = b"%begin 7 9 1\n%end 7 8 1\n%exit\n%begin 1 2 3\n%end 7 9 0\n%end 7 9 1\n"
    inner = ("%end 7 8 1", "%exit", "%begin 1 2 3", "%end 7 9 0")
    assert ControlLines().feed(block) == [Answer(True, inner)]


def test_a_forged_end_breaks_the_stream_at_the_true_one() -> None:
    block = b"%begin 7 9 1\ntext\n%end 7 9 1\nmore\n%end 7 9 1\n"
    said = ControlLines().feed(block)
    assert said[0] == Answer(True, ("text",))
    assert isinstance(said[1], Broken)
    assert len(said) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"no server running\n",
        b"\n",
        b"%begin x y z\n",
        b"%begin 1 2\n",
        b"%end 1 2 1\n",
    ],
)
def test_a_line_that_fits_nowhere_breaks_the_stream_for_good(line: bytes) -> None:
    lines = ControlLines()
    said = lines.feed(line + PANES)
    assert [type(one) for one in said] == [Broken]
    assert lines.feed(PANES) == []


def test_the_first_command_that_fails_is_told_with_its_words() -> None:
    said = ControlLines().feed(b"%begin 1 2 0\ncan't find it\n%error 1 2 0\n")
    assert said == [Broken("can't find it")]


def test_bytes_that_are_no_text_are_replaced() -> None:
    said = ControlLines().feed(b"%begin 7 9 1\n\xff\xfe\n%end 7 9 1\n")
    assert said == [Answer(True, ("\ufffd\ufffd",))]


@pytest.mark.parametrize("start", [b"", b"%begin 7 9 1\n"])
def test_a_line_without_end_is_given_up(start: bytes) -> None:
    lines = ControlLines()
    lines.feed(start)
    assert isinstance(lines.feed(b"x" * (LINE_MAX + 1))[0], Broken)


def test_an_answer_without_end_is_given_up() -> None:
    lines = ControlLines()
    lines.feed(b"%begin 7 9 1\n")
    row = b"y" * 1000 + b"\n"
    said = [one for _ in range(LINE_MAX // 1000 + 1) for one in lines.feed(row)]
    assert said == [Broken("an answer without end")]


def test_noise_never_raises_and_nothing_comes_after_a_break() -> None:
    rng = random.Random(3)
    words = [b"%", b"begin ", b"end ", b"1 2 1", b"\n", b"\r\n", b"x", b"\xf0", b" "]
    for _ in range(2000):
        lines = ControlLines()
        said = []
        for _ in range(rng.randrange(1, 12)):
            noise = b"".join(rng.choices(words, k=rng.randrange(1, 12)))
            said += lines.feed(noise)
        kinds = [type(one) for one in said]
        assert Broken not in kinds[:-1]
