"""paso/sessions/activity.py: what output says of the command that writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.sessions.activity import (
    BELL_S,
    PRESENT_S,
    PREVIEW_MAX,
    TAIL_BYTES,
    TAIL_LINES,
    Activity,
    BellFinder,
    is_typed,
    preview_of,
    text_of,
)

PIECES = [
    b"\x07",
    b"\x1b",
    b"]",
    b"P",
    b"\\",
    b"[1;31m",
    b"\x18",
    b"\x1a",
    b"x\n",
    b"X",
]
STREAMS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=40
).map(b"".join)


def rings(data: bytes) -> bool:
    return BellFinder().feed(data)


def test_output_is_work_and_silence_is_idleness() -> None:
    activity = Activity(idle_after_s=10)
    assert activity.state(0) == "idle"
    assert activity.feed(b"compiling\n", 5) == "working"
    assert activity.idle_in(8) == 7
    assert activity.state(14.9) == "working"
    assert activity.state(15) == "idle"
    assert activity.idle_in(15) is None
    assert activity.seen(20) == "working"


def test_a_command_that_was_just_started_works() -> None:
    activity = Activity(idle_after_s=10, now=100)
    assert activity.state(109) == "working"
    assert activity.state(110) == "idle"


def test_a_bell_waits_for_the_user_until_they_type() -> None:
    activity = Activity(idle_after_s=10)
    assert activity.feed(b"Proceed? \x07", 1) == "waiting"
    assert activity.state(500) == "waiting"
    assert activity.idle_in(500) is None
    assert activity.typed(501) == "idle"
    assert activity.feed(b"yes\n", 501) == "working"


def test_what_a_program_draws_with_its_bell_does_not_end_the_waiting() -> None:
    activity = Activity()
    activity.feed(b"\x07", 1)
    assert activity.feed(b"> ", 1 + BELL_S / 2) == "waiting"
    assert activity.feed(b"more", 1 + BELL_S) == "working"


def test_a_bell_that_answers_a_key_calls_nobody() -> None:
    activity = Activity()
    activity.typed(1)
    assert activity.feed(b"\x07", 1 + PRESENT_S / 2) == "working"
    assert activity.feed(b"\x07", 1 + PRESENT_S) == "waiting"


@pytest.mark.parametrize(
    "data",
    [
        b"\x07",
        b"text\x07text",
        b"\x1b[31m\x07",
        b"\x1b[3\x071m",
        b"\x1b\x07[1m",
        b"\x1b]0;title\x07\x07",
        b"\x1b]0;title\x1b\\\x07",
        b"\x1bPq#0\x1b\\\x07",
        b"\x1b]0;given up\x18\x07",
        b"\x1bPgiven up\x1a\x07",
        b"\x1b]0;another begins\x1b[m\x07",
    ],
)
def test_a_bell_rings(data: bytes) -> None:
    assert rings(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\r\n\x1b[31mred\x1b[m",
        b"\x1b]0;title\x07",
        b"\x1b]8;;http://x\x07link\x1b]8;;\x07",
        b"\x1bPq\x07 is data of a string\x1b\\",
        b"\x1b_kitty\x07\x1b\\",
        b"\x1b^private\x07\x1b\\",
        b"\x1bXstart\x07\x1b\\",
        b"\x1b]52;c;without an end \xe2\x9c\x93",
        b"\x1bPtmux;\x1b\x1b]0;t\x07\x1b\\",
    ],
)
def test_what_is_no_bell_rings_none(data: bytes) -> None:
    assert not rings(data)


@given(STREAMS, st.data())
def test_cutting_the_output_anywhere_gives_the_same_answer(
    stream: bytes, data: st.DataObject
) -> None:
    whole, cut = Activity(), Activity()
    expected = whole.feed(stream, 1) if stream else whole.state(1)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    state = cut.state(1)
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if start < end:
            state = cut.feed(stream[start:end], 1)
    assert state == expected
    assert cut.tail() == whole.tail()


@given(STREAMS)
def test_byte_by_byte_finds_the_bells_that_the_short_way_finds(stream: bytes) -> None:
    finder = BellFinder()
    rang = [finder.feed(bytes([byte])) for byte in stream]
    assert any(rang) == rings(stream)


@pytest.mark.parametrize(
    "data", [b"y", b"\r", b"\x1b", b"\x1b[A", b"\x1b[3~", b"\x1bOP"]
)
def test_keys_are_typed(data: bytes) -> None:
    assert is_typed(data)


@pytest.mark.parametrize(
    "data",
    [b"\x1b[I", b"\x1b[O", b"\x1b[24;80R", b"\x1b[?62;22c", b"\x1b[?2026;2$y",
     b"\x1b]11;rgb:0000/0000/0000\x1b\\", b"\x1bP>|XTerm(390)\x1b\\"],
)  # fmt: skip
def test_what_a_terminal_answers_is_not_typed(data: bytes) -> None:
    assert not is_typed(data)


def test_an_endless_string_takes_no_memory_and_an_end_to_it_is_found() -> None:
    activity = Activity()
    activity.feed(b"\x1b]52;c;", 0)
    for _ in range(200):
        assert activity.feed(b"A" * 65536, 1) == "working"
    assert len(activity._tail) <= 2 * TAIL_BYTES + 65536
    assert activity.feed(b"\x07", 2) == "working"
    assert activity.feed(b"\x07", 2) == "waiting"


@given(st.binary(max_size=300))
def test_any_bytes_make_a_preview_of_one_plain_line(data: bytes) -> None:
    preview = preview_of(data)
    assert len(preview) <= PREVIEW_MAX
    assert preview.isprintable()
    assert all(c.isprintable() or c in "\n\t" for c in text_of(data))


@pytest.mark.parametrize(
    ("data", "preview"),
    [
        (b"", ""),
        (b"one\ntwo\n", "two"),
        (b"one\r\ntwo\r\n\r\n", "two"),
        (b"\x1b[1;32mok\x1b[0m \x1b]8;;u\x1b\\link\x1b]8;;\x1b\\", "ok link"),
        (b" 10%\r 50%\r 99%\r", "99%"),
        (b" 50%\r\x1b[K", "50%"),
        (b"50%\x1b[1G60%", "60%"),
        (b"pass\x08\x08\x08\x08word", "word"),
        (b"ab\x08 \x08c", "ac"),
        (b"a\x1b[10;1Hb\x1b[2Jc", "c"),
        (b"a\x1b[3Cb", "a b"),
        (b"question?\n\xe2\x95\xb0\xe2\x94\x80\xe2\x94\x80\xe2\x95\xaf\n", "question?"),
        (b"---\n", "---"),
        (b"a\tb   c", "a b c"),
        ("grüß 日本".encode(), "grüß 日本"),
        (b"text\x1b[3", "text"),
        (b"text\x1b", "text"),
        (b"text\x1b]0;no end", "text"),
        (b"x" * 500, "x" * PREVIEW_MAX),
    ],
)  # fmt: skip
def test_a_preview_is_the_last_line_that_says_something(
    data: bytes, preview: str
) -> None:
    assert preview_of(data) == preview


def test_the_text_is_the_last_lines_without_controls() -> None:
    data = b"".join(b"\x1b[32mline %d\x1b[m\r\n" % number for number in range(500))
    lines = text_of(data).split("\n")
    assert lines == [f"line {number}" for number in range(500 - TAIL_LINES, 500)]


def test_the_tail_of_much_output_begins_with_a_whole_line() -> None:
    activity = Activity()
    for number in range(5000):
        activity.feed(f"\x1b[31mé{number}\x1b[m {number}\n".encode(), 0)
    lines = text_of(activity.tail()).split("\n")
    assert lines[-1] == "é4999 4999"
    assert all(line.startswith("é") for line in lines)
